package ogc

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"vigie/api/problem"
)

// Format is one form in which a resource is served.
type Format struct {
	Name  string // value of the parameter f
	Media string // content type, without charset
}

// The forms of documents.
var (
	formatJSON = Format{"json", "application/json"}
	formatHTML = Format{"html", "text/html"}
)

// JSON is the form for machines.
func JSON() Format { return formatJSON }

// HTML is the form for people.
func HTML() Format { return formatHTML }

// Documents are the forms of everything that is no data: JSON first, HTML for people.
func Documents() []Format { return []Format{formatJSON, formatHTML} }

// FormatParam describes the parameter f, which asks for a form in place of the header Accept.
func FormatParam(formats []Format) *huma.Param {
	names := make([]any, len(formats))
	for i, f := range formats {
		names[i] = f.Name
	}
	return &huma.Param{
		Name: "f", In: "query", Description: "Form of the answer, in place of the header Accept.",
		Schema: &huma.Schema{Type: huma.TypeString, Enum: names},
	}
}

// Negotiate returns the form that the client wants: the one named by f, or the best for the header Accept; the first
// where it says nothing. A wrong f is 400, an Accept that none fits 406.
func Negotiate(r *http.Request, f string, formats []Format) (Format, error) {
	if f != "" {
		if i := slices.IndexFunc(formats, func(one Format) bool { return one.Name == f }); i >= 0 {
			return formats[i], nil
		}
		return Format{}, problem.Fields{{Location: "query.f", Message: "must be one of " + names(formats)}}
	}
	header := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(header) == "" {
		return formats[0], nil
	}
	ranges := parseAccept(header)
	best, weight := Format{}, 0.0
	for _, one := range formats {
		if w := weigh(ranges, one.Media); w > weight {
			best, weight = one, w
		}
	}
	if weight == 0 {
		return Format{}, problem.New(http.StatusNotAcceptable, problem.CodeInvalid, "this is served as "+names(formats)+" only")
	}
	return best, nil
}

func names(formats []Format) string {
	list := make([]string, len(formats))
	for i, f := range formats {
		list[i] = f.Name
	}
	return strings.Join(list, ", ")
}

// mediaRange is one entry of an Accept header.
type mediaRange struct {
	media  string // type/subtype, type/* or */*
	params map[string]string
	weight float64
}

// maxRanges bounds the entries of an Accept header that are looked at.
const maxRanges = 50

func parseAccept(header string) []mediaRange {
	var ranges []mediaRange
	for part := range strings.SplitSeq(header, ",") {
		media, params, err := mime.ParseMediaType(part)
		if err != nil || len(ranges) == maxRanges {
			continue
		}
		weight := 1.0
		if q, ok := params["q"]; ok {
			if weight, err = strconv.ParseFloat(q, 64); err != nil || !(weight >= 0 && weight <= 1) {
				continue
			}
			delete(params, "q")
		}
		ranges = append(ranges, mediaRange{media, params, weight})
	}
	return ranges
}

// weigh is the weight of the most specific range that a content type lies in, 0 for none.
func weigh(ranges []mediaRange, media string) float64 {
	plain, params, err := mime.ParseMediaType(media)
	if err != nil {
		return 0
	}
	kind, _, _ := strings.Cut(plain, "/")
	weight, specific := 0.0, -1
	for _, one := range ranges {
		rank := -1
		switch one.media {
		case plain:
			rank = 2
			for name, value := range one.params {
				if params[name] == value {
					rank = 3
				} else if _, declared := params[name]; declared {
					rank = -1
				}
			}
		case kind + "/*":
			rank = 1
		case "*/*":
			rank = 0
		}
		if rank > specific {
			weight, specific = one.weight, rank
		}
	}
	return weight
}
