package datadog

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Incident is an incident. Fields that a response lacks are zero. Playbooks see it.
type Incident struct {
	ID               int64     `json:"id"` // The number in the app.
	Title            string    `json:"title"`
	State            string    `json:"state"`    // "active", "stable", "resolved", "completed", or a newer one.
	Severity         string    `json:"severity"` // "SEV-1" to "SEV-5", "UNKNOWN", or a newer one.
	Created          time.Time `json:"created,omitzero"`
	CustomerImpacted bool      `json:"customer_impacted"`
	Commander        string    `json:"commander"` // An e-mail address.
	URL              string    `json:"url"`
	Test             bool      `json:"-"`
}

// Incidents are the newest incidents that match, and how many match in all.
type Incidents struct {
	Total  int
	Newest []Incident
}

// Incidents returns the newest incidents that match query, at most size of them and never more than
// 100. A query joins facets by AND, and values of one facet by OR: "state:(active OR stable) AND
// services:checkout". This part of the API is a beta.
// https://docs.datadoghq.com/api/latest/incidents/#search-for-incidents
func (c *Client) Incidents(ctx context.Context, query string, size int) (Incidents, error) {
	search := values("query", query, "sort", "-created", "page[size]", strconv.Itoa(size))
	return read(ctx, c, get("search for incidents", "incident_read", "/api/v2/incidents/search", search), c.incidents)
}

type incidentsResponse struct {
	Data resource[struct {
		Total     int
		Incidents []struct{ Data resource[incidentFields] }
	}]
}

type incidentFields struct {
	PublicID                        int64 `json:"public_id"`
	Title, State, Severity, Created string
	CustomerImpacted                bool `json:"customer_impacted"`
	Commander                       struct{ Data resource[userFields] }
	Test                            bool `json:"is_test"`
}

func (c *Client) incidents(r incidentsResponse) (Incidents, bool) {
	results := r.Data.Attributes
	found := Incidents{Total: max(results.Total, len(results.Incidents))}
	for _, incident := range results.Incidents {
		a := incident.Data.Attributes
		i := Incident{
			ID: a.PublicID, Title: a.Title, State: a.State, Severity: a.Severity, Created: parseTime(a.Created),
			CustomerImpacted: a.CustomerImpacted, Commander: user(a.Commander.Data).Email, Test: a.Test,
		}
		if i.ID > 0 {
			i.URL = c.page(fmt.Sprintf("/incidents/%d", i.ID))
		}
		found.Newest = append(found.Newest, i)
	}
	return found, results.Incidents != nil
}
