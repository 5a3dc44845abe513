package osm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/geoengine"
	"vigie/geoengine/road"
)

func input(files ...[]byte) data.Input {
	in := data.Input{}
	for i, content := range files {
		in.Files = append(in.Files, data.File{Name: fmt.Sprint("f", i), Open: func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(content)), nil
		}})
	}
	return in
}

// read returns what files hold, in words.
func read(t testing.TB, files ...[]byte) ([]string, error) {
	t.Helper()
	found := []string{}
	for r, err := range Read(t.Context(), input(files...)) {
		var reject *data.Reject
		switch {
		case errors.As(err, &reject):
			found = append(found, "reject "+reject.Reason)
		case err != nil:
			return found, err
		case r.Section != nil:
			found = append(found, describeSection(r.Section))
		case r.Turn != nil:
			found = append(found, fmt.Sprintf("turn %s %s %v %s at %d only %t", r.Turn.Ref, r.Turn.From, r.Turn.Via, r.Turn.To, r.Turn.Junction, r.Turn.Only))
		case r.Site != nil:
			found = append(found, fmt.Sprintf("site %s %s %q %.0f m² lit %v access %d", r.Site.Ref, r.Site.Kind, r.Site.Name, r.Site.AreaM2, r.Site.Lit, r.Site.Access))
		}
	}
	return found, nil
}

func describeSection(s *road.Section) string {
	way := map[[2]bool]string{{true, true}: "<>", {true, false}: ">", {false, true}: "<"}[[2]bool{s.Forward, s.Backward}]
	return fmt.Sprintf("%s %d%s%d %v %d", s.Ref, s.From, way, s.To, s.Class, len(s.Line))
}

// xmlOf writes ways of nodes in XML. Node n stands at n/1000 east, 45 north.
func xmlOf(body ...string) []byte {
	var b strings.Builder
	b.WriteString("<?xml version='1.0' encoding='UTF-8'?>\n<osm version='0.6'>\n")
	for n := 1; n <= 20; n++ {
		fmt.Fprintf(&b, "<node id='%d' lon='%v' lat='%v'/>\n", n, float64(n)/1000, 45+float64(n%3)/1000)
	}
	for _, one := range body {
		b.WriteString(one + "\n")
	}
	b.WriteString("</osm>\n")
	return []byte(b.String())
}

func wayOf(id int, refs, tagged string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<way id='%d'>", id)
	for _, ref := range strings.Fields(refs) {
		fmt.Fprintf(&b, "<nd ref='%s'/>", ref)
	}
	for _, t := range strings.Fields(tagged) {
		key, value, _ := strings.Cut(t, "=")
		fmt.Fprintf(&b, "<tag k='%s' v='%s'/>", key, strings.ReplaceAll(value, "~", " "))
	}
	return b.String() + "</way>"
}

// turnOf writes a restriction; members are "from:1 via:n2 to:3", n for nodes.
func turnOf(id int, members, tagged string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<relation id='%d'><tag k='type' v='restriction'/>", id)
	for _, m := range strings.Fields(members) {
		role, ref, _ := strings.Cut(m, ":")
		kind := "way"
		if strings.HasPrefix(ref, "n") {
			kind, ref = "node", ref[1:]
		}
		fmt.Fprintf(&b, "<member type='%s' ref='%s' role='%s'/>", kind, ref, role)
	}
	for _, t := range strings.Fields(tagged) {
		key, value, _ := strings.Cut(t, "=")
		fmt.Fprintf(&b, "<tag k='%s' v='%s'/>", key, value)
	}
	return b.String() + "</relation>"
}

