package conformance

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	tileSetsRel = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-"
	mercatorURI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
)

// TileInputs are the inputs that ets-ogcapi-tiles10 asks of whoever runs it: a template of tiles and a range of tiles
// that hold something, all of which must be answered 200.
type TileInputs struct {
	Template       string // below the root, with {tileMatrix}, {tileRow} and {tileCol}
	Matrix         int
	MinRow, MaxRow int
	MinCol, MaxCol int
}

// tiling is what the checks of ets-ogcapi-tiles10 share.
type tiling struct {
	*Client
	inputs      TileInputs
	api         map[string]any
	landing     map[string]any
	collections []map[string]any
}

// Tiles are the checks of OGC API Tiles, part 1, as ets-ogcapi-tiles10 makes them.
func Tiles(ctx context.Context, client *Client, inputs TileInputs) ([]Check, error) {
	t := &tiling{Client: client, inputs: inputs}
	var err error
	if t.landing, _, err = client.Object(ctx, client.Root+"/", mediaJSON); err != nil {
		return nil, err
	}
	if desc, ok := Find(Links(t.landing), "service-desc", mediaOpenAPI); ok {
		if t.api, _, err = client.Object(ctx, desc.Href, mediaOpenAPI); err != nil {
			return nil, err
		}
	}
	all, _, err := client.Object(ctx, client.Root+"/collections", mediaJSON)
	if err != nil {
		return nil, err
	}
	list, _ := all["collections"].([]any)
	for _, entry := range list {
		t.collections = append(t.collections, object(entry))
	}
	checks := append(t.general(), t.core()...)
	checks = append(checks, t.sets()...)
	for i := range checks {
		checks[i].Suite = "tiles10"
	}
	return checks, nil
}

// general are the checks of the landing page, the API document and the conformance declaration.
func (t *tiling) general() []Check {
	return []Check{
		{Test: "GeneralHttp#http", Run: func(ctx context.Context) error {
			a, err := t.Get(ctx, t.Root+"/", "")
			if err == nil && a.Proto != "HTTP/1.1" {
				err = fmt.Errorf("protocol %s", a.Proto)
			}
			return err
		}},
		{Test: "landingpage.LandingPage#landingPageRetrieval", Run: func(ctx context.Context) error {
			return t.Wants(ctx, http.StatusOK, t.Root+"/", mediaJSON)
		}},
		{Test: "landingpage.LandingPage#tilesLandingPageValidation", Run: func(context.Context) error {
			if _, ok := Find(Links(t.landing), "data", ""); !ok {
				return errors.New("no link data")
			}
			return nil
		}},
		{Test: "ApiDefinition#apiDefinitionValidation", Run: func(context.Context) error {
			if t.api == nil {
				return errors.New("no link service-desc to an OpenAPI 3.0 document")
			}
			return CheckOpenAPI(t.api)
		}},
		{Test: "ApiDefinition#apiDefinitionOperationIdValidation", Run: func(context.Context) error { return t.operationIDs() }},
		{Test: "Conformance#validateConformanceOperationAndResponse", Run: t.conformance},
	}
}

// operationIDs wants the three operations by the names of requirement 23; the suite is content with one.
func (t *tiling) operationIDs() error {
	wanted := map[string]bool{".getTile": false, ".getTileSetsList": false, ".getTileSet": false}
	for _, path := range object(t.api["paths"]) {
		id, _ := object(object(path)["get"])["operationId"].(string)
		for suffix := range wanted {
			wanted[suffix] = wanted[suffix] || strings.HasSuffix(id, suffix)
		}
	}
	for suffix, found := range wanted {
		if !found {
			return fmt.Errorf("no operation …%s", suffix)
		}
	}
	return nil
}

func (t *tiling) conformance(ctx context.Context) error {
	declared, _, err := t.Object(ctx, t.Root+"/conformance", mediaJSON)
	if err != nil {
		return err
	}
	list, _ := declared["conformsTo"].([]any)
	if !slices.Contains(list, any("http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core")) {
		return errors.New("the core of Tiles is not declared")
	}
	return nil
}

