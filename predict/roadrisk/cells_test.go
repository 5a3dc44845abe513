package roadrisk

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"gonum.org/v1/gonum/stat/distuv"

	"vigie/geoengine"
	"vigie/geoengine/hex"
)

func wholeYear(y int) Period {
	return Period{From: time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(y+1, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// town draws accidents from rates that only the test knows: they fall with the distance from a centre, and each cell has a
// factor of its own.
func town(t *testing.T, seed uint64, years ...int) (cells *Cells, rates []float64, accidents []Accident) {
	t.Helper()
	box := orb.Bound{Min: orb.Point{1.3, 43.5}, Max: orb.Point{1.6, 43.7}}
	cells, err := NewCells(hex.Cover(box, 8))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(seed, 3))
	factor := distuv.Gamma{Alpha: 2, Beta: 2, Src: random}
	for _, cell := range cells.List {
		at := hex.Center(cell)
		rate := 4 * math.Exp(-math.Hypot((at.Lon()-1.45)*80, (at.Lat()-43.6)*111)/5) * factor.Rand()
		rates = append(rates, rate)
		for _, y := range years {
			for range int(distuv.Poisson{Lambda: rate, Src: random}.Rand()) {
				accidents = append(accidents, Accident{
					Position: at, HasPosition: true, HourKnown: true, Weight: 0.005, Severity: geoengine.SeveritySlight,
					Start: wholeYear(y).From.Add(time.Duration(random.Int64N(int64(365 * 24 * time.Hour)))),
				})
			}
		}
	}
	return cells, rates, accidents
}

// TestCellsRecoverRates holds that the surface is nearer to the true rates than counts are, and that its intervals hold
// them as often as they say.
func TestCellsRecoverRates(t *testing.T) {
	t.Parallel()
	cells, truth, accidents := town(t, 7, 2021, 2022)
	s, err := cells.Build(t.Context(), accidents, Options{Periods: []Period{wholeYear(2021), wholeYear(2022)}, Model: Model{Counts: true}})
	if err != nil {
		t.Fatal(err)
	}
	counts := byLixel(cells.Place(accidents, []Period{wholeYear(2021), wholeYear(2022)}).Accidents, cells.Len(), one)
	ours, theirs, held := 0.0, 0.0, 0.0
	for i, rate := range truth {
		ours += (s.Counts[i] - rate) * (s.Counts[i] - rate)
		theirs += (counts[i]/2 - rate) * (counts[i]/2 - rate)
		if s.Low[i] <= rate && rate <= s.High[i] {
			held++
		}
	}
	if ours > 0.6*theirs {
		t.Errorf("squared error %.1f, counts %.1f: want clearly less", ours, theirs)
	}
	if share := held / float64(len(truth)); share < 0.84 || share > 0.97 {
		t.Errorf("the 90 %% intervals hold %.0f %% of the rates", 100*share)
	}
	if total, events := sum(s.Counts), float64(len(accidents))/years([]Period{wholeYear(2021), wholeYear(2022)}); math.Abs(total/events-1) > 0.03 {
		t.Errorf("%.0f accidents a year expected, %.0f happened", total, events)
	}
}

func TestCellsOfBadInput(t *testing.T) {
	t.Parallel()
	cells, _, accidents := town(t, 1, 2021)
	finite := func(name string, s *Surface) {
		for i := range s.Expected {
			for _, v := range []float64{s.Expected[i], s.Low[i], s.High[i], s.Counts[i]} {
				if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
					t.Fatalf("%s: cell %d: %v", name, i, v)
				}
			}
		}
	}
	onePoint := append([]Accident(nil), accidents...)
	for i := range onePoint {
		onePoint[i].Position = accidents[0].Position
	}
	alone, err := NewCells(cells.List[:1])
	if err != nil {
		t.Fatal(err)
	}
	inAlone := append([]Accident(nil), accidents[:3]...)
	for i := range inAlone {
		inAlone[i].Position = hex.Center(alone.List[0])
	}
	for name, c := range map[string]struct {
		cells     *Cells
		accidents []Accident
	}{"three events": {cells, accidents[:3]}, "all at one point": {cells, onePoint}, "one cell": {alone, inAlone}} {
		s, err := c.cells.Build(t.Context(), c.accidents, Options{Periods: []Period{wholeYear(2021)}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		finite(name, s)
	}
	for name, list := range map[string][]Accident{"none": nil, "future": accidents} {
		if _, err := cells.Build(t.Context(), list, Options{Periods: []Period{wholeYear(2019)}}); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	for _, list := range [][]uint64{nil, {1}, {cells.List[0], hex.Parent(cells.List[0], 7)}} {
		if _, err := NewCells(list); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("cells %x: %v, want ErrInvalid", list, err)
		}
	}
}

func TestCellsAround(t *testing.T) {
	t.Parallel()
	at := orb.Point{1.45, 43.6}
	cells, err := CellsAround([]Accident{{Position: at, HasPosition: true}, {}}, 8, 2)
	if err != nil {
		t.Fatal(err)
	}
	if cells.Len() != 19 || cells.Resolution() != 8 || cells.Of(&Accident{Position: at, HasPosition: true}) < 0 || cells.Of(&Accident{Position: at}) >= 0 {
		t.Errorf("%d cells of resolution %d", cells.Len(), cells.Resolution())
	}
}

func TestRuleYears(t *testing.T) {
	t.Parallel()
	got := map[string]float64{}
	for name, p := range map[string]Period{
		"two leap days": {From: wholeYear(2020).From, To: wholeYear(2024).To}, "one": {From: wholeYear(2021).From, To: wholeYear(2025).To}, "three": {From: wholeYear(2023).From, To: wholeYear(2025).To},
	} {
		got[name] = RuleYears(years([]Period{p}))
	}
	if d := cmp.Diff(map[string]float64{"two leap days": 5, "one": 5, "three": 3}, got); d != "" {
		t.Error(d)
	}
	if half := RuleYears(0.5); half != 0.5 {
		t.Errorf("half a year is %v", half)
	}
}
