package door

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
)

// Entry is one line of the journal: who did what, and how it ended; never the data.
type Entry struct {
	RequestID string
	Account   string // of the person, or name of the client; "" before the log-in
	Machine   bool
	Operation string
	Class     Audit
	Act       Act
	Reason    string // why, where the operation asks for it or the caller says it
	Recipient string // to whom data is communicated, where it is not the account
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

// begin writes the line without which an operation of class AuditSecurity or AuditSensitive does not run.
func (g *guard) begin(r *http.Request, pass Pass) error {
	if g.op.Audit < AuditSecurity {
		return nil
	}
	if err := g.door.journal(r.Context(), g.entry(r, pass, "begun")); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// end writes the line of the outcome.
func (g *guard) end(r *http.Request, pass Pass, status int) {
	if g.op.Audit < AuditRead {
		return
	}
	if err := g.door.journal(context.WithoutCancel(r.Context()), g.entry(r, pass, strconv.Itoa(status))); err != nil {
		g.door.config.Log.Error("journal", "request", pass.requestID, "error", err)
	}
}

func (g *guard) entry(r *http.Request, pass Pass, outcome string) Entry {
	account := pass.caller.Name
	if account == "" {
		account = *pass.loggedIn
	}
	return Entry{
		RequestID: pass.requestID, Account: account, Machine: pass.caller.Machine,
		Operation: g.op.ID, Class: g.op.Audit, Act: g.op.Act,
		Object: shorten(r.URL.Path), Address: pass.address.String(), Outcome: outcome,
	}
}
