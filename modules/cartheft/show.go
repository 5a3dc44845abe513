package cartheft

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/api/door"
	"vigie/geoengine"
	"vigie/geoengine/jobs"
)

// SuggestionInput is embedded in inputs: the suggestion that the path names.
type SuggestionInput struct {
	Spoken
	ID string `path:"id" maxLength:"36"`
}

// get shows a suggestion.
func (d *desk) get(ctx context.Context, pass door.Pass, in *SuggestionInput) (*suggestionOutput, error) {
	r, err := d.find(ctx, pass, in.ID)
	if err != nil {
		return nil, err
	}
	return &suggestionOutput{Status: 200, Body: show(&r)}, nil
}

// find returns the suggestion that an id names, and names it in the journal.
func (d *desk) find(ctx context.Context, pass door.Pass, id string) (record, error) {
	key, err := jobs.ParseID(id)
	if err != nil {
		return record{}, missing("suggestion")
	}
	r, err := d.store.find(ctx, pass.Rights(), key)
	if err == nil {
		pass.Concerns("suggestion:" + r.ID.String())
		pass.Concerns("run:" + r.Run.String())
	}
	return r, err
}

type listInput struct {
	Spoken
	Run    string `query:"run" maxLength:"36" doc:"Of this run only."`
	Limit  int    `query:"limit" default:"20" minimum:"1" maximum:"100"`
	Cursor string `query:"cursor" maxLength:"200" doc:"next of the page before."`
}

// line is a suggestion in a list.
type line struct {
	ID          string   `json:"id"`
	Run         string   `json:"run"`
	Areas       []string `json:"areas" nullable:"false"`
	At          string   `json:"at" format:"date-time"`
	Author      string   `json:"author"`
	Hours       int      `json:"hours"`
	Exploration float64  `json:"exploration"`
	Held        float64  `json:"held"`
}

type listOutput struct {
	Body struct {
		Suggestions []line `json:"suggestions" nullable:"false"`
		Next        string `json:"next,omitempty" doc:"Cursor of the next page."`
	}
}

// list lists suggestions, the newest first.
func (d *desk) list(ctx context.Context, pass door.Pass, in *listInput) (*listOutput, error) {
	l := listing{limit: in.Limit + 1}
	if in.Run != "" {
		id, err := jobs.ParseID(in.Run)
		if err != nil {
			return nil, missing("run")
		}
		l.run = &id
	}
	if in.Cursor != "" {
		at, id, err := readCursor(in.Cursor)
		if err != nil {
			return nil, wrong("cursor", "Ce curseur n'en est pas un : prenez celui de la page précédente.", "This is no cursor: take that of the page before.")
		}
		l.afterTime, l.afterID = &at, id
	}
	found, err := d.store.list(ctx, pass.Rights(), l)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Suggestions = []line{}
	if len(found) > in.Limit {
		found = found[:in.Limit]
		last := &found[in.Limit-1]
		out.Body.Next = writeCursor(last.At, last.ID)
	}
	for i := range found {
		b := show(&found[i])
		out.Body.Suggestions = append(out.Body.Suggestions, line{b.ID, b.Run, b.Areas, b.At, b.Author, b.Hours, b.Exploration, b.Held})
	}
	return out, nil
}

func writeCursor(at time.Time, id jobs.ID) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at.UnixMicro(), 10) + " " + id.String()))
}

func readCursor(cursor string) (time.Time, jobs.ID, error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return time.Time{}, jobs.ID{}, fmt.Errorf("cursor: %w", geoengine.ErrInvalid)
	}
	micros, id, _ := strings.Cut(string(raw), " ")
	at, err := strconv.ParseInt(micros, 10, 64)
	if err != nil || at < geoengine.Earliest.UnixMicro() || at > geoengine.Latest.UnixMicro() {
		return time.Time{}, jobs.ID{}, fmt.Errorf("cursor: %w", geoengine.ErrInvalid)
	}
	key, err := jobs.ParseID(id)
	return time.UnixMicro(at).UTC(), key, err
}

type decideInput struct {
	SuggestionInput
	Body struct {
		Decision string `json:"decision" enum:"followed,partly,not_followed"`
		Note     string `json:"note,omitempty" doc:"Why; 1000 characters at most, and no names of persons."`
	}
}

// decide keeps what a person decided. A machine's key may not.
func (d *desk) decide(ctx context.Context, pass door.Pass, in *decideInput) (*suggestionOutput, error) {
	if pass.Caller().Machine {
		return nil, fmt.Errorf("a decision is a person's, not a client's: %w", geoengine.ErrDenied)
	}
	if err := checkNote(in.Body.Note); err != nil {
		return nil, err
	}
	r, err := d.find(ctx, pass, in.ID)
	if err != nil {
		return nil, err
	}
	pass.Concerns(fmt.Sprintf("sha256:%x", r.Hash))
	one := decision{Decision: in.Body.Decision, Note: in.Body.Note, At: d.clock().UTC().Truncate(time.Microsecond), Person: pass.Caller().Name}
	if err := d.store.decide(ctx, r.ID, one); err != nil {
		return nil, err
	}
	r.Decisions = append(r.Decisions, one)
	return &suggestionOutput{Status: 201, Body: show(&r)}, nil
}

const selectNames = `select path, name from area where path = any($1)`

// names are the names of areas, by path: areas are public.
func (s *store) names(ctx context.Context, paths []string) (map[string]string, error) {
	rows, err := s.db.Pool.Query(ctx, selectNames, paths)
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	names := map[string]string{}
	var path, name string
	if _, err := pgx.ForEachRow(rows, []any{&path, &name}, func() error { names[path] = name; return nil }); err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	return names, nil
}
