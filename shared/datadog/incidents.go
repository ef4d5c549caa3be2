package datadog

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Incident is what responders need to know of an incident. What an answer lacks
// is zero. States and severities are open lists.
type Incident struct {
	ID               string // A UUID.
	PublicID         int64  // The number by which people call it.
	Title            string
	State            string // "active", "stable", "resolved", "completed", …
	Severity         string // "SEV-1" to "SEV-5", "UNKNOWN", …
	Created          time.Time
	CustomerImpacted bool
	CustomerImpact   string // What customers notice.
	Commander        User
	Services         []string
	Teams            []string
	Test             bool
	URL              string
}

// Incidents are the newest incidents that match, and how many match in all.
type Incidents struct {
	Total  int
	Newest []Incident
}

// Incidents returns the newest incidents that match query, at most size of them
// and never more than 100. It needs the permission incident_read. A query joins
// facets by AND, and values of one facet by OR: "state:(active OR stable) AND
// services:checkout". Datadog calls this part of its API a beta.
//
// https://docs.datadoghq.com/api/latest/incidents/#search-for-incidents
func (c *Client) Incidents(ctx context.Context, query string, size int) (Incidents, error) {
	var answer wireIncidents
	search := call{
		op: "search for incidents", permission: "incident_read", method: http.MethodGet, path: "/api/v2/incidents/search",
		query: url.Values{"query": {query}, "sort": {"-created"}, "page[size]": {strconv.Itoa(size)}},
	}
	if err := c.read(ctx, search, &answer); err != nil {
		return Incidents{}, err
	}
	results := answer.Data.Attributes
	found := Incidents{Total: max(results.Total, len(results.Incidents))}
	for _, incident := range results.Incidents {
		found.Newest = append(found.Newest, c.incident(incident.Data))
	}
	return found, nil
}

type wireIncidents struct {
	Data struct {
		Attributes struct {
			Total     int `json:"total"`
			Incidents []struct {
				Data wireIncident `json:"data"`
			} `json:"incidents"`
		} `json:"attributes"`
	} `json:"data"`
}

func (w *wireIncidents) complete() bool { return w.Data.Attributes.Incidents != nil }

type wireIncident struct {
	ID         string `json:"id"`
	Attributes struct {
		PublicID         int64  `json:"public_id"`
		Title            string `json:"title"`
		State            string `json:"state"`
		Severity         string `json:"severity"`
		Created          string `json:"created"`
		CustomerImpacted bool   `json:"customer_impacted"`
		CustomerImpact   string `json:"customer_impact_scope"`
		Test             bool   `json:"is_test"`
		Commander        struct {
			Data struct {
				ID         string     `json:"id"`
				Attributes userFields `json:"attributes"`
			} `json:"data"`
		} `json:"commander"`
		Fields struct {
			Services wireChoices `json:"services"`
			Teams    wireChoices `json:"teams"`
		} `json:"fields"`
	} `json:"attributes"`
}

// wireChoices is the value of an incident's field: a list, one text, or null.
type wireChoices struct {
	Value json.RawMessage `json:"value"`
}

func (w wireChoices) list() []string {
	var many []string
	if json.Unmarshal(w.Value, &many) == nil {
		return many
	}
	var one string
	if json.Unmarshal(w.Value, &one) == nil && one != "" {
		return []string{one}
	}
	return nil
}

func (c *Client) incident(w wireIncident) Incident {
	a := w.Attributes
	i := Incident{
		ID: w.ID, PublicID: a.PublicID, Title: a.Title, State: a.State, Severity: a.Severity, Created: instant(a.Created),
		CustomerImpacted: a.CustomerImpacted, CustomerImpact: a.CustomerImpact,
		Commander: a.Commander.Data.Attributes.user(a.Commander.Data.ID),
		Services:  a.Fields.Services.list(), Teams: a.Fields.Teams.list(), Test: a.Test,
	}
	if i.PublicID > 0 {
		i.URL = c.page(fmt.Sprintf("/incidents/%d", i.PublicID))
	}
	return i
}
