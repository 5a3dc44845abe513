package emergency

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/data/sources/localtime"
	"vigie/geoengine"
)

// zoneName is the zone of the county: all its times are local wall clock.
const zoneName = "America/New_York"

// county holds Montgomery County, Pennsylvania, and 0.1° (about 10 km) around it, where it helps its neighbours:
// longitude −75.70 to −75.01, latitude 39.97 to 40.45 after the TIGER boundaries of the Census Bureau. A point beyond
// is what a geocoder makes of an address that it does not know.
func county() orb.Bound {
	return orb.Bound{Min: orb.Point{-75.80, 39.87}, Max: orb.Point{-74.91, 40.55}}
}

// longestDelay is by how much a call may be published later than it was taken; with more than that the time in its
// description is believed to be wrong.
const longestDelay = 48 * time.Hour

// Call is a call as the county published it.
type Call struct {
	At  data.Position
	Raw []byte // the row; may be reused after the next iteration
	Ref string // made of what the description and the title say: the feed numbers nothing
	// Kind is what the call is for: medical, traffic or fire.
	Kind    string
	Subject string // of the call, in lower case: "back pains/injury"
	// Station is the number of the station as the description names it, without the word: "Station 308A" is "308A",
	// "Station:STA27" is "STA27". The ambulances (308A) and the fire companies (STA27) are numbered apart. "" where
	// none is named: calls for traffic name none, and "Station EMS" and "Station:FIRE" are not stations.
	Station string
	// Taken is the time in the description, to the second; where it holds none it is Published, and Clock is false.
	Taken     time.Time
	Clock     bool
	Published time.Time // when the feed showed it
	// Position is longitude, latitude; meaningful only if HasPosition. Far says that the row's point was dropped because it
	// lies outside the county and its neighbourhood.
	Position    orb.Point
	HasPosition bool
	Far         bool
	Township    string
	Zip         string
}

// Calls reads the calls of the files in their order. A *data.Reject as error is one bad row, or one that repeats an
// earlier call (duplicate_ref), and reading goes on; any other error is the last. The feed is in the order of publication:
// a repeat is found within a day.
func Calls(ctx context.Context, in data.Input) iter.Seq2[Call, error] {
	return func(yield func(Call, error) bool) {
		zone, err := time.LoadLocation(zoneName)
		if err != nil {
			yield(Call{}, fmt.Errorf("read calls: %w", err))
			return
		}
		seen := repeats{}
		// Rows is a loop over records; the call rides beside its record.
		var call Call
		options := data.CSVOptions{Encoding: "auto", Required: []string{"lat", "lng", "desc", "title", "timeStamp"}}
		for _, err := range data.Rows(ctx, in, options, func(row data.Row) (data.Record, error) {
			call = Call{At: row.At, Raw: row.Raw}
			if err := call.read(row, zone); err != nil {
				return data.Record{}, err
			}
			return data.Record{}, seen.check(row, &call)
		}) {
			if err != nil {
				call = Call{}
			}
			if !yield(call, err) {
				return
			}
		}
	}
}

