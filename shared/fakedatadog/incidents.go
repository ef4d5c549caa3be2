package fakedatadog

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// IncidentSearch is the route that searches for incidents.
const IncidentSearch Route = "incident.search"

// Incident is an incident; what is zero gets Datadog's default.
type Incident struct {
	ID               string    `json:"id"` // A UUID.
	PublicID         int64     `json:"public_id"`
	Title            string    `json:"title"`
	State            string    `json:"state"`    // "active", "stable", "resolved".
	Severity         string    `json:"severity"` // "SEV-1" to "SEV-5", "UNKNOWN".
	Services         []string  `json:"services"`
	Teams            []string  `json:"teams"`
	Created          time.Time `json:"created"`
	CustomerImpacted bool      `json:"customer_impacted"`
	CustomerImpact   string    `json:"customer_impact_scope"`
	Commander        *Person   `json:"commander"`
	Test             bool      `json:"is_test"`
}

// incidents are an organisation's incidents, in the order in which they were added.
type incidents struct {
	all []Incident
}

const firstIncidentID = 336_000

// AddIncident puts an incident into Datadog and returns its public id.
func (s *Server) AddIncident(i Incident) (publicID int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i.PublicID = cmp.Or(i.PublicID, firstIncidentID+int64(len(s.incidents.all)))
	i.ID = cmp.Or(i.ID, uuidOf("incident:"+strconv.FormatInt(i.PublicID, 10)))
	i.State, i.Severity = cmp.Or(i.State, "active"), cmp.Or(i.Severity, "UNKNOWN")
	if i.Created.IsZero() {
		i.Created = s.now()
	}
	s.incidents.all = append(s.incidents.all, i)
	return i.PublicID
}

func (s *incidents) routes() []route {
	return []route{{name: IncidentSearch, method: http.MethodGet, path: "/api/v2/incidents/search", needs: bothKeys, handle: s.search}}
}

const (
	incidentsPerPage    = 10
	maxIncidentsPerPage = 100
)

// search answers without facets: nobody who asks whether there is an incident
// counts the others.
func (s *incidents) search(c call) answer {
	p := queryParams{Values: c.query}
	offset, size := p.integer("page[offset]", false), p.integer("page[size]", false)
	order := p.oneOf("sort", []string{"created", "-created"})
	query, readable := parseFacets(c.query.Get("query"))
	switch {
	case p.problem != "":
		return failure(http.StatusBadRequest, p.problem)
	case !readable:
		return failure(http.StatusBadRequest, "The value provided for parameter 'query' is invalid")
	}
	var matching []Incident
	for _, i := range s.all {
		if query.match(i) {
			matching = append(matching, i)
		}
	}
	slices.SortStableFunc(matching, func(a, b Incident) int {
		switch order {
		case "created":
			return a.Created.Compare(b.Created)
		case "-created":
			return b.Created.Compare(a.Created)
		}
		return 0
	})
	shown, data, refs := window(matching, offset, min(cmp.Or(size, incidentsPerPage), maxIncidentsPerPage)), []any{}, []reference{}
	included := []any{}
	for _, i := range shown {
		refs = append(refs, reference{Type: "incidents", ID: i.ID})
		data = append(data, map[string]any{"data": i.shown()})
		included = append(included, i.shown())
	}
	next := offset + int64(len(shown))
	return success(map[string]any{
		"data": map[string]any{
			"type":          "incidents_search_results",
			"attributes":    map[string]any{"total": len(matching), "facets": map[string]any{}, "incidents": data},
			"relationships": map[string]any{"incidents_relationship": references(refs...)},
		},
		"included": included,
		"meta":     map[string]any{"pagination": map[string]int64{"offset": offset, "next_offset": next, "size": int64(len(shown))}},
	})
}

// facets are a query: each facet must have one of its values.
type facets map[string][]string

