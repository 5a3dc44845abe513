package verify_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/modules/checkpoints/solve"
	"vigie/modules/checkpoints/solve/random"
	"vigie/modules/checkpoints/verify"
)

// Two teams of one duty, three sites: worked out by hand. The sites cover {5,4}, {4,3} and {2}; one team may stand at one.
// The best single site is worth 9; with u = w of what two share, the bound is 9 too.
func byHand() (*verify.Problem, []int32, *verify.Certificate) {
	p := &verify.Problem{
		Weights: []int64{5, 4, 3, 2}, Start: []int32{0, 2, 4, 5}, Covers: []int32{0, 1, 1, 2, 3}, Group: []int32{0, 0, 0},
		Groups: 1, Duties: []verify.Duty{{Teams: 1, Shifts: [][]int32{{0}}}},
	}
	return p, []int32{0}, &verify.Certificate{Value: 9, Bound: 9, Scale: 1, Shifts: [][]int32{{0}}, Root: &verify.Node{}}
}

func sealed(t *testing.T, p *verify.Problem, chosen []int32, c *verify.Certificate) *verify.Certificate {
	t.Helper()
	digest, err := verify.Seal(p, chosen, c)
	if err != nil {
		t.Fatal(err)
	}
	c.Digest = digest
	return c
}

func TestByHand(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(p *verify.Problem, chosen *[]int32, c *verify.Certificate)
		ok     bool
	}{
		{"as it is", func(*verify.Problem, *[]int32, *verify.Certificate) {}, true},
		{"a weaker bound is true too", func(_ *verify.Problem, _ *[]int32, c *verify.Certificate) { c.Bound = 10 }, true},
		{"a worse choice with its value", func(_ *verify.Problem, chosen *[]int32, c *verify.Certificate) {
			*chosen, c.Value = []int32{1}, 7
		}, true},
		{"value too high", func(_ *verify.Problem, _ *[]int32, c *verify.Certificate) { c.Value, c.Bound = 10, 10 }, false},
		{"bound below what can be", func(_ *verify.Problem, chosen *[]int32, c *verify.Certificate) {
			*chosen, c.Value, c.Bound = []int32{1}, 7, 8
		}, false},
		{"two posts for one team", func(_ *verify.Problem, chosen *[]int32, c *verify.Certificate) {
			*chosen, c.Value, c.Bound = []int32{0, 2}, 11, 11
		}, false},
		{"two shifts for one team", func(_ *verify.Problem, _ *[]int32, c *verify.Certificate) { c.Shifts = [][]int32{{0, 0}} }, false},
		{"no shift at all", func(_ *verify.Problem, _ *[]int32, c *verify.Certificate) { c.Shifts = [][]int32{{}} }, false},
		{"a shift that is not there", func(_ *verify.Problem, _ *[]int32, c *verify.Certificate) { c.Shifts = [][]int32{{1}} }, false},
		{"forced and not chosen", func(p *verify.Problem, _ *[]int32, _ *verify.Certificate) { p.Forced = []int32{1} }, false},
		{"a multiplier above its weight", func(_ *verify.Problem, _ *[]int32, c *verify.Certificate) {
			c.Root.Multipliers = verify.Sparse{At: []int32{1}, Of: []int64{5}}
		}, false},
		{"a negative multiplier", func(_ *verify.Problem, _ *[]int32, c *verify.Certificate) {
			c.Root.Multipliers = verify.Sparse{At: []int32{1}, Of: []int64{-1}}
		}, false},
		{"a clique of options that go together", func(_ *verify.Problem, _ *[]int32, c *verify.Certificate) { c.Cliques = []verify.Set{{0, 2}} }, false},
		{"no proof", func(_ *verify.Problem, _ *[]int32, c *verify.Certificate) { c.Root = nil }, false},
		{"a scale that overflows", func(_ *verify.Problem, _ *[]int32, c *verify.Certificate) { c.Scale = 1 << 62 }, false},
		{"a weight that overflows", func(p *verify.Problem, _ *[]int32, _ *verify.Certificate) { p.Weights[0] = 1 << 62 }, false},
		{"an element that is not there", func(p *verify.Problem, _ *[]int32, _ *verify.Certificate) { p.Covers[4] = 4 }, false},
		{"a group that is not there", func(p *verify.Problem, _ *[]int32, _ *verify.Certificate) { p.Group[1] = 1 }, false},
		{"a conflict with itself", func(p *verify.Problem, _ *[]int32, _ *verify.Certificate) { p.Conflicts = [][2]int32{{1, 1}} }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, chosen, c := byHand()
			test.change(p, &chosen, c)
			value, bound, err := verify.Check(p, chosen, sealed(t, p, chosen, c))
			if test.ok && (err != nil || value != c.Value || bound != c.Bound) {
				t.Errorf("got %d, %d, %v", value, bound, err)
			}
			if !test.ok && !errors.Is(err, verify.ErrRejected) {
				t.Errorf("got %d, %d, %v, want a rejection", value, bound, err)
			}
		})
	}
}

