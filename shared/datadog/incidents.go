package datadog

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Incident is an incident. Fields that a response lacks are zero.
type Incident struct {
	PublicID         int64     `json:"public_id"` // The number in the app.
	Title            string    `json:"title"`
	State            string    `json:"state"`    // "active", "stable", "resolved", "completed", or a newer one.
	Severity         string    `json:"severity"` // "SEV-1" to "SEV-5", "UNKNOWN", or a newer one.
	Created          time.Time `json:"-"`
	CustomerImpacted bool      `json:"customer_impacted"`
	Commander        User      `json:"-"`
	Test             bool      `json:"is_test"`
	URL              string    `json:"-"`
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
	Incident
	Created   string
	Commander struct{ Data resource[userFields] }
}

func (c *Client) incidents(r incidentsResponse) (Incidents, bool) {
	results := r.Data.Attributes
	found := Incidents{Total: max(results.Total, len(results.Incidents))}
	for _, incident := range results.Incidents {
		a := incident.Data.Attributes
		i := a.Incident
		i.Created, i.Commander = parseTime(a.Created), user(a.Commander.Data)
		if i.PublicID > 0 {
			i.URL = c.page(fmt.Sprintf("/incidents/%d", i.PublicID))
		}
		found.Newest = append(found.Newest, i)
	}
	return found, results.Incidents != nil
}
