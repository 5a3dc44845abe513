package tiles

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"vigie/api/door"
	"vigie/api/filter"
	"vigie/api/ogc"
)

// onlyJSON is the form of what people do not read.
func onlyJSON() []ogc.Format { return []ogc.Format{ogc.JSON()} }

// document is an operation that answers a page.
func (s *service) document(op door.Operation, formats []ogc.Format, build func(*ogc.Request) (ogc.Page, error), params ...*huma.Param) ogc.Operation {
	op.Params = with(op.Params, append(params, ogc.FormatParam(formats))...)
	return ogc.Operation{Operation: op, Handler: ogc.Handler(s.config.API, formats, build)}
}

// matrixSetOperations describe the tile matrix set.
func (s *service) matrixSetOperations() []ogc.Operation {
	operation := func(id, path, summary string) door.Operation {
		return door.Operation{
			ID: id, Method: http.MethodGet, Path: ogc.Base + path, Tag: "Tiles", Roles: s.config.API.Roles, Standard: true, Quiet: true,
			Summary: summary, Audit: door.AuditNone, Limit: s.config.API.Limit,
		}
	}
	return []ogc.Operation{
		s.document(operation("vigie.getTileMatrixSetsList", "/tileMatrixSets", "The tile matrix sets"), ogc.Documents(), matrixSets),
		s.document(operation("vigie.getTileMatrixSet", "/tileMatrixSets/{tileMatrixSetId}", "The definition of a tile matrix set"),
			ogc.Documents(), aboutMatrixSet, pathParam("tileMatrixSetId", "WebMercatorQuad.", huma.TypeString)),
	}
}

func matrixSetsTitle() ogc.Text { return ogc.Text{FR: "Grilles de tuiles", EN: "Tile matrix sets"} }

func matrixSets(r *ogc.Request) (ogc.Page, error) {
	return ogc.Page{
		Title: matrixSetsTitle(), Intro: matrixSetsTitle(), Links: []ogc.Link{schemeLink(r, "item")},
		Body: map[string]any{
			"links": r.Self(),
			"tileMatrixSets": []any{map[string]any{
				"id": MatrixSet, "title": matrixSetTitle, "uri": MatrixSetURI, "crs": CRS,
				"links": []ogc.Link{schemeLink(r, "self"), schemeLink(r, "item")},
			}},
		},
	}, nil
}

func aboutMatrixSet(r *ogc.Request) (ogc.Page, error) {
	if err := checkSet(r.Request); err != nil {
		return ogc.Page{}, err
	}
	definition := webMercatorQuad()
	table := ogc.Table{Caption: ogc.Text{FR: "Zooms", EN: "Zooms"}, Head: []ogc.Text{ogc.Plain("id"), {FR: "Échelle 1 :", EN: "Scale 1:"}, {FR: "m par pixel", EN: "m a pixel"}}}
	for _, m := range definition.TileMatrices {
		table.Rows = append(table.Rows, ogc.Words(m.ID, decimal(m.ScaleDenominator), decimal(m.CellSize)))
	}
	return ogc.Page{
		Title: ogc.Plain(MatrixSet), Intro: ogc.Plain(matrixSetTitle), Tables: []ogc.Table{table}, Body: definition,
		Trail: []ogc.Link{{Href: "/tileMatrixSets", Title: matrixSetsTitle().In(r.Lang)}},
	}, nil
}

// operations serve one tile set.
func (s *service) operations(of set) []ogc.Operation {
	name, whose := of.id+".collection.vector.", "of the collection "+of.id // ids as requirement 23 of OGC 20-057 wants them
	if of.id == "" {
		name, whose = "vigie.dataset.vector.", "of the whole"
	}
	params := []*huma.Param{textParam("datetime", "Instant or interval, RFC 3339: a, a/b, ../b or a/.. . It narrows the events only.")}
	if of.id == "" {
		params = append(params, textParam("collections", "Which of hexagons, areas, units, separated by commas; all if absent."))
	}
	if of.filtered {
		params = append(params, filter.Params()...)
	}
	operation := func(id, path, summary string) door.Operation {
		return door.Operation{
			ID: name + id, Method: http.MethodGet, Path: ogc.Base + of.path() + path, Tag: "Tiles", Roles: s.config.API.Roles,
			Standard: true, Quiet: true, Summary: summary + " " + whose, Audit: door.AuditAggregate, Limit: s.config.API.Limit, Params: params,
		}
	}
	matrixSet := pathParam("tileMatrixSetId", "WebMercatorQuad.", huma.TypeString)
	tile := operation("getTile", "/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}", "A tile")
	tile.Params = with(tile.Params, matrixSet, pathParam("tileMatrix", "Zoom.", huma.TypeInteger),
		pathParam("tileRow", "Row from the north.", huma.TypeInteger), pathParam("tileCol", "Column from the west.", huma.TypeInteger),
		ogc.FormatParam([]ogc.Format{{Name: "mvt", Media: mediaMVT}}))
	tile.Limit, tile.Timeout = s.config.Often, tileTimeout
	if of.single {
		tile.Audit, tile.Act = door.AuditRead, door.ActConsultation
	}
	return []ogc.Operation{
		s.document(operation("getTileSetsList", "", "The tile sets"), ogc.Documents(), s.list(of)),
		s.document(operation("getTileSet", "/{tileMatrixSetId}", "The tile set in a tile matrix set"), ogc.Documents(), s.describe(of), matrixSet),
		s.document(operation("getTileJSON", "/{tileMatrixSetId}/tilejson", "TileJSON 3 of the tiles"), onlyJSON(), s.tileJSON(of), matrixSet),
		{Operation: tile, Handler: door.Raw(s.tile(of), mediaMVT)},
	}
}

// with returns the parameters with more behind them, in a list of its own.
func with(params []*huma.Param, more ...*huma.Param) []*huma.Param {
	return append(append([]*huma.Param{}, params...), more...)
}

func pathParam(name, about, kind string) *huma.Param {
	return &huma.Param{Name: name, In: "path", Required: true, Description: about, Schema: &huma.Schema{Type: kind}}
}

func textParam(name, about string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: about, Schema: &huma.Schema{Type: huma.TypeString}}
}
