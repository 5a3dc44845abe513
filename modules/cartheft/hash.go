package cartheft

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
)

// Hash implements forecasting.Input: the SHA-256 of all that is in it, hexadecimal.
func (in *input) Hash() string {
	w := &writer{sha256.New()}
	w.text("cartheft input 1")
	w.number(int64(len(in.List)), int64(in.Offset))
	for i := range in.List {
		t := &in.List[i]
		w.float(t.Point[0], t.Point[1], t.PrecisionM)
		w.number(int64(t.Day), int64(t.Reported), t.From, t.To)
		w.text(t.Area)
	}
	for _, c := range in.Refused.list() {
		w.number(int64(c.N))
		w.text(c.Reason.EN)
	}
	w.number(int64(len(in.Territory)), int64(len(in.Borders)))
	for _, polygon := range in.Territory {
		w.number(int64(len(polygon)))
		for _, ring := range polygon {
			w.number(int64(len(ring)))
			for _, p := range ring {
				w.float(p[0], p[1])
			}
		}
	}
	for _, line := range in.Borders {
		w.text(line.Path)
		w.text(line.Name)
		w.number(line.Fingerprint)
	}
	return hex.EncodeToString(w.Sum(nil))
}

// writer feeds a hash. A hash never fails to take bytes.
type writer struct{ hash.Hash }

func (w *writer) number(values ...int64) {
	for _, v := range values {
		w.Write(binary.LittleEndian.AppendUint64(nil, uint64(v)))
	}
}

func (w *writer) float(values ...float64) {
	for _, v := range values {
		w.number(int64(math.Float64bits(v)))
	}
}

// text writes a text with its length before it.
func (w *writer) text(s string) { fmt.Fprintf(w, "%d %s", len(s), s) }
