package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
)

const unsupportedCRS = "http://www.opengis.net/def/crs/0/unsupported"

// systemURI is the form of OGC's URIs of reference systems (OGC 09-048).
var systemURI = regexp.MustCompile(`^https?://www\.opengis\.net/def/crs/[A-Za-z0-9]+/[A-Za-z0-9.]+/[A-Za-z0-9]+$`)

// systems are the checks of part 2: discovery, and the parameters crs and bbox-crs.
func (f *features) systems(c map[string]any) []Check {
	id, _ := c["id"].(string)
	list, _ := c["crs"].([]any)
	check := func(test string, run func(ctx context.Context) error) Check {
		return Check{Test: test, Case: id, Run: run}
	}
	wrongSystem := func(parameters ...string) func(context.Context) error {
		return func(ctx context.Context) error {
			return f.Wants(ctx, http.StatusBadRequest, address(c), mediaGeoJSON, parameters...)
		}
	}
	checks := []Check{
		check("DiscoveryCollectionDefaultCrs", func(context.Context) error {
			if !slices.Contains(list, any(crs84)) {
				return fmt.Errorf("CRS84 is not among %v", list)
			}
			return nil
		}),
		check("DiscoveryCollectionStorageCrs", func(context.Context) error {
			if !slices.Contains(list, c["storageCrs"]) {
				return fmt.Errorf("storageCrs %v is not among %v", c["storageCrs"], list)
			}
			return nil
		}),
		check("FeaturesCrsParameterInvalid", wrongSystem("crs", unsupportedCRS)),
		check("BBoxCrsParameterInvalid", wrongSystem("bbox", "5,49,6,50", "bbox-crs", unsupportedCRS)),
		check("FeatureCrsParameterInvalid", func(ctx context.Context) error {
			one, _, err := f.feature(ctx, c)
			if err != nil {
				return err
			}
			return f.Wants(ctx, http.StatusBadRequest, featureAddress(c, fmt.Sprint(one["id"])), mediaGeoJSON, "crs", unsupportedCRS)
		}),
		check("FeaturesCrsParameterDefault", func(ctx context.Context) error { return f.declares(ctx, c, crs84) }),
		check("FeatureCrsParameterDefault", func(ctx context.Context) error { return f.featureDeclares(ctx, c, crs84) }),
		check("BBoxCrsParameterDefault", func(ctx context.Context) error { return f.sameBox(ctx, c, crs84) }),
	}
	for _, entry := range list {
		uri, _ := entry.(string)
		for test, run := range map[string]func(context.Context) error{
			"DiscoveryCollectionCrsUri": func(context.Context) error {
				if !systemURI.MatchString(uri) {
					return fmt.Errorf("%q is no URI of a system", uri)
				}
				return nil
			},
			"FeaturesCrsParameter":          func(ctx context.Context) error { return f.declares(ctx, c, uri, "crs", uri) },
			"FeatureCrsParameter":           func(ctx context.Context) error { return f.featureDeclares(ctx, c, uri, "crs", uri) },
			"FeaturesCrsParameterTransform": func(ctx context.Context) error { return f.transforms(ctx, c, uri) },
			"BBoxCrsParameter":              func(ctx context.Context) error { return f.sameBox(ctx, c, uri) },
		} {
			checks = append(checks, Check{Test: test, Case: id + " " + uri, Run: run})
		}
	}
	return checks
}

func (f *features) declares(ctx context.Context, c map[string]any, uri string, parameters ...string) error {
	_, answer, err := f.Object(ctx, address(c), mediaGeoJSON, parameters...)
	return contentCRS(answer, uri, err)
}

func (f *features) featureDeclares(ctx context.Context, c map[string]any, uri string, parameters ...string) error {
	_, answer, err := f.feature(ctx, c, parameters...)
	return contentCRS(answer, uri, err)
}

func contentCRS(answer Answer, uri string, err error) error {
	if got := answer.Header.Get("Content-Crs"); err == nil && got != "<"+uri+">" {
		err = fmt.Errorf("Content-Crs %q, want <%s>", got, uri)
	}
	return err
}

// known are formulas from longitude, latitude in degrees to the axes of a system, by URI; others are compared by their
// features only.
func known(uri string) func(lon, lat float64) (x, y float64) {
	switch uri {
	case crs84:
		return func(lon, lat float64) (float64, float64) { return lon, lat }
	case "http://www.opengis.net/def/crs/EPSG/0/4326":
		return func(lon, lat float64) (float64, float64) { return lat, lon }
	case "http://www.opengis.net/def/crs/EPSG/0/3857":
		const half = 20037508.342789244
		return func(lon, lat float64) (float64, float64) {
			return lon * half / 180, math.Log(math.Tan((90+lat)*math.Pi/360)) * half / math.Pi
		}
	case "http://www.opengis.net/def/crs/EPSG/0/2154":
		return lambert93
	}
	return nil
}

