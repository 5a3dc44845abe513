package data

import (
	"context"
	"errors"

	"vigie/geoengine"
	"vigie/progress"
)

// ImportOptions say how an import is done.
type ImportOptions struct {
	DryRun    bool // read and check everything, write nothing
	BatchSize int  // records in a transaction; 0 is 50,000
	Progress  progress.Func
	RetryRun  int64 // process only the rows that this run rejected; 0 is all
}

// Import reads the source and writes its records to the store.
func Import(ctx context.Context, store *geoengine.Store, src Source, in Input, opt ImportOptions) (Report, error) {
	return Report{}, errors.New("not yet")
}

// StoredReject is a rejected row as the store keeps it.
type StoredReject struct {
	Run    int64  `json:"run"`
	Seq    int64  `json:"seq"`
	File   string `json:"file"`
	Line   int64  `json:"line"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
	Raw    string `json:"raw"`
}

// RejectQuery chooses rejects. The page after one begins after its last Seq.
type RejectQuery struct {
	Run    int64  // 0 is the latest run of the source
	Source string // used where Run is 0; "" is any source
	Reason string // "" is any
	After  int64
	Limit  int // 0 is 100
}

// Rejects lists rejected rows in reading order.
func Rejects(ctx context.Context, store *geoengine.Store, q RejectQuery) ([]StoredReject, error) {
	return nil, errors.New("not yet")
}
