package order

import (
	"fmt"
	"io"

	ics "github.com/arran4/golang-ical"
)

// Calendar writes an entry for each post (RFC 5545), confidential, with the plan's revision as sequence, so that a
// calendar that has an older revision follows.
func Calendar(w io.Writer, o Order) error {
	if err := o.check(); err != nil {
		return err
	}
	calendar := ics.NewCalendarFor("Vigie")
	calendar.SetMethod(ics.MethodPublish)
	calendar.SetXWRCalName(o.title())
	status := ics.ObjectStatusTentative
	if o.Signed() {
		status = ics.ObjectStatusConfirmed
	}
	for i := range o.Plan.Posts {
		post := &o.Plan.Posts[i]
		site := o.site(post)
		event := calendar.AddEvent(o.ID + "-" + post.ID + "@vigie")
		event.SetSequence(o.Revision)
		event.SetDtStampTime(o.Made)
		event.SetStartAt(post.Arrive)
		event.SetEndAt(post.Leave)
		event.SetSummary(o.crew(post) + " – " + site.Name)
		event.SetDescription(o.describe(post))
		event.SetLocation(site.Name + " (" + degrees(site.Position, o.words()) + ")")
		event.SetGeo(coordinate(site.Position.Lat()), coordinate(site.Position.Lon()))
		event.SetStatus(status)
		event.SetClass(ics.ClassificationConfidential)
	}
	if err := calendar.SerializeTo(w); err != nil {
		return fmt.Errorf("write calendar: %w", err)
	}
	return nil
}
