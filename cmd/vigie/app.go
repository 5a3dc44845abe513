package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"text/tabwriter"
	"time"

	"github.com/mattn/go-isatty"

	"vigie/progress"
)

// app is what every command has at hand.
type app struct {
	config  config
	json    bool
	reason  string // why, for the journal
	in      *os.File
	out     io.Writer
	display *progress.Display
	log     *slog.Logger
	clock   func() time.Time
	// progress is nil where only JSON is wanted.
	progress progress.Func
}

func newApp(config config, line commands, in *os.File, out, errs io.Writer) (*app, error) {
	a := &app{config: config, json: line.JSON, reason: line.Why, in: in, out: out, clock: time.Now}
	a.display = progress.NewDisplay(errs, isTerminal(errs), a.clock)
	if !line.JSON || line.Verbose {
		a.progress = a.display.Show
	}
	var err error
	a.log, err = a.logger(line.Verbose)
	return a, err
}

func isTerminal(w any) bool {
	file, ok := w.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}

// print writes the result: value as JSON, or what text writes.
func (a *app) print(value any, text func(w io.Writer)) {
	if a.json {
		printJSON(a.out, value)
		return
	}
	text(a.out)
}

func printJSON(w io.Writer, value any) {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		fmt.Fprintln(w, `{"error": "the result cannot be written as JSON"}`)
	}
}

// table writes aligned columns; each row ends a line.
func table(w io.Writer, rows [][]string) {
	aligned := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer aligned.Flush()
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(aligned, "\t")
			}
			fmt.Fprint(aligned, cell)
		}
		fmt.Fprintln(aligned)
	}
}
