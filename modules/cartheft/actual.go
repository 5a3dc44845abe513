package cartheft

import (
	"context"
	"math"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/hex"
)

// actual counts the reported thefts of each value's cell and period, as the run counted those that it learnt from: only
// what may feed it, by local days, and not where the position is known worse than the cell is large.
func actual(ctx context.Context, db *geoengine.Store, result *forecast.Result) ([]float64, error) {
	counts := make([]float64, len(result.Values))
	if len(counts) == 0 {
		return counts, nil
	}
	rights := geoengine.Rights{Open: Categories()}
	if len(result.Spec.Areas) > 0 {
		rights.Scope = result.Spec.Areas
	}
	happened, err := readSince(ctx, db, rights, result.Spec.Areas, result.From.Add(-longest), geoengine.Latest)
	if err != nil {
		return nil, err
	}
	first, length := period(result.From, result.To, happened.Offset)
	at := make(map[uint64]int, len(result.Values))
	for i := range result.Values {
		at[result.Values[i].Cell] = i
	}
	resolution := hex.Resolution(result.Values[0].Cell)
	for i := range happened.List {
		t := &happened.List[i]
		if t.Day < first || t.Day >= first+int32(length) || !precise(t, resolution) {
			continue
		}
		if k, there := at[hex.Cell(t.Point.Lon(), t.Point.Lat(), resolution)]; there {
			counts[k]++
		}
	}
	return counts, nil
}

// period is the first local day of a forecast that begins at an instant, and its length in days. The instant is meant to
// be a local midnight; the clocks may have changed since the report that the offset is from, so that the nearest midnight
// is taken.
func period(from, to time.Time, offset int) (first int32, length int) {
	const seconds = 86400
	first = int32(math.Round(float64(from.Unix()+int64(offset)) / seconds))
	return first, max(int(math.Round(to.Sub(from).Seconds()/seconds)), 1)
}

// precise tells whether a theft is known to be about where its cell is: within the radius of a circle as large as the
// cell. A theft that is not is left out: spread over many cells it would say nothing of any.
func precise(t *theft, resolution int) bool {
	return t.PrecisionM <= math.Sqrt(cellM2(resolution)/math.Pi)
}

// cellM2 is the mean area of a cell in square metres: that of the Earth by the number of cells.
func cellM2(resolution int) float64 {
	const earth = 510_065_621_724_089
	return earth / (2 + 120*math.Pow(7, float64(resolution)))
}
