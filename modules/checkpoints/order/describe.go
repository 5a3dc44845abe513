package order

import (
	"fmt"
	"time"

	"vigie/modules/checkpoints/plan"
)

// label is the short name of a post: "ven. 22 h 00 – D 606, aire de repos".
func (o *Order) label(post *plan.Post) string {
	w, arrive := o.words(), o.local(post.Arrive)
	return fmt.Sprintf("%s %s – %s", arrive.Format("02/01"), w.hour(arrive), o.site(post).Name)
}

// describe says in a line who holds a post, when, and what is known of the site.
func (o *Order) describe(post *plan.Post) string {
	w, site := o.words(), o.site(post)
	return fmt.Sprintf("%s, %s %s–%s, %s, %s", o.crew(post), w.day(o.local(post.Arrive)), w.hour(o.local(post.Arrive)),
		w.hour(o.local(post.Leave)), w.statuses[site.Status], w.lit[site.Lit])
}

// shiftStart is when the shift of a post begins: the first of the posts that the same team holds one after another
// without a pause of more than two slots.
func (o *Order) shiftStart(i int) time.Time {
	const pause = 2 * plan.SlotMinutes * time.Minute
	posts := o.Plan.Posts
	start := posts[i].Slot
	for j := i - 1; j >= 0; j-- {
		if posts[j].Unit == posts[i].Unit && posts[j].Team == posts[i].Team && start.Sub(posts[j].Slot) <= pause {
			start = posts[j].Slot
		}
	}
	return start
}
