package ogc

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"

	"vigie/api/door"
)

var thisDocument = Text{"Ce document", "This document"}

// Page is an answer: a body for machines, and what people read of the same.
type Page struct {
	Status int // 200 if zero
	Body   any // marshalled as JSON; a json.RawMessage is written as it is

	Title  Text
	Intro  Text
	Trail  []Link // the way to this page: titles and addresses, without the landing page, which always comes first
	Links  []Link // where people may go on: each with a title
	Tables []Table
}

// Table is what people read of a list.
type Table struct {
	Caption Text
	Head    []Text
	Rows    [][]Cell
	Empty   Text // said in place of a table without rows
}

// Cell is one entry of a table; Href makes it a link.
type Cell struct {
	Text    string
	Href    string
	Code    bool // a name or an address of the API, in one width
	Number  bool // stands at the right
	OneLine bool // is not wrapped, however long: the table scrolls sideways
}

// Class is how the cell is drawn: long texts are wrapped, all others stay on one line.
func (c Cell) Class() string {
	const long = 60
	switch {
	case c.Number:
		return "number"
	case len(c.Text) > long && !c.Code && !c.OneLine:
		return "long"
	default:
		return ""
	}
}

// Words are cells of plain texts.
func Words(texts ...string) []Cell {
	cells := make([]Cell, len(texts))
	for i, text := range texts {
		cells[i].Text = text
	}
	return cells
}

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS []byte

// style serves the style of the pages.
func style(w http.ResponseWriter, _ *http.Request, _ door.Pass) error {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, err := w.Write(pageCSS)
	return err
}

// view is what the template sees.
type view struct {
	Lang, Title, Intro string
	Home, Root         Link
	Trail, Forms, Next []Link
	Tables             []tableView
	Further            *Link // the next page, said again below the tables
}

type tableView struct {
	Caption, Empty string
	Head           []string
	Rows           [][]Cell
}

func (r *Request) writeHTML(w http.ResponseWriter, page Page) error {
	layout, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	v := view{
		Lang: r.Lang, Title: page.Title.In(r.Lang), Intro: page.Intro.In(r.Lang),
		Home:  Link{Href: "/", Title: Text{"Carte", "Map"}.In(r.Lang)},
		Root:  Link{Href: r.Root, Title: Text{"API géographique", "Geographic API"}.In(r.Lang)},
		Trail: r.Absolute(page.Trail), Next: r.Absolute(page.Links),
	}
	for _, link := range r.Self() {
		if link.Rel == "alternate" {
			v.Forms = append(v.Forms, link)
		}
	}
	for i := range v.Next {
		if v.Next[i].Rel == "next" {
			v.Further = &v.Next[i]
		}
	}
	for _, t := range page.Tables {
		shown := tableView{Caption: t.Caption.In(r.Lang), Empty: t.Empty.In(r.Lang)}
		for _, head := range t.Head {
			shown.Head = append(shown.Head, head.In(r.Lang))
		}
		for _, row := range t.Rows {
			cells := make([]Cell, len(row))
			for i, cell := range row {
				if cells[i] = cell; cell.Href != "" {
					cells[i].Href = r.URL(cell.Href)
				}
			}
			shown.Rows = append(shown.Rows, cells)
		}
		v.Tables = append(v.Tables, shown)
	}
	var body bytes.Buffer
	if err := layout.Execute(&body, v); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(page.Status)
	_, err = w.Write(body.Bytes())
	return err
}
