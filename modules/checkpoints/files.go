package checkpoints

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/paulmach/orb"

	"vigie/api"
	"vigie/api/door"
	"vigie/api/ogc"
	"vigie/api/problem"
	"vigie/modules/checkpoints/order"
)

// form is a file that a plan is handed out as.
type form struct {
	name, suffix, media, summary string
	write                        func(w io.Writer, o order.Order) error
}

func forms() []form {
	return []form{
		{"order", "pdf", "application/pdf", "The order of operations, with a sheet for each site", order.PDF},
		{"plan", "gpx", "application/gpx+xml", "The posts for navigation devices", order.GPX},
		{"plan", "kml", "application/vnd.google-earth.kml+xml", "The posts as KML", order.KML},
		{"plan", "geojson", "application/geo+json", "The posts as GeoJSON", order.GeoJSON},
		{"plan", "gpkg", "application/geopackage+sqlite3", "The posts as GeoPackage", geoPackage},
		{"plan", "ics", "text/calendar", "The posts as a calendar", order.Calendar},
	}
}

// files are the operations that hand plans out.
func (d *desk) files() []api.Operation {
	var list []api.Operation
	for _, f := range forms() {
		op := read(f.name+"-"+f.suffix, "/plans/{id}/"+f.name+"."+f.suffix, f.summary, normally())
		op.Act = door.ActCommunication
		op.Params = []*huma.Param{{Name: "revision", In: "query", Description: "Number of a revision; the last one if 0.", Schema: &huma.Schema{Type: huma.TypeInteger}}}
		list = append(list, api.Operation{Operation: op, Handler: door.Raw(d.handOut(f), f.media)})
	}
	return list
}

// handOut answers with a plan as a file, whole or not at all.
func (d *desk) handOut(f form) func(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	return func(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
		lang := ogc.Language(r)
		body, name, err := d.write(r.Context(), pass, r.PathValue("id"), lang, f)
		if err != nil {
			return say(lang, err)
		}
		h := w.Header()
		h.Set("Content-Type", f.media)
		h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, err = w.Write(body)
		return err
	}
}

func (d *desk) write(ctx context.Context, pass door.Pass, id, lang string, f form) (body []byte, name string, err error) {
	if err := allowed(pass); err != nil {
		return nil, "", err
	}
	number, err := strconv.Atoi(cmp.Or(pass.Values().Get("revision"), "0"))
	if err != nil || number < 0 || number > 1_000_000 {
		return nil, "", problem.Fields{{Location: "query.revision", Message: "must be a number of a revision"}}
	}
	found, err := d.plan(ctx, pass, id, number)
	if err != nil {
		return nil, "", err
	}
	o, err := d.order(ctx, pass, &found, lang)
	if err != nil {
		return nil, "", err
	}
	var out bytes.Buffer
	if err := f.write(&out, o); err != nil {
		return nil, "", fmt.Errorf("write %s of plan %s: %w", f.suffix, id, err)
	}
	return out.Bytes(), fmt.Sprintf("vigie-%s-%s-r%d.%s", f.name, id[:8], found.Shown.Number, f.suffix), nil
}

// order is a plan with what its documents say around it.
func (d *desk) order(ctx context.Context, pass door.Pass, f *found, lang string) (order.Order, error) {
	o := order.Order{
		ID: f.ID.String(), Revision: f.Shown.Number, Hash: f.hash(), State: string(f.State), Plan: f.Shown.Plan, Units: map[string]order.Unit{},
		Made: d.clock(), Zone: d.zone, Lang: lang,
	}
	units, err := d.unitsOf(ctx, pass.Rights(), &f.Shown.Plan)
	if err != nil {
		return o, err
	}
	for ref, u := range units {
		o.Units[ref] = order.Unit{Name: u.Name, Position: u.Position}
	}
	names, err := d.namesOf(ctx, f)
	if err != nil {
		return o, err
	}
	for _, path := range f.Areas {
		if name := names[path]; name != "" {
			o.Areas = append(o.Areas, name)
		}
	}
	if c := f.Decision; c != nil && c.Approved {
		o.Approval = &order.Approval{By: c.Person, At: c.At.In(d.zone), Reference: c.Reference, Authority: c.Authority, Purpose: c.Purpose, Instructions: c.Instructions}
	}
	if d.public != "" {
		o.URL = d.public + "/?plan=" + o.ID
	}
	waiting, cancel := context.WithTimeout(ctx, mapPatience)
	defer cancel()
	if l, err := d.lands.of(waiting, f.Areas, nil); err == nil { // an order without its maps is better than none
		o.Lines = l.roads
	} else {
		d.log.Warn("an order is drawn without roads", "plan", o.ID, "error", err)
		o.Lines = func(orb.Bound) []order.Line { return nil }
	}
	return o, nil
}

// mapPatience is how long an order waits for the roads of its maps.
const mapPatience = 15 * time.Second

// geoPackage writes a GeoPackage, which must be a file first.
func geoPackage(w io.Writer, o order.Order) (err error) {
	folder, err := os.MkdirTemp("", "vigie-plan-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "plan.gpkg")
	if err := order.GeoPackage(path, o); err != nil {
		return err
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	_, err = w.Write(body)
	return err
}
