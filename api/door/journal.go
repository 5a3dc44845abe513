package door

import (
	"context"
	"log/slog"
)

// Entry is one line of the journal: who did what, and how it ended; never the data.
type Entry struct {
	RequestID string
	Account   string // "" before the log-in
	Operation string
	Class     Audit
	Object    string // the path asked for, without the query
	Address   string // of the client
	Outcome   string // "begun", or the HTTP status
}

// Journal keeps entries. An error refuses an operation of class AuditSecurity or AuditSensitive.
type Journal func(ctx context.Context, e Entry) error

// LogJournal writes entries to the server's log as lines with audit=true.
func LogJournal(log *slog.Logger) Journal {
	return func(ctx context.Context, e Entry) error {
		log.LogAttrs(ctx, slog.LevelInfo, "audit", slog.Bool("audit", true), slog.String("request", e.RequestID),
			slog.String("account", e.Account), slog.String("operation", e.Operation), slog.String("class", e.Class.String()),
			slog.String("object", e.Object), slog.String("address", e.Address), slog.String("outcome", e.Outcome))
		return nil
	}
}
