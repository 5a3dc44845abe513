package accidents

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/data"
	"vigie/geoengine"
)

// PopulationReport says what an import of populations did.
type PopulationReport struct {
	Year     int            `json:"year"`
	Read     int            `json:"read"`
	Stored   int            `json:"stored"`
	Rejected map[string]int `json:"rejected"` // by reason
	Unknown  []string       `json:"unknown"`  // codes that no area has, the first hundred
}

const (
	selectCodes = `select code, path from area where code <> '' order by code, path`
	// The last import of an area and year counts.
	upsertPopulation = `
		insert into accidents_population (area, year, people, source, imported) values ($1, $2, $3, $4, $5)
		on conflict (area, year) do update set people = excluded.people, source = excluded.source, imported = excluded.imported`
)

// ImportPopulation reads a table of inhabitants by the official code of areas (INSEE) and keeps them for a year. Columns:
// code (code, insee, codgeo, com, depcom) and inhabitants (population, pmun, ptot, pop, or any that begins with PMUN); one
// transaction. ErrInvalid names what is missing. Rows whose code no area has are counted, not kept.
func ImportPopulation(ctx context.Context, db *geoengine.Store, files []data.File, year int, now time.Time) (PopulationReport, error) {
	report := PopulationReport{Year: year, Rejected: map[string]int{}, Unknown: []string{}}
	if year < 1900 || year > 2100 {
		return report, fmt.Errorf("population of %d: the year must be 1900 to 2100: %w", year, geoengine.ErrInvalid)
	}
	codes, err := areaCodes(ctx, db)
	if err != nil {
		return report, err
	}
	if len(codes) == 0 {
		return report, fmt.Errorf("population: no areas are imported: vigie import areas comes first: %w", geoengine.ErrInvalid)
	}
	err = pgx.BeginFunc(ctx, db.Pool, func(tx pgx.Tx) error {
		for _, file := range files {
			if err := report.read(ctx, tx, file, codes, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return report, fmt.Errorf("import population: %w", err)
	}
	return report, nil
}

func areaCodes(ctx context.Context, db *geoengine.Store) (map[string][]string, error) {
	rows, err := db.Pool.Query(ctx, selectCodes)
	if err != nil {
		return nil, fmt.Errorf("read codes of areas: %w", err)
	}
	codes := map[string][]string{}
	var code, path string
	if _, err := pgx.ForEachRow(rows, []any{&code, &path}, func() error { codes[code] = append(codes[code], path); return nil }); err != nil {
		return nil, fmt.Errorf("read codes of areas: %w", err)
	}
	return codes, nil
}

// codeColumns and peopleColumns are the names that publishers give.
func codeColumns() []string {
	return []string{"code", "insee", "code_insee", "codgeo", "com", "depcom"}
}
func peopleColumns() []string {
	return []string{"population", "pmun", "ptot", "pop", "population municipale", "population_municipale"}
}

// read reads one file.
func (r *PopulationReport) read(ctx context.Context, tx pgx.Tx, file data.File, codes map[string][]string, now time.Time) error {
	in, err := file.Open()
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read from
	options := data.CSVOptions{Encoding: "auto", Trim: true, Required: []string{strings.Join(codeColumns(), "|")}}
	for row, err := range data.CSV(in, file.Name, options) {
		var reject *data.Reject
		if errors.As(err, &reject) {
			r.Read++
			r.Rejected[reject.Reason]++
			continue
		}
		if err != nil {
			return err
		}
		r.Read++
		if err := r.row(ctx, tx, row, file.Name, codes, now); err != nil {
			return err
		}
	}
	return nil
}

func (r *PopulationReport) row(ctx context.Context, tx pgx.Tx, row data.Row, name string, codes map[string][]string, now time.Time) error {
	at := row.Header.Index(peopleColumns()...)
	for i, column := range row.Header.Names {
		if at < 0 && strings.HasPrefix(strings.ToUpper(column), "PMUN") {
			at = i
		}
	}
	if at < 0 {
		return fmt.Errorf("%s: no column of inhabitants; it must be one of %s: %w", name, strings.Join(peopleColumns(), ", "), geoengine.ErrInvalid)
	}
	people, ok := number(row.Fields[at])
	if !ok {
		r.Rejected["bad_number"]++
		return nil
	}
	code := row.Get(codeColumns()...)
	paths := codes[code]
	if len(paths) == 0 {
		r.Rejected["unknown_area"]++
		const few = 100
		if len(r.Unknown) < few {
			r.Unknown = append(r.Unknown, code)
		}
		return nil
	}
	for _, path := range paths {
		if _, err := tx.Exec(ctx, upsertPopulation, path, r.Year, people, name, now); err != nil {
			return err
		}
	}
	r.Stored++
	return nil
}

// number reads a number of people, with or without blanks between thousands.
func number(text string) (n int64, ok bool) {
	const most = 1e10
	n, err := strconv.ParseInt(strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(text), 10, 64)
	return n, err == nil && n >= 0 && n <= most
}
