package fakedatadog

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Incident is an incident. Datadog's defaults replace zero values.
type Incident struct {
	PublicID int64
	Title    string
	State    string // "active", "stable", "resolved".
	Severity string // "SEV-1" to "SEV-5", "UNKNOWN".
	Services []string
	Teams    []string
	Created  time.Time
}

const firstIncidentID = 336_000

// AddIncident adds an incident.
func (s *Server) AddIncident(i Incident) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i.PublicID = cmp.Or(i.PublicID, firstIncidentID+int64(len(s.incidents)))
	i.State, i.Severity = cmp.Or(i.State, "active"), cmp.Or(i.Severity, "UNKNOWN")
	if i.Created.IsZero() {
		i.Created = s.now()
	}
	s.incidents = append(s.incidents, i)
}

// searchIncidents answers with the newest first, without facets
// (https://docs.datadoghq.com/api/latest/incidents/#search-for-incidents).
func (s *Server) searchIncidents(c *call) answer {
	size := min(c.integer("page[size]", 10), 100)
	c.require("query")
	wanted, ok := parseQuery(c.Get("query"))
	c.failIf(!ok, invalidValue, "query")
	matching := where(s.incidents, func(i Incident) bool { return wanted(i.values) })
	slices.SortStableFunc(matching, func(a, b Incident) int { return b.Created.Compare(a.Created) })
	found := list(window(matching, 0, size), func(i Incident) object { return object{"data": i.shown()} })
	return success(object{"data": object{"attributes": object{"total": len(matching), "incidents": found}}})
}

// values returns what the incident has for a facet.
func (i Incident) values(key string) []string {
	return map[string][]string{
		"": {i.Title}, "state": {i.State}, "severity": {i.Severity}, "services": i.Services, "teams": i.Teams,
	}[key]
}

func (i Incident) shown() object {
	return resource("incidents", uuidOf(fmt.Sprint("incident:", i.PublicID)), object{
		"public_id": i.PublicID, "title": i.Title, "severity": i.Severity, "state": i.State, "created": i.Created.UTC().Format("2006-01-02T15:04:05-07:00"),
	})
}