// readCalls is the Read of the source.
func readCalls(ctx context.Context, in data.Input) iter.Seq2[data.Record, error] {
	return func(yield func(data.Record, error) bool) {
		for call, err := range Calls(ctx, in) {
			record := data.Record{At: call.At, Raw: call.Raw}
			if err == nil {
				record.Event = call.Event()
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

// streetPrecision is the radius in metres within which a crossing or the middle of a street lies.
const streetPrecision = 200

// Event is the call as an event: category rescue.call.KIND, from the time it was taken to the same, reported when it was
// published. The address stays out of it: with the subject it could tell of a person.
func (c *Call) Event() *geoengine.Event {
	e := &geoengine.Event{
		Ref: c.Ref, Category: "rescue.call." + c.Kind, Start: c.Taken, End: c.Taken, Reported: c.Published,
		Position: c.Position, HasPosition: c.HasPosition,
		Attributes: geoengine.Attributes{
			{Key: "station", Value: c.Station}, {Key: "subject", Value: c.Subject}, {Key: "township", Value: c.Township}, {Key: "zip", Value: c.Zip},
		},
	}
	if c.HasPosition {
		e.PrecisionM = streetPrecision
	}
	if c.Far {
		e.Attributes = append(e.Attributes, geoengine.Attribute{Key: "position_note", Value: "misplaced"})
	}
	if !c.Clock {
		e.Attributes = append(e.Attributes, geoengine.Attribute{Key: "time_note", Value: "published"})
	}
	e.Attributes = e.Attributes.Normalise()
	return e
}

// read fills the call from a row.
func (c *Call) read(row data.Row, zone *time.Location) error {
	desc, title := row.Get("desc"), row.Get("title")
	if err := c.subject(row, title); err != nil {
		return err
	}
	var err error
	if c.Published, err = wallClock(row.Get("timeStamp"), " ", zone); err != nil {
		return row.Reject("bad_date", "timeStamp: %v", err)
	}
	c.taken(desc, zone)
	c.Station = station(desc)
	if c.Township, c.Zip = row.Get("twp"), row.Get("zip"); len(c.Township) > 80 || len(c.Zip) > 20 || len(c.Station) > 40 {
		return row.Reject("too_long", "twp has more than 80 bytes, zip more than 20 or the station more than 40")
	}
	sum := sha256.Sum256([]byte(desc + "\x00" + title))
	c.Ref = c.Taken.Format("20060102T150405") + "-" + hex.EncodeToString(sum[:8])
	if !c.Clock { // its time is not the call's own: a repeat has another one
		c.Ref = hex.EncodeToString(sum[:16])
	}
	return c.place(row)
}

// subject reads "EMS: BACK PAINS/INJURY" and "Traffic: VEHICLE ACCIDENT -".
func (c *Call) subject(row data.Row, title string) error {
	kind, subject, found := strings.Cut(title, ":")
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "ems":
		c.Kind = "medical"
	case "traffic":
		c.Kind = "traffic"
	case "fire":
		c.Kind = "fire"
	}
	if c.Kind == "" || !found {
		return row.Reject("unknown_value", "title %.40q is neither EMS, Traffic nor Fire with a subject after a colon", title)
	}
	c.Subject = strings.ToLower(strings.TrimRight(strings.TrimSpace(subject), " -"))
	if len(c.Subject) > 80 {
		return row.Reject("too_long", "the subject of title has more than 80 bytes")
	}
	return nil
}

// taken finds "2015-12-10 @ 17:10:52" in the description; the last one counts, after the address.
func (c *Call) taken(desc string, zone *time.Location) {
	c.Taken = c.Published
	at := strings.LastIndex(desc, " @ ")
	if at < 10 || len(desc) < at+11 {
		return
	}
	taken, err := wallClock(desc[at-10:at+11], " @ ", zone)
	if err != nil || taken.After(c.Published) || c.Published.Sub(taken) > longestDelay {
		return
	}
	c.Taken, c.Clock = taken, true
}

// wallClock reads "2015-12-10 17:40:00", with gap between day and time.
func wallClock(s, gap string, zone *time.Location) (time.Time, error) {
	wall, err := time.Parse(time.DateOnly+gap+time.TimeOnly, s)
	if err != nil || wall.Before(geoengine.Earliest) || wall.After(geoengine.Latest) {
		return time.Time{}, fmt.Errorf("%.40q is not a day of 1900 to 2100 and a time like 2015-12-10%s17:40:00: %w", s, gap, geoengine.ErrInvalid)
	}
	return localtime.At(wall, zone), nil
}

// station reads both spellings: "…; Station 308A; 2015-12-10 @ …" and "… @ 14:39:21-Station:STA27;".
func station(desc string) string {
	at := strings.LastIndex(desc, "Station")
	if at < 1 || desc[at-1] != ' ' && desc[at-1] != '-' && desc[at-1] != ';' {
		return "" // part of a name
	}
	rest, _, closed := strings.Cut(strings.TrimPrefix(desc[at+len("Station"):], ":"), ";")
	name := strings.TrimSpace(rest)
	if !closed || !strings.ContainsAny(name, "0123456789") {
		return "" // cut off, or not a station: EMS, FIRE, STA
	}
	for _, r := range name {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') {
			return "" // words: a street
		}
	}
	return name
}

// place reads the point. One outside the county is dropped, and the call kept.
func (c *Call) place(row data.Row) error {
	lng, lat := row.Get("lng"), row.Get("lat")
	if lng == "" && lat == "" {
		return nil
	}
	x, errX := strconv.ParseFloat(lng, 64)
	y, errY := strconv.ParseFloat(lat, 64)
	if errX != nil || errY != nil || math.IsNaN(x) || math.IsNaN(y) || geoengine.CheckPosition(orb.Point{x, y}) != nil {
		return row.Reject("bad_position", "lng %.40q, lat %.40q are not degrees", lng, lat)
	}
	if !county().Contains(orb.Point{x, y}) {
		c.Far = true
		return nil
	}
	c.Position, c.HasPosition = orb.Point{x, y}, true
	return nil
}

// repeats remembers the calls of the last day.
type repeats struct {
	today, yesterday map[string]int64 // line by ref
	day              int64
}

// check rejects a row whose call was there before.
func (r *repeats) check(row data.Row, c *Call) error {
	if day := c.Published.Unix() / 86400; day != r.day || r.today == nil {
		r.yesterday, r.today, r.day = r.today, map[string]int64{}, day
	}
	for _, known := range []map[string]int64{r.today, r.yesterday} {
		if line, found := known[c.Ref]; found {
			return row.Reject("duplicate_ref", "the same call as in line %d, published again", line)
		}
	}
	r.today[c.Ref] = row.At.Line
	return nil
}
