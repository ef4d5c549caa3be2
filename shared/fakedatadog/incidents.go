package fakedatadog

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// IncidentSearch is the route that searches for incidents
// (https://docs.datadoghq.com/api/latest/incidents/#search-for-incidents).
const IncidentSearch Route = "incident.search"

func (s *Server) incidentRoutes() []route {
	return []route{{name: IncidentSearch, pattern: "GET /api/v2/incidents/search", handle: s.searchIncidents}}
}

// Incident is an incident. Datadog's defaults replace zero values.
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

const firstIncidentID = 336_000

// AddIncident adds an incident and returns its public id.
func (s *Server) AddIncident(i Incident) (publicID int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i.PublicID = cmp.Or(i.PublicID, firstIncidentID+int64(len(s.incidents)))
	i.ID = cmp.Or(i.ID, uuidOf("incident:"+strconv.FormatInt(i.PublicID, 10)))
	i.State, i.Severity = cmp.Or(i.State, "active"), cmp.Or(i.Severity, "UNKNOWN")
	if i.Created.IsZero() {
		i.Created = s.now()
	}
	s.incidents = append(s.incidents, i)
	return i.PublicID
}

// searchIncidents answers without facets.
func (s *Server) searchIncidents(c *call) answer {
	offset, size := c.integer("page[offset]", 0), min(c.integer("page[size]", 10), 100)
	order := c.oneOf("sort", "created", "-created")
	c.require("query")
	matches, ok := parseQuery(c.Get("query"), func(key string) bool { return key != "" })
	if !ok {
		return failure(http.StatusBadRequest, fmt.Sprintf(invalidValue, "query"))
	}
	matching := slices.DeleteFunc(slices.Clone(s.incidents), func(i Incident) bool { return !matches(i.values) })
	slices.SortStableFunc(matching, func(a, b Incident) int {
		return map[string]int{"created": 1, "-created": -1}[order] * a.Created.Compare(b.Created)
	})
	data, shown, refs := []any{}, []any{}, []reference{}
	for _, i := range window(matching, offset, size) {
		refs = append(refs, reference{Type: "incidents", ID: i.ID})
		data = append(data, object{"data": i.shown()})
		shown = append(shown, i.shown())
	}
	count := int64(len(data))
	return success(object{
		"data": object{
			"type":          "incidents_search_results",
			"attributes":    object{"total": len(matching), "facets": object{}, "incidents": data},
			"relationships": object{"incidents_relationship": relation(refs...)},
		},
		"included": shown,
		"meta":     object{"pagination": object{"offset": offset, "next_offset": offset + count, "size": count}},
	})
}

// values returns what the incident has for a facet.
func (i Incident) values(key string) []string {
	return map[string][]string{
		"state": {i.State}, "severity": {i.Severity}, "services": i.Services, "teams": i.Teams,
		"customer_impacted": {strconv.FormatBool(i.CustomerImpacted)}, "public_id": {strconv.FormatInt(i.PublicID, 10)},
	}[key]
}

func (i Incident) shown() object {
	created, user := i.Created.UTC().Format("2006-01-02T15:04:05-07:00"), author.user()
	attributes := object{
		"public_id": i.PublicID, "incident_type_uuid": uuidOf("incident type"), "title": i.Title, "resolved": nil,
		"customer_impact_scope": i.CustomerImpact, "customer_impact_start": nil, "customer_impact_end": nil, "customer_impacted": i.CustomerImpacted,
		"customer_impact_duration": 0, "notification_handles": nil, "last_modified_by": user, "last_modified_by_uuid": nil,
		"created": created, "modified": created, "detected": created, "declared": created, "declared_by": user, "declared_by_uuid": nil,
		"created_by": user, "created_by_uuid": nil, "creation_idempotency_key": nil, "commander": nil, "archived": nil, "is_test": i.Test,
		"time_to_detect": 0, "time_to_repair": 0, "time_to_internal_response": 0, "time_to_resolve": 0,
		"fields": i.fields(), "field_analytics": nil, "severity": i.Severity, "state": i.State,
		"non_datadog_creator": nil, "visibility": "organization", "case_id": nil,
	}
	commander := object{"data": nil}
	if i.Commander != nil {
		attributes["commander"], commander["data"] = i.Commander.user(), i.Commander.reference()
	}
	none, byAuthor := relation(), object{"data": author.reference()}
	return object{"type": "incidents", "id": i.ID, "attributes": attributes, "relationships": object{
		"created_by_user": byAuthor, "last_modified_by_user": byAuthor, "declared_by_user": byAuthor, "commander_user": commander,
		"user_defined_fields": none, "integrations": none, "attachments": none, "responders": none, "impacts": none,
	}}
}

// fields shows an empty list as null, as Datadog does in incidents.
func (i Incident) fields() object {
	field := func(kind string, value any) object { return object{"type": kind, "value": value} }
	names := func(list []string) object {
		if len(list) == 0 {
			return field("autocomplete", nil)
		}
		return field("autocomplete", list)
	}
	return object{
		"state": field("dropdown", i.State), "severity": field("dropdown", i.Severity), "services": names(i.Services), "teams": names(i.Teams),
		"detection_method": field("dropdown", "unknown"), "root_cause": field("textbox", nil), "summary": field("textbox", nil),
		"slug": field("textbox", fmt.Sprintf("IR-%d", i.PublicID)),
	}
}

// user returns a person as incidents show one.
func (p Person) user() object {
	return object{"data": object{"type": "users", "id": p.id(), "attributes": object{
		"uuid": p.id(), "handle": p.Email, "email": p.Email, "name": p.Name, "icon": "https://secure.gravatar.com/avatar/" + p.id(),
	}}}
}
