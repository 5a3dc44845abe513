package wmts

import (
	"encoding/xml"
	"fmt"
	"html"
	"net/url"
	"strconv"

	"github.com/paulmach/orb"

	ogctiles "vigie/api/ogc/tiles"
	draw "vigie/tiles"
)

// The capabilities of WMTS 1.0.0 (OGC 07-057r7), element by element.
type capabilities struct {
	XMLName        xml.Name       `xml:"Capabilities"`
	Namespace      string         `xml:"xmlns,attr"`
	OWS            string         `xml:"xmlns:ows,attr"`
	XLink          string         `xml:"xmlns:xlink,attr"`
	XSI            string         `xml:"xmlns:xsi,attr"`
	SchemaLocation string         `xml:"xsi:schemaLocation,attr"`
	Version        string         `xml:"version,attr"`
	Identification identification `xml:"ows:ServiceIdentification"`
	Operations     []operation    `xml:"ows:OperationsMetadata>ows:Operation"`
	Contents       contents       `xml:"Contents"`
	MetadataURL    reference      `xml:"ServiceMetadataURL"`
}

type identification struct {
	Title    string `xml:"ows:Title"`
	Abstract string `xml:"ows:Abstract"`
	Type     string `xml:"ows:ServiceType"`
	Version  string `xml:"ows:ServiceTypeVersion"`
	Fees     string `xml:"ows:Fees"`
	Access   string `xml:"ows:AccessConstraints"`
}

type operation struct {
	Name string `xml:"name,attr"`
	Gets []get  `xml:"ows:DCP>ows:HTTP>ows:Get"`
}

type get struct {
	Href       string     `xml:"xlink:href,attr"`
	Constraint constraint `xml:"ows:Constraint"`
}

type constraint struct {
	Name   string   `xml:"name,attr"`
	Values []string `xml:"ows:AllowedValues>ows:Value"`
}

type reference struct {
	Href string `xml:"xlink:href,attr"`
}

type contents struct {
	Layers []layer   `xml:"Layer"`
	Set    matrixSet `xml:"TileMatrixSet"`
}

type layer struct {
	Title      string       `xml:"ows:Title"`
	Abstract   string       `xml:"ows:Abstract"`
	Box        box          `xml:"ows:WGS84BoundingBox"`
	Identifier string       `xml:"ows:Identifier"`
	Styles     []layerStyle `xml:"Style"`
	Format     string       `xml:"Format"`
	Link       setLink      `xml:"TileMatrixSetLink"`
	Resource   resource     `xml:"ResourceURL"`
}

type box struct {
	Lower string `xml:"ows:LowerCorner"`
	Upper string `xml:"ows:UpperCorner"`
}

type layerStyle struct {
	Default    bool   `xml:"isDefault,attr"`
	Title      string `xml:"ows:Title"`
	Identifier string `xml:"ows:Identifier"`
}

type setLink struct {
	Set    string        `xml:"TileMatrixSet"`
	Limits []matrixLimit `xml:"TileMatrixSetLimits>TileMatrixLimits"`
}

type matrixLimit struct {
	Matrix string `xml:"TileMatrix"`
	MinRow int    `xml:"MinTileRow"`
	MaxRow int    `xml:"MaxTileRow"`
	MinCol int    `xml:"MinTileCol"`
	MaxCol int    `xml:"MaxTileCol"`
}

type resource struct {
	Format   string `xml:"format,attr"`
	Type     string `xml:"resourceType,attr"`
	Template string `xml:"template,attr"`
}

type matrixSet struct {
	Identifier string   `xml:"ows:Identifier"`
	CRS        string   `xml:"ows:SupportedCRS"`
	ScaleSet   string   `xml:"WellKnownScaleSet"`
	Matrices   []matrix `xml:"TileMatrix"`
}

type matrix struct {
	Identifier  string `xml:"ows:Identifier"`
	Scale       string `xml:"ScaleDenominator"`
	TopLeft     string `xml:"TopLeftCorner"`
	TileWidth   int    `xml:"TileWidth"`
	TileHeight  int    `xml:"TileHeight"`
	MatrixWidth int    `xml:"MatrixWidth"`
	MatrixHigh  int    `xml:"MatrixHeight"`
}