func TestCut(t *testing.T) {
	t.Parallel()
	const main, side = "highway=primary", "highway=residential"
	cases := map[string]struct {
		body []string
		want []string
	}{
		"alone":                {[]string{wayOf(7, "1 2 3", main)}, []string{"7/1 1<>3 primary 3"}},
		"a crossing":           {[]string{wayOf(7, "1 2 3", main), wayOf(8, "4 2 5", side)}, []string{"7/1 1<>2 primary 2", "7/2 2<>3 primary 2", "8/1 4<>2 residential 2", "8/2 2<>5 residential 2"}},
		"a footway":            {[]string{wayOf(7, "1 2 3", main), wayOf(8, "4 2 5", "highway=footway")}, []string{"7/1 1<>3 primary 3"}},
		"a car park":           {[]string{wayOf(7, "1 2 3", main), wayOf(8, "2 4 5 2", "amenity=parking lit=yes name=P")}, []string{"7/1 1<>3 primary 3", `site w8 car_park "P" 13114 m² lit yes access 0`}},
		"a ring":               {[]string{wayOf(7, "1 2 3 4 1", "highway=residential junction=roundabout")}, []string{"7/1 1>3 residential 3", "7/2 3>1 residential 3"}},
		"over itself":          {[]string{wayOf(7, "1 2 3 4 2 5", main)}, []string{"7/1 1<>2 primary 2", "7/2 2<>3 primary 2", "7/3 3<>2 primary 3", "7/4 2<>5 primary 2"}},
		"a node twice":         {[]string{wayOf(7, "1 2 2 3", main)}, []string{"7/1 1<>3 primary 3"}},
		"a missing node":       {[]string{wayOf(7, "1 2 99 3 4", main)}, []string{"7/1 1<>2 primary 2", "7/2 3<>4 primary 2", "reject missing_nodes"}},
		"one node":             {[]string{wayOf(7, "1", main)}, []string{"reject bad_geometry"}},
		"a way twice":          {[]string{wayOf(7, "1 2 3", main), wayOf(7, "1 2 3", main)}, []string{"7/1 1<>3 primary 3"}},
		"a bollard":            {[]string{wayOf(7, "1 21 3", main), "<node id='21' lon='0.02' lat='45'><tag k='barrier' v='bollard'/></node>"}, []string{"7/1 1<>21 primary 2", "7/2 4611686018427387925<>3 primary 2"}},
		"an open bollard":      {[]string{wayOf(7, "1 21 3", main), "<node id='21' lon='0.02' lat='45'><tag k='barrier' v='bollard'/><tag k='motor_vehicle' v='yes'/></node>"}, []string{"7/1 1<>3 primary 3"}},
		"a deleted node":       {[]string{wayOf(7, "1 21", main), "<node id='21' visible='false'/>"}, []string{"reject missing_nodes"}},
		"a node off the Earth": {[]string{wayOf(7, "1 21", main), "<node id='21' lon='200' lat='45'/>"}, []string{"reject bad_position", "reject missing_nodes"}},
	}
	for name, c := range cases {
		got, err := read(t, xmlOf(c.body...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Two extracts that overlap give what one of both would.
func TestSeveralFiles(t *testing.T) {
	t.Parallel()
	west := xmlOf(wayOf(7, "1 2 3", "highway=primary"), wayOf(8, "3 4", "highway=primary"))
	east := xmlOf(wayOf(8, "3 4", "highway=primary"), wayOf(6, "2 5", "highway=residential"))
	got, err := read(t, west, east)
	want := []string{"7/1 1<>2 primary 2", "7/2 2<>3 primary 2", "8/1 3<>4 primary 2", "6/1 2<>5 residential 2"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestTurns(t *testing.T) {
	t.Parallel()
	ways := []string{
		wayOf(1, "1 2", "highway=primary"), wayOf(2, "2 3", "highway=primary"), wayOf(3, "4 2", "highway=residential oneway=yes"),
		wayOf(4, "5 3 6", "highway=primary"), wayOf(5, "7 6", "highway=primary"), wayOf(6, "8 9", "highway=footway"),
	}
	cases := []struct {
		members, tagged string
		want            []string
	}{
		{"from:1 via:n2 to:2", "restriction=no_straight_on", []string{"turn 9 1/1 [] 2/1 at 2 only false"}},
		{"from:1 via:n2 to:2", "restriction=only_straight_on", []string{"turn 9 1/1 [] 2/1 at 2 only true"}},
		{"from:1 via:n2 to:1", "restriction=no_u_turn", []string{"turn 9 1/1 [] 1/1 at 2 only false"}},
		{"from:1 from:3 via:n2 to:2", "restriction=no_entry", []string{"turn 9/1 1/1 [] 2/1 at 2 only false", "turn 9/2 3/1 [] 2/1 at 2 only false"}},
		{"from:2 via:4 to:5", "restriction=no_u_turn", []string{"turn 9 2/1 [4/2] 5/1 at 3 only false"}},
		{"from:1 via:2 via:4 to:5", "restriction=no_u_turn", []string{"turn 9 1/1 [2/1 4/2] 5/1 at 2 only false"}},
		{"from:1 via:n2 to:3", "restriction=no_right_turn", nil}, // against the one-way
		{"from:1 via:n2 to:2", "restriction=no_straight_on except=psv;motorcar", nil},
		{"from:1 via:n2 to:2", "restriction=no_straight_on except=psv;bicycle", []string{"turn 9 1/1 [] 2/1 at 2 only false"}},
		{"from:1 via:n2 to:2", "restriction:hgv=no_straight_on", nil},
		{"from:1 via:n2 to:2", "restriction:motorcar=no_straight_on", []string{"turn 9 1/1 [] 2/1 at 2 only false"}},
		{"from:1 via:n2 to:2", "restriction:conditional=no_straight_on", nil},
		{"from:1 via:n2 to:2", "restriction=no_straight_on hour_on=08:00", nil},
		{"from:1 via:n2 to:77", "restriction=no_straight_on", nil}, // not in the extract
		{"from:1 via:n2 to:6", "restriction=no_straight_on", nil},  // no road
		{"from:1 via:n1 to:2", "restriction=no_straight_on", []string{"reject broken_restriction"}},
		{"from:2 via:n3 to:4", "restriction=no_left_turn", []string{"reject broken_restriction"}}, // either side of 4
		{"from:1 to:2", "restriction=no_straight_on", []string{"reject broken_restriction"}},
		{"from:1 from:2 via:n2 to:2", "restriction=no_left_turn", []string{"reject broken_restriction"}},
		{"from:1 via:n2 to:2", "restriction=maybe", []string{"reject unknown_value"}},
	}
	for _, c := range cases {
		got, err := read(t, xmlOf(append(ways, turnOf(9, c.members, c.tagged))...))
		if err != nil {
			t.Errorf("%s %s: %v", c.members, c.tagged, err)
		}
		var turns []string
		for _, one := range got {
			if strings.HasPrefix(one, "turn") || strings.HasPrefix(one, "reject") {
				turns = append(turns, one)
			}
		}
		if diff := cmp.Diff(c.want, turns); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", c.members, c.tagged, diff)
		}
	}
}

func TestSites(t *testing.T) {
	t.Parallel()
	node := func(tagged string) string {
		return strings.Replace(strings.Replace(wayOf(30, "", tagged), "<way", "<node lon='0.5' lat='45'", 1), "</way", "</node", 1)
	}
	for _, c := range []struct{ body, want string }{
		{node("highway=rest_area name=Aire~du~Lac"), `site n30 rest_area "Aire du Lac" 0 m² lit unknown access 0`},
		{node("highway=services lit=no"), `site n30 rest_area "" 0 m² lit no access 0`},
		{node("amenity=parking parking=layby"), `site n30 lay_by "" 0 m² lit unknown access 0`},
		{node("amenity=parking parking=lay_by access=customers"), `site n30 lay_by "" 0 m² lit unknown access 1`},
		{node("amenity=parking access=no"), ""},
		{node("amenity=parking parking=underground"), ""},
		{node("barrier=toll_booth"), `site n30 toll_plaza "" 0 m² lit unknown access 0`},
		{node("amenity=weighbridge"), `site n30 weighbridge "" 0 m² lit unknown access 0`},
		{node("amenity=bench"), ""},
		{wayOf(30, "1 2 98", "amenity=parking"), `site w30 car_park "" 0 m² lit unknown access 0`}, // cut off: no area
		{wayOf(30, "98 99", "amenity=parking"), "reject missing_nodes"},
	} {
		got, err := read(t, xmlOf(c.body))
		if err != nil || strings.Join(got, "\n") != c.want {
			t.Errorf("%s: %q %v, want %q", c.body, got, err, c.want)
		}
	}
}

// A square of 100 m by 200 m at 45° north, against its own sides.
func TestMiddle(t *testing.T) {
	t.Parallel()
	const metresPerDegree = 111194.93
	east, north := 100/metresPerDegree/.70710678, 200/metresPerDegree
	ring := orb.LineString{{2, 45}, {2 + east, 45}, {2 + east, 45 + north}, {2, 45 + north}, {2, 45}}
	at, area := middle(ring)
	wrong := math.Hypot(at.Lon()-2-east/2, at.Lat()-45-north/2)
	if wrong > 1e-9 || area < 19_990 || area > 20_010 {
		t.Errorf("%v is %v° off the middle, area %v m²", at, wrong, area)
	}
}

// The same extract in every form gives the same records.
func TestForms(t *testing.T) {
	t.Parallel()
	body := []string{
		wayOf(7, "1 2 3", "highway=primary name=Rue~du~Lavoir"), wayOf(8, "4 2 5", "highway=residential oneway=-1"), turnOf(9, "from:7 via:n3 to:7", "restriction=no_u_turn"),
		"<node id='40' lon='-0.5' lat='-45.25'><tag k='barrier' v='toll_booth'/><tag k='name' v='Péage'/></node>",
	}
	text := xmlOf(body...)
	var e extract
	err := scanXML(t.Context(), bytes.NewReader(text), "x", wanted{
		node:     func(n *node) error { e.nodes = append(e.nodes, *n); return nil },
		way:      func(w *way) error { e.ways = append(e.ways, *w); return nil },
		relation: func(r *relation) error { e.relations = append(e.relations, *r); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	want, err := read(t, text)
	if err != nil || len(want) != 6 {
		t.Fatalf("%v %q", err, want)
	}
	for _, dense := range []bool{false, true} {
		for _, packed := range []bool{false, true} {
			got, err := read(t, e.pbf(t, dense, packed))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("dense %t, packed %t (-want +got):\n%s", dense, packed, diff)
			}
		}
	}
}

func TestHostileFiles(t *testing.T) {
	t.Parallel()
	good := (&extract{nodes: []node{{id: 1, position: orb.Point{1, 45}}, {id: 2, position: orb.Point{2, 45}}}, ways: []way{{id: 7, refs: []int64{1, 2}, tags: tags{{"highway", "track"}}}}}).pbf(t, true, true)
	bomb := blobOf("OSMData", make([]byte, 33<<20), true)
	lying := (&message{}).varint(2, 10).bytes(3, bytes.Repeat([]byte{1}, 30))
	header := headerOf("OsmSchema-V0.6")
	with := func(b ...[]byte) []byte { return bytes.Join(append([][]byte{header}, b...), nil) }
	cases := map[string]struct {
		content []byte
		says    string
	}{
		"empty":              {nil, "holds nothing"},
		"GeoJSON":            {[]byte(`{"type":"FeatureCollection"}`), "vigie import roads"},
		"a page":             {[]byte("<!DOCTYPE html><html><body>404</body></html>"), "begins with <html>"},
		"changes":            {[]byte("<osmChange version='0.6'></osmChange>"), "file of changes"},
		"noise":              {bytes.Repeat([]byte{0xfe, 3, 9}, 50), "neither OSM PBF nor OSM XML"},
		"cut in a header":    {good[:9+len(headerOf("OsmSchema-V0.6", "DenseNodes"))], "ends in the middle"},
		"cut in a blob":      {good[:len(good)-5], "blob 2"},
		"cut in XML":         {[]byte("<osm><way id='1'><nd ref='1'/>"), "unexpected EOF"},
		"XML of words":       {[]byte("<osm><node id='one' lat='1' lon='2'/></osm>"), "line 1"},
		"XML too deep":       {[]byte("<osm>" + strings.Repeat("<a>", 20)), "not an OSM file"},
		"XML in Latin-1":     {[]byte("<?xml version='1.0' encoding='ISO-8859-1'?><osm></osm>"), "must be UTF-8"},
		"a long word":        {[]byte("<osm><node id='" + strings.Repeat("1", 3<<20) + "'/></osm>"), "without a tag"},
		"entities":           {[]byte(`<!DOCTYPE osm [<!ENTITY a "aaaa">]><osm><way id="1"><tag k="name" v="&a;"/></way></osm>`), "entity"},
		"history":            {headerOf("OsmSchema-V0.6", "HistoricalInformation"), "history file"},
		"unknown feature":    {headerOf("Tesselation"), "Tesselation"},
		"zstd":               {with(framed("OSMData", (&message{}).bytes(7, []byte("x")).b)), "zstd"},
		"lz4":                {with(framed("OSMData", (&message{}).bytes(6, []byte("x")).b)), "lz4"},
		"lzma":               {with(framed("OSMData", (&message{}).bytes(4, []byte("x")).b)), "lzma"},
		"no data":            {with(framed("OSMData", nil)), "holds no data"},
		"a bomb":             {with(bomb), "says to unpack to 34603008 bytes"},
		"a lie about length": {with(framed("OSMData", lying.b)), "zlib"},
		"more than it says":  {with(framed("OSMData", (&message{}).varint(2, 10).bytes(3, packedZeros()).b)), "unpacks to 11 bytes or more, not to 10"},
		"a huge blob":        {with([]byte{0, 0, 0, 16}, (&message{}).text(1, "OSMData").varint(3, 1<<30).b, make([]byte, 10)), "blob 2"},
		"a huge header":      {with([]byte{9, 0, 0, 0}), "not 1 to 65536"},
		"not a block":        {with(blobOf("OSMData", bytes.Repeat([]byte{0x0a, 0xff}, 9), true)), "blob 2 at byte"},
		"unknown strings":    {with(blobOf("OSMData", (&message{}).bytes(2, (&message{}).bytes(3, (&message{}).varint(1, 7).packed(2, []uint64{5}).packed(3, []uint64{6}).b).b).b, false)), "names string 5 of 0"},
	}
	for name, c := range cases {
		_, err := read(t, c.content)
		if err == nil || !errors.Is(err, geoengine.ErrInvalid) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "f0") {
			t.Errorf("%s: %v, want an invalid file f0 that says %q", name, err, c.says)
		}
	}
	if got, err := read(t, good); err != nil || len(got) != 1 {
		t.Errorf("the good file: %v %v", got, err)
	}
}

func packedZeros() []byte {
	framed := blobOf("x", make([]byte, 1000), true)
	at := bytes.Index(framed, []byte{0x78, 0x9c})
	return framed[at:]
}
