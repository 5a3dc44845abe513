package accidents

import (
	"context"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/predict/roadrisk"
)

// actual sums what happened on the places of a result in its period, by what is reported now; −1 for a place that the
// network has no more.
func actual(ctx context.Context, db *geoengine.Store, result *forecast.Result) ([]float64, error) {
	spec := result.Spec
	severity := result.Card.Unit == unitOf(true)
	found, err := accidentsOf(ctx, db, spec.Areas, result.From, result.To, geoengine.Latest)
	if err != nil {
		return nil, err
	}
	period := []roadrisk.Period{{From: result.From, To: result.To}}
	amount := make([]float64, len(result.Values))
	if result.Place == forecast.Cells {
		list := make([]uint64, len(result.Values))
		for i := range result.Values {
			list[i] = result.Values[i].Cell
		}
		cells, err := roadrisk.NewCells(list)
		if err != nil {
			return nil, err
		}
		sums, number := amounts(cells.Place(found, period).Accidents, cells.Len(), severity), map[uint64]int{}
		for i, cell := range cells.List {
			number[cell] = i
		}
		for i := range amount {
			amount[i] = sums[number[result.Values[i].Cell]]
		}
		return amount, nil
	}
	locate, err := db.LoadLocator(ctx)
	if err != nil {
		return nil, err
	}
	g, err := roadGround(ctx, db, spec.Areas, locate, nil)
	if err != nil {
		return nil, err
	}
	sums, number := amounts(g.place(found, period[0]).Accidents, len(g.list), severity), map[string]int{}
	for i := range g.list {
		number[g.list[i].id] = i
	}
	for i := range amount {
		amount[i] = -1
		if at, there := number[result.Values[i].Place]; there {
			amount[i] = sums[at]
		}
	}
	return amount, nil
}
