// Package event is the step "event": the alert's own event in Datadog, which has what
// a webhook's payload may lack: the monitor, the failing groups, all tags, the text.
package event

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

func Kind(client *datadog.Client) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "event", Doc: "The alert's own event: monitor, groups, all tags, text.",
		Permissions: []string{"events_read"}, Data: Data{},
	}, func(c Config, cache time.Duration) enrich.Step { return newStep(client.Cached(cache).Event, c) })
}

type Config struct {
	ID string `yaml:"id" doc:"Id of the event to get; the alert's own event by default."`
}

func (c Config) Validate() error {
	if c.ID == "" || strings.Contains(c.ID, "{{") || isID(c.ID) {
		return nil
	}
	return fmt.Errorf("id: %q is not an event id, which is a whole number above zero", c.ID)
}

func isID(text string) bool {
	id, err := strconv.ParseInt(text, 10, 64)
	return err == nil && id > 0
}

func newStep(get func(context.Context, string) (datadog.Event, error), c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		id := cmp.Or(c.ID, a.ID)
		if !isID(id) {
			return enrich.Finding{}, enrich.Skip("the alert has no event id")
		}
		e, err := get(ctx, id)
		if err != nil {
			missing := fault.New(fault.Permanent, "Datadog has no event "+id+": a new event appears after about 20 seconds, and only in its own organization", err)
			return enrich.Finding{}, datadog.ExplainNotFound(err, missing)
		}
		return newFinding(a, e), nil
	})
}

// Data is what playbooks see. Times are UTC.
type Data struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Text      string    `json:"text"`             // Without the %%% around Datadog's markdown.
	AlertType string    `json:"alert_type"`       // "error", "warning", "success", "info", …
	Priority  string    `json:"priority"`         // "normal" or "low".
	Source    string    `json:"source"`           // "monitor alert", "my_apps", …
	MonitorID string    `json:"monitor_id"`       // Empty for an event without a monitor.
	Groups    []string  `json:"groups,omitempty"` // The monitor's groups.
	Tags      []string  `json:"tags,omitempty"`
	Host      string    `json:"host"`
	URL       string    `json:"url"`
	Happened  time.Time `json:"happened,omitzero"`
}

const (
	maxGroups     = 5
	maxTags       = 20
	maxTextRunes  = 1000
	maxValueRunes = 300
)

func newFinding(a alert.Alert, e datadog.Event) enrich.Finding {
	d := Data{
		ID: e.ID, Title: e.Title, Text: plainText(e.Text), AlertType: e.AlertType, Priority: e.Priority, Source: e.Source,
		Groups: e.MonitorGroups, Tags: e.Tags, Host: e.Host, URL: e.URL, Happened: e.Happened,
	}
	if e.MonitorID != 0 {
		d.MonitorID = strconv.FormatInt(e.MonitorID, 10)
	}
	weight, text := enrich.Background, ""
	if a.Message == "" && a.Text == "" { // Otherwise the posted event has the text already.
		text = enrich.Line(d.Text, maxTextRunes)
	}
	if text != "" {
		weight = enrich.Important
	}
	blocks := []enrich.Block{newFacts(a, d), enrich.Paragraph(text)}
	if d.URL != "" {
		blocks = append(blocks, enrich.Links{{Kind: "resource", Title: "Event in Datadog", URL: d.URL}})
	}
	return enrich.Finding{Title: "Event", Weight: weight, Blocks: enrich.Blocks(blocks...), Data: d}
}

// plainText removes the markers of Datadog's markdown
// (https://docs.datadoghq.com/events/guides/dogstatsd/#markdown-events).
func plainText(text string) string {
	text = strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(text, "%%%"); ok {
		return strings.TrimSpace(strings.TrimSuffix(inner, "%%%"))
	}
	return text
}

// newFacts returns what the alert's payload does not say.
func newFacts(a alert.Alert, d Data) enrich.Facts {
	// A monitor without groups has the group "*".
	groups := slices.DeleteFunc(slices.Clone(d.Groups), func(g string) bool { return g == "*" })
	isOwnGroup := len(d.Groups) == 1 && enrich.IsGroup(a)(d.Groups[0])
	return enrich.Facts{
		{Name: "Id", Value: d.ID},
		{Name: "Title", Value: enrich.Unless(a.Title != "", d.Title)},
		{Name: "Monitor", Value: enrich.Unless(a.MonitorID == d.MonitorID, d.MonitorID)},
		{Name: "Groups", Value: enrich.Unless(isOwnGroup, enrich.Join(groups, "; ", maxGroups))},
		{Name: "Host", Value: enrich.Unless(a.Hostname == d.Host, d.Host)},
		{Name: "More tags", Value: enrich.Join(enrich.NewTags(d.Tags, a, "source:"), ", ", maxTags)},
	}.Known(maxValueRunes)
}
