package csv

import (
	"testing"
	"time"
)

func TestLayout(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ format, text, want string }{
		{"YYYY-MM-DD HH:mm", "2019-11-30 01:30", "2019-11-30T01:30:00+01:00"},
		{"YYYY-MM-DD HH:mm", "2019-11-30 1:30", ""},
		{"YYYY-MM-DD H:mm", "2019-11-30 1:30", "2019-11-30T01:30:00+01:00"},
		{"YYYY-MM-DDTHH:mm:ss.f", "2019-11-30T01:30:05.123456", "2019-11-30T01:30:05+01:00"},
		{"YYYY-MM-DDTHH:mm:ssZ", "2019-06-30T10:00:00Z", "2019-06-30T12:00:00+02:00"},
		{"YYYY-MM-DDTHH:mm:ssZ", "2019-06-30T10:00:00-05:30", "2019-06-30T17:30:00+02:00"},
		{"YYYY-MM-DD HH:mm:ssZ", "2019-06-30 10:00:00+02", "2019-06-30T10:00:00+02:00"},
		{"DD/MM/YYYY", "30/11/2019", "2019-11-30T00:00:00+01:00 24h0m0s"},
		{"D/M/YY", "3/1/19", "2019-01-03T00:00:00+01:00 24h0m0s"},
		{"D/M/YY", "3/1/69", "1969-01-03T00:00:00+01:00 24h0m0s"},
		{"DD/MM/YYYY", "31/03/2013", "2013-03-31T00:00:00+01:00 23h0m0s"},
		{"DD/MM/YYYY", "31/02/2019", ""},
		{"DD/MM/YYYY", "30/11/2019 ", ""},
		{"M/D/YYYY h:mm:ss A", "7/4/2016 12:05:00 AM", "2016-07-04T00:05:00+02:00"},
		{"M/D/YYYY h:mm:ss A", "7/4/2016 12:05:00 pm", "2016-07-04T12:05:00+02:00"},
		{"M/D/YYYY h:mm:ss A", "7/4/2016 13:05:00 PM", ""},
		{"YYYY M D Hmm", "2016 7 4 845", "2016-07-04T08:45:00+02:00"},
		{"YYYY M D Hmm", "2016 7 4 1845", "2016-07-04T18:45:00+02:00"},
		{"YYYY M D Hmm", "2016 7 4 45", "2016-07-04T00:45:00+02:00"},
		{"YYYY M D Hmm", "2016 7 4 5", "2016-07-04T00:05:00+02:00"},
		{"YYYY M D Hmm", "2016 7 4 0060", ""},
		{"MM/DD/YYYY * Hmm", "07/04/2016 12:00:00 AM 0005", "2016-07-04T00:05:00+02:00"},
		{"MM/DD/YYYY '12:00:00 AM' Hmm", "07/04/2016 12:00:00 AM 2230", "2016-07-04T22:30:00+02:00"},
		{"YYYYMMDDHHmm", "201607041845", "2016-07-04T18:45:00+02:00"},
		{"YYYY-MM-DD HH", "2016-07-04 18", "2016-07-04T18:00:00+02:00 1h0m0s"},
		{"YYYY-MM", "2016-02", "2016-02-01T00:00:00+01:00 696h0m0s"},
		{"YYYY", "2015", "2015-01-01T00:00:00+01:00 8760h0m0s"},
		{"D MMM YYYY", "4 juil. 2016", "2016-07-04T00:00:00+02:00 24h0m0s"},
		{"D MMMM YYYY", "4 Août 2016", "2016-08-04T00:00:00+02:00 24h0m0s"},
		{"MMM D, YYYY", "Dec 24, 2016", "2016-12-24T00:00:00+01:00 24h0m0s"},
		{"D' de 'MMMM' de 'YYYY", "4 de março de 2016", "2016-03-04T00:00:00+01:00 24h0m0s"},
		{"unix", "1467650700", "2016-07-04T18:45:00+02:00"},
		{"unix_ms", "1467650700000", "2016-07-04T18:45:00+02:00"},
		{"unix", "-60", "1970-01-01T00:59:00+01:00"},
		{"YYYY-MM-DD", "0000-01-01", ""},
		{"M/D/YYYY h:mm A", "7/4/2016 1:05 p.m.", "2016-07-04T13:05:00+02:00"},
		{"YYYY-MM-DDT*", "2019-11-30T00:00:00.000", "2019-11-30T00:00:00+01:00 24h0m0s"},
		{"YYYY-MM-DD* H:mm", "2019-11-30T00:00:00.000 8:05", "2019-11-30T08:05:00+01:00"},
		{"YYYY-MM-DD H:*", "2019-11-30 8:00-9:00", "2019-11-30T08:00:00+01:00 1h0m0s"},
		{"YYYY-MM-DD *", "2019-11-30 99:99", "2019-11-30T00:00:00+01:00 24h0m0s"},
		{"YYYY-MM-DD HH:mm", "2019-11-30 24:00", ""},
		{"YYYY-MM-DD", "", ""},
	}
	for _, test := range tests {
		t.Run(test.format+" "+test.text, func(t *testing.T) {
			t.Parallel()
			l, err := compile(test.format)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if start, end, ok := l.parse(test.text, paris); ok {
				got = start.Format(time.RFC3339)
				if length := end.Sub(start); length > 0 {
					got += " " + length.String()
				}
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestLayoutRefuses(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"", "MM-DD", "YYYY DD", "YYYY-MM-DD mm", "YYYY-MM HH", "YYYY-MM-DD h:mm", "YYYY 'x", "YYYY***"} {
		if _, err := compile(format); err == nil {
			t.Errorf("%q was accepted", format)
		}
	}
}

func FuzzLayout(f *testing.F) {
	f.Add("YYYY-MM-DD HH:mm:ss.fZ", "2019-11-30 01:30:00.5+02:00")
	f.Add("D MMM YY h:m A", "1 févr. 19 1:1 AM")
	f.Add("Hmm unix", "845 1")
	f.Fuzz(func(t *testing.T, format, text string) {
		l, err := compile(format)
		if err != nil || len(l.tokens) > 40 {
			return
		}
		if start, end, ok := l.parse(text, time.UTC); ok && end.Before(start) {
			t.Fatalf("%q by %q ends %s before it starts %s", text, format, end, start)
		}
	})
}
