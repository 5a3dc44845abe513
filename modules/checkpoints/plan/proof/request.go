package proof

import (
	"fmt"
	"time"

	"vigie/modules/checkpoints/plan"
	"vigie/predict/roadrisk"
)

// ask makes the request.
func (m *maker) ask() {
	// Days around both changes of the clock, and any other day of the year.
	starts := []string{"2026-03-28", "2026-03-29", "2026-10-24", "2026-10-25"}
	first := time.Date(2026, 1, 1+m.rng.IntN(365), 0, 0, 0, 0, time.UTC)
	if m.chance(0.4) {
		first, _ = time.Parse("2006-01-02", starts[m.rng.IntN(len(starts))])
	}
	days := m.rng.IntN(3)
	if m.chance(0.02) {
		days = -1
	}
	m.request = plan.Request{Title: "essai", Areas: [][]string{{"fr.1"}, {"fr.1.a"}, {"fr.1.a", "fr.1.b"}, {"fr.2"}}[m.pick(60, 25, 13, 2)],
		Kind: roadrisk.AnyKind, From: first.Format("2006-01-02"), To: first.AddDate(0, 0, days).Format("2006-01-02"),
		MaxTravelMinutes: 2 + m.rng.IntN(20), SeparationM: 200 + m.rng.IntN(3000), OnlyKnownSites: m.chance(0.1), Share: []float64{0.95, 0.8, 1}[m.rng.IntN(3)],
		Seed: fmt.Sprintf("%x", m.rng.Uint64()), Basis: plan.R2331}
	if m.chance(0.1) {
		m.request.Basis = plan.A7822
	}
	for range 1 + m.rng.IntN(3) {
		m.request.Teams = append(m.request.Teams, m.team())
	}
	for _, s := range m.world.Sites {
		if m.chance(0.15) {
			m.request.Forbidden = append(m.request.Forbidden, s.ID)
		}
	}
	m.force(first)
}

// pick chooses a number from 0 by weights.
func (m *maker) pick(weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	at := m.rng.IntN(sum)
	for i, w := range weights {
		if at < w {
			return i
		}
		at -= w
	}
	return len(weights) - 1
}

func (m *maker) team() plan.Team {
	t := plan.Team{Unit: m.world.Units[m.rng.IntN(len(m.world.Units))].Ref, Teams: 1 + m.rng.IntN(2), Slots: 1 + m.rng.IntN(4), Earliest: 2 * m.rng.IntN(12)}
	t.Latest = min(t.Earliest+2*(t.Slots+m.rng.IntN(3)), t.Earliest+24)
	if m.chance(0.3) {
		minutes := m.rng.IntN(50)
		t.BreakMinutes = &minutes
	}
	if m.chance(0.3) {
		t.Days = []int{1 + m.rng.IntN(7), 1 + m.rng.IntN(7)}
	}
	if m.chance(0.02) {
		t.Teams = 30
	}
	if m.chance(0.02) {
		t.Unit = "t/nobody"
	}
	return t
}

// force asks for posts, some of which contradict one another.
func (m *maker) force(first time.Time) {
	if len(m.world.Sites) == 0 {
		return
	}
	for range m.pick(80, 15, 5) {
		t := m.request.Teams[m.rng.IntN(len(m.request.Teams))]
		slot := time.Date(first.Year(), first.Month(), first.Day(), t.Earliest+2*m.rng.IntN(t.Slots), 0, 0, 0, m.world.Zone)
		m.request.Forced = append(m.request.Forced, plan.Forced{Unit: t.Unit, Slot: slot, Site: m.world.Sites[m.rng.IntN(len(m.world.Sites))].ID})
	}
}
