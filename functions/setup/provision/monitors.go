package provision

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"boomerang/shared/datadog"
	"boomerang/shared/event"
)

// Windows of the monitors. An alert counts after ten minutes, so that one that waits for its
// second attempt is not missing yet.
const (
	alertsWindow = "20m"
	alertsDelay  = 600 // seconds
	eventsWindow = "30m"
	dlqWindow    = "last_30m"
	// awsDelay is Datadog's advice for CloudWatch metrics
	// (https://docs.datadoghq.com/monitors/configuration/).
	awsDelay = 900 // seconds
)

// monitor is a monitor's definition
// (https://docs.datadoghq.com/api/latest/monitors/#create-a-monitor).
type monitor struct {
	Type     string         `json:"type,omitempty"`
	Name     string         `json:"name"`
	Query    string         `json:"query"`
	Message  string         `json:"message"`
	Tags     []string       `json:"tags"`
	Priority int            `json:"priority"`
	Options  monitorOptions `json:"options"`
}

func (m monitor) json() json.RawMessage {
	raw, _ := json.Marshal(m) // Texts and numbers always marshal.
	return raw
}

type monitorOptions struct {
	Thresholds      *thresholds `json:"thresholds,omitempty"` // A composite monitor has none.
	EvaluationDelay int         `json:"evaluation_delay,omitempty"`
	IncludeTags     bool        `json:"include_tags"`
	NotifyNoData    bool        `json:"notify_no_data"`
}

type thresholds struct {
	Critical float64 `json:"critical"`
}

// alertsQuery matches the alerts that monitors send to our webhook. It omits the "@",
// which begins an attribute in the search syntax, and our own monitors, whose alerts may
// quote this query. An alert that the notification rule routes need not mention the webhook;
// rules of others are not counted.
func (s Spec) alertsQuery() string {
	if s.Route != "" {
		return fmt.Sprintf(`source:alert ("webhook-%s" OR (%s)) -%s`, s.WebhookName, s.Route, managedBy)
	}
	return fmt.Sprintf(`source:alert "webhook-%s" -%s`, s.WebhookName, managedBy)
}

// eventsQuery matches the posted events. The wildcard includes webhooks whose names begin
// with ours, because alertsQuery matches their alerts too.
func (s Spec) eventsQuery() string {
	return event.TagWebhook(s.WebhookName) + "* enrichment:* -drill:*"
}

// selfMonitors are the monitors on Boomerang's own failures. The third combines the first two
// by their ids and is the only one that notifies: each of the two may also just be silence.
func (s Spec) selfMonitors(ids []string) []monitor {
	part := "Part of \"" + s.title() + ": no event comes back\". It notifies no one"
	all := []monitor{
		s.monitor("alerts were sent", "event-v2 alert", countQuery(s.alertsQuery(), alertsWindow, "> 0"), 5,
			part+". It counts the alerts that mention the webhook or match the parameter Route. It does not count those that other notification rules route, "+
				"because their scopes change without a deployment. Reconcile finds these alerts.", monitorOptions{Thresholds: &thresholds{0}, EvaluationDelay: alertsDelay}),
		s.monitor("no event in half an hour", "event-v2 alert", countQuery(s.eventsQuery(), eventsWindow, "< 1"), 5,
			part+", and alerts whenever there is nothing to enrich.", monitorOptions{Thresholds: &thresholds{1}}),
		s.monitor("no event comes back", "composite", ids[0]+" && "+ids[1], 2,
			"Monitors called Boomerang, and for half an hour it posted no enriched event. The alerts still reach their other recipients.\n\n"+
				"Check the webhook's answers in Datadog (Integrations, Webhooks, "+s.WebhookName+") and the logs of "+cmp.Or(strings.Join(s.Functions, ", "), "the functions")+". "+
				"`make drill` shows how far an alert comes.\n\n"+s.Notify,
			monitorOptions{}),
	}
	if s.DeadLetterQueue == "" {
		return all
	}
	return append(all, s.monitor("there are dead letters", "metric alert",
		fmt.Sprintf("max(%s):max:aws.sqs.approximate_number_of_messages_visible{queuename:%s} > 0", dlqWindow, strings.ToLower(s.DeadLetterQueue)), 3,
		"All attempts for some alerts failed. `make redrive` shows which ones and why, and puts them back into the queue.\n\n"+s.Notify,
		monitorOptions{Thresholds: &thresholds{0}, EvaluationDelay: awsDelay}))
}

func (s Spec) monitor(name, kind, query string, priority int, message string, options monitorOptions) monitor {
	options.IncludeTags = true
	return monitor{
		Type: kind, Name: s.title() + ": " + name, Query: query, Message: strings.TrimSpace(message),
		Tags: s.tags(), Priority: priority, Options: options,
	}
}

// countQuery is the query of a monitor that counts events
// (https://docs.datadoghq.com/api/latest/monitors/#create-a-monitor, "Event V2 Alert Query").
func countQuery(search, window, condition string) string {
	quoted := strings.ReplaceAll(search, `"`, `\"`)
	return fmt.Sprintf(`events("%s").rollup("count").last("%s") %s`, quoted, window, condition)
}

// monitors are the resources of the selfMonitors. Each stores its id for those after it.
func (p Provisioner) monitors(spec Spec) []resource {
	ids := make([]string, 4)
	var resources []resource
	for n, definition := range spec.selfMonitors(ids) {
		name := definition.Name
		resources = append(resources, managed[datadog.MonitorDefinition]{
			name: fmt.Sprintf("the monitor %q", name),
			// It ignores the stack's tag, because another stack may have created the same webhook before.
			find: func(ctx context.Context) ([]datadog.MonitorDefinition, error) {
				all, err := p.Datadog.MonitorsTagged(ctx, ownTag, managedBy)
				return slices.DeleteFunc(all, func(m datadog.MonitorDefinition) bool { return m.Name != name }), err
			},
			want: func(_ context.Context, found datadog.MonitorDefinition) (datadog.MonitorDefinition, bool, error) {
				ids[n] = found.ID
				want := spec.selfMonitors(ids)[n]
				compared := want
				compared.Type = "" // Datadog stores a "metric alert" as a "query alert".
				return datadog.MonitorDefinition{ID: found.ID, Name: name, Definition: want.json()}, covers(found.Definition, compared.json()), nil
			},
			created: func(c datadog.Created) { ids[n] = c.ID },
		}.resource(p.Datadog))
	}
	return resources
}
