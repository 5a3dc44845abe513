package cube

import (
	"math"
	"math/bits"
)

// weightColumn is the weight of every event, coded by the distinct weights of the segment.
type weightColumn struct {
	values []float32
	codes  column
	plain  []uint8 // the codes once more, plain, where they are read event by event
}

func weightCodes(weights []float32) (values []float32, codes []uint32) {
	codes = make([]uint32, len(weights))
	known := map[uint32]uint32{} // bits of the weight → code
	last, lastCode := float32(math.NaN()), uint32(0)
	for i, w := range weights {
		if w != last {
			c, ok := known[math.Float32bits(w)]
			if !ok {
				c = uint32(len(values))
				known[math.Float32bits(w)] = c
				values = append(values, w)
			}
			last, lastCode = w, c
		}
		codes[i] = lastCode
	}
	return values, codes
}

func newPlainWeights(codes []uint32, distinct int, order []uint32) []uint8 {
	if distinct < 2 || distinct > maxPlanes {
		return nil
	}
	return gather[uint32, uint8](make([]uint8, len(order)), codes, order)
}

// sum adds the weights of the selected events, whose words are those from word w0 on.
func (c *weightColumn) sum(selected []uint64, w0 int) (sum float64) {
	if v, is := c.codes.constant(); is {
		if len(c.values) == 0 || c.values[v] == 0 {
			return 0
		}
		return float64(c.values[v]) * float64(popcount(selected))
	}
	if c.codes.planes == nil {
		for w, word := range selected {
			for ; word != 0; word &= word - 1 {
				sum += c.at((w0+w)<<6 + bits.TrailingZeros64(word))
			}
		}
		return sum
	}
	for i, value := range c.codes.codes {
		if c.values[value] == 0 {
			continue
		}
		plane, n := c.codes.plane(i)[w0:w0+len(selected)], 0
		for w, word := range selected {
			n += bits.OnesCount64(word & plane[w])
		}
		sum += float64(n) * float64(c.values[value])
	}
	return sum
}

// at returns the weight of one event.
func (c *weightColumn) at(i int) float64 {
	switch k := &c.codes; {
	case c.plain != nil:
		return float64(c.values[c.plain[i]])
	case k.u8 != nil:
		return float64(c.values[k.u8[i]])
	case k.u16 != nil:
		return float64(c.values[k.u16[i]])
	case k.u32 != nil:
		return float64(c.values[k.u32[i]])
	case k.planes != nil:
		for p, value := range k.codes {
			if k.plane(p)[i>>6]>>(i&63)&1 == 1 {
				return float64(c.values[value])
			}
		}
	}
	v, _ := c.codes.constant()
	return float64(c.values[v])
}

func (c *weightColumn) expand(dst []float32) {
	codes := make([]uint32, len(dst))
	expand(&c.codes, codes)
	for i, v := range codes {
		dst[i] = c.values[v]
	}
}

func (c *weightColumn) bytes() int { return 4*len(c.values) + c.codes.bytes() + len(c.plain) }