// parseFacets reads facets that are joined by AND, and values joined by OR
// (https://docs.datadoghq.com/api/latest/incidents/#search-for-incidents).
func parseFacets(query string) (facets, bool) {
	all := facets{}
	for part := range strings.SplitSeq(query, " AND ") {
		name, values, ok := strings.Cut(strings.TrimSpace(part), ":")
		if !ok || name == "" || values == "" {
			return nil, false
		}
		values = strings.TrimSuffix(strings.TrimPrefix(values, "("), ")")
		for value := range strings.SplitSeq(values, " OR ") {
			all[name] = append(all[name], strings.Trim(strings.TrimSpace(value), `"`))
		}
	}
	return all, true
}

func (f facets) match(i Incident) bool {
	has := map[string][]string{
		"state": {i.State}, "severity": {i.Severity}, "services": i.Services, "teams": i.Teams,
		"customer_impacted": {strconv.FormatBool(i.CustomerImpacted)}, "public_id": {strconv.FormatInt(i.PublicID, 10)},
	}
	for name, values := range f {
		if !slices.ContainsFunc(values, func(value string) bool { return slices.Contains(has[name], value) }) {
			return false
		}
	}
	return true
}

// somebody made every incident.
var somebody = Person{Name: "Someone", Email: "someone@example.com"}

func (i Incident) shown() map[string]any {
	created := i.Created.UTC().Format("2006-01-02T15:04:05-07:00")
	author := somebody.whole()
	attributes := map[string]any{
		"public_id": i.PublicID, "incident_type_uuid": uuidOf("incident type"), "title": i.Title, "resolved": nil,
		"customer_impact_scope": i.CustomerImpact, "customer_impact_start": nil, "customer_impact_end": nil,
		"customer_impacted": i.CustomerImpacted, "customer_impact_duration": 0, "notification_handles": nil,
		"last_modified_by": author, "last_modified_by_uuid": nil, "created": created, "modified": created, "detected": created,
		"declared": created, "declared_by": author, "declared_by_uuid": nil, "created_by": author, "created_by_uuid": nil,
		"creation_idempotency_key": nil, "commander": nil, "archived": nil, "is_test": i.Test,
		"time_to_detect": 0, "time_to_repair": 0, "time_to_internal_response": 0, "time_to_resolve": 0,
		"fields": i.fields(), "field_analytics": nil, "severity": i.Severity, "state": i.State,
		"non_datadog_creator": nil, "visibility": "organization", "case_id": nil,
	}
	commander := map[string]any{"data": nil}
	if i.Commander != nil {
		attributes["commander"] = i.Commander.whole()
		commander["data"] = i.Commander.reference()
	}
	none, byAuthor := references(), map[string]any{"data": somebody.reference()}
	return map[string]any{
		"type": "incidents", "id": i.ID, "attributes": attributes,
		"relationships": map[string]any{
			"created_by_user": byAuthor, "last_modified_by_user": byAuthor, "declared_by_user": byAuthor, "commander_user": commander,
			"user_defined_fields": none, "integrations": none, "attachments": none, "responders": none, "impacts": none,
		},
	}
}

func (i Incident) fields() map[string]any {
	field := func(kind string, value any) map[string]any { return map[string]any{"type": kind, "value": value} }
	return map[string]any{
		"state": field("dropdown", i.State), "severity": field("dropdown", i.Severity),
		"services": field("autocomplete", listOrNull(i.Services)), "teams": field("autocomplete", listOrNull(i.Teams)),
		"detection_method": field("dropdown", "unknown"), "root_cause": field("textbox", nil), "summary": field("textbox", nil),
		"slug": field("textbox", fmt.Sprintf("IR-%d", i.PublicID)),
	}
}

// listOrNull shows an empty list as null, as Datadog does in incidents.
func listOrNull(list []string) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

// whole shows a person as incidents do.
func (p Person) whole() map[string]any {
	return map[string]any{"data": map[string]any{
		"type": "users", "id": p.id(),
		"attributes": map[string]string{
			"uuid": p.id(), "handle": p.Email, "email": p.Email, "name": p.Name, "icon": "https://secure.gravatar.com/avatar/" + p.id(),
		},
	}}
}
