package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// request is one way to ask for items: a test class of the suite with its parameters.
type request struct {
	class, operation string
	parameters       []string
	most             int // features that may come; 0 is any number
}

// items are the checks of a collection's items: without parameters, by box, limit and time, of errors, and of one feature.
func (f *features) items(c map[string]any) []Check {
	id, _ := c["id"].(string)
	checks := f.definitions(id)
	for _, r := range f.requests(c) {
		checks = append(checks, f.answers(c, r)...)
	}
	return append(checks,
		Check{Test: "FeaturesErrorConditions#validateFeaturesOperation_QueryParamInvalid", Case: id, Run: func(ctx context.Context) error {
			return f.Wants(ctx, http.StatusBadRequest, address(c), mediaGeoJSON, "limit", "unlimited")
		}},
		Check{Test: "FeaturesErrorConditions#validateFeaturesOperation_QueryParamUnknown", Case: id, Run: func(ctx context.Context) error {
			return f.Wants(ctx, http.StatusBadRequest, address(c), mediaGeoJSON, "unknownQueryParameter12345", "1")
		}},
		Check{Test: "Feature#featureOperation", Case: id, Run: func(ctx context.Context) error {
			_, _, err := f.feature(ctx, c)
			return err
		}},
		Check{Test: "Feature#validateFeatureResponse", Case: id, Run: func(ctx context.Context) error {
			one, _, err := f.feature(ctx, c)
			if err != nil {
				return err
			}
			if _, ok := Find(Links(one), "collection", mediaJSON); !ok {
				return errors.New("no link to its collection")
			}
			return SelfAndAlternates(one, mediaGeoJSON, mediaHTML)
		}})
}

// feature asks for the first feature of a collection.
func (f *features) feature(ctx context.Context, c map[string]any, parameters ...string) (map[string]any, Answer, error) {
	page, _, err := f.Object(ctx, address(c), mediaGeoJSON)
	if err != nil {
		return nil, Answer{}, err
	}
	list, _ := page["features"].([]any)
	if len(list) == 0 {
		return nil, Answer{}, fmt.Errorf("no feature: %w", ErrSkip)
	}
	id, _ := object(list[0])["id"].(string)
	return f.Object(ctx, featureAddress(c, id), mediaGeoJSON, parameters...)
}

// definitions are the checks of the parameters in the API document.
func (f *features) definitions(id string) []Check {
	path := "/collections/" + id + "/items"
	define := func(test, name string, schema func(map[string]any) error) Check {
		return Check{Test: test, Case: id, Run: func(context.Context) error {
			p := Parameter(f.api, path, name)
			if p == nil {
				return fmt.Errorf("%s has no parameter %s", path, name)
			}
			if p["in"] != "query" || p["required"] == true || p["style"] != "form" || p["explode"] != false {
				return fmt.Errorf("parameter %s: in %v, required %v, style %v, explode %v", name, p["in"], p["required"], p["style"], p["explode"])
			}
			return schema(object(p["schema"]))
		}}
	}
	return []Check{
		define("FeaturesBBox#boundingBoxParameterDefinition", "bbox", func(s map[string]any) error {
			if s["type"] != "array" || s["minItems"] != 4.0 || s["maxItems"] != 6.0 || object(s["items"])["type"] != "number" {
				return fmt.Errorf("schema %v", s)
			}
			return nil
		}),
		define("FeaturesLimit#limitParameterDefinition", "limit", func(s map[string]any) error {
			least, _ := s["minimum"].(float64)
			standard, _ := s["default"].(float64)
			if s["type"] != "integer" || least < 1 || standard < 1 {
				return fmt.Errorf("schema %v", s)
			}
			return nil
		}),
		define("FeaturesTime#timeParameterDefinition", "datetime", func(s map[string]any) error {
			if s["type"] != "string" {
				return fmt.Errorf("schema %v", s)
			}
			return nil
		}),
	}
}

// requests are the ways in which the suite asks for a collection's items.
func (f *features) requests(c map[string]any) []request {
	all := []request{{class: "Features", operation: "validateFeaturesOperation"}}
	if box := extentOf(c); box != nil {
		for _, numbers := range [][4]float64{
			*box, {-1.5, 50, 1.5, 53}, {-80, -5, -70, 5}, {177, 65, -177, 70}, {-180, 85, 180, 90}, {-180, -90, 180, -85},
		} {
			all = append(all, request{"FeaturesBBox", "validateFeaturesWithBoundingBoxOperation", []string{"bbox", boxText(numbers)}, 0})
		}
	}
	id, _ := c["id"].(string)
	schema := object(Parameter(f.api, "/collections/"+id+"/items", "limit")["schema"])
	least, _ := schema["minimum"].(float64)
	for _, limit := range []int{int(least), 100} {
		all = append(all, request{"FeaturesLimit", "validateFeaturesWithLimitOperation", []string{"limit", strconv.Itoa(limit)}, limit})
	}
	if from, to, ok := periodOf(c); ok {
		quarter := to.Sub(from) / 4
		text := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
		for _, period := range []string{
			text(from), text(from.Add(quarter)) + "/" + text(from.Add(2*quarter)), text(from.Add(quarter)) + "/..",
			from.Add(quarter).UTC().Format(time.DateOnly) + "/" + from.Add(quarter+48*time.Hour).UTC().Format(time.DateOnly),
		} {
			all = append(all, request{"FeaturesTime", "validateFeaturesWithDateTimeOperation", []string{"datetime", period}, 0})
		}
	}
	return all
}

