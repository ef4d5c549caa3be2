// Package incidents is the step "incidents": whether there is an incident open
// already that names the alerting service or its team, so that nobody opens
// another. It needs the permission incident_read.
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

// Name is the step's name in playbooks, answers and events.
const Name = "incidents"

// Permission is what the application key needs.
const Permission = "incident_read"

// Source is where incidents are searched.
type Source interface {
	Incidents(ctx context.Context, query string, size int) (datadog.Incidents, error)
}

var _ Source = (*datadog.Client)(nil)

// Config is what a playbook may say.
type Config struct {
	Service string `yaml:"service" doc:"Service whose open incidents to look for; empty means the value of the alert's service tag, and without one its team tag."`
	Query   string `yaml:"query" doc:"Incident search to make instead, in Datadog's syntax, such as state:active AND severity:(SEV-1 OR SEV-2)."`
}

// size is how many incidents are read and told.
const size = 5

// New returns the step.
func New(source Source, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		s, err := c.search(enrich.Tags(a))
		if err != nil {
			return enrich.Finding{}, err
		}
		incidents, err := source.Incidents(ctx, s.query, size)
		if err != nil {
			return enrich.Finding{}, err
		}
		return found(s, incidents), nil
	})
}

// search is a query and what it is about, as people say it.
type search struct{ query, about string }

// open are the states in which somebody still works on an incident.
const open = "state:(active OR stable)"

func (c Config) search(tags alert.Tags) (search, error) {
	if query := strings.TrimSpace(c.Query); query != "" {
		return search{query, "that matches " + query}, nil
	}
	service, team := strings.TrimSpace(c.Service), tags.Get("team")
	if service == "" {
		service = tags.Get("service")
	}
	switch {
	case len(service) > maxValue || len(team) > maxValue:
		return search{}, enrich.Skip("the alert's service or team tag is longer than any that Datadog takes")
	case service != "":
		return search{open + " AND services:" + value(service), "for the service " + service}, nil
	case team != "":
		return search{open + " AND teams:" + value(team), "for the team " + team}, nil
	}
	return search{}, enrich.Skip("the alert has neither a service tag nor a team tag")
}

// maxValue bounds what is asked for, in bytes: tags have at most 200 characters
// (https://docs.datadoghq.com/getting_started/tagging/).
const maxValue = 4 * 200

// value writes a value so that nothing in it can be taken for a part of the query.
func value(v string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.'
	}
	if strings.IndexFunc(v, func(r rune) bool { return !plain(r) }) < 0 {
		return v
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
}

// Data is what playbooks and machines see. The fields from ID to URL are of the
// newest incident, and zero when there is none.
type Data struct {
	Open bool `json:"open"` // One is known that is no test.
	// Count leaves out the newest that are tests. Of those beyond the newest nobody
	// knows what they are.
	Count     int        `json:"count"`
	ID        int64      `json:"id"` // The number by which people call it.
	Title     string     `json:"title"`
	State     string     `json:"state"`
	Severity  string     `json:"severity"`
	Commander string     `json:"commander"` // An e-mail address.
	URL       string     `json:"url"`
	Incidents []Incident `json:"incidents,omitempty"` // The newest.
}

// Incident is one that is open.
type Incident struct {
	ID               int64     `json:"id"`
	Title            string    `json:"title"`
	State            string    `json:"state"`
	Severity         string    `json:"severity"`
	Created          time.Time `json:"created,omitzero"`
	CustomerImpacted bool      `json:"customer_impacted"`
	Commander        string    `json:"commander"`
	URL              string    `json:"url"`
}

func found(s search, incidents datadog.Incidents) enrich.Finding {
	d, list := Data{Count: incidents.Total}, enrich.List{}
	for _, i := range incidents.Newest {
		if i.Test {
			d.Count--
			continue
		}
		d.Incidents = append(d.Incidents, Incident{
			ID: i.PublicID, Title: i.Title, State: i.State, Severity: i.Severity, Created: i.Created,
			CustomerImpacted: i.CustomerImpacted, Commander: i.Commander.Email, URL: i.URL,
		})
		list.Items = append(list.Items, enrich.Item{Time: i.Created, Tag: i.Severity, Text: words(i), URL: i.URL})
	}
	if len(d.Incidents) == 0 {
		return none(s, incidents, d)
	}
	newest := d.Incidents[0]
	d.Open, d.ID, d.Title, d.State, d.Severity = true, newest.ID, newest.Title, newest.State, newest.Severity
	d.Commander, d.URL = newest.Commander, newest.URL
	list.More = max(0, d.Count-len(d.Incidents))
	return enrich.Finding{Title: "Open incidents", Weight: enrich.Important, Blocks: []enrich.Block{list}, Data: d}
}

func none(s search, incidents datadog.Incidents, d Data) enrich.Finding {
	words, weight := "There is no open incident "+s.about+".", enrich.Background
	if d.Count > 0 {
		words = fmt.Sprintf("There is no open incident %s among the newest %d of %d, which are tests; what the rest are is not known.",
			s.about, len(incidents.Newest), incidents.Total)
		weight = enrich.Useful
	}
	return enrich.Finding{Title: "Incidents", Weight: weight, Blocks: []enrich.Block{enrich.Paragraph(words)}, Data: d}
}

// words tell an incident in a line: "#42 Checkout fails (stable, customers
// impacted, commander ada@example.com)".
func words(i datadog.Incident) string {
	more := []string{i.State}
	if i.CustomerImpacted {
		more = append(more, "customers impacted")
	}
	if i.Commander.Email != "" {
		more = append(more, "commander "+i.Commander.Email)
	}
	return fmt.Sprintf("#%d %s (%s)", i.PublicID, i.Title, strings.Join(more, ", "))
}
