package processes

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"vigie/api/door"
	"vigie/api/ogc"
	"vigie/geoengine"
	"vigie/geoengine/jobs"
)

// part is one output on its way to a client.
type part struct {
	id, media string
	size      int64
	href      string // where it stays; "" outside the queue
	write     func(ctx context.Context, w io.Writer) error
}

// results hands over the results of a job.
func (s *service) results(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	j, err := s.job(r, pass)
	if err != nil {
		return err
	}
	concerns(pass, &j)
	if wantsPage(r) {
		return s.resultsPage(w, r, pass, &j)
	}
	request, err := open(s.config, r, pass)
	if err != nil {
		return err
	}
	request.Head(w)
	return s.hand(w, request, &j)
}

// wantsPage tells whether a browser asks for a page.
func wantsPage(r *http.Request) bool {
	if f := r.URL.Query().Get("f"); f != "" {
		return f == ogc.HTML().Name
	}
	return strings.Contains(r.Header.Get("Accept"), ogc.HTML().Media)
}

func concerns(pass door.Pass, j *jobs.Job) {
	pass.Concerns("job:" + j.ID.String())
	if j.Recipient != "" {
		pass.Communicated(j.Recipient)
	}
}

// resultsPage lists the outputs of a job for people.
func (s *service) resultsPage(w http.ResponseWriter, r *http.Request, pass door.Pass, j *jobs.Job) error {
	request, err := s.documents(r, pass)
	if err != nil {
		return err
	}
	parts, err := s.parts(request, j)
	if err != nil {
		return err
	}
	own := "/jobs/" + j.ID.String()
	table := ogc.Table{Caption: ogc.Text{FR: "Sorties", EN: "Outputs"}, Head: []ogc.Text{{FR: "Nom", EN: "Name"}, {FR: "Format", EN: "Media type"}, {FR: "Octets", EN: "Bytes"}}}
	for _, p := range parts {
		table.Rows = append(table.Rows, []ogc.Cell{
			{Text: p.id, Code: true, Href: own + "/results/" + p.id}, {Text: p.media}, {Text: strconv.FormatInt(p.size, 10)},
		})
	}
	return request.Write(w, ogc.Page{
		Body: struct{}{}, Title: ogc.Text{FR: "Résultats", EN: "Results"}, Tables: []ogc.Table{table},
		Trail: []ogc.Link{
			{Href: "/jobs", Title: ogc.Text{FR: "Mes tâches", EN: "My jobs"}.In(request.Lang)},
			{Href: own, Title: ogc.Text{FR: "Tâche", EN: "Job"}.In(request.Lang)},
		},
	})
}

// output hands over one output of a job as it is.
func (s *service) output(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	j, err := s.job(r, pass)
	if err != nil {
		return err
	}
	concerns(pass, &j)
	request, err := open(s.config, r, pass)
	if err != nil {
		return err
	}
	parts, err := s.parts(request, &j)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(parts, func(p part) bool { return p.id == r.PathValue("outputID") })
	if i < 0 {
		return fmt.Errorf("output: %w", geoengine.ErrMissing)
	}
	request.Head(w)
	return alone(w, request, &parts[i])
}

// parts are the outputs of a job that its owner may still see.
func (s *service) parts(r *ogc.Request, j *jobs.Job) ([]part, error) {
	switch j.Status {
	case jobs.Accepted, jobs.Running:
		return nil, &typed{resultNotReady, "the job is " + string(j.Status) + ": its result is not ready", fmt.Errorf("result: %w", geoengine.ErrMissing)}
	case jobs.Dismissed:
		return nil, &typed{noSuchJob, "the job was dismissed, its result is deleted", fmt.Errorf("result: %w", geoengine.ErrMissing)}
	case jobs.Failed:
		return nil, &jobs.FailedError{Failure: j.Failure, Message: j.Message}
	case jobs.Successful:
	}
	if err := s.queue.MayRead(r.Context(), j); err != nil {
		return nil, err
	}
	results, err := s.queue.Results(r.Context(), j)
	if err != nil {
		return nil, err
	}
	parts := make([]part, len(results))
	for i, result := range results {
		parts[i] = part{
			id: result.ID, media: result.Media, size: result.Bytes, href: r.URL("/jobs/" + j.ID.String() + "/results/" + result.ID),
			write: func(ctx context.Context, w io.Writer) error { return s.queue.WriteResult(ctx, w, j, result) },
		}
	}
	return parts, nil
}

