package cql2

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// geometry binds a literal as GeoJSON, made valid, in EPSG:4326.
func (t *translator) geometry(g geometry) (term, error) {
	encoded, err := json.Marshal(g.flipped().geoJSON())
	if err != nil {
		return term{}, wrong("the geometry has no encoding")
	}
	sql := "st_makevalid(st_geomfromgeojson(" + t.bind(string(encoded)) + "::text))"
	if g.srid != 0 {
		sql = "st_makevalid(st_transform(st_setsrid(" + sql + ", " + strconv.Itoa(g.srid) + "), 4326))"
	}
	return term{sql: sql, kind: Geometry}, nil
}

func (t *translator) spatial(c call) (term, error) {
	args, err := t.terms(c.args)
	if err != nil {
		return term{}, err
	}
	for i, arg := range args {
		if arg.kind != Geometry {
			return term{}, wrong("%s takes geometries, not %s", c.op, arg.kind)
		}
		if g, literal := c.args[i].(geometry); literal && g.holdsCollection() && c.op != "s_intersects" && c.op != "s_disjoint" {
			return term{}, wrong("%s does not take a GeometryCollection: only s_intersects and s_disjoint do", c.op)
		}
	}
	// The names of the two sides agree but for the prefix: s_within is st_within.
	return term{sql: "st_" + strings.TrimPrefix(c.op, "s_") + "(" + args[0].sql + ", " + args[1].sql + ")", kind: Boolean}, nil
}

func (t *translator) interval(i interval) (term, error) {
	start, err := t.intervalEnd(i.start, "'-infinity'::timestamptz", false)
	if err != nil {
		return term{}, err
	}
	end, err := t.intervalEnd(i.end, "'infinity'::timestamptz", true)
	return term{start, end, Interval}, err
}

func (t *translator) intervalEnd(n node, unbounded string, last bool) (string, error) {
	if is[open](n) {
		return unbounded, nil
	}
	at, err := t.term(n)
	if err != nil {
		return "", err
	}
	start, end, err := span(at)
	if last {
		return end, err
	}
	return start, err
}

// span is the first and the last instant of a temporal term: those of its day for a date.
func span(a term) (start, end string, err error) {
	switch a.kind {
	case Instant:
		return a.sql, a.sql, nil
	case Interval:
		return a.sql, "(" + a.end + ")", nil
	case Date:
		day := instantOf(a)
		return day, "(" + day + " + interval '1 day' - interval '1 microsecond')", nil
	case String, Number, Integer, Boolean, Geometry, Strings:
	}
	return "", "", wrong("%s is no date, timestamp or interval", a.kind)
}

// temporalSQL are the relations of OGC 21-065r2, table 13 (Allen's), over the spans [as, ae] and [bs, be].
func temporalSQL(op string) string {
	return map[string]string{
		"t_after":        "{as} > {be}",
		"t_before":       "{ae} < {bs}",
		"t_contains":     "{as} < {bs} and {ae} > {be}",
		"t_disjoint":     "({ae} < {bs} or {as} > {be})",
		"t_during":       "{as} > {bs} and {ae} < {be}",
		"t_equals":       "{as} = {bs} and {ae} = {be}",
		"t_finishedBy":   "{as} < {bs} and {ae} = {be}",
		"t_finishes":     "{as} > {bs} and {ae} = {be}",
		"t_intersects":   "{as} <= {be} and {ae} >= {bs}",
		"t_meets":        "{as} < {bs} and {ae} = {bs} and {ae} < {be}",
		"t_metBy":        "{as} > {bs} and {as} = {be} and {ae} > {be}",
		"t_overlappedBy": "{as} > {bs} and {as} < {be} and {ae} > {be}",
		"t_overlaps":     "{as} < {bs} and {ae} > {bs} and {ae} < {be}",
		"t_startedBy":    "{as} = {bs} and {ae} > {be}",
		"t_starts":       "{as} = {bs} and {ae} < {be}",
	}[op]
}

func (t *translator) temporal(c call) (term, error) {
	args, err := t.terms(c.args)
	if err != nil {
		return term{}, err
	}
	var spans [4]string
	for i, arg := range args {
		if spans[2*i], spans[2*i+1], err = span(arg); err != nil {
			return term{}, fmt.Errorf("%s: %w", c.op, err)
		}
	}
	fill := strings.NewReplacer("{as}", spans[0], "{ae}", spans[1], "{bs}", spans[2], "{be}", spans[3])
	return term{sql: "(" + fill.Replace(temporalSQL(c.op)) + ")", kind: Boolean}, nil
}

func (t *translator) array(c call) (term, error) {
	args, err := t.terms(c.args)
	if err != nil {
		return term{}, err
	}
	for _, arg := range args {
		if arg.kind != Strings {
			return term{}, wrong("%s takes sets of texts, not %s", c.op, arg.kind)
		}
	}
	a, b := args[0].sql, args[1].sql
	sql := map[string]string{
		"a_equals": "(" + a + " @> " + b + " and " + a + " <@ " + b + ")", "a_contains": "(" + a + " @> " + b + ")",
		"a_containedBy": "(" + a + " <@ " + b + ")", "a_overlaps": "(" + a + " && " + b + ")",
	}[c.op]
	return term{sql: sql, kind: Boolean}, nil
}
