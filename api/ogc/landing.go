package ogc

import (
	"slices"
)

// The conformance classes of what every OGC API shares.
const (
	classCommon      = "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core"
	classLanding     = "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page"
	classCommonJSON  = "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json"
	classCommonHTML  = "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/html"
	classCommonOAS   = "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/oas30"
	classCollections = "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections"
)

// landing is the landing page.
func (a *API) landing(r *Request) (Page, error) {
	links := r.Self()
	links[0].Href = r.Root // with or without a final slash
	own := []Link{
		{Href: "/api", Rel: "service-desc", Type: openAPIMedia, Title: Text{"Définition de l’API (OpenAPI 3.0)", "Definition of the API (OpenAPI 3.0)"}.In(r.Lang)},
		{Href: "/api?f=html", Rel: "service-doc", Type: formatHTML.Media, Title: Text{"Opérations de l’API", "Operations of the API"}.In(r.Lang)},
		{Href: "/conformance", Rel: "conformance", Type: formatJSON.Media, Title: Text{"Classes de conformité", "Conformance classes"}.In(r.Lang)},
		{Href: "/conformance", Rel: "http://www.opengis.net/def/rel/ogc/1.0/conformance", Type: formatJSON.Media, Title: Text{"Classes de conformité", "Conformance classes"}.In(r.Lang)},
		{Href: "/collections", Rel: "data", Type: formatJSON.Media, Title: Text{"Collections", "Collections"}.In(r.Lang)},
		{Href: "/collections", Rel: "http://www.opengis.net/def/rel/ogc/1.0/data", Type: formatJSON.Media, Title: Text{"Collections", "Collections"}.In(r.Lang)},
	}
	for _, part := range a.parts {
		own = append(own, part.Landing...)
	}
	own = r.Absolute(own)
	page := Page{Title: a.config.Title, Intro: a.config.Description}
	page.Body = struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		Links       []Link `json:"links"`
	}{a.config.Title.In(r.Lang), a.config.Description.In(r.Lang), slices.Concat(links, own)}
	for _, link := range own {
		if link.Rel != "service-desc" && !slices.ContainsFunc(page.Links, func(l Link) bool { return l.Href == link.Href }) {
			page.Links = append(page.Links, link)
		}
	}
	return page, nil
}

// Classes lists the conformance classes that hold.
func (a *API) Classes() []string {
	classes := []string{classCommon, classLanding, classCommonJSON, classCommonHTML, classCommonOAS, classCollections}
	for _, part := range a.parts {
		classes = append(classes, part.Conformance...)
	}
	slices.Sort(classes)
	return slices.Compact(classes)
}

func (a *API) conformance(r *Request) (Page, error) {
	classes := a.Classes()
	page := Page{Title: Text{"Classes de conformité", "Conformance classes"}}
	page.Body = struct {
		Links      []Link   `json:"links"`
		ConformsTo []string `json:"conformsTo"`
	}{r.Self(), classes}
	table := Table{
		Caption: Text{"Ce que cette API tient", "What this API keeps"}, Head: []Text{{"Classe", "Class"}},
	}
	for _, class := range classes {
		table.Rows = append(table.Rows, []Cell{{Text: class, Code: true}})
	}
	page.Tables = []Table{table}
	return page, nil
}
