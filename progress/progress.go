// Package progress tells people how far long work has come: bars on a terminal, plain lines elsewhere.
package progress

// Update is one report of one task.
type Update struct {
	Task     string // what is being done, in the words of the user
	Unit     string // what is counted: rows, events, bytes
	Done     int64
	Total    int64 // 0 while unknown
	Finished bool
}

// Func receives updates, possibly from several goroutines and many times a second; it must be quick.
// A nil Func is valid and says nothing.
type Func func(Update)

// Report calls f unless it is nil.
func (f Func) Report(u Update) {
	if f != nil {
		f(u)
	}
}
