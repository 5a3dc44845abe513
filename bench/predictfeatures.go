package bench

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math"

	"vigie/predict/hotspot"
	"vigie/predict/judge"
)

// theftFeatures are what peers see of each place before a day: the logarithms of the counts at several memories in the
// place, around it and farther around it, and the season. They stand for the "20 lagged counts per cell" of the winners of
// the NIJ challenge (2017).
type theftFeatures struct {
	grid   *hotspot.Grid
	events []hotspot.Event // known, ascending by Reported
	cell   []int32
	rings  [2][][]int32 // places around each, and farther around
}

// theftMemories are days; the last is all of the past.
func theftMemories() []judge.Day { return []judge.Day{14, 30, 91, 365, 1 << 20} }

// theftColumns is the number of features.
const theftColumns = 17

func newTheftFeatures(g *hotspot.Grid, events []hotspot.Event) *theftFeatures {
	f := &theftFeatures{grid: g, events: events, cell: make([]int32, len(events))}
	for i, e := range events {
		f.cell[i] = g.Locate(e.Point)
	}
	side := math.Sqrt(g.Whole() / float64(len(g.IDs)))
	plane := hotspot.LocalPlane(g.Middles[len(g.Middles)/2])
	bins := map[[2]int][]int32{}
	at := make([][2]float64, len(g.Middles))
	for i, p := range g.Middles {
		at[i] = plane.On(p)
		key := [2]int{int(math.Floor(at[i][0] / (3 * side))), int(math.Floor(at[i][1] / (3 * side)))}
		bins[key] = append(bins[key], int32(i))
	}
	for r := range f.rings {
		f.rings[r] = make([][]int32, len(at))
	}
	for i, p := range at {
		x, y := int(math.Floor(p[0]/(3*side))), int(math.Floor(p[1]/(3*side)))
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				for _, j := range bins[[2]int{x + dx, y + dy}] {
					switch d := math.Hypot(at[j][0]-p[0], at[j][1]-p[1]) / side; {
					case d < 0.1:
					case d < 1.45:
						f.rings[0][i] = append(f.rings[0][i], j)
					case d < 2.6:
						f.rings[1][i] = append(f.rings[1][i], j)
					}
				}
			}
		}
	}
	return f
}

// before are the features of all places on the morning of a day, row by row.
func (f *theftFeatures) before(origin judge.Day) []float32 {
	n := len(f.grid.IDs)
	rows := make([]float32, n*theftColumns)
	counts := make([]float64, n)
	for m, memory := range theftMemories() {
		clear(counts)
		for i, e := range f.events {
			if f.cell[i] >= 0 && e.Day < origin && e.Reported < origin && e.Day >= origin-memory {
				counts[f.cell[i]]++
			}
		}
		for i := range n {
			rows[i*theftColumns+3*m] = float32(math.Log1p(counts[i]))
			for r, around := range f.rings {
				sum := 0.
				for _, j := range around[i] {
					sum += counts[j]
				}
				rows[i*theftColumns+3*m+1+r] = float32(math.Log1p(sum))
			}
		}
	}
	sin, cos := math.Sincos(2 * math.Pi * float64(judge.DateOf(origin).YearDay()) / 365.25)
	for i := range n {
		rows[i*theftColumns+theftColumns-2], rows[i*theftColumns+theftColumns-1] = float32(sin), float32(cos)
	}
	return rows
}

// happened counts by place what happened from a day on.
func (f *theftFeatures) happened(from judge.Day, days int) (counts []float64, total float64) {
	counts = make([]float64, len(f.grid.IDs))
	for i, e := range f.events {
		if f.cell[i] >= 0 && e.Day >= from && e.Day < from+judge.Day(days) {
			counts[f.cell[i]]++
			total++
		}
	}
	return counts, total
}

// theftFold is one origin of the peers: what they learn from, and the places that they are asked for.
type theftFold struct {
	Train  string   `json:"train"`
	Labels []string `json:"labels"` // by horizon
	Ask    string   `json:"ask"`
}

// theftSlices is how many periods before an origin peers learn from, one after the other.
const theftSlices = 4

// fold is what a peer may know on the morning of an origin, for some horizons: features and what came of them in periods
// that had passed.
func (f *theftFeatures) fold(origin judge.Day, horizons []int) theftFold {
	longest := 0
	for _, h := range horizons {
		longest = max(longest, h)
	}
	var train bytes.Buffer
	labels := make([]bytes.Buffer, len(horizons))
	for s := range theftSlices {
		from := origin - judge.Day(longest*(theftSlices-s))
		floats(&train, f.before(from))
		for k, h := range horizons {
			counts, _ := f.happened(from, h)
			y := make([]float32, len(counts))
			for i, c := range counts {
				y[i] = float32(c)
			}
			floats(&labels[k], y)
		}
	}
	var ask bytes.Buffer
	floats(&ask, f.before(origin))
	fold := theftFold{Train: encoded(&train), Ask: encoded(&ask)}
	for k := range labels {
		fold.Labels = append(fold.Labels, encoded(&labels[k]))
	}
	return fold
}

func floats(out *bytes.Buffer, values []float32) {
	row := make([]byte, 0, 4*len(values))
	for _, v := range values {
		row = binary.LittleEndian.AppendUint32(row, math.Float32bits(v))
	}
	out.Write(row)
}

func encoded(b *bytes.Buffer) string { return base64.StdEncoding.EncodeToString(b.Bytes()) }

// decoded are the numbers of a peer; the second result is false if they are not so many.
func decoded(text string, n int) ([]float64, bool) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != 4*n {
		return nil, false
	}
	values := make([]float64, n)
	for i := range values {
		values[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
	}
	return values, true
}
