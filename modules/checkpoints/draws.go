package checkpoints

import (
	"encoding/json"
	"fmt"
	"time"

	"vigie/modules/checkpoints/plan"
)

// packed are the plans of a draw as they are kept: each a list of team, site and slot by number.
type packed struct {
	Units []string    `json:"units"` // of each team
	Teams []int       `json:"teams"` // number of each team within its unit
	Sites []string    `json:"sites"`
	Slots []time.Time `json:"slots"`
	Plans [][]int32   `json:"plans"` // team, site, slot, team, site, slot, …
}

// pack writes plans shortly.
func pack(plans [][]plan.Stand) (json.RawMessage, error) {
	type member struct {
		unit string
		team int
	}
	var p packed
	teams, sites, slots := map[member]int32{}, map[string]int32{}, map[int64]int32{}
	for _, stands := range plans {
		row := make([]int32, 0, 3*len(stands))
		for _, s := range stands {
			team, there := teams[member{s.Unit, s.Team}]
			if !there {
				team = int32(len(p.Units))
				teams[member{s.Unit, s.Team}] = team
				p.Units, p.Teams = append(p.Units, s.Unit), append(p.Teams, s.Team)
			}
			site, there := sites[s.Site]
			if !there {
				site = int32(len(p.Sites))
				sites[s.Site], p.Sites = site, append(p.Sites, s.Site)
			}
			slot, there := slots[s.Slot.Unix()]
			if !there {
				slot = int32(len(p.Slots))
				slots[s.Slot.Unix()], p.Slots = slot, append(p.Slots, s.Slot)
			}
			row = append(row, team, site, slot)
		}
		p.Plans = append(p.Plans, row)
	}
	raw, err := json.Marshal(&p)
	if err != nil {
		return nil, fmt.Errorf("keep the plans of a draw: %w", err)
	}
	return raw, nil
}

// unpack is the reverse of pack; none gives none.
func unpack(raw json.RawMessage) ([][]plan.Stand, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var p packed
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, fmt.Errorf("read the plans of a draw: %w", err)
	}
	plans := make([][]plan.Stand, len(p.Plans))
	for i, row := range p.Plans {
		for j := 0; j+2 < len(row); j += 3 {
			team, site, slot := int(row[j]), int(row[j+1]), int(row[j+2])
			if team >= len(p.Units) || team >= len(p.Teams) || site >= len(p.Sites) || slot >= len(p.Slots) || min(team, site, slot) < 0 {
				return nil, fmt.Errorf("the plans of a draw are damaged")
			}
			plans[i] = append(plans[i], plan.Stand{Unit: p.Units[team], Team: p.Teams[team], Site: p.Sites[site], Slot: p.Slots[slot]})
		}
	}
	return plans, nil
}
