package osm

import (
	"bytes"
	"errors"
	"testing"

	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/geoengine"
)

// whole checks what holds for every file: no panic, sections that are lines, rejects with a reason, and an error that
// blames the file.
func whole(t *testing.T, content []byte) {
	t.Helper()
	sections := map[string]bool{}
	for r, err := range Read(t.Context(), input(content)) {
		var reject *data.Reject
		switch {
		case errors.As(err, &reject):
			if reject.Reason == "" || reject.Detail == "" {
				t.Errorf("a reject without a reason: %+v", reject)
			}
		case err != nil:
			if !errors.Is(err, geoengine.ErrInvalid) {
				t.Errorf("the file is not blamed: %v", err)
			}
			return
		case r.Section != nil:
			if len(r.Section.Line) < 2 || r.Section.Ref == "" || !r.Section.Forward && !r.Section.Backward {
				t.Errorf("%+v", r.Section)
			}
			sections[r.Section.Ref] = true
		case r.Turn != nil:
			for _, ref := range append([]string{r.Turn.From, r.Turn.To}, r.Turn.Via...) {
				if !sections[ref] {
					t.Errorf("the restriction %+v names a section that was not given", r.Turn)
				}
			}
		}
	}
}

func seeds() []*extract {
	nodes := []node{{id: 1, position: orb.Point{1, 45}}, {id: 2, position: orb.Point{1.1, 45}, tags: tags{{"barrier", "bollard"}}}, {id: 3, position: orb.Point{1.1, 45.1}}}
	ways := []way{{id: 7, refs: []int64{1, 2, 3}, tags: tags{{"highway", "primary"}}}, {id: 8, refs: []int64{3, 1, 2, 3}, tags: tags{{"highway", "service"}}}, {id: 9, refs: []int64{1, 2, 3, 1}, tags: tags{{"amenity", "parking"}}}}
	turns := []relation{{id: 5, tags: tags{{"type", "restriction"}, {"restriction", "no_u_turn"}}, members: []member{{memberWay, 7, "from"}, {memberWay, 8, "via"}, {memberWay, 7, "to"}}}}
	return []*extract{{}, {nodes: nodes}, {nodes: nodes, ways: ways, relations: turns}}
}

// FuzzPBF reads files, framing and all.
func FuzzPBF(f *testing.F) {
	for _, e := range seeds() {
		for _, dense := range []bool{false, true} {
			f.Add(e.pbf(f, dense, true))
			f.Add(e.pbf(f, dense, false))
		}
	}
	f.Fuzz(whole)
}

// FuzzBlock reads blocks, which the framing would hide from a fuzzer behind their compression.
func FuzzBlock(f *testing.F) {
	for _, e := range seeds() {
		f.Add(e.block(false))
		f.Add(e.block(true))
	}
	f.Fuzz(func(t *testing.T, block []byte) {
		whole(t, append(headerOf("OsmSchema-V0.6"), blobOf("OSMData", block, false)...))
	})
}

// FuzzXML reads OSM XML.
func FuzzXML(f *testing.F) {
	f.Add(xmlOf(wayOf(7, "1 2 3", "highway=primary maxspeed=FR:urban"), wayOf(8, "4 2 5", "highway=residential oneway=-1"), turnOf(9, "from:7 via:n2 to:8", "restriction=no_left_turn")))
	f.Add(xmlOf(wayOf(7, "1 2 3 4 2", "highway=primary"), wayOf(8, "1 2 3 1", "amenity=parking")))
	f.Add(bytes.Repeat([]byte("<osm>"), 3))
	f.Fuzz(whole)
}