// hand answers with the results of a finished job, as its execution asked for.
func (s *service) hand(w http.ResponseWriter, r *ogc.Request, j *jobs.Job) error {
	parts, err := s.parts(r, j)
	if err != nil {
		return err
	}
	return answer(w, r, j.Asked, parts)
}

const mediaMultipart = "multipart/related"

// answer writes outputs as they were asked for: as a document, or raw: one as it is, several as multipart/related, or
// as a document for a client that rather takes JSON.
func answer(w http.ResponseWriter, r *ogc.Request, asked jobs.Asked, parts []part) error {
	if asked.Response == jobs.Document {
		return document(w, r, asked, parts)
	}
	byReference := !slices.ContainsFunc(parts, func(p part) bool { return !asked.ByRef[p.id] })
	switch {
	case len(parts) > 0 && byReference:
		for _, p := range parts {
			w.Header().Add("Link", fmt.Sprintf(`<%s>; rel="%sresults"; type=%q; title=%q`, p.href, relBase, p.media, p.id))
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	case len(parts) == 1:
		return alone(w, r, &parts[0])
	}
	form, err := ogc.Negotiate(r.Request, "", []ogc.Format{{Name: "multipart", Media: mediaMultipart}, ogc.JSON()})
	if err == nil && form.Media == mediaMultipart {
		return several(w, r, asked, parts)
	}
	return document(w, r, asked, parts)
}

// alone answers with one output as it is.
func alone(w http.ResponseWriter, r *ogc.Request, p *part) error {
	h := w.Header()
	h.Set("Content-Type", p.media)
	h.Set("X-Content-Type-Options", "nosniff")
	if p.media != jobs.MediaJSON {
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="vigie-%s%s"`, p.id, suffix(p.media)))
	}
	h.Set("Content-Length", strconv.FormatInt(p.size, 10))
	return p.write(r.Context(), w)
}

// suffix is the ending of a file of a media type.
func suffix(media string) string {
	switch media {
	case "application/geo+json":
		return ".geojson"
	case "text/csv":
		return ".csv"
	case "application/vnd.apache.parquet":
		return ".parquet"
	}
	return ".bin"
}

// several answers with outputs as multipart/related.
func several(w http.ResponseWriter, r *ogc.Request, asked jobs.Asked, parts []part) error {
	body := multipart.NewWriter(w)
	w.Header().Set("Content-Type", mediaMultipart+"; boundary="+body.Boundary())
	for _, p := range parts {
		header := textproto.MIMEHeader{"Content-Type": {p.media}, "Content-Id": {p.id}}
		if asked.ByRef[p.id] {
			header.Set("Content-Location", p.href)
		}
		one, err := body.CreatePart(header)
		if err != nil {
			return err
		}
		if asked.ByRef[p.id] {
			continue
		}
		if err := p.write(r.Context(), one); err != nil {
			return err
		}
	}
	return body.Close()
}

// document answers with outputs as one JSON object.
func document(w http.ResponseWriter, r *ogc.Request, asked jobs.Asked, parts []part) error {
	w.Header().Set("Content-Type", jobs.MediaJSON)
	if _, err := io.WriteString(w, "{"); err != nil {
		return err
	}
	for i, p := range parts {
		name, err := json.Marshal(p.id)
		if err != nil {
			return err
		}
		lead := string(name) + ":"
		if i > 0 {
			lead = "," + lead
		}
		if _, err := io.WriteString(w, lead); err != nil {
			return err
		}
		if err := inline(w, r, asked, &p); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "}\n")
	return err
}
