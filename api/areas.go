package api

import (
	"context"
	"strings"
	"unicode/utf8"

	"vigie/api/door"
	"vigie/api/problem"
	"vigie/geoengine"
)

type areasInput struct {
	Q      string `query:"q" maxLength:"100" doc:"Words of the name, or the code."`
	Parent string `query:"parent" maxLength:"200" doc:"Path: list its children. Without q and parent: the roots."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Of a search."`
}

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
	var (
		found []geoengine.AreaName
		err   error
	)
	switch {
	case in.Q != "" && in.Parent != "":
		return nil, problem.Fields{{Location: "query.parent", Message: "q and parent do not go together"}}
	case !utf8.ValidString(in.Q) || strings.ContainsRune(in.Q, 0):
		return nil, problem.Fields{{Location: "query.q", Message: "must be UTF-8 text"}}
	case in.Q != "":
		found, err = s.config.Store.SearchAreas(ctx, in.Q, pass.Scope(), in.Limit)
	case in.Parent != "" && !geoengine.ValidAreaPath(in.Parent):
		return nil, problem.Fields{{Location: "query.parent", Message: "must be a dotted path such as fr.76.31"}}
	default:
		found, err = s.config.Store.AreaChildren(ctx, in.Parent, pass.Scope())
	}
	if err != nil {
		return nil, err
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
	if !geoengine.ValidAreaPath(in.Path) {
		return nil, geoengine.ErrMissing
	}
	found, err := s.config.Store.Area(ctx, in.Path, pass.Scope())
	if err != nil {
		return nil, err
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