// numbers visits every whole number within a value.
func numbers(v reflect.Value, visit func(reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			numbers(v.Elem(), visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			numbers(v.Field(i), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			numbers(v.Index(i), visit)
		}
	case reflect.Int, reflect.Int32, reflect.Int64:
		visit(v)
	default:
	}
}

// Every number of certificates is changed by one. As it stands, the digest tells. Sealed anew, the checker rejects it or
// what it says is still true: the value is exact and the bound not below the optimum.
func TestTampered(t *testing.T) {
	t.Parallel()
	rejected, still := 0, 0
	for seed := range uint64(150) {
		in := random.Instance(rand.New(rand.NewPCG(seed, 8)), 10)
		best, possible := random.Best(in)
		if !possible {
			continue
		}
		sol, err := solve.Solve(t.Context(), in, solve.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p, c := in.Problem(), sol.Certificate
		numbers(reflect.ValueOf(c), func(v reflect.Value) {
			old := v.Int()
			for _, by := range []int64{1, -1, -old} {
				if by == 0 {
					continue
				}
				v.SetInt(old + by)
				if _, _, err := verify.Check(p, sol.Chosen, c); err == nil {
					t.Fatalf("seed %d: a number changed from %d by %d goes unnoticed", seed, old, by)
				}
				kept := c.Digest
				digest, err := verify.Seal(p, sol.Chosen, c)
				c.Digest = digest
				value, bound, err2 := verify.Check(p, sol.Chosen, c)
				c.Digest = kept
				switch {
				case err != nil || err2 != nil:
					rejected++
				case value != in.Value(sol.Chosen) || bound < best:
					t.Fatalf("seed %d: a number changed from %d by %d proves %d ≤ %d, the optimum is %d", seed, old, by, value, bound, best)
				default:
					still++
				}
			}
			v.SetInt(old)
		})
		if len(sol.Chosen) > 0 {
			if _, _, err := verify.Check(p, sol.Chosen[1:], c); err == nil {
				t.Fatalf("seed %d: a missing post goes unnoticed", seed)
			}
		}
	}
	if rejected == 0 || still == 0 {
		t.Errorf("%d rejected, %d true all the same: the test does not test", rejected, still)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		in := random.Instance(rand.New(rand.NewPCG(seed, 9)), 10)
		sol, err := solve.Solve(t.Context(), in, solve.Options{})
		if err != nil {
			continue
		}
		raw, err := json.Marshal(sol.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		var back verify.Certificate
		if err := json.Unmarshal(raw, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sol.Certificate, &back); diff != "" {
			t.Fatal(diff)
		}
		if _, _, err := verify.Check(in.Problem(), sol.Chosen, &back); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func FuzzSparse(f *testing.F) {
	f.Add([]byte("AgI"))
	f.Add([]byte("////"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var s verify.Sparse
		if s.UnmarshalText(text) == nil && (!slices.IsSorted(s.At) || len(s.At) != len(s.Of)) {
			t.Errorf("%q gives %v", text, s)
		}
		var set verify.Set
		if set.UnmarshalText(text) == nil && !slices.IsSorted(set) {
			t.Errorf("%q gives %v", text, set)
		}
	})
}
