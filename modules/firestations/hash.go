package firestations

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash"
	"math"
	"time"
)

// Hash is the SHA-256 of everything that a run learns from: series, places, days, and what was left out.
func (in *input) Hash() string {
	h := sha256.New()
	text(h, in.zone.String(), in.start.UTC().Format(time.RFC3339), in.end.UTC().Format(time.RFC3339), in.from.UTC().Format(time.RFC3339), in.last.UTC().Format(time.RFC3339))
	write(h, in.byCommune, in.calls, in.gap, in.places, in.refused, in.days.holidays, in.days.school, in.days.optional)
	for _, c := range in.days.weather {
		text(h, c.Name)
		number(h, int64(c.First))
		for _, v := range c.Values {
			number(h, int64(math.Float64bits(v)))
		}
	}
	for i := range in.series {
		s := &in.series[i]
		text(h, s.Place, s.Kind)
		for hour, n := range s.Counts {
			if n != 0 {
				number(h, int64(hour))
				number(h, int64(n))
			}
		}
		number(h, -1)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func text(h hash.Hash, all ...string) {
	for _, s := range all {
		number(h, int64(len(s)))
		h.Write([]byte(s))
	}
}

func number(h hash.Hash, n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	h.Write(b[:])
}

// write adds values of plain types as JSON.
func write(h hash.Hash, all ...any) {
	for _, v := range all {
		body, err := json.Marshal(v)
		if err != nil {
			panic(err) // numbers, texts and lists of them
		}
		text(h, string(body))
	}
}
