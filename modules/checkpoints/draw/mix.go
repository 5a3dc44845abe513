package draw

import (
	"context"
	"math"

	"vigie/modules/checkpoints/solve"
)

// Mix makes the strategy of the plans worth at least opts.Share of what solution proves possible: of its bound if
// solution itself keeps that share, else of its value. An instance with a share of 1 or without teams gives a strategy
// that always draws the solution. ErrInvalid if the share is not above 0 and at most 1, or if solution is no plan of in.
func Mix(ctx context.Context, in *solve.Instance, solution *solve.Solution, opts Options) (*Strategy, error) {
	opts.fill()
	floor := int64(math.Ceil(opts.Share * float64(max(solution.Bound, solution.Value))))
	if solution.Value < floor {
		floor = int64(math.Ceil(opts.Share * float64(solution.Value)))
	}
	return From(ctx, in, Start{Chosen: solution.Chosen, Shifts: solution.Shifts}, floor, opts)
}
