package features

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/cespare/xxhash/v2"

	"vigie/api/ogc"
	"vigie/geoengine/feature"
	"vigie/tiles"
)

// items serves a page of features. The answer is made whole before its first byte leaves, in memory or in a temporary
// file: what goes wrong is told as a problem, and no slow client holds a connection to the database.
func (p *part) items(r *ogc.Request, w http.ResponseWriter, c feature.Collection) error {
	q, err := parse(c, r.Pass.Values(), func() []string { return p.attributeKeys(r.Context(), r.Pass, c.ID) })
	if err != nil {
		return err
	}
	// What the answer depends on is read before the answer: a change in between makes the next tag differ.
	if p.unchanged(r, w) {
		return nil
	}
	switch r.Format {
	case ogc.HTML():
		return p.table(r, w, c, q)
	case csvFile:
		return p.file(r, w, c, q, feature.CSV)
	case geoParquet:
		return p.file(r, w, c, q, feature.GeoParquet)
	default:
		return p.collection(r, w, c, q)
	}
}

// unchanged sets the tag of the answer, and answers 304 to a client that has it. The tag holds the version of the data,
// the caller's rights and everything that was asked.
func (p *part) unchanged(r *ogc.Request, w http.ResponseWriter) bool {
	rights, err := json.Marshal(r.Pass.Rights())
	if err != nil {
		return false // lists of texts always marshal
	}
	sum := xxhash.New()
	for _, part := range []string{p.config.Version(), string(rights), r.With(), r.Format.Name, r.Lang} {
		_, _ = sum.WriteString(part + "\x00") // a hash never fails
	}
	tag := `W/"` + strconv.FormatUint(sum.Sum64(), 36) + `"`
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	if !tiles.MatchesTag(r.Header.Get("If-None-Match"), tag) {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

// paging are the links of a page.
func paging(r *ogc.Request, c feature.Collection, next string) []ogc.Link {
	links := r.Self()
	if next != "" {
		links = append(links, ogc.Link{
			Href: r.With("cursor", next), Rel: "next", Type: r.Format.Media, Title: ogc.Text{FR: "Page suivante", EN: "Next page"}.In(r.Lang),
		})
	}
	return append(links,
		ogc.Link{Href: r.URL("/collections/" + c.ID), Rel: "collection", Type: ogc.JSON().Media, Title: ogc.Text{FR: c.FR, EN: c.EN}.In(r.Lang)},
		ogc.Link{Href: r.Root, Rel: "root", Type: ogc.JSON().Media, Title: "API"})
}

// header writes links as a header, for forms that cannot hold them.
func header(w http.ResponseWriter, links []ogc.Link) {
	for _, l := range links {
		w.Header().Add("Link", fmt.Sprintf("<%s>; rel=\"%s\"; type=\"%s\"", l.Href, l.Rel, l.Type))
	}
}

// collection answers in GeoJSON.
func (p *part) collection(r *ogc.Request, w http.ResponseWriter, c feature.Collection, q feature.Query) error {
	q.Form = feature.GeoJSON.Form(&c)
	columns, err := feature.Columns(q, nil)
	if err != nil {
		return err
	}
	body := newSpool()
	defer body.close()
	out := feature.NewGeoJSONWriter(body, columns, nil)
	page, err := p.reader.Read(r.Context(), r.Pass.Rights(), q, out.Write)
	if err != nil {
		return err
	}
	links := paging(r, c, page.Next)
	ends := []struct {
		name  string
		value any
	}{
		{"links", links}, {"timeStamp", p.config.Clock().UTC().Format(time.RFC3339)}, {"numberReturned", page.Returned},
	}
	for _, end := range ends {
		if err := out.End(end.name, end.value); err != nil {
			return err
		}
	}
	if n, ok := p.matched(r, c, q, page); ok {
		if err := out.End("numberMatched", n); err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	header(w, links)
	w.Header().Set("Content-Type", r.Format.Media)
	w.Header().Set("Content-Crs", "<"+q.CRS.URI+">")
	return body.send(w, r.Request)
}

// file answers in CSV or GeoParquet: data that leaves the house.
func (p *part) file(r *ogc.Request, w http.ResponseWriter, c feature.Collection, q feature.Query, format feature.Format) error {
	r.Pass.HandsOver()
	q.Form = format.Form(&c)
	columns, err := feature.Columns(q, p.attributeKeys(r.Context(), r.Pass, c.ID))
	if err != nil {
		return err
	}
	body := newSpool()
	defer body.close()
	out, err := feature.NewWriter(format, body, q, columns)
	if err != nil {
		return err
	}
	page, err := p.reader.Read(r.Context(), r.Pass.Rights(), q, out.Write)
	if err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	header(w, paging(r, c, page.Next))
	h := w.Header()
	h.Set("Content-Type", r.Format.Media)
	if format == feature.CSV {
		h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	}
	h.Set("Content-Crs", "<"+q.CRS.URI+">")
	h.Set("Content-Disposition", `attachment; filename="`+c.ID+"."+string(format)+`"`)
	h.Set("OGC-NumberReturned", strconv.Itoa(page.Returned))
	return body.send(w, r.Request)
}

// table answers with a page for people.
func (p *part) table(r *ogc.Request, w http.ResponseWriter, c feature.Collection, q feature.Query) error {
	q.Form = feature.FormNone
	var keys []string
	columns, err := feature.Columns(q, keys)
	if err != nil {
		return err
	}
	title := ogc.Text{FR: c.FR, EN: c.EN}
	table := ogc.Table{Caption: title, Head: []ogc.Text{ogc.Plain("id")}, Empty: ogc.Text{FR: "Aucun résultat.", EN: "No result."}}
	for _, column := range columns {
		table.Head = append(table.Head, ogc.Text{FR: column.FR, EN: column.EN})
	}
	if c.Attributes {
		table.Head = append(table.Head, ogc.Text{FR: "Attributs", EN: "Attributes"}) //nolint:misspell // French
	}
	page, err := p.reader.Read(r.Context(), r.Pass.Rights(), q, func(row *feature.Row) error {
		cells := []ogc.Cell{{Text: row.ID, Href: "/collections/" + c.ID + "/items/" + row.ID + "?f=html", Code: true}}
		for i := range columns[:len(row.Values)] {
			cells = append(cells, readable(r.Lang, row.Values[i], offsetOf(columns, row)))
		}
		if c.Attributes {
			cells = append(cells, ogc.Cell{Text: attributeList(row.Attributes), OneLine: true})
		}
		table.Rows = append(table.Rows, cells)
		return nil
	})
	if err != nil {
		return err
	}
	shown := ogc.Page{Title: title, Intro: description(c.ID), Trail: trail(r, c), Tables: []ogc.Table{table}}
	if page.Next != "" {
		shown.Links = append(shown.Links, ogc.Link{Href: r.With("cursor", page.Next), Rel: "next", Title: ogc.Text{FR: "Page suivante", EN: "Next page"}.In(r.Lang)})
	}
	if n, ok := p.matched(r, c, q, page); ok {
		shown.Intro = ogc.Text{FR: fmt.Sprintf("%d résultats. %s", n, shown.Intro.FR), EN: fmt.Sprintf("%d results. %s", n, shown.Intro.EN)}
	}
	return r.Write(w, shown)
}

func trail(r *ogc.Request, c feature.Collection) []ogc.Link {
	return ogc.CollectionTrail(ogc.Link{Href: "/collections/" + c.ID, Title: ogc.Text{FR: c.FR, EN: c.EN}.In(r.Lang)})
}

// item serves one feature.
func (p *part) item(r *ogc.Request, w http.ResponseWriter, c feature.Collection) error {
	crs, err := feature.ParseCRS(r.Pass.Values().Get("crs"))
	if err != nil {
		return err
	}
	q := feature.Query{Collection: c.ID, ID: r.PathValue("id"), CRS: crs, Form: feature.FormGeoJSON}
	columns, err := feature.Columns(q, nil)
	if err != nil {
		return err
	}
	links := append(r.Self(), ogc.Link{Href: r.URL("/collections/" + c.ID), Rel: "collection", Type: ogc.JSON().Media, Title: ogc.Text{FR: c.FR, EN: c.EN}.In(r.Lang)})
	out := feature.NewGeoJSONWriter(io.Discard, columns, func(string) any { return links })
	var body []byte
	page := ogc.Page{Title: ogc.Plain(q.ID), Trail: append(trail(r, c), ogc.Link{Href: "/collections/" + c.ID + "/items", Title: "Items"})}
	err = p.reader.One(r.Context(), r.Pass.Rights(), q, func(row *feature.Row) (err error) {
		page.Tables = []ogc.Table{describe(r.Lang, c, columns, row)}
		body, err = out.Append(nil, row)
		return err
	})
	if err != nil {
		return err
	}
	if p.unchanged(r, w) {
		return nil
	}
	header(w, links)
	w.Header().Set("Content-Crs", "<"+crs.URI+">")
	page.Body = json.RawMessage(body)
	return r.Write(w, page)
}
