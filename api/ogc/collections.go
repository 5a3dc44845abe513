package ogc

import (
	"slices"
)

// CRS84 is WGS 84 in longitude, latitude order: the reference system of everything that does not say another.
const CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

// gregorian is the temporal reference system of extents.
const gregorian = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"

// collectionBody is a collection as every OGC API describes it.
type collectionBody struct {
	ID          string      `json:"id"`
	Title       string      `json:"title"`
	Description string      `json:"description,omitempty"`
	Extent      *extentBody `json:"extent,omitempty"`
	ItemType    string      `json:"itemType,omitempty"`
	CRS         []string    `json:"crs,omitempty"`
	StorageCRS  string      `json:"storageCrs,omitempty"`
	Links       []Link      `json:"links"`
}

type extentBody struct {
	Spatial  *spatialBody  `json:"spatial,omitempty"`
	Temporal *temporalBody `json:"temporal,omitempty"`
}

type spatialBody struct {
	BBox [][4]float64 `json:"bbox"`
	CRS  string       `json:"crs"`
}

type temporalBody struct {
	Interval [][2]*string `json:"interval"`
	TRS      string       `json:"trs"`
}

// describeCollection is what the caller is told of a collection.
func (a *API) describeCollection(r *Request, c Collection) (collectionBody, error) {
	own := "/collections/" + c.ID
	body := collectionBody{
		ID: c.ID, Title: c.Title.In(r.Lang), Description: c.Description.In(r.Lang), ItemType: c.ItemType, CRS: c.CRS,
		Links: []Link{
			{Href: own, Rel: "self", Type: formatJSON.Media, Title: thisDocument.In(r.Lang)},
			{Href: own + "?f=html", Rel: "alternate", Type: formatHTML.Media, Title: "HTML"},
		},
	}
	if r.path() == own {
		body.Links = r.Self()
	}
	if len(c.CRS) > 0 {
		body.StorageCRS = CRS84
	}
	body.Links = append(body.Links, Link{Href: "", Rel: "root", Type: formatJSON.Media, Title: a.config.Title.In(r.Lang)})
	for _, part := range a.parts {
		if part.Collection != nil {
			body.Links = append(body.Links, part.Collection(c.ID)...)
		}
	}
	body.Links = r.Absolute(body.Links)
	if c.Extent == nil {
		return body, nil
	}
	extent, err := c.Extent(r.Context(), r.Pass)
	if err != nil {
		return body, err
	}
	body.Extent = extent.body()
	return body, nil
}

func (e Extent) body() *extentBody {
	body := &extentBody{}
	if e.Box != nil {
		body.Spatial = &spatialBody{[][4]float64{{e.Box.Min[0], e.Box.Min[1], e.Box.Max[0], e.Box.Max[1]}}, CRS84}
	}
	if e.Period {
		open := func(s string) *string {
			if s == "" {
				return nil
			}
			return &s
		}
		body.Temporal = &temporalBody{[][2]*string{{open(e.From), open(e.To)}}, gregorian}
	}
	if *body == (extentBody{}) {
		return nil
	}
	return body
}

// list is the page of all collections.
func (a *API) list(r *Request) (Page, error) {
	page := Page{Title: Text{"Collections", "Collections"}}
	body := struct {
		Links       []Link           `json:"links"`
		Collections []collectionBody `json:"collections"`
	}{append(r.Self(), Link{Href: r.Root, Rel: "root", Type: formatJSON.Media, Title: a.config.Title.In(r.Lang)}), []collectionBody{}}
	table := Table{Caption: page.Title, Head: []Text{{"Nom", "Name"}, {"Titre", "Title"}, {"Description", "Description"}}}
	for _, c := range a.collections {
		one, err := a.describeCollection(r, c)
		if err != nil {
			return Page{}, err
		}
		body.Collections = append(body.Collections, one)
		table.Rows = append(table.Rows, []Cell{{Text: c.ID, Code: true, Href: "/collections/" + c.ID}, {Text: one.Title}, {Text: one.Description}})
	}
	page.Body, page.Tables = body, []Table{table}
	return page, nil
}

// one is the page of one collection.
func (a *API) one(r *Request, c Collection) (Page, error) {
	body, err := a.describeCollection(r, c)
	if err != nil {
		return Page{}, err
	}
	page := Page{Body: body, Title: c.Title, Intro: c.Description, Trail: CollectionTrail()}
	hidden := []string{"self", "alternate", "root"}
	for _, link := range body.Links {
		if !slices.Contains(hidden, link.Rel) && !link.Templated && link.Title != "" {
			page.Links = append(page.Links, link)
		}
	}
	return page, nil
}

// CollectionTrail is the way to the pages of a collection; others are appended to it.
func CollectionTrail(further ...Link) []Link {
	return append([]Link{{Href: "/collections", Title: "Collections"}}, further...)
}
