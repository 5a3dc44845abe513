package feature

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
)

// MaxAttributes is how many attributes of a collection are told of.
const MaxAttributes = 200

// sampled is about how many rows are looked at for their attributes.
const sampled = 20_000

const (
	sizeSQL       = `select greatest(reltuples, 1)::float8 from pg_class where oid = $1::text::regclass`
	attributesSQL = `
		select k from (
			select jsonb_object_keys(e.attributes) k
			from %s e tablesample system (%g)
			where ($1::text[] is null or e.area = any($1) or e.area like any($2::text[]))%s
			limit %d) found
		group by k
		order by count(*) desc, k
		limit $3`
	openCategories = `
			  and ($4::text[] is null or e.category in (select id from category where slug = any($4) or slug like any($5::text[])))`
)

// AttributeKeys lists keys of the attributes that the rights show in a sample of the collection, the most frequent
// first, at most MaxAttributes; keys that are rare and kept by no sample are missing.
func (r *Reader) AttributeKeys(ctx context.Context, rights geoengine.Rights, collection string) ([]string, error) {
	c, ok := Find(collection)
	if !ok || !c.Attributes {
		return nil, nil
	}
	table, _, _ := strings.Cut(c.layout.from, " e\n")
	var keys []string
	err := r.store.Read(ctx, rights, func(tx pgx.Tx) error {
		if err := r.bound(ctx, tx); err != nil {
			return err
		}
		var size float64
		if err := tx.QueryRow(ctx, sizeSQL, table).Scan(&size); err != nil {
			return err
		}
		args := []any{rights.Scope, Patterns(rights.Scope), MaxAttributes}
		also := ""
		if c.layout.category != "" {
			args = append(args, rights.Open, Patterns(rights.Open))
			also = openCategories
		}
		const keysPerRow = 50
		sql := fmt.Sprintf(attributesSQL, table, min(100, 100*sampled/size), also, sampled*keysPerRow)
		rows, err := tx.Query(ctx, sql, slices.Insert(args, 0, any(pgx.QueryExecModeCacheDescribe))...)
		if err != nil {
			return err
		}
		keys, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return keys, explain(err)
}

// Patterns are LIKE patterns of the descendants of dotted paths; nil stays nil.
func Patterns(paths []string) []string {
	if paths == nil {
		return nil
	}
	escape := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
	below := make([]string, len(paths))
	for i, path := range paths {
		below[i] = escape.Replace(path) + ".%"
	}
	return below
}
