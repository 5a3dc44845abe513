package cube

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"vigie/geoengine"
	"vigie/geoengine/hex"
)

func FuzzMembers(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a": "b"}`, `{"a": ["b", "c"], "d\"": "e\\"}`, `{"n": 1, "t": true, "o": {"x": [1, "}"]}}`, `{"a": "b"`, `{"a"}`, `[]`, ``,
		`{"a": null}`, `{"": ""}`, `{"a": [}`, `{"a": "\u00e9"}`, "{} ", "\n{\"a\" :1 }\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		got := map[string]json.RawMessage{}
		err := eachMember(object, func(key, value []byte) error {
			var name string
			if err := json.Unmarshal(key, &name); err != nil {
				return err
			}
			got[name] = slices.Clone(value)
			return nil
		})
		var want map[string]json.RawMessage
		if json.Unmarshal(object, &want) != nil || want == nil {
			return // anything may come out of what PostgreSQL would never print
		}
		if err != nil {
			t.Fatalf("%q: %v", object, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q (-encoding/json +ours):\n%s", object, diff)
		}
	})
}

func FuzzAttributes(f *testing.F) {
	f.Add([]byte(`{"light": "day", "vehicle": ["car", "bike"]}`), []byte(`{"light": ["day"]}`))
	f.Add([]byte(`{"a": {"b": 1}}`), []byte(`{"a": [1, null, "", true, [2]]}`))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		d := newDictionaries()
		r := &rows{}
		for _, object := range [][]byte{first, second} {
			r.starts = append(r.starts, 0)
			if err := d.attributes(object, r); err != nil {
				return
			}
		}
		for key, values := range r.attrs {
			for _, code := range values {
				if int(code) >= len(d.v.keys[key].sets) {
					t.Fatalf("code %d of %d", code, len(d.v.keys[key].sets))
				}
			}
		}
	})
}

// FuzzCopy feeds the reader in pieces: however they are cut, the rows are the same.
func FuzzCopy(f *testing.F) {
	whole := slices.Concat(copySignature, make([]byte, 8), []byte{0, 2, 0, 0, 0, 1, 'a', 0xff, 0xff, 0xff, 0xff}, []byte{0, 1, 0, 0, 0, 0}, []byte{0xff, 0xff})
	f.Add(whole, uint8(1))
	f.Add(whole[:20], uint8(3))
	f.Add([]byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\xff\xff\xff\xff"), uint8(9))
	f.Fuzz(func(t *testing.T, data []byte, piece uint8) {
		read := func(size int) (list [][][]byte, failed bool) {
			c := copyReader{row: func(fields [][]byte) error {
				own := make([][]byte, len(fields))
				for i := range fields {
					own[i] = bytes.Clone(fields[i])
				}
				list = append(list, own)
				return nil
			}}
			for part := range slices.Chunk(data, size) {
				if _, err := c.Write(part); err != nil {
					return list, true
				}
			}
			return list, c.Close() != nil
		}
		all, failed := read(max(1, len(data)))
		cut, cutFailed := read(int(piece) + 1)
		if diff := cmp.Diff(all, cut); diff != "" || failed != cutFailed {
			t.Fatalf("failed %v, in pieces %v\n%s", failed, cutFailed, diff)
		}
	})
}

func FuzzTransactions(f *testing.F) {
	for _, seed := range []string{"10:20:10,14,15", "748:748:", "::", "5:4:", "1:9:8,2", "-1:3:", "1:2:3:4", "1:3:x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseTransactions(text)
		if err != nil {
			return
		}
		for _, xid := range s.running {
			if xid >= s.xmin && s.sees(xid) {
				t.Fatalf("%s sees %d, which runs", text, xid)
			}
		}
		if s.sees(s.xmax) || s.xmin > 0 && !s.sees(s.xmin-1) {
			t.Fatalf("%s: the bounds are wrong", text)
		}
	})
}

// TestCountedOnce: whatever fails, every transaction is read by exactly one delta that succeeds.
func TestCountedOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		over := make(chan struct{})
		close(over)
		feed := feed{deltas: []*delta{{to: transactions{xmin: 10, xmax: 10}, done: over}}}
		c := &Cube{}
		times := map[uint64]int{}
		var running []uint64
		next := uint64(10)
		for range rapid.IntRange(1, 12).Draw(t, "polls") {
			for range rapid.IntRange(0, 4).Draw(t, "begun") {
				running = append(running, next)
				next++
			}
			running = slices.DeleteFunc(running, func(uint64) bool { return rapid.Bool().Draw(t, "ends") })
			now := transactions{xmin: next, xmax: next, running: slices.Clone(running)}
			if len(running) > 0 {
				now.xmin = running[0]
			}
			d := feed.begin()
			if d == nil {
				t.Fatal("a delta is under way")
			}
			c.feed = feed
			if err := c.register(d, state{seen: now}); err != nil {
				t.Fatal(err)
			}
			feed = c.feed
			if d.failed = rapid.Bool().Draw(t, "fails"); !d.failed {
				for xid := uint64(10); xid < next; xid++ {
					if now.sees(xid) && !d.counted(xid) {
						times[xid]++
					}
				}
			}
			close(d.done)
		}
		last := transactions{xmin: next, xmax: next}
		d := feed.begin()
		for xid := uint64(10); xid < next; xid++ {
			if last.sees(xid) && !d.counted(xid) {
				times[xid]++
			}
			if times[xid] != 1 {
				t.Fatalf("transaction %d is counted %d times", xid, times[xid])
			}
		}
	})
}

func TestSortBy(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 100, 511, 512, 5000} {
		random := rand.New(rand.NewPCG(uint64(n), 1))
		keys := make([]uint64, n)
		for i := range keys {
			keys[i] = random.Uint64() >> random.IntN(64) << random.IntN(8)
		}
		order := sortBy(keys, nil)
		want := slices.Clone(order)
		slices.SortFunc(want, func(a, b uint32) int { return int(a) - int(b) })
		slices.SortStableFunc(want, func(a, b uint32) int {
			switch {
			case keys[a] < keys[b]:
				return -1
			case keys[a] > keys[b]:
				return 1
			}
			return 0
		})
		if !slices.Equal(order, want) {
			t.Errorf("%d keys are not sorted, or not stably", n)
		}
	}
}

// TestColumn stores codes in every way and compares with the plain ones.
func TestColumn(t *testing.T) {
	t.Parallel()
	for _, distinct := range []int{1, 2, 64, 65, 300, 70000} {
		const n = 3000
		random := rand.New(rand.NewPCG(uint64(distinct), 1))
		values, order, accepted := make([]uint32, n), make([]uint32, n), make([]uint8, distinct)
		for i := range values {
			values[i], order[i] = uint32(random.IntN(distinct)), uint32(n-1-i)
		}
		for i := range accepted {
			accepted[i] = uint8(random.IntN(2))
		}
		c := newColumn(values, order)
		got := make([]uint32, n)
		expand(&c, got)
		selected := make([]uint64, words(n))
		setRange(selected, 5, n-7)
		counts, want := make([]int64, distinct), make([]int64, distinct)
		c.count(counts, selected, 0, 1)
		p, every := bindColumn(&c, accepted)
		if !every {
			for w := 0; w < len(selected); w += chunk {
				p.apply(selected[w:min(w+chunk, len(selected))], w)
			}
		}
		for i, from := range order {
			if got[i] != values[from] {
				t.Fatalf("%d distinct: code %d is %d, want %d", distinct, i, got[i], values[from])
			}
			inside := i >= 5 && i < n-7
			if inside {
				want[values[from]]++
			}
			if is := selected[i>>6]>>(i&63)&1 == 1; is != (inside && accepted[values[from]] == 1) {
				t.Fatalf("%d distinct: event %d is selected: %v", distinct, i, is)
			}
		}
		if !slices.Equal(counts, want) {
			t.Errorf("%d distinct: wrong counts", distinct)
		}
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.IntRange(0, 400).Draw(t, "from")
		to := rapid.IntRange(0, 400).Draw(t, "to")
		set := make([]uint64, 7)
		setRange(set, from, to)
		n := 0
		for i := range 448 {
			is := set[i>>6]>>(i&63)&1 == 1
			if is != (i >= from && i < to) {
				t.Fatalf("bit %d of [%d, %d) is %v", i, from, to, is)
			}
			n += int(bit(is))
		}
		if popcount(set) != n || countRange(set, from, to) != n || countBoth(set, set, from, to) != n || countRange(set, 0, 448) != n {
			t.Fatalf("wrong counts of [%d, %d)", from, to)
		}
	})
}

// TestBoxWalk: the walk down the hierarchy finds what looking at every cell finds, anywhere on the globe.
func TestBoxWalk(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 5))
	r := &rows{}
	centers := []orb.Point{{0, 0}, {179.99, 10}, {-179.99, -40}, {10, 89.9}, {-70, -89}, {2, 46}, {58.16, 10.45}}
	for range 20000 {
		at := centers[random.IntN(len(centers))]
		at[0] += random.NormFloat64() * 0.3
		at[1] = max(-90, min(90, at[1]+random.NormFloat64()*0.3))
		if at[0] > 180 {
			at[0] -= 360
		}
		r.starts, r.cells = append(r.starts, 0), append(r.cells, hex.Cell(at[0], at[1], geoengine.CellResolution))
		r.category, r.severity, r.hour = append(r.category, 0), append(r.severity, 0), append(r.hour, 0)
		r.source, r.area, r.weight = append(r.source, 0), append(r.area, 0), append(r.weight, 0)
	}
	s := newSegment(r, nil)
	for range 300 {
		at := centers[random.IntN(len(centers))]
		size := 0.02 * float64(int(1)<<random.IntN(12))
		box := orb.Bound{
			Min: orb.Point{max(-180, at[0]-random.Float64()*size), max(-90, at[1]-random.Float64()*size)},
			Max: orb.Point{min(180, at[0]+random.Float64()*size), min(90, at[1]+random.Float64()*size)},
		}
		if random.IntN(5) == 0 { // across the antimeridian
			box.Min[0], box.Max[0] = 179, -179.5
		}
		res := random.IntN(geoengine.CellResolution + 1)
		found := make([]bool, len(s.level(res).cells))
		for _, span := range s.inBox(box, res) {
			for i := span.first; i < span.last; i++ {
				found[i] = true
			}
		}
		for i, cell := range s.level(res).cells {
			if cell != 0 && found[i] != inBox(box, hex.Center(cell)) {
				t.Fatalf("cell %x at %v in %v: %v", cell, hex.Center(cell), box, found[i])
			}
		}
	}
}

func TestHourProducts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var set, got geoengine.Hours
		for _, hour := range rapid.SliceOf(rapid.IntRange(0, 167)).Draw(t, "hours") {
			set.Set(hour)
		}
		for _, p := range hourProducts(set) {
			for _, d := range p.weekdays {
				for _, h := range p.hours {
					got.Set(24*d + h)
				}
			}
		}
		if got != set {
			t.Fatalf("%v became %v", set, got)
		}
	})
}

func TestBinEdges(t *testing.T) {
	t.Parallel()
	b := Bins{From: time.Date(1900, 1, 1, 0, 0, 0, 1, time.UTC), To: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), N: maxBins}
	if !b.Edge(b.N).Equal(b.To) || b.Check() != nil {
		t.Errorf("the last edge is %s", b.Edge(b.N))
	}
	for i := range b.N {
		if !b.Edge(i).Before(b.Edge(i + 1)) {
			t.Fatalf("edge %d is not before the next", i)
		}
	}
}

func TestDecodeRowChecksSizes(t *testing.T) {
	t.Parallel()
	d := newDictionaries()
	d.addCategory(1, "a")
	d.addSource(1, sourceInfo{name: "s"})
	fields := make([][]byte, fieldCount)
	for i, size := range fieldSizes {
		fields[i] = make([]byte, size)
	}
	binary.BigEndian.PutUint16(fields[fieldCategory], 1)
	binary.BigEndian.PutUint32(fields[fieldSource], 1)
	fields[fieldAttributes] = []byte("\x01{}")
	if err := d.decodeRow(fields, &rows{}); err != nil {
		t.Fatal(err)
	}
	for i, size := range fieldSizes {
		if size == 0 {
			continue
		}
		wrong := slices.Clone(fields)
		wrong[i] = wrong[i][1:]
		if d.decodeRow(wrong, &rows{}) == nil {
			t.Errorf("field %d of %d bytes is taken", i, size-1)
		}
	}
	if d.decodeRow(fields[:4], &rows{}) == nil {
		t.Error("four fields are taken")
	}
}