func boxText(b [4]float64) string {
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	return number(b[0]) + "," + number(b[1]) + "," + number(b[2]) + "," + number(b[3])
}

// extentOf is the first box of a collection's extent.
func extentOf(c map[string]any) *[4]float64 {
	boxes, _ := object(object(c["extent"])["spatial"])["bbox"].([]any)
	if len(boxes) == 0 {
		return nil
	}
	list, _ := boxes[0].([]any)
	var box [4]float64
	if len(list) != len(box) {
		return nil
	}
	for i := range box {
		box[i], _ = list[i].(float64)
	}
	return &box
}

func periodOf(c map[string]any) (from, to time.Time, ok bool) {
	intervals, _ := object(object(c["extent"])["temporal"])["interval"].([]any)
	if len(intervals) == 0 {
		return from, to, false
	}
	ends, _ := intervals[0].([]any)
	if len(ends) != 2 {
		return from, to, false
	}
	first, _ := ends[0].(string)
	last, _ := ends[1].(string)
	from, errFrom := time.Parse(time.RFC3339, first)
	to, errTo := time.Parse(time.RFC3339, last)
	return from, to, errFrom == nil && errTo == nil
}

// answers are the checks of one way to ask. The answer is fetched once, by the first.
func (f *features) answers(c map[string]any, r request) []Check {
	id, _ := c["id"].(string)
	name := id
	for i := 0; i+1 < len(r.parameters); i += 2 {
		name += " " + r.parameters[i] + "=" + r.parameters[i+1]
	}
	var page map[string]any
	var began time.Time
	with := func(part string, check func(ctx context.Context) error) Check {
		test := r.class + "#" + r.operation
		if part != "" {
			test += "/Response_" + part
		}
		return Check{Test: test, Case: name, Run: func(ctx context.Context) error {
			if page == nil && part != "" {
				return fmt.Errorf("no answer: %w", ErrSkip)
			}
			return check(ctx)
		}}
	}
	return []Check{
		with("", func(ctx context.Context) (err error) {
			began = time.Now()
			page, _, err = f.Object(ctx, address(c), mediaGeoJSON, r.parameters...)
			return err
		}),
		with("TypeProperty", func(context.Context) error {
			if page["type"] != "FeatureCollection" {
				return fmt.Errorf("type %v", page["type"])
			}
			return nil
		}),
		with("FeaturesProperty", func(context.Context) error {
			list, ok := page["features"].([]any)
			if !ok || r.most > 0 && len(list) > r.most {
				return fmt.Errorf("features: %t, %d", ok, len(list))
			}
			return nil
		}),
		with("Links", func(context.Context) error { return SelfAndAlternates(page, mediaGeoJSON, mediaHTML) }),
		with("TimeStamp", func(context.Context) error {
			text, _ := page["timeStamp"].(string)
			at, err := time.Parse(time.RFC3339, text)
			const near = 12 * time.Hour // the clock of a test server may run fast
			if err == nil && (at.Before(began.Add(-near)) || at.After(began.Add(near))) {
				err = fmt.Errorf("timeStamp %s is not of now", text)
			}
			return err
		}),
		with("NumberMatched", func(ctx context.Context) error { return f.countAll(ctx, page, c, r.parameters) }),
		with("NumberReturned", func(context.Context) error {
			list, _ := page["features"].([]any)
			if page["numberReturned"] != float64(len(list)) {
				return fmt.Errorf("numberReturned %v, features %d", page["numberReturned"], len(list))
			}
			return nil
		}),
	}
}

// countAll follows the links next, with large pages, and compares with numberMatched.
func (f *features) countAll(ctx context.Context, page, c map[string]any, parameters []string) error {
	matched, told := page["numberMatched"].(float64)
	if !told {
		return fmt.Errorf("numberMatched is not told: %w", ErrSkip)
	}
	if len(parameters) == 2 && parameters[0] == "limit" {
		parameters = nil
	}
	page, _, err := f.Object(ctx, address(c), mediaGeoJSON, append([]string{"limit", "10000"}, parameters...)...)
	total := 0
	for err == nil {
		list, _ := page["features"].([]any)
		total += len(list)
		next, more := Find(Links(page), "next", mediaGeoJSON)
		if !more {
			break
		}
		page, _, err = f.Object(ctx, next.Href, mediaGeoJSON)
	}
	if err == nil && total != int(matched) {
		err = fmt.Errorf("numberMatched %v, features on all pages %d", matched, total)
	}
	return err
}
