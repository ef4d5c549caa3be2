package fakedatadog_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"boomerang/shared/fakedatadog"
)

// seedOwners adds the services, teams, incidents and downtimes that a recorded
// organisation had: all that the recording shows of them.
func (p *playback) seedOwners(t *testing.T, c cassette) {
	t.Helper()
	for _, e := range c.Interactions {
		r := e.request(t, p.replacer())
		seed, known := map[fakedatadog.Route]func(*testing.T, string, *http.Request){
			fakedatadog.CatalogList:          p.seedEntities,
			fakedatadog.ServiceDefinitionGet: p.seedDefinition,
			fakedatadog.TeamList:             p.seedTeams,
			fakedatadog.TeamOnCallGet:        p.seedOnCall,
			fakedatadog.IncidentSearch:       p.seedIncidents,
			fakedatadog.DowntimeMatches:      p.seedMatches,
			fakedatadog.DowntimeList:         p.seedDowntimes,
		}[p.server.Route(r)]
		if known && e.Response.Code == http.StatusOK {
			seed(t, e.Response.Body, r)
		}
	}
}

// dataOf are the resources of an answer.
func dataOf[T any](t *testing.T, body string) []T {
	t.Helper()
	return decode[struct{ Data []T }](t, body).Data
}

func (p *playback) seedEntities(t *testing.T, body string, _ *http.Request) {
	for _, e := range dataOf[struct {
		Attributes struct {
			fakedatadog.EntityMetadata
			APIVersion, Kind string
		}
	}](t, body) {
		p.server.AddEntity(fakedatadog.Entity{APIVersion: e.Attributes.APIVersion, Kind: e.Attributes.Kind, Metadata: e.Attributes.EntityMetadata})
	}
}

func (p *playback) seedDefinition(t *testing.T, body string, _ *http.Request) {
	p.server.AddServiceDefinition(decode[struct {
		Data struct {
			Attributes struct{ Schema fakedatadog.ServiceDefinition }
		}
	}](t, body).Data.Attributes.Schema)
}

func (p *playback) seedTeams(t *testing.T, body string, _ *http.Request) {
	for _, team := range dataOf[struct {
		ID         string
		Attributes fakedatadog.Team
	}](t, body) {
		team.Attributes.ID = team.ID
		p.server.AddTeam(team.Attributes)
	}
}

func (p *playback) seedOnCall(t *testing.T, body string, r *http.Request) {
	team := fakedatadog.Team{ID: strings.Split(r.URL.Path, "/")[5], Handle: "recorded"}
	for _, user := range decode[struct {
		Included []struct{ Attributes fakedatadog.Person }
	}](t, body).Included {
		team.OnCall = append(team.OnCall, user.Attributes)
	}
	p.server.AddTeam(team)
}

func (p *playback) seedIncidents(t *testing.T, body string, _ *http.Request) {
	for _, found := range decode[struct {
		Data struct {
			Attributes struct {
				Incidents []struct {
					Data struct {
						ID         string
						Attributes struct {
							PublicID        int64 `json:"public_id"`
							Title, Severity string
							State           string
							Commander       *struct {
								Data struct{ Attributes fakedatadog.Person }
							}
						}
					}
				}
			}
		}
	}](t, body).Data.Attributes.Incidents {
		i := fakedatadog.Incident{
			ID: found.Data.ID, PublicID: found.Data.Attributes.PublicID,
			Title: found.Data.Attributes.Title, Severity: found.Data.Attributes.Severity, State: found.Data.Attributes.State,
		}
		if commander := found.Data.Attributes.Commander; commander != nil {
			i.Commander = &commander.Data.Attributes
		}
		p.server.AddIncident(i)
	}
}

func (p *playback) seedMatches(t *testing.T, body string, r *http.Request) {
	id, err := strconv.ParseInt(strings.Split(r.URL.Path, "/")[4], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	p.server.AddMonitor(fakedatadog.Monitor{ID: id})
	for _, match := range dataOf[struct{ ID string }](t, body) {
		p.server.AddDowntime(fakedatadog.ScheduledDowntime{ID: match.ID, MonitorID: id, Start: time.Unix(1, 0)})
	}
}

func (p *playback) seedDowntimes(t *testing.T, body string, _ *http.Request) {
	for _, downtime := range dataOf[struct {
		ID         string
		Attributes struct{ Scope string }
	}](t, body) {
		p.server.AddDowntime(fakedatadog.ScheduledDowntime{ID: downtime.ID, Scope: downtime.Attributes.Scope, Start: time.Unix(1, 0)})
	}
}

// pruned leaves out what the stand-in does not answer with: how the incidents that
// match are spread over all that incidents have, and what hangs on each. One
// recorded page also refers to an incident that it does not show.
func pruned(name fakedatadog.Route, v any) any {
	if name != fakedatadog.IncidentSearch {
		return v
	}
	without(v, "facets", "incidents_relationship", "field_analytics", "user_defined_fields", "integrations", "attachments", "responders", "impacts")
	return v
}

func without(v any, keys ...string) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range keys {
			delete(v, key)
		}
		for _, value := range v {
			without(value, keys...)
		}
	case []any:
		for _, element := range v {
			without(element, keys...)
		}
	}
}
