package api

import (
	"context"

	"vigie/api/door"
	"vigie/api/problem"
	"vigie/geoengine"
)

type areasInput struct {
	Q      string `query:"q" maxLength:"100" doc:"Words of the name, or the code."`
	Parent string `query:"parent" maxLength:"200" doc:"Path: list its children. Without q and parent: the roots."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Of a search."`
}

// maxChildren is the longest list of children: the largest département has some 900 communes.
const maxChildren = 1000

type areasBody struct {
	Areas []areaBody `json:"areas" nullable:"false"`
}

type areaBody struct {
	Path   string      `json:"path"`
	Name   string      `json:"name"`
	Level  string      `json:"level"`
	Code   string      `json:"code"`
	Bounds *[4]float64 `json:"bounds" doc:"West, south, east, north; null if unknown."`
}

func (s *Server) areas(ctx context.Context, pass door.Pass, in *areasInput) (*struct{ Body areasBody }, error) {
	switch {
	case in.Q != "" && in.Parent != "":
		return nil, problem.Fields{{Location: "query.parent", Message: "q and parent do not go together"}}
	case in.Parent != "" && !geoengine.ValidAreaPath(in.Parent):
		return nil, problem.Fields{{Location: "query.parent", Message: "must be a dotted path such as fr.76.31"}}
	}
	areas, err := s.places.read(ctx)
	if err != nil {
		return nil, err
	}
	var found []geoengine.AreaName
	if in.Q != "" {
		found = areas.Search(in.Q, pass.Scope(), in.Limit)
	} else {
		found = areas.Children(in.Parent, pass.Scope(), maxChildren)
	}
	body := areasBody{Areas: make([]areaBody, len(found))}
	for i, a := range found {
		body.Areas[i] = areaBodyOf(a)
	}
	return &struct{ Body areasBody }{body}, nil
}

type areaInput struct {
	Path string `path:"path" maxLength:"200"`
}

func (s *Server) area(ctx context.Context, pass door.Pass, in *areaInput) (*struct{ Body areaBody }, error) {
	areas, err := s.places.read(ctx)
	if err != nil {
		return nil, err
	}
	found, ok := areas.Area(in.Path, pass.Scope())
	if !ok {
		return nil, geoengine.ErrMissing
	}
	return &struct{ Body areaBody }{areaBodyOf(found)}, nil
}

func areaBodyOf(a geoengine.AreaName) areaBody {
	body := areaBody{Path: a.Path, Name: a.Name, Level: a.Level, Code: a.Code}
	if a.Bounds != nil {
		edges := edgesOf(*a.Bounds)
		body.Bounds = &edges
	}
	return body
}
