package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"vigie/geoengine/cql2"
)

// cql2Command reads filters and prints them in both encodings.
type cql2Command struct {
	Files []string `arg:"" name:"file" predictor:"file" help:"Files with one expression each, in text or JSON; - is standard input."`
}

// Help shows examples.
func (c *cql2Command) Help() string {
	return "Examples:\n  vigie cql2 filter.txt\n  echo \"severity = 'fatal' AND start >= DATE('2024-01-01')\" | vigie cql2 -"
}

type cql2Report struct {
	File  string          `json:"file"`
	Text  string          `json:"text,omitempty"`
	JSON  json.RawMessage `json:"json,omitempty"`
	Error string          `json:"error,omitempty"` // what is wrong, with line and column or the path in the JSON
}

// Run reads every file; where one is wrong it says where, goes on with the others and fails at the end.
func (c *cql2Command) Run(a *app) error {
	reports := make([]cql2Report, len(c.Files))
	wrong := 0
	for i, file := range c.Files {
		reports[i].File = file
		content, err := readExpression(file, a.in)
		if err == nil {
			err = reports[i].read(content)
		}
		if err != nil {
			reports[i].Error = err.Error()
			wrong++
		}
	}
	a.print(map[string]any{"expressions": reports}, func(w io.Writer) {
		for _, r := range reports {
			if len(reports) > 1 {
				fmt.Fprintf(w, "%s:\n", r.File)
			}
			if r.Error == "" {
				fmt.Fprintf(w, "%s\n%s\n", r.Text, r.JSON)
			} else if len(reports) > 1 {
				fmt.Fprintln(w, r.Error)
			}
		}
	})
	switch {
	case wrong == 1 && len(reports) == 1:
		return fmt.Errorf("%s: %s", reports[0].File, reports[0].Error)
	case wrong > 0:
		return fmt.Errorf("%d of %d expressions are wrong", wrong, len(reports))
	}
	return nil
}

// readExpression reads one byte more than may be, so that what is too long is refused for that.
func readExpression(file string, in io.Reader) ([]byte, error) {
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer opened.Close()
		in = opened
	}
	return io.ReadAll(io.LimitReader(in, cql2.MaxBytes+1))
}

func (r *cql2Report) read(content []byte) error {
	parse := func(content []byte) (cql2.Expr, error) { return cql2.Parse(string(content)) }
	if strings.HasPrefix(strings.TrimSpace(string(content)), "{") {
		parse = cql2.ParseJSON
	}
	expression, err := parse(content)
	var at *cql2.Error
	if errors.As(err, &at) && at.Offset >= 0 {
		before := content[:min(at.Offset, len(content))]
		line := 1 + bytes.Count(before, []byte("\n"))
		column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
		return fmt.Errorf("line %d, column %d: %s", line, column, at.Message)
	}
	if err != nil {
		return err
	}
	r.Text, r.JSON = expression.Text(), expression.JSON()
	return nil
}
