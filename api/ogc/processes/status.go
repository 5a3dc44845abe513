package processes

import (
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigie/api/door"
	"vigie/api/ogc"
	"vigie/api/problem"
	"vigie/geoengine"
	"vigie/geoengine/jobs"
)

// statusBody is a job as the standard writes it.
type statusBody struct {
	ProcessID string      `json:"processID"`
	Type      string      `json:"type"`
	JobID     string      `json:"jobID"`
	Status    jobs.Status `json:"status"`
	Message   string      `json:"message,omitempty"`
	Created   time.Time   `json:"created"`
	Started   *time.Time  `json:"started,omitempty"`
	Finished  *time.Time  `json:"finished,omitempty"`
	Updated   time.Time   `json:"updated"`
	Expires   *time.Time  `json:"expires,omitempty"`
	Progress  int         `json:"progress"`
	Links     []ogc.Link  `json:"links"`
}

func status(r *ogc.Request, j *jobs.Job) statusBody {
	own := "/jobs/" + j.ID.String()
	body := statusBody{
		ProcessID: j.Process, Type: "process", JobID: j.ID.String(), Status: j.Status, Message: j.Message, Created: j.Created,
		Started: j.Started, Finished: j.Finished, Updated: j.Updated, Expires: j.Expires, Progress: j.Progress,
	}
	links := []ogc.Link{{Href: own, Rel: "monitor", Type: jobs.MediaJSON, Title: ogc.Text{FR: "État de la tâche", EN: "Status of the job"}.In(r.Lang)}}
	switch {
	case j.Status == jobs.Successful:
		links = append(links, ogc.Link{Href: own + "/results", Rel: relBase + "results", Type: jobs.MediaJSON, Title: ogc.Text{FR: "Résultats", EN: "Results"}.In(r.Lang)})
	case j.Status == jobs.Failed:
		links = append(links, ogc.Link{Href: own + "/results", Rel: relBase + "exceptions", Type: jobs.MediaJSON, Title: ogc.Text{FR: "Erreur", EN: "Exception"}.In(r.Lang)})
	}
	body.Links = r.Absolute(links)
	return body
}

func ownerOf(pass door.Pass) jobs.Owner {
	caller := pass.Caller()
	return jobs.Owner{Name: caller.Name, Machine: caller.Machine}
}

// job returns the caller's own job that the path names. Somebody else's is answered as one that there is not.
func (s *service) job(r *http.Request, pass door.Pass) (jobs.Job, error) {
	id, err := jobs.ParseID(r.PathValue("jobID"))
	if err != nil {
		return jobs.Job{}, missingJob()
	}
	owner := ownerOf(pass)
	j, err := s.queue.Find(r.Context(), id, &owner)
	if errors.Is(err, geoengine.ErrMissing) {
		return jobs.Job{}, missingJob()
	}
	return j, err
}

// status is the page of a job.
func (s *service) status(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	j, err := s.job(r, pass)
	if err != nil {
		return err
	}
	request, err := s.documents(r, pass)
	if err != nil {
		return err
	}
	body := status(request, &j)
	body.Links = append(request.Self(), body.Links...)
	page := ogc.Page{
		Body: body, Title: ogc.Text{FR: "Tâche", EN: "Job"},
		Trail:  []ogc.Link{{Href: "/jobs", Title: ogc.Text{FR: "Mes tâches", EN: "My jobs"}.In(request.Lang)}},
		Tables: []ogc.Table{{Caption: ogc.Text{FR: "État", EN: "Status"}, Head: tableHead(), Rows: [][]ogc.Cell{tableRow(&j)}}},
	}
	if j.Status == jobs.Successful {
		page.Links = body.Links[len(body.Links)-1:]
	}
	return request.Write(w, page)
}

func tableHead() []ogc.Text {
	return []ogc.Text{{FR: "Tâche", EN: "Job"}, {FR: "Traitement", EN: "Process"}, {FR: "État", EN: "Status"}, {FR: "Avancement", EN: "Progress"},
		ogc.Plain("Message"), {FR: "Créée", EN: "Created"}}
}

func tableRow(j *jobs.Job) []ogc.Cell {
	return []ogc.Cell{
		{Text: j.ID.String(), Code: true, Href: "/jobs/" + j.ID.String()}, {Text: j.Process, Code: true}, {Text: string(j.Status)},
		{Text: strconv.Itoa(j.Progress) + " %"}, {Text: j.Message}, {Text: j.Created.UTC().Format(time.RFC3339)},
	}
}

// dismiss stops a job, or deletes its result.
func (s *service) dismiss(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	j, err := s.job(r, pass)
	if err != nil {
		return err
	}
	pass.Concerns("job:" + j.ID.String())
	request, err := s.documents(r, pass)
	if err != nil {
		return err
	}
	owner := ownerOf(pass)
	if j, err = s.queue.Dismiss(r.Context(), j.ID, &owner); errors.Is(err, geoengine.ErrMissing) {
		return missingJob() // purged meanwhile
	}
	if err != nil {
		return err
	}
	return request.Write(w, ogc.Page{Body: status(request, &j), Title: ogc.Text{FR: "Tâche", EN: "Job"}})
}

