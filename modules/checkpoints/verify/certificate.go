// Package verify checks the proof that a choice of posts is worth what it says and that no choice is worth more than
// the bound. It shares no code with package solve and reads the problem its own way; whoever doubts a plan reads this
// package only: check.go is the checker, certificate.go what it reads.
package verify

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"math"
)

// MaxSum is the largest sum, over all options, of the weights that each covers.
const MaxSum = 1 << 58

// MaxRosters is how many ways to choose the shifts of a duty are looked at one by one. A duty with more of them is
// bounded by prices of its groups.
const MaxRosters = 3000

// Problem is what solve.Instance says, read for itself.
type Problem struct {
	Weights   []int64 // of each element
	Start     []int32 // option o covers Covers[Start[o]:Start[o+1]]
	Covers    []int32
	Group     []int32 // of each option
	Duties    []Duty
	Groups    int
	Conflicts [][2]int32 // pairs of options that exclude one another
	Forced    []int32    // options that must be chosen
}

// Duty is a number of teams that are alike; each works one of the shifts, a shift is a set of groups.
type Duty struct {
	Teams  int
	Shifts [][]int32
}

// Certificate proves that a choice is worth Value and that none is worth more than Bound.
type Certificate struct {
	Value int64 `json:"value"`
	Bound int64 `json:"bound"`
	Scale int64 `json:"scale"` // multipliers and prices are in units of 1/Scale
	// Shifts are those that the teams of each duty work in the choice that is worth Value.
	Shifts  [][]int32 `json:"shifts"`
	Cliques []Set     `json:"cliques,omitempty"` // sets of options of which any two exclude one another
	Root    *Node     `json:"root"`
	// Digest is the SHA-256 of problem, choice and certificate: it finds damage and exchanged files. The proof itself
	// does not rest on it.
	Digest string `json:"digest"`
}

// Node is one step of a proof. It changes multipliers, which hold below it too, and is followed by another step with the
// options that are left (Next), by the two cases of one option (One and Zero), by independent parts (Parts), or by
// nothing where its bound is low enough.
type Node struct {
	Multipliers Sparse `json:"u,omitzero"` // of elements, 0 to weight × Scale
	Cliques     Sparse `json:"c,omitzero"` // of Certificate.Cliques, not negative
	Prices      Sparse `json:"p,omitzero"` // of the groups of duties with more than MaxRosters rosters, not negative
	Next        *Node  `json:"next,omitempty"`
	Option      int32  `json:"option,omitempty"`
	One         *Node  `json:"one,omitempty"`  // what follows if Option is chosen
	Zero        *Node  `json:"zero,omitempty"` // and if it is not
	Parts       []Part `json:"parts,omitempty"`
}

// Part is a set of options that share no element, duty or conflict with the others that are left.
type Part struct {
	Options Set   `json:"options"`
	Bound   int64 `json:"bound"` // of what they add to what is covered already
	Root    *Node `json:"root"`
}

// Sparse are some entries of a vector: At ascending, Of their values. In JSON it is the base64 of varints.
type Sparse struct {
	At []int32
	Of []int64
}

// IsZero says whether there is nothing, so that JSON leaves it out.
func (s Sparse) IsZero() bool { return len(s.At) == 0 }

// MarshalText encodes the steps between the places and the values as varints.
func (s Sparse) MarshalText() ([]byte, error) {
	if len(s.At) != len(s.Of) {
		return nil, fmt.Errorf("%d places for %d values", len(s.At), len(s.Of))
	}
	var raw []byte
	before := int64(-1)
	for i, at := range s.At {
		raw = binary.AppendVarint(raw, int64(at)-before)
		raw = binary.AppendVarint(raw, s.Of[i])
		before = int64(at)
	}
	return base64.RawStdEncoding.AppendEncode(nil, raw), nil
}