// lambert93 is the conformal conic projection of France (IGN, NT/G 71, algorithms 1 and 3, GRS 80).
func lambert93(lon, lat float64) (x, y float64) {
	const (
		n, c, x0, y0 = 0.7256077650532670, 11754255.426096, 700000, 12655612.049876
		e            = 0.0818191910428158
	)
	radians := lat * math.Pi / 180
	isometric := math.Log(math.Tan(math.Pi/4+radians/2) * math.Pow((1-e*math.Sin(radians))/(1+e*math.Sin(radians)), e/2))
	gamma, r := n*(lon-3)*math.Pi/180, c*math.Exp(-n*isometric)
	return x0 + r*math.Sin(gamma), y0 - r*math.Cos(gamma)
}

// transforms checks that each point in a system is the same point in CRS84.
func (f *features) transforms(ctx context.Context, c map[string]any, uri string) error {
	formula := known(uri)
	if formula == nil {
		return fmt.Errorf("no formula for %s: %w", uri, ErrSkip)
	}
	plain, _, err := f.points(ctx, address(c))
	if err != nil {
		return err
	}
	other, _, err := f.points(ctx, address(c), "crs", uri)
	if err != nil {
		return err
	}
	if len(plain) != len(other) {
		return fmt.Errorf("%d features in CRS84, %d in %s", len(plain), len(other), uri)
	}
	tolerance := 0.01 // metres
	if uri == crs84 || known(uri) == nil || uri == "http://www.opengis.net/def/crs/EPSG/0/4326" {
		tolerance = 1e-6
	}
	for id, p := range plain {
		x, y := formula(p[0], p[1])
		if q := other[id]; math.Abs(q[0]-x) > tolerance*10 || math.Abs(q[1]-y) > tolerance*10 {
			return fmt.Errorf("%s: %v in CRS84 is %v, want %v %v", id, p, q, x, y)
		}
	}
	return nil
}

// points are a first position of each feature on a page, by id.
func (f *features) points(ctx context.Context, target string, parameters ...string) (map[string][2]float64, []string, error) {
	_, answer, err := f.Object(ctx, target, mediaGeoJSON, parameters...)
	if err != nil {
		return nil, nil, err
	}
	var page struct {
		Features []struct {
			ID       string
			Geometry *struct{ Coordinates json.RawMessage }
		}
	}
	if err := json.Unmarshal(answer.Body, &page); err != nil {
		return nil, nil, err
	}
	found, ids := map[string][2]float64{}, []string{}
	for _, one := range page.Features {
		ids = append(ids, one.ID)
		if one.Geometry == nil {
			continue
		}
		var at any
		if err := json.Unmarshal(one.Geometry.Coordinates, &at); err != nil {
			return nil, nil, err
		}
		for {
			list, _ := at.([]any)
			if len(list) < 2 && len(list) != 1 {
				break
			}
			x, number := list[0].(float64)
			if !number {
				at = list[0]
				continue
			}
			y, _ := list[1].(float64)
			found[one.ID] = [2]float64{x, y}
			break
		}
	}
	return found, ids, nil
}

// sameBox checks that the box of the collection finds the same features, whatever system it is given in. The suite
// transforms the corners of the extent; where a system turns the box, features near its edges may differ, so that it is
// drawn around the first feature here.
func (f *features) sameBox(ctx context.Context, c map[string]any, uri string) error {
	formula := known(uri)
	if formula == nil || extentOf(c) == nil {
		return fmt.Errorf("no formula or no extent: %w", ErrSkip)
	}
	positions, ids, err := f.points(ctx, address(c))
	if err != nil {
		return err
	}
	const near = 0.05
	for _, id := range ids {
		p, ok := positions[id]
		if !ok {
			continue
		}
		plain := [4]float64{p[0] - near, p[1] - near, p[0] + near, p[1] + near}
		var moved [4]float64
		moved[0], moved[1] = formula(plain[0], plain[1])
		moved[2], moved[3] = formula(plain[2], plain[3])
		_, want, err := f.points(ctx, address(c), "bbox", boxText(plain), "limit", "1000")
		if err != nil {
			return err
		}
		_, got, err := f.points(ctx, address(c), "bbox", boxText(moved), "bbox-crs", uri, "limit", "1000")
		if err != nil {
			return err
		}
		missing := 0
		for _, id := range want {
			if !slices.Contains(got, id) {
				missing++
			}
		}
		turned := uri == "http://www.opengis.net/def/crs/EPSG/0/2154"
		if len(want) == 0 || !slices.Contains(got, id) || !turned && (missing > 0 || len(got) != len(want)) || turned && missing > len(want)/3 {
			return fmt.Errorf("box around %s: %d features in CRS84, %d in %s, %d missing", id, len(want), len(got), uri, missing)
		}
		return nil
	}
	return fmt.Errorf("no positions: %w", ErrSkip)
}