// jobs is the page of the caller's jobs.
func (s *service) jobs(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	request, err := s.documents(r, pass)
	if err != nil {
		return err
	}
	filter, err := parseFilter(pass)
	if err != nil {
		return err
	}
	most := filter.Limit
	filter.Limit++ // one more tells whether there is a next page
	owner := ownerOf(pass)
	filter.Owner = &owner
	list, err := s.queue.List(r.Context(), filter)
	if err != nil {
		return err
	}
	body := struct {
		Jobs  []statusBody `json:"jobs"`
		Links []ogc.Link   `json:"links"`
	}{[]statusBody{}, request.Self()}
	page := ogc.Page{Title: ogc.Text{FR: "Mes tâches", EN: "My jobs"}}
	if len(list) > most {
		list = list[:most]
		next := ogc.Link{Href: request.With("cursor", cursor(&list[most-1])), Rel: "next", Type: request.Format.Media, Title: ogc.Text{FR: "Page suivante", EN: "Next page"}.In(request.Lang)}
		body.Links = append(body.Links, next)
		page.Links = []ogc.Link{next}
	}
	table := ogc.Table{Caption: page.Title, Head: tableHead(), Empty: ogc.Text{FR: "Aucune tâche.", EN: "No job."}}
	for i := range list {
		body.Jobs = append(body.Jobs, status(request, &list[i]))
		table.Rows = append(table.Rows, tableRow(&list[i]))
	}
	page.Body, page.Tables = body, []ogc.Table{table}
	return request.Write(w, page)
}

// cursor names the job after which a page begins.
func cursor(j *jobs.Job) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(j.Created.UnixMicro(), 36) + "." + j.ID.String()))
}

func parseCursor(text string) (created time.Time, id jobs.ID, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	micro, name, _ := strings.Cut(string(raw), ".")
	n, errN := strconv.ParseInt(micro, 36, 64)
	id, errID := jobs.ParseID(name)
	if errors.Join(err, errN, errID) != nil || n < 0 || n > geoengine.Latest.UnixMicro() {
		return time.Time{}, jobs.ID{}, geoengine.ErrInvalid
	}
	return time.UnixMicro(n), id, nil
}

// parseFilter reads the parameters of the job list.
func parseFilter(pass door.Pass) (jobs.Filter, error) {
	var (
		wrong problem.Fields
		f     jobs.Filter
	)
	values := pass.Values()
	for _, kind := range split(values["type"]) {
		if kind != "process" {
			wrong.Add("query.type", "must be process")
			break
		}
	}
	f.Processes = split(values["processID"])
	for _, one := range split(values["status"]) {
		if !slices.Contains(jobs.Statuses(), jobs.Status(one)) {
			wrong.Add("query.status", "must be accepted, running, successful, failed or dismissed")
			break
		}
		f.Statuses = append(f.Statuses, jobs.Status(one))
	}
	var err error
	if f.From, f.To, err = interval(values.Get("datetime")); err != nil {
		wrong.Add("query.datetime", "must be an RFC 3339 instant, or an interval such as 2024-05-01T00:00:00Z/..")
	}
	f.Shortest = seconds(values.Get("minDuration"), "query.minDuration", &wrong)
	f.Longest = seconds(values.Get("maxDuration"), "query.maxDuration", &wrong)
	if text := values.Get("cursor"); text != "" {
		if f.AfterCreated, f.AfterID, err = parseCursor(text); err != nil {
			wrong.Add("query.cursor", "is not one of this list")
		}
	}
	if len(f.Processes) > maxLimit || len(f.Statuses) > maxLimit {
		wrong.Add("query", "has too many values")
	}
	if err := wrong.Err(); err != nil {
		return f, err
	}
	f.Limit, err = limit(pass)
	return f, err
}

// split reads a list that is repeated or separated by commas.
func split(given []string) []string {
	var list []string
	for _, text := range given {
		list = append(list, strings.Split(text, ",")...)
	}
	return list
}

func seconds(text, where string, wrong *problem.Fields) time.Duration {
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > int(365*24*time.Hour/time.Second) {
		wrong.Add(where, "must be a number of seconds")
	}
	return time.Duration(n) * time.Second
}

// interval reads an instant, or an interval whose ends may be open.
func interval(text string) (from, to time.Time, err error) {
	if text == "" {
		return from, to, nil
	}
	first, last, isInterval := strings.Cut(text, "/")
	end := func(text string) (time.Time, error) {
		if isInterval && (text == ".." || text == "") {
			return time.Time{}, nil
		}
		t, err := time.Parse(time.RFC3339, text)
		if err == nil && (t.Before(geoengine.Earliest) || t.After(geoengine.Latest)) {
			err = geoengine.ErrInvalid
		}
		return t, err
	}
	if from, err = end(first); err != nil {
		return from, to, err
	}
	if !isInterval {
		return from, from, nil
	}
	to, err = end(last)
	return from, to, err
}
