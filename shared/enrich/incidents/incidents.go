// Package incidents is the step "incidents": the open incidents of the alerting
// service or its team. It needs the permission incident_read.
package incidents

import (
	"context"
	"fmt"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

type Config struct {
	Service string `yaml:"service" doc:"Service whose open incidents to find. Default: the alert's service tag, or else its team tag."`
	Query   string `yaml:"query" doc:"Incident search in Datadog's syntax, used instead, such as state:active AND severity:(SEV-1 OR SEV-2)."`
}

// maxIncidents is how many incidents the step reads and shows.
const maxIncidents = 5

func Kind(client *datadog.Client) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "incidents", Doc: "Open incidents of the alerting service or its team.",
		Permissions: []string{"incident_read"}, Data: Data{},
	}, func(c Config, cache time.Duration) enrich.Step { return newStep(client.Cached(cache).Incidents, c) })
}

type source func(ctx context.Context, query string, size int) (datadog.Incidents, error)

func newStep(search source, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		query, about, err := c.search(a)
		if err != nil {
			return enrich.Finding{}, err
		}
		found, err := search(ctx, query, maxIncidents)
		if err != nil {
			return enrich.Finding{}, err
		}
		return newFinding(found, about, a.Date), nil
	})
}

// search returns the query and, for people, what it selects.
func (c Config) search(a alert.Alert) (query, about string, err error) {
	if query := strings.TrimSpace(c.Query); query != "" {
		return query, "matches " + query, nil
	}
	key, value, err := enrich.Tag(a, c.Service, "service", "team")
	if err != nil {
		return "", "", err
	}
	return fmt.Sprintf("state:(active OR stable) AND %ss:%s", key, enrich.SearchValue(value)), fmt.Sprintf("names the %s %s", key, value), nil
}

// Data is the finding for playbooks. The fields from ID to URL are those of the
// newest incident, and zero when there is none.
type Data struct {
	Open      bool               `json:"open"`  // There is an incident that is not a test.
	Count     int                `json:"count"` // Without the tests among the newest.
	ID        int64              `json:"id"`    // The public number.
	Title     string             `json:"title"`
	State     string             `json:"state"`
	Severity  string             `json:"severity"`
	Commander string             `json:"commander"` // An e-mail address.
	URL       string             `json:"url"`
	Incidents []datadog.Incident `json:"incidents,omitempty"` // The newest.
}

func newFinding(incidents datadog.Incidents, about string, alerted time.Time) enrich.Finding {
	d, list := Data{Count: incidents.Total}, enrich.List{}
	for _, i := range incidents.Newest {
		if i.Test {
			d.Count--
			continue
		}
		d.Incidents = append(d.Incidents, i)
		list.Items = append(list.Items, enrich.Item{Time: i.Created, Tag: i.Severity, Text: summary(i), URL: i.URL})
	}
	f := enrich.Finding{Title: "Incidents", Weight: enrich.Background}
	switch {
	case len(d.Incidents) > 0:
		newest := d.Incidents[0]
		d.Open, d.ID, d.Title, d.State, d.Severity = true, newest.ID, newest.Title, newest.State, newest.Severity
		d.Commander, d.URL = newest.Commander, newest.URL
		list.More = max(0, d.Count-len(d.Incidents))
		lead, repeated := enrich.NewLead(leadOf(newest, alerted))
		list.Items[0].Lead = repeated
		f.Title, f.Weight, f.Blocks, f.Lead = "Open incidents", enrich.Important, []enrich.Block{list}, []enrich.Lead{lead}
	case d.Count > 0:
		f.Weight = enrich.Useful
		f.Blocks = []enrich.Block{enrich.Paragraph(fmt.Sprintf(
			"Of %d open incidents, the newest %d are tests. The others were not read.", incidents.Total, len(incidents.Newest),
		))}
	default:
		f.Blocks = []enrich.Block{enrich.Paragraph("No open incident " + about + ".")}
	}
	f.Data = d
	return f
}

// leadOf is an incident for the first screen: "SEV-2 incident since 05:50 UTC, 23 min before:
// #42 Checkout fails (active)".
func leadOf(i datadog.Incident, alerted time.Time) enrich.Lead {
	text := "incident"
	if i.Severity != "" {
		text = i.Severity + " incident"
	}
	if !i.Created.IsZero() {
		text += " since " + enrich.Moment(i.Created, alerted)
	}
	return enrich.Lead{Answer: enrich.What, Text: text + ": " + summary(i), URL: i.URL}
}

// summary is an incident in a line: "#42 Checkout fails (stable, customers impacted,
// commander ada@example.com)".
func summary(i datadog.Incident) string {
	details := []string{i.State}
	if i.CustomerImpacted {
		details = append(details, "customers impacted")
	}
	if i.Commander != "" {
		details = append(details, "commander "+i.Commander)
	}
	return fmt.Sprintf("#%d %s (%s)", i.ID, i.Title, strings.Join(details, ", "))
}
