package emergency

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/data"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

func memory(name, content string) data.Input {
	return data.Input{Files: []data.File{{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}}}
}

// read renders every call and reject as one line.
func read(content string) ([]string, error) {
	var got []string
	for c, err := range Calls(context.Background(), memory("calls.csv", content)) {
		var reject *data.Reject
		switch {
		case errors.As(err, &reject):
			got = append(got, fmt.Sprintf("%d !%s", reject.At.Line, reject.Reason))
		case err != nil:
			return got, err
		default:
			e := c.Event()
			got = append(got, fmt.Sprintf("%d %s %s +%v %v %v", c.At.Line, e.Category, e.Start.Format(time.RFC3339), e.Reported.Sub(e.Start), e.HasPosition, e.Attributes))
		}
	}
	return got, nil
}

const header = "lat,lng,desc,zip,title,timeStamp,twp,addr,e\n"

func TestCalls(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, in string
		want     []string
	}{
		{"medical", "40.3,-75.6,A CT & B LN;  HANOVER; Station 308A; 2016-03-01 @ 17:10:52;,19525,EMS: BACK PAINS/INJURY,2016-03-01 17:12:00,HANOVER,A CT,1\n",
			[]string{`2 rescue.call.medical 2016-03-01T17:10:52-05:00 +1m8s true [{station 308A} {subject back pains/injury} {township HANOVER} {zip 19525}]`}},
		{"fire, the other spelling", "40.1,-75.3,A AVE; NORRIS; 2016-03-01 @ 14:39:21-Station:STA27;,,Fire: GAS-ODOR/LEAK,2016-03-01 14:40:00,NORRIS,A AVE,1\n",
			[]string{`2 rescue.call.fire 2016-03-01T14:39:21-05:00 +39s true [{station STA27} {subject gas-odor/leak} {township NORRIS}]`}},
		{"traffic names no station", "40.1,-75.3,UNION STATION RD & B; NORRIS; 2016-07-01 @ 14:39:21;,,Traffic: VEHICLE ACCIDENT -,2016-07-01 14:40:00,,A AVE,1\n",
			[]string{`2 rescue.call.traffic 2016-07-01T14:39:21-04:00 +39s true [{subject vehicle accident}]`}},
		{"not stations", "40.1,-75.3,A; N; Station EMS; 2016-03-01 @ 14:39:21;,,EMS: FALL,2016-03-01 14:40:00,,,1\n" +
			"40.1,-75.3,B; N; 2016-03-01 @ 14:39:21-Station:FIRE;,,Fire: ALARM,2016-03-01 14:40:00,,,1\n" +
			"40.1,-75.3,C; N; 2016-03-01 @ 14:39:21-Station:STA2,,Fire: ALARM,2016-03-01 14:40:00,,,1\n" +
			"40.1,-75.3,OLD Station 4 RD; N; 2016-03-01 @ 14:39:21;,,Traffic: ALARM,2016-03-01 14:40:00,,,1\n",
			[]string{
				`2 rescue.call.medical 2016-03-01T14:39:21-05:00 +39s true [{subject fall}]`,
				`3 rescue.call.fire 2016-03-01T14:39:21-05:00 +39s true [{subject alarm}]`,
				`4 rescue.call.fire 2016-03-01T14:39:21-05:00 +39s true [{subject alarm}]`,
				`5 rescue.call.traffic 2016-03-01T14:39:21-05:00 +39s true [{subject alarm}]`,
			}},
		{"no time of its own, one of the day after, one of years before", "40.1,-75.3,A; N; -- @ ::;,,EMS: FALL,2016-03-01 14:40:00,,,1\n" +
			"40.1,-75.3,B; N; 2016-03-02 @ 14:39:21;,,EMS: FALL,2016-03-01 14:40:00,,,1\n" +
			"40.1,-75.3,C; N; 2006-03-01 @ 14:39:21;,,EMS: FALL,2016-03-01 14:40:00,,,1\n",
			[]string{
				`2 rescue.call.medical 2016-03-01T14:40:00-05:00 +0s true [{subject fall} {time_note published}]`,
				`3 rescue.call.medical 2016-03-01T14:40:00-05:00 +0s true [{subject fall} {time_note published}]`,
				`4 rescue.call.medical 2016-03-01T14:40:00-05:00 +0s true [{subject fall} {time_note published}]`,
			}},
		{"the hour that the clocks skip", "40.1,-75.3,A; N; 2016-03-13 @ 02:30:00;,,EMS: FALL,2016-03-13 03:31:00,,,1\n",
			[]string{`2 rescue.call.medical 2016-03-13T03:30:00-04:00 +1m0s true [{subject fall}]`}},
		{"far off: kept, without its point", "30.3335960,-95.5955947,8931;  M; Station 311; 2016-06-02 @ 13:31:21;,,EMS: FALL,2016-06-02 13:33:00,M,,1\n" +
			"0,0,8932;  M; Station 311; 2016-06-02 @ 13:31:21;,,EMS: FALL,2016-06-02 13:33:00,M,,1\n" +
			",,8933;  M; Station 311; 2016-06-02 @ 13:31:21;,,EMS: FALL,2016-06-02 13:33:00,M,,1\n",
			[]string{
				`2 rescue.call.medical 2016-06-02T13:31:21-04:00 +1m39s false [{position_note misplaced} {station 311} {subject fall} {township M}]`,
				`3 rescue.call.medical 2016-06-02T13:31:21-04:00 +1m39s false [{position_note misplaced} {station 311} {subject fall} {township M}]`,
				`4 rescue.call.medical 2016-06-02T13:31:21-04:00 +1m39s false [{station 311} {subject fall} {township M}]`,
			}},
		{"published again, also after midnight; another call at the same place", "40.1,-75.3,A; N; 2016-03-01 @ 23:58:00;,,EMS: FALL,2016-03-01 23:59:00,,,1\n" +
			"40.1,-75.3,A; N; 2016-03-01 @ 23:58:00;,,EMS: FALL,2016-03-02 00:00:00,,,1\n" +
			"40.1,-75.3,A; N; 2016-03-01 @ 23:58:01;,,EMS: FALL,2016-03-02 00:00:00,,,1\n" +
			"40.1,-75.3,A; N; 2016-03-01 @ 23:58:00;,,Fire: FALL,2016-03-02 00:00:00,,,1\n",
			[]string{
				`2 rescue.call.medical 2016-03-01T23:58:00-05:00 +1m0s true [{subject fall}]`, `3 !duplicate_ref`,
				`4 rescue.call.medical 2016-03-01T23:58:01-05:00 +1m59s true [{subject fall}]`,
				`5 rescue.call.fire 2016-03-01T23:58:00-05:00 +2m0s true [{subject fall}]`,
			}},
		{"wrong", "40.1,-75.3,A,,EMS FALL,2016-03-01 14:40:00,,,1\n40.1,-75.3,A,,Police: FALL,2016-03-01 14:40:00,,,1\n40.1,-75.3,A,,EMS: FALL,2016-02-30 14:40:00,,,1\n" +
			"40.1,-75.3,A,,EMS: FALL,,,,1\nx,-75.3,A,,EMS: FALL,2016-03-01 14:40:00,,,1\nNaN,-75.3,A,,EMS: FALL,2016-03-01 14:40:00,,,1\n91,-75.3,A,,EMS: FALL,2016-03-01 14:40:00,,,1\n40.1,-75.3\n" +
			"40.1,-75.3,A,,EMS: " + strings.Repeat("x", 81) + ",2016-03-01 14:40:00,,,1\n40.1,-75.3,A,,EMS: FALL,2016-03-01 14:40:00," + strings.Repeat("x", 81) + ",,1\n",
			[]string{"2 !unknown_value", "3 !unknown_value", "4 !bad_date", "5 !bad_date", "6 !bad_position", "7 !bad_position", "8 !bad_position", "9 !wrong_fields", "10 !too_long", "11 !too_long"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := read(header + c.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := read("lat,lng,title\n1,2,3\n"); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("a file without desc: %v, want ErrInvalid", err)
	}
}

// TestRealCalls holds what was counted in the county's file with another reader (Python's csv module).
func TestRealCalls(t *testing.T) {
	t.Parallel()
	file := data.File{Name: "montgomery.csv", Open: func() (io.ReadCloser, error) {
		f, err := os.Open(geotest.Shared(t, "rescue/montgomery_911_to_2016-07-15.csv.gz"))
		if err != nil {
			return nil, err
		}
		return gzip.NewReader(f)
	}}
	kinds, stations, rejects := map[string]int{}, map[string]int{}, map[string]int{}
	far, clocks := 0, 0
	for c, err := range Calls(context.Background(), data.Input{Files: []data.File{file}}) {
		var reject *data.Reject
		if errors.As(err, &reject) {
			rejects[reject.Reason]++
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		if e := c.Event(); e.Check() != nil {
			t.Fatal(e.Check())
		}
		kinds[c.Kind]++
		stations[c.Station]++
		if c.Far {
			far++
		}
		if !c.Clock {
			clocks++
		}
	}
	if diff := cmp.Diff(map[string]int{"duplicate_ref": 36}, rejects); diff != "" {
		t.Error(diff)
	}
	if got := kinds["medical"] + kinds["traffic"] + kinds["fire"]; got != 83920-36 {
		t.Errorf("%d calls", got)
	}
	// 14 are hundreds of kilometres away, 4 at the middle of Lehigh County.
	if far != 18 || clocks != 2 {
		t.Errorf("%d far off, want 18; %d without a time, want 2", far, clocks)
	}
	// 127 spellings, of which EMS and FIRE are no stations; and "" for calls that name none.
	if len(stations) != 126 || stations["STA27"] < 660 || stations["308A"] < 3350 || stations["EMS"] != 0 {
		t.Errorf("%d stations, STA27 %d, 308A %d", len(stations), stations["STA27"], stations["308A"])
	}
}

func FuzzCalls(f *testing.F) {
	f.Add("40.3,-75.6,A CT & B LN;  HANOVER; Station 308A; 2016-03-01 @ 17:10:52;,19525,EMS: BACK PAINS/INJURY,2016-03-01 17:12:00,HANOVER,A CT,1")
	f.Add("40.1,-75.3,A AVE; NORRIS; 2016-03-01 @ 14:39:21-Station:STA27;,,Fire: GAS,2016-03-01 14:40:00,NORRIS,A AVE,1")
	f.Add("0,0,Station @ ,, :,2016-03-01 14:40:00,,,1\n\"")
	f.Fuzz(func(t *testing.T, rows string) {
		for c, err := range Calls(context.Background(), memory("f.csv", header+rows)) {
			if err != nil {
				continue
			}
			e := c.Event()
			if err := e.Check(); err != nil {
				t.Fatalf("%v of %q", err, rows)
			}
			if e.Reported.Before(e.Start) || strings.Contains(c.Station, " ") {
				t.Fatalf("reported %v before %v, or station %q", e.Reported, e.Start, c.Station)
			}
		}
	})
}