// core are the checks of tiles by the template that was given.
func (t *tiling) core() []Check {
	return []Check{
		{Test: "MandatoryCore#verifyMinimalConformance", Run: func(context.Context) error {
			if !strings.Contains(t.inputs.Template, "/tiles/WebMercatorQuad") {
				return errors.New("the template does not name the tile matrix set")
			}
			return nil
		}},
		{Test: "MandatoryCore#validateSuccessfulTilesExecution", Run: func(ctx context.Context) error {
			for row := t.inputs.MinRow; row <= t.inputs.MaxRow; row++ {
				for col := t.inputs.MinCol; col <= t.inputs.MaxCol; col++ {
					if err := t.Wants(ctx, http.StatusOK, expand(t.Root+t.inputs.Template, t.inputs.Matrix, row, col), ""); err != nil {
						return err
					}
				}
			}
			return nil
		}},
		{Test: "MandatoryCore#verifyErrorResponses", Run: func(ctx context.Context) error {
			return t.outside(ctx, expand(t.Root+t.inputs.Template, t.inputs.Matrix, math.MaxInt32, math.MaxInt32))
		}},
	}
}

func expand(template string, matrix, row, col int) string {
	return strings.NewReplacer("{tileMatrix}", strconv.Itoa(matrix), "{tileRow}", strconv.Itoa(row), "{tileCol}", strconv.Itoa(col)).Replace(template)
}

// outside wants 404 or 400.
func (t *tiling) outside(ctx context.Context, target string) error {
	a, err := t.Get(ctx, target, "")
	if err == nil && a.Status != http.StatusNotFound && a.Status != http.StatusBadRequest {
		err = fmt.Errorf("%s: status %d, want 404 or 400", target, a.Status)
	}
	return err
}

// sets are the checks that follow links from the landing page and the collections down to tiles.
func (t *tiling) sets() []Check {
	dataset := func() (string, error) {
		for _, l := range Links(t.landing) {
			if strings.HasPrefix(l.Rel, tileSetsRel) {
				return l.Href, nil
			}
		}
		return "", errors.New("the landing page links to no tile sets")
	}
	follow := func(do func(ctx context.Context, set map[string]any) error) func(context.Context) error {
		return func(ctx context.Context) error {
			start, err := dataset()
			if err != nil {
				return err
			}
			return t.each(ctx, start, do)
		}
	}
	checks := []Check{
		{Test: "Tile#validateTilesAreAvailable", Run: follow(func(context.Context, map[string]any) error { return nil })},
		{Test: "Tile#validateSuccessfulTilesExecutionFollowingLinks", Run: follow(t.corner)},
		{Test: "Tile#validateTilesErrorConditions", Run: follow(t.beyond)},
		{Test: "datasettilesets.LandingPage#landingPageRetrieval", Run: func(context.Context) error { _, err := dataset(); return err }},
		{Test: "TileSet#validateTilesetResponse", Run: t.matrixSets},
		{Test: "TilesetLlinks#validateTilesetsListResponse", Case: "landing page", Run: follow(t.listed)},
	}
	for _, name := range []string{"tileMatrix", "tileRow", "tileCol"} {
		checks = append(checks, Check{Test: "Tile#validate" + strings.ToUpper(name[:1]) + name[1:] + "DefinitionIsAvailable", Run: follow(
			func(_ context.Context, set map[string]any) error {
				if !strings.Contains(template(set), "{"+name+"}") {
					return fmt.Errorf("no template with {%s}", name)
				}
				return nil
			})})
	}
	return append(checks, t.geodata()...)
}

// geodata are the checks that are repeated for each collection with tiles.
func (t *tiling) geodata() (checks []Check) {
	for _, c := range t.collections {
		for _, l := range Links(c) {
			if !strings.HasPrefix(l.Rel, tileSetsRel) {
				continue
			}
			id := fmt.Sprint(c["id"])
			follow := func(do func(context.Context, map[string]any) error) func(context.Context) error {
				return func(ctx context.Context) error { return t.each(ctx, l.Href, do) }
			}
			checks = append(checks,
				Check{Test: "GeospatialDataResource#geospatialResourceTilesetsLinksCheck", Case: id, Run: follow(t.corner)},
				Check{Test: "GeospatialDataResource#geospatialResourceTilesetsRetrieval", Case: id, Run: func(context.Context) error {
					if !strings.HasSuffix(l.Href, "/tiles") && !strings.Contains(l.Href, "/tiles?") {
						return fmt.Errorf("%s does not end in /tiles", l.Href)
					}
					return nil
				}},
				Check{Test: "TilesetLlinks#validateTilesetsListResponse", Case: id, Run: follow(t.listed)},
				Check{Test: "Tile#validateTilesErrorConditions", Case: id, Run: follow(t.beyond)})
		}
	}
	if len(checks) == 0 {
		checks = []Check{{Test: "GeospatialDataResource#geospatialResourceTilesetsLinksCheck", Run: func(context.Context) error {
			return errors.New("no collection has tile sets")
		}}}
	}
	return checks
}

