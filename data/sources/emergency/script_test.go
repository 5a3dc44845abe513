package emergency

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine"
)

func TestScript(t *testing.T) {
	t.Parallel()
	cases := []struct {
		in   string
		want script
	}{
		{"var x = 1", script{"x", 1.0}},
		{"\ufeff var $a_1=-1.5e3 ;\n", script{"$a_1", -1500.0}},
		{`var x = {};`, script{"x", object{}}},
		{`var x = [ ] ;`, script{"x", []value{}}},
		{"var d = {\r\n\t2010: {\"a\": [true, false, null]},\n 0:1, b_2: \"\\u00e9\\ud83d\\ude92\\n\\/\"}", script{"d", object{
			{"2010", object{{"a", []value{true, false, nil}}}}, {"0", 1.0}, {"b_2", "é🚒\n/"}}}},
	}
	for _, c := range cases {
		got, err := parseScript(strings.NewReader(c.in), "x.js")
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(script{}, member{})); diff != "" {
			t.Errorf("%s: %s", c.in, diff)
		}
	}
}

func TestScriptRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"", "x = 1", "var = 1", "var 1 = 1", "var x", "var x =", "var x = ;", "let x = 1", "var x = 1; var y = 2", "var x = 1 2",
		"var x = alert(1)", "var x = y", "var x = 1 + 1", "var x = 'a'", "var x = `a`", "var x = \"a", "var x = \"a\nb\"", `var x = "\x41"`, `var x = "\u12"`,
		`var x = "\ud83d"`, `var x = "\ud83dA\u0041"`, "var x = [1,]", "var x = {a:1,}", "var x = {a:1,a:2}", "var x = {a}", "var x = {a 1}", "var x = {[a]:1}", "var x = {-1:1}",
		"var x = {01:1}", "var x = {1.5:1}", "var x = 01", "var x = 1.", "var x = .5", "var x = +1", "var x = 0x10", "var x = 1e999", "var x = -", "var x = NaN", "var x = Infinity", "var x = undefined",
		"var x = [1", "var x = {", "/* c */ var x = 1", "var x = 1 // c", "var x = function(){}", "var x = new Date()", "var x = 1\x00", "var x = \"\xff\"",
		"var x = " + strings.Repeat("[", 100) + strings.Repeat("]", 100),
	} {
		if s, err := parseScript(strings.NewReader(in), "x.js"); !errors.Is(err, geoengine.ErrInvalid) || !strings.Contains(err.Error(), "x.js") {
			t.Errorf("%.60q gives %v, %v; want ErrInvalid with the file", in, s, err)
		}
	}
}

// plain makes of a value what encoding/json would.
func plain(v value) any {
	switch v := v.(type) {
	case object:
		m := map[string]any{}
		for _, one := range v {
			m[one.key] = plain(one.value)
		}
		return m
	case []value:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	}
	return v
}

// FuzzScript holds that a value which is accepted says what encoding/json reads in the same value written as JSON, and
// that what JSON accepts (and is not too deep, or with a key twice) is accepted.
func FuzzScript(f *testing.F) {
	for _, in := range []string{`{"a":[1,-2.5e-3,"x\"\u00e9",true,false,null]}`, `{2010:{a:"b"}}`, `"\ud83d\ude92"`, `[[[[]]]]`, `0`, `01`, `{"a":1,"a":2}`, "\"\x7f\""} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		s, err := parseScript(strings.NewReader("var x = "+in), "x.js")
		var want any
		wrong := json.Unmarshal([]byte(in), &want)
		if err != nil {
			if wrong == nil && strings.Count(in, "[")+strings.Count(in, "{") <= maxDepth && !strings.Contains(in, ":") && !strings.Contains(in, `\u`) && strings.ToValidUTF8(in, "") == in {
				t.Fatalf("%q is JSON and refused: %v", in, err)
			}
			return
		}
		got := plain(s.value)
		if wrong == nil && !cmp.Equal(got, want) {
			t.Fatalf("%q: %v, JSON says %v", in, got, want)
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		var round any
		if json.Unmarshal(again, &round) != nil || !cmp.Equal(got, round) {
			t.Fatalf("%q: %v is not %v", in, got, round)
		}
		if n, ok := got.(float64); ok && (math.IsNaN(n) || math.IsInf(n, 0)) {
			t.Fatalf("%q gives %v", in, n)
		}
	})
}