// UnmarshalText reads what MarshalText wrote.
func (s *Sparse) UnmarshalText(text []byte) error {
	numbers, err := varints(text)
	if err != nil {
		return err
	}
	if len(numbers)%2 != 0 {
		return fmt.Errorf("a place without value")
	}
	*s = Sparse{}
	before := int64(-1)
	for i := 0; i < len(numbers); i += 2 {
		if before, err = place(before, numbers[i]); err != nil {
			return err
		}
		s.At, s.Of = append(s.At, int32(before)), append(s.Of, numbers[i+1])
	}
	return nil
}

// Set is a set of options, ascending. In JSON it is the base64 of varints.
type Set []int32

// MarshalText encodes the steps between the options as varints.
func (s Set) MarshalText() ([]byte, error) {
	var raw []byte
	before := int64(-1)
	for _, o := range s {
		raw = binary.AppendVarint(raw, int64(o)-before)
		before = int64(o)
	}
	return base64.RawStdEncoding.AppendEncode(nil, raw), nil
}

// UnmarshalText reads what MarshalText wrote.
func (s *Set) UnmarshalText(text []byte) error {
	numbers, err := varints(text)
	if err != nil {
		return err
	}
	*s = make(Set, len(numbers))
	before := int64(-1)
	for i, n := range numbers {
		if before, err = place(before, n); err != nil {
			return err
		}
		(*s)[i] = int32(before)
	}
	return nil
}

// place is the one after before, ascending and not beyond an int32.
func place(before, by int64) (int64, error) {
	if by < 1 || by > math.MaxInt32 || before+by > math.MaxInt32 {
		return 0, fmt.Errorf("places must ascend to %d at most, there is a step of %d", math.MaxInt32, by)
	}
	return before + by, nil
}

func varints(text []byte) ([]int64, error) {
	raw, err := base64.RawStdEncoding.AppendDecode(nil, text)
	if err != nil {
		return nil, err
	}
	var numbers []int64
	for len(raw) > 0 {
		n, size := binary.Varint(raw)
		if size <= 0 {
			return nil, fmt.Errorf("a varint is cut off or too long")
		}
		numbers, raw = append(numbers, n), raw[size:]
	}
	return numbers, nil
}

// Seal is the digest of a problem, a choice and a certificate whose own Digest is left out.
func Seal(p *Problem, chosen []int32, c *Certificate) (string, error) {
	h := sha256.New()
	copied := *c
	copied.Digest = ""
	if err := json.NewEncoder(h).Encode(copied); err != nil {
		return "", fmt.Errorf("certificate: %w", err)
	}
	numbers(h, []int64{int64(p.Groups), int64(len(p.Duties)), int64(len(p.Conflicts))})
	numbers(h, p.Weights)
	for _, v := range [][]int32{p.Start, p.Covers, p.Group, p.Forced, chosen} {
		numbers(h, v)
	}
	for _, d := range p.Duties {
		numbers(h, []int64{int64(d.Teams), int64(len(d.Shifts))})
		for _, s := range d.Shifts {
			numbers(h, s)
		}
	}
	for _, pair := range p.Conflicts {
		numbers(h, pair[:])
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// numbers adds how many there are and then each, eight or four bytes.
func numbers[T int32 | int64](h hash.Hash, all []T) {
	buffer := binary.LittleEndian.AppendUint64(make([]byte, 0, 1<<15+16), uint64(len(all)))
	for _, n := range all {
		if _, wide := any(n).(int64); wide {
			buffer = binary.LittleEndian.AppendUint64(buffer, uint64(n))
		} else {
			buffer = binary.LittleEndian.AppendUint32(buffer, uint32(n))
		}
		if len(buffer) >= 1<<15 {
			h.Write(buffer)
			buffer = buffer[:0]
		}
	}
	h.Write(buffer)
}

// Multisets is the number of ways to choose n things of kinds kinds, with repetition, no more than MaxRosters+1.
func Multisets(kinds, n int) int {
	ways := 1
	if kinds == 0 {
		return 1
	}
	for i := 1; i <= kinds-1; i++ { // C(n+i, i) from C(n+i-1, i-1): always whole
		if ways = ways * (n + i) / i; ways > MaxRosters {
			return MaxRosters + 1
		}
	}
	return ways
}
