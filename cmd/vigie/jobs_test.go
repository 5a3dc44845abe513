package main

import (
	"crypto/rand"
	"log/slog"
	"strings"
	"testing"

	"vigie/geoengine"
	"vigie/geoengine/jobs"
)

func TestJobs(t *testing.T) {
	t.Parallel()
	url := databaseURL(t)
	w := newWorld(t, "DATABASE_URL="+url)
	store, err := geoengine.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	queue, err := jobs.NewQueue(jobs.Config{Store: store, Processes: jobs.NewProcesses(), Log: slog.New(slog.DiscardHandler), Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, owner := range []jobs.Owner{{Name: "ana"}, {Name: "desk", Machine: true}} {
		j, err := queue.Submit(t.Context(), jobs.Order{Process: &jobs.Process{ID: "export"}, Owner: owner, Reason: "why", Recipient: "whom"})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, j.ID.String())
	}
	if list := must[[]jobReport](w, "jobs", "list"); len(list) != 2 || list[0].ID != ids[1] || !list[0].Machine || list[0].Status != jobs.Accepted {
		t.Errorf("%+v", list)
	}
	if list := must[[]jobReport](w, "jobs", "list", "--owner", "ana", "--status", "accepted"); len(list) != 1 || list[0].ID != ids[0] {
		t.Errorf("%+v", list)
	}
	if j := must[jobReport](w, "jobs", "show", ids[0]); j.Owner != "ana" || j.Reason != "why" || j.Recipient != "whom" {
		t.Errorf("%+v", j)
	}
	if j := must[jobReport](w, "jobs", "dismiss", ids[0]); j.Status != jobs.Dismissed || j.Expires == nil {
		t.Errorf("%+v", j)
	}
	if purged := must[map[string]int64](w, "jobs", "purge"); purged["purged"] != 0 {
		t.Errorf("%v: nothing has expired", purged)
	}
	if purged := must[map[string]int64](w, "jobs", "purge", "--older", "0s"); purged["purged"] != 1 {
		t.Errorf("%v", purged)
	}
	if r := w.vigie("jobs", "show", ids[0]); r.code != exitFailed || !strings.Contains(r.errs, ids[0]) {
		t.Errorf("%+v", r)
	}
	if r := w.vigie("jobs", "show", "1"); r.code != exitUsage {
		t.Errorf("%+v", r)
	}
	if r := w.vigie("jobs", "list"); r.code != exitDone || !strings.Contains(r.out, ids[1]) {
		t.Errorf("%+v", r)
	}
	var lines int
	const kept = `select count(*) from journal where operation in ('jobs-dismiss', 'jobs-purge') and act = 'erasure'`
	if err := store.Pool.QueryRow(t.Context(), kept).Scan(&lines); err != nil || lines != 6 {
		t.Errorf("%d lines in the journal, %v", lines, err)
	}
}