// each reads a list of tile sets, asks for every link of every one, which must be JSON, and calls do with each set; "list"
// in it is its entry in the list.
func (t *tiling) each(ctx context.Context, start string, do func(context.Context, map[string]any) error) error {
	list, _, err := t.Object(ctx, start, mediaJSON)
	if err != nil {
		return err
	}
	sets, _ := list["tilesets"].([]any)
	if len(sets) == 0 {
		return fmt.Errorf("%s: no tile sets", start)
	}
	for _, entry := range sets {
		for _, l := range Links(object(entry)) {
			set, _, err := t.Object(ctx, l.Href, mediaJSON)
			if err != nil {
				return err
			}
			if l.Rel == "self" {
				set["list"] = entry
				if err := do(ctx, set); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// template is the template of a set's tiles, "" without one.
func template(set map[string]any) string {
	for _, l := range Links(set) {
		if strings.Contains(l.Href, "{tileMatrix}") {
			return l.Href
		}
	}
	return ""
}

// limits are the first limits of a set.
func limits(set map[string]any) (matrix, maxRow, minCol int, err error) {
	list, _ := set["tileMatrixSetLimits"].([]any)
	if len(list) == 0 {
		return 0, 0, 0, errors.New("no limits")
	}
	first := object(list[0])
	name, _ := first["tileMatrix"].(string)
	if matrix, err = strconv.Atoi(name); err != nil {
		return 0, 0, 0, fmt.Errorf("tile matrix %q: %w", name, err)
	}
	row, okRow := first["maxTileRow"].(float64)
	col, okCol := first["minTileCol"].(float64)
	if !okRow || !okCol {
		return 0, 0, 0, errors.New("limits without numbers")
	}
	return matrix, int(row), int(col), nil
}

// corner asks for the south-western tile of the first limits: 200, or 204 for nothing there.
func (t *tiling) corner(ctx context.Context, set map[string]any) error {
	matrix, row, col, err := limits(set)
	if err != nil {
		return err
	}
	target := expand(template(set), matrix, row, col)
	a, err := t.Get(ctx, target, "")
	if err == nil && a.Status != http.StatusOK && a.Status != http.StatusNoContent {
		err = fmt.Errorf("%s: status %d, want 200 or 204: %.200s", target, a.Status, a.Body)
	}
	return err
}

// beyond asks for the tile south of the limits.
func (t *tiling) beyond(ctx context.Context, set map[string]any) error {
	matrix, row, col, err := limits(set)
	if err != nil {
		return err
	}
	return t.outside(ctx, expand(template(set), matrix, row+1, col))
}

// listed wants the least that an entry of a list of tile sets must say (requirement 10).
func (t *tiling) listed(_ context.Context, set map[string]any) error {
	entry := object(set["list"])
	for _, member := range []string{"dataType", "crs", "tileMatrixSetURI", "links"} {
		if entry[member] == nil {
			return fmt.Errorf("an entry without %s", member)
		}
	}
	if entry["tileMatrixSetURI"] != mercatorURI {
		return fmt.Errorf("tile matrix set %v is not registered", entry["tileMatrixSetURI"])
	}
	return nil
}

// matrixSets wants each tile matrix set with its definition.
func (t *tiling) matrixSets(ctx context.Context) error {
	all, _, err := t.Object(ctx, t.Root+"/tileMatrixSets", mediaJSON)
	if err != nil {
		return err
	}
	list, _ := all["tileMatrixSets"].([]any)
	for _, entry := range list {
		l, ok := Find(Links(object(entry)), "item", mediaJSON)
		if !ok {
			return fmt.Errorf("%v: no link item", entry)
		}
		definition, _, err := t.Object(ctx, l.Href, mediaJSON)
		if err != nil {
			return err
		}
		if matrices, _ := definition["tileMatrices"].([]any); len(matrices) == 0 {
			return fmt.Errorf("%s: no tile matrices", l.Href)
		}
	}
	if len(list) == 0 {
		return errors.New("no tile matrix sets")
	}
	return nil
}
