package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
)

// The content types that Features is tested with.
const (
	mediaJSON    = "application/json"
	mediaHTML    = "text/html"
	mediaGeoJSON = "application/geo+json"
	mediaOpenAPI = "application/vnd.oai.openapi+json;version=3.0"
	crs84        = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
)

// features is what the checks of ets-ogcapi-features10 share.
type features struct {
	*Client
	api         map[string]any
	collections []map[string]any
}

// Features are the checks of OGC API Features, parts 1 and 2, as ets-ogcapi-features10 makes them. The collections are
// read first, since most tests are repeated for each.
func Features(ctx context.Context, client *Client) ([]Check, error) {
	f := &features{Client: client}
	landing, _, err := client.Object(ctx, client.Root+"/", mediaJSON)
	if err != nil {
		return nil, err
	}
	if desc, ok := Find(Links(landing), "service-desc", mediaOpenAPI); ok {
		if f.api, _, err = client.Object(ctx, desc.Href, mediaOpenAPI); err != nil {
			return nil, err
		}
	}
	all, _, err := client.Object(ctx, client.Root+"/collections", mediaJSON)
	if err != nil {
		return nil, err
	}
	list, _ := all["collections"].([]any)
	for _, entry := range list {
		c := object(entry)
		if _, ok := Find(Links(c), "items", mediaGeoJSON); ok && (c["itemType"] == nil || c["itemType"] == "feature") {
			f.collections = append(f.collections, c)
		}
	}
	checks := f.core(landing, all)
	for _, c := range f.collections {
		checks = append(checks, f.collection(c)...)
		checks = append(checks, f.items(c)...)
		checks = append(checks, f.systems(c)...)
	}
	for i := range checks {
		checks[i].Suite = "features10"
	}
	return checks, nil
}

// core are the checks of the landing page, the API document, the conformance declaration and the collections.
func (f *features) core(landing, all map[string]any) []Check {
	return []Check{
		{Test: "GeneralHttp#http", Run: func(ctx context.Context) error {
			a, err := f.Get(ctx, f.Root+"/", "")
			if err == nil && a.Proto != "HTTP/1.1" {
				err = fmt.Errorf("protocol %s", a.Proto)
			}
			return err
		}},
		{Test: "LandingPage#landingPageRetrieval", Run: func(ctx context.Context) error {
			return f.Wants(ctx, http.StatusOK, f.Root+"/", mediaJSON)
		}},
		{Test: "LandingPage#landingPageValidation", Run: func(context.Context) error {
			for _, rel := range []string{"service-desc", "conformance", "data"} {
				if _, ok := Find(Links(landing), rel, ""); !ok {
					return fmt.Errorf("no link %s", rel)
				}
			}
			return nil
		}},
		{Test: "ApiDefinition#openapiDocumentRetrieval", Run: func(context.Context) error {
			if f.api == nil {
				return errors.New("no link service-desc to an OpenAPI 3.0 document")
			}
			return nil
		}},
		{Test: "ApiDefinition#apiDefinitionValidation", Run: func(context.Context) error { return CheckOpenAPI(f.api) }},
		{Test: "Conformance#validateConformanceOperationAndResponse", Run: f.conformance},
		{Test: "FeatureCollections#validateFeatureCollectionsMetadataOperation", Run: func(ctx context.Context) error {
			return f.Wants(ctx, http.StatusOK, f.Root+"/collections", mediaJSON)
		}},
		{Test: "FeatureCollections#validateFeatureCollectionsMetadataOperationResponse_Links", Run: func(context.Context) error {
			return SelfAndAlternates(all, mediaJSON, mediaHTML)
		}},
		{Test: "FeatureCollections#validateFeatureCollectionsMetadataOperationResponse_Items", Run: func(context.Context) error {
			if len(f.collections) == 0 {
				return errors.New("no collection has items as GeoJSON")
			}
			return nil
		}},
		{Test: "FeatureCollections#validateFeatureCollectionsMetadataOperationResponse_CrsProperty", Run: func(context.Context) error {
			for _, c := range f.collections {
				if list, _ := c["crs"].([]any); len(list) > 0 && list[0] != crs84 {
					return fmt.Errorf("%s: the first system is %v", c["id"], list[0])
				}
			}
			return nil
		}},
		{Test: "FeatureCollections#validateFeatureCollectionsMetadataOperationResponse_Content", Run: func(context.Context) error {
			if len(Links(all)) == 0 || len(f.collections) == 0 {
				return errors.New("no links or no collections")
			}
			return nil
		}},
	}
}

func (f *features) conformance(ctx context.Context) error {
	declared, _, err := f.Object(ctx, f.Root+"/conformance", mediaJSON)
	if err != nil {
		return err
	}
	list, _ := declared["conformsTo"].([]any)
	found := false
	for _, class := range list {
		name, text := class.(string)
		if !text {
			return fmt.Errorf("%v is no text", class)
		}
		found = found || strings.HasPrefix(name, "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core")
	}
	if !found {
		return errors.New("the core of Features is not declared")
	}
	return nil
}

// collection are the checks of one collection's page.
func (f *features) collection(c map[string]any) []Check {
	id, _ := c["id"].(string)
	path := "/collections/" + id
	return []Check{
		{Test: "FeatureCollection#validateFeatureCollectionMetadataOperation", Case: id, Run: func(ctx context.Context) error {
			if object(f.api["paths"])[path] == nil {
				return fmt.Errorf("%s is not in the API document", path)
			}
			return f.Wants(ctx, http.StatusOK, f.Root+path, mediaJSON)
		}},
		{Test: "FeatureCollection#validateFeatureCollectionMetadataResponse", Case: id, Run: func(ctx context.Context) error {
			one, _, err := f.Object(ctx, f.Root+path, mediaJSON)
			for _, member := range []string{"id", "title", "description", "extent"} {
				if err == nil && !reflect.DeepEqual(one[member], c[member]) {
					err = fmt.Errorf("%s differs from that in the list of collections", member)
				}
			}
			return err
		}},
		{Test: "FeatureCollection (dUmmYColLection)", Case: id, Run: func(ctx context.Context) error {
			return f.Wants(ctx, http.StatusNotFound, f.Root+"/collections/dUmmYColLection", mediaJSON)
		}},
	}
}

// address is where a collection's features are, as GeoJSON.
func address(c map[string]any) string {
	link, _ := Find(Links(c), "items", mediaGeoJSON)
	return link.Href
}

// featureAddress is where one feature is: the id goes behind the path of the items.
func featureAddress(c map[string]any, id string) string {
	path, query, has := strings.Cut(address(c), "?")
	if has {
		query = "?" + query
	}
	return path + "/" + id + query
}
