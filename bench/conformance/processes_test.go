package conformance

import "testing"

func TestProcesses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	checks, err := Processes(t.Context(), s.client(), "echo")
	if err != nil {
		t.Fatal(err)
	}
	report(t, Run(t.Context(), checks))
}
