package forecasting

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/jobs"
	"vigie/progress"
)

// Hashes name what a run was made of and what it gave, in hexadecimal.
type Hashes struct {
	Model  string `json:"model"`
	Input  string `json:"input"`
	Result string `json:"result"`
}

// Replay says whether a run that is made again gives the same bytes. Where it does not, one of the others says why: the
// data has changed since, or the model; where both are the same, the program is at fault.
type Replay struct {
	Run       string `json:"run"`
	Same      bool   `json:"same"`
	SameInput bool   `json:"same_input"`
	SameModel bool   `json:"same_model"`
	Before    Hashes `json:"before"`
	After     Hashes `json:"after"`
}

// Again makes a run again from its spec, on the data of now, and compares. It asks for no rights.
func Again(ctx context.Context, f *Forecaster, store *geoengine.Store, id jobs.ID, report progress.Func) (Replay, error) {
	run, err := forecast.New(store).Find(ctx, geoengine.AllRights(), id)
	if err != nil {
		return Replay{}, err
	}
	if run.Head.Spec.Name != f.Name {
		return Replay{}, fmt.Errorf("run %s is one of %s, not of %s: %w", id, run.Head.Spec.Name, f.Name, geoengine.ErrInvalid)
	}
	again, err := Make(ctx, f, store, run.Head.Spec, report)
	if err != nil {
		return Replay{}, err
	}
	body, err := again.JSON()
	if err != nil {
		return Replay{}, err
	}
	sum := sha256.Sum256(body)
	r := Replay{
		Run:    id.String(),
		Before: Hashes{run.Head.Model + " " + run.Head.Version, run.Head.InputHash, run.Hash},
		After:  Hashes{again.Model + " " + again.Version, again.InputHash, hex.EncodeToString(sum[:])},
	}
	r.Same, r.SameInput, r.SameModel = r.Before.Result == r.After.Result, r.Before.Input == r.After.Input, r.Before.Model == r.After.Model
	return r, nil
}
