package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"vigie/api/door"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/journal"
)

// keep writes one line of the journal.
func (s *Server) keep(ctx context.Context, e journal.Entry) error { return s.journal.Append(ctx, e) }

// measureJournal shows how many entries were written, and how many answers were refused because theirs could not be.
func (s *Server) measureJournal() {
	for name, of := range map[string]struct {
		help  string
		value func() float64
	}{
		"vigie_journal_written_total": {"Entries written to the journal.", func() float64 { n, _ := s.journal.Counts(); return float64(n) }},
		"vigie_journal_failed_total":  {"Entries that could not be written.", func() float64 { _, n := s.journal.Counts(); return float64(n) }},
	} {
		s.metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: of.help}, of.value))
	}
}

// purgePause is how often the journal is purged, purgeRetry how soon after another server's purge was met.
const (
	purgePause = 24 * time.Hour
	purgeRetry = time.Hour
)

// purgeJournal erases what the retention does not keep, now and daily, until ctx ends.
func (s *Server) purgeJournal(ctx context.Context) error {
	for {
		pause := purgePause
		_, err := s.journal.Purge(ctx, s.config.Retention, journal.Entry{Account: "server", Machine: true}, nil)
		switch {
		case errors.Is(err, geoengine.ErrBusy):
			pause = purgeRetry
		case err != nil:
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// journalRoutes are the auditor's. Reading the journal is itself in the journal.
func (s *Server) journalRoutes() {
	read := func(id, method, path, summary string) door.Operation {
		return door.Operation{
			ID: id, Method: method, Path: path, Tag: "Journal", Roles: []identity.Role{identity.Auditor}, Summary: summary,
			Audit: door.AuditRead, Act: door.ActConsultation, Limit: normally(),
		}
	}
	list := read("journal", http.MethodGet, "/api/journal", "The journal, newest first, page by page")
	list.Params = journalParams()
	list.Description = "A page may hold fewer entries than limit, even none, though next is set: the search has looked through " +
		"as much as one answer may, and goes on behind the cursor."
	s.door.Add(list, door.JSON(s.journalPage))
	s.door.Add(read("journal-root", http.MethodGet, "/api/journal/root", "The end of the journal's chain, to be noted elsewhere"),
		door.JSON(s.journalRoot))
	verification := read("journal-verification", http.MethodPost, "/api/journal/verification", "Verify the journal's chain")
	verification.Limit, verification.Timeout = rarely(), 10*time.Minute
	s.door.Add(verification, door.JSON(s.journalVerification))
	export := read("journal-export", http.MethodGet, "/api/journal/export", "The journal as CSV, with salts, digests and hashes")
	export.Act, export.Reason, export.Limit, export.Timeout = door.ActCommunication, true, rarely(), 30*time.Minute
	export.Params = journalParams()
	s.door.Add(export, door.Raw(s.journalExport, "text/csv"))
}

// journalFilter reads which entries are meant.
func (s *Server) journalFilter(values url.Values) (journal.Filter, error) {
	f := journal.Filter{
		Account: values.Get("account"), Operation: values.Get("operation"), Act: values.Get("act"), Class: values.Get("class"),
		Outcome: values.Get("outcome"), Reference: values.Get("reference"), RequestID: values.Get("request_id"),
	}
	var errs [2]error
	f.From, errs[0] = s.filters.Instant(values, "from")
	f.To, errs[1] = s.filters.Instant(values, "to")
	return f, errors.Join(errs[:]...)
}

// auditor refuses those who audit a part of the territory: the journal is of the whole house.
func auditor(pass door.Pass) error {
	if pass.Scope() != nil {
		return fmt.Errorf("the journal is for auditors of everywhere: %w", geoengine.ErrDenied)
	}
	return nil
}

type journalPageInput struct {
	Limit  int   `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Cursor int64 `query:"cursor" minimum:"0" doc:"next of the page before."`
}

// entryBody is a line of the journal.
type entryBody struct {
	Seq       int64      `json:"seq" doc:"Number in the journal."`
	At        *time.Time `json:"at" doc:"Null where the entry is erased, as all that follows is empty."`
	Account   string     `json:"account" doc:"Account, client, or cli:NAME of a system user."`
	Machine   bool       `json:"machine"`
	Operation string     `json:"operation"`
	Class     string     `json:"class"`
	Act       string     `json:"act"`
	Reason    string     `json:"reason"`
	Reference string     `json:"reference"`
	Recipient string     `json:"recipient"`
	Address   string     `json:"address"`
	Outcome   string     `json:"outcome" doc:"begun, an HTTP status, done, failed or broken."`
	RequestID string     `json:"request_id"`
	Erased    int64      `json:"erased" doc:"Number of the purge that erased it; 0 if it is whole."`
}

type journalPageOutput struct {
	Body struct {
		Entries []entryBody `json:"entries" nullable:"false"`
		Next    int64       `json:"next" doc:"Cursor of the next page; 0 at the end."`
	}
}

func (s *Server) journalPage(ctx context.Context, pass door.Pass, in *journalPageInput) (*journalPageOutput, error) {
	if err := auditor(pass); err != nil {
		return nil, err
	}
	f, err := s.journalFilter(pass.Values())
	if err != nil {
		return nil, err
	}
	rows, next, err := s.journal.Search(ctx, f, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &journalPageOutput{}
	out.Body.Entries, out.Body.Next = make([]entryBody, len(rows)), next
	for i, row := range rows {
		out.Body.Entries[i] = describeEntry(row)
	}
	pass.Concerns("journal")
	if len(rows) > 0 {
		pass.Concerns(fmt.Sprintf("%d-%d", rows[len(rows)-1].Seq, rows[0].Seq))
	}
	return out, nil
}

func describeEntry(row journal.Row) entryBody {
	e := entryBody{
		Seq: row.Seq, Account: row.Account, Machine: row.Machine, Operation: row.Operation, Class: row.Class, Act: row.Act,
		Reason: row.Reason, Reference: row.Reference, Recipient: row.Recipient, Address: row.Address, Outcome: row.Outcome,
		RequestID: row.RequestID, Erased: row.ErasedBy,
	}
	if row.ErasedBy == 0 {
		e.At = &row.At
	}
	return e
}

type rootBody struct {
	Seq  int64      `json:"seq" doc:"Number of the last entry; 0 if there is none."`
	Hash string     `json:"hash" doc:"Its hash, in hexadecimal."`
	At   *time.Time `json:"at"`
}

func (s *Server) journalRoot(ctx context.Context, pass door.Pass, _ *struct{}) (*struct{ Body rootBody }, error) {
	if err := auditor(pass); err != nil {
		return nil, err
	}
	root, err := s.journal.Root(ctx)
	if err != nil {
		return nil, err
	}
	body := rootBody{Seq: root.Seq, Hash: root.Hash.String()}
	if !root.At.IsZero() {
		body.At = &root.At
	}
	return &struct{ Body rootBody }{body}, nil
}

type verificationInput struct {
	From int64  `query:"from" minimum:"1" default:"1" doc:"First entry to look at."`
	Root string `query:"root" maxLength:"100" doc:"SEQ:HASH as it was noted elsewhere."`
}

func (s *Server) journalVerification(ctx context.Context, pass door.Pass, in *verificationInput) (*struct{ Body journal.Report }, error) {
	if err := auditor(pass); err != nil {
		return nil, err
	}
	var root *journal.Root
	if in.Root != "" {
		parsed, err := journal.ParseRoot(in.Root)
		if err != nil {
			return nil, err
		}
		root = &parsed
	}
	report, err := s.journal.Verify(ctx, in.From, root, nil)
	if err != nil {
		return nil, err
	}
	return &struct{ Body journal.Report }{report}, nil
}

func (s *Server) journalExport(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	if err := auditor(pass); err != nil {
		return err
	}
	f, err := s.journalFilter(pass.Values())
	if err != nil {
		return err
	}
	pass.Concerns("journal")
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="journal.csv"`)
	_, err = journal.Write(w, s.journal.Rows(r.Context(), f), false)
	return err
}

// journalParams are the parameters of the filter, for the API document.
func journalParams() []*huma.Param {
	var all []*huma.Param
	for _, p := range []struct{ name, doc string }{
		{"from", "Entries from this time on: RFC 3339, or a day."}, {"to", "Entries before this time."}, {"account", ""},
		{"operation", "Id of the operation."}, {"act", "consultation, communication …"}, {"class", "read, security or sensitive."},
		{"outcome", "begun, an HTTP status, done, failed or broken."}, {"reference", "The whole reference."}, {"request_id", ""},
	} {
		all = append(all, &huma.Param{Name: p.name, In: "query", Description: p.doc, Schema: &huma.Schema{Type: huma.TypeString}})
	}
	return all
}
