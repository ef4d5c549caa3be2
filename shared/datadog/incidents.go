package datadog

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Incident is an incident. Fields that a response lacks are zero.
type Incident struct {
	ID               string // A UUID.
	PublicID         int64  // The number in the app.
	Title            string
	State            string // "active", "stable", "resolved", "completed", or a newer one.
	Severity         string // "SEV-1" to "SEV-5", "UNKNOWN", or a newer one.
	Created          time.Time
	CustomerImpacted bool
	CustomerImpact   string // What customers notice.
	Commander        User
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
// services:checkout". This part of the API is a beta.
//
// https://docs.datadoghq.com/api/latest/incidents/#search-for-incidents
func (c *Client) Incidents(ctx context.Context, query string, size int) (Incidents, error) {
	return read(ctx, c, call{
		op: "search for incidents", permission: "incident_read", method: http.MethodGet, path: "/api/v2/incidents/search",
		query: url.Values{"query": {query}, "sort": {"-created"}, "page[size]": {strconv.Itoa(size)}},
	}, c.incidents)
}

type incidentsResponse struct {
	Data struct {
		Attributes struct {
			Total     int `json:"total"`
			Incidents []struct {
				Data resource[incidentFields] `json:"data"`
			} `json:"incidents"`
		} `json:"attributes"`
	} `json:"data"`
}

func (r incidentsResponse) complete() bool { return r.Data.Attributes.Incidents != nil }

type incidentFields struct {
	PublicID         int64  `json:"public_id"`
	Title            string `json:"title"`
	State            string `json:"state"`
	Severity         string `json:"severity"`
	Created          string `json:"created"`
	CustomerImpacted bool   `json:"customer_impacted"`
	CustomerImpact   string `json:"customer_impact_scope"`
	Test             bool   `json:"is_test"`
	Commander        struct {
		Data resource[userFields] `json:"data"`
	} `json:"commander"`
}

func (c *Client) incidents(r incidentsResponse) Incidents {
	results := r.Data.Attributes
	found := Incidents{Total: max(results.Total, len(results.Incidents))}
	for _, incident := range results.Incidents {
		a := incident.Data.Attributes
		i := Incident{
			ID: incident.Data.ID, PublicID: a.PublicID, Title: a.Title, State: a.State, Severity: a.Severity, Created: parseTime(a.Created),
			CustomerImpacted: a.CustomerImpacted, CustomerImpact: a.CustomerImpact, Commander: user(a.Commander.Data), Test: a.Test,
		}
		if i.PublicID > 0 {
			i.URL = c.page(fmt.Sprintf("/incidents/%d", i.PublicID))
		}
		found.Newest = append(found.Newest, i)
	}
	return found
}