// describe returns the capabilities of a facade. api is the address of the OGC API; filters, given to the capabilities,
// hold for the tiles.
func describe(of facade, api string, filters url.Values, bounds orb.Bound) ([]byte, error) {
	root, query := api+of.path, ""
	if len(filters) > 0 {
		query = "?" + filters.Encode()
	}
	kvp := root + "?"
	if query != "" {
		kvp = root + query + "&"
	}
	document := capabilities{
		Namespace: "http://www.opengis.net/wmts/1.0", OWS: "http://www.opengis.net/ows/1.1", XLink: "http://www.w3.org/1999/xlink",
		XSI:            "http://www.w3.org/2001/XMLSchema-instance",
		SchemaLocation: "http://www.opengis.net/wmts/1.0 http://schemas.opengis.net/wmts/1.0/wmtsGetCapabilities_response.xsd",
		Version:        version,
		Identification: identification{
			Title: of.title, Abstract: "Images de la carte pour les clients qui ne lisent ni OGC API – Tiles ni les tuiles vectorielles.",
			Type: "OGC WMTS", Version: version, Fees: "NONE", Access: "Compte ou clé d'API",
		},
		Operations: []operation{
			{"GetCapabilities", gets(kvp, root+"/"+version+"/"+capabilitiesFile+query)},
			{"GetTile", gets(kvp, root+"/"+version+"/")},
		},
		Contents:    contents{Set: webMercatorQuad()},
		MetadataURL: reference{root + "/" + version + "/" + capabilitiesFile + query},
	}
	for _, id := range of.layers {
		document.Contents.Layers = append(document.Contents.Layers, describeLayer(id, root, query, bounds))
	}
	body, err := xml.MarshalIndent(document, "", " ")
	if err != nil {
		return nil, fmt.Errorf("write the capabilities: %w", err)
	}
	return append([]byte(xml.Header), body...), nil
}

func gets(kvp, rest string) []get {
	return []get{
		{kvp, constraint{"GetEncoding", []string{"KVP"}}},
		{rest, constraint{"GetEncoding", []string{"RESTful"}}},
	}
}

func describeLayer(id, root, query string, bounds orb.Bound) layer {
	about := layer{
		Identifier: id, Format: mediaPNG,
		Box:    box{corner(bounds.Min), corner(bounds.Max)},
		Styles: []layerStyle{{true, "Jour", day}, {false, "Nuit", night}},
		Link:   setLink{Set: ogctiles.MatrixSet},
		Resource: resource{mediaPNG, "tile", root + "/" + version + "/" + id +
			"/{Style}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}.png" + query},
	}
	for _, known := range draw.Layers() {
		if known.ID == id {
			about.Title, about.Abstract = known.Title, known.Vector[0].Description
		}
	}
	first, last := zooms(id)
	for z := first; z <= last; z++ {
		about.Link.Limits = append(about.Link.Limits, matrixLimit{strconv.Itoa(z), 0, 1<<z - 1, 0, 1<<z - 1})
	}
	return about
}

func corner(p orb.Point) string { return number(p.Lon()) + " " + number(p.Lat()) }

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func webMercatorQuad() matrixSet {
	set := matrixSet{
		Identifier: ogctiles.MatrixSet, CRS: "urn:ogc:def:crs:EPSG::3857", ScaleSet: "urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible",
	}
	for _, m := range ogctiles.Matrices()[:draw.MaxZoom+1] {
		set.Matrices = append(set.Matrices, matrix{
			m.ID, number(m.ScaleDenominator), number(m.PointOfOrigin[0]) + " " + number(m.PointOfOrigin[1]),
			m.TileWidth, m.TileHeight, m.MatrixWidth, m.MatrixHeight,
		})
	}
	return set
}

// report is an exception as OWS 1.1 writes it.
func (e *exception) report() []byte {
	return fmt.Appendf(nil, xml.Header+`<ExceptionReport xmlns="http://www.opengis.net/ows/1.1" version="1.1.0" xml:lang="en">`+
		`<Exception exceptionCode="%s" locator="%s"><ExceptionText>%s</ExceptionText></Exception></ExceptionReport>`,
		e.code, html.EscapeString(e.locator), html.EscapeString(e.text))
}
