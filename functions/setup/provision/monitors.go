package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"boomerang/shared/datadog"
	"boomerang/shared/event"
)

// Windows of the monitors. An alert counts after ten minutes, so that its second attempt,
// six minutes after the first, is not missing yet.
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

// selfMonitors are the monitors on Boomerang's own failures, as functions of the ids of
// those before them. The third combines the first two, which alone cannot tell a failure
// from silence, and only it notifies.
func (s Spec) selfMonitors() []func(ids []int64) monitor {
	all := []func(ids []int64) monitor{
		func([]int64) monitor {
			return s.monitor("alerts were sent", "event-v2 alert", countQuery(s.alertsQuery(), alertsWindow, "> 0"), 5,
				"Part of \""+s.title()+": no event comes back\". It notifies no one.",
				monitorOptions{Thresholds: &thresholds{0}, EvaluationDelay: alertsDelay})
		},
		func([]int64) monitor {
			return s.monitor("no event in half an hour", "event-v2 alert", countQuery(s.eventsQuery(), eventsWindow, "< 1"), 5,
				"Part of \""+s.title()+": no event comes back\". It notifies no one, and alerts whenever there is nothing to enrich.",
				monitorOptions{Thresholds: &thresholds{1}})
		},
		func(ids []int64) monitor {
			return s.monitor("no event comes back", "composite", fmt.Sprintf("%d && %d", ids[0], ids[1]), 2,
				"Monitors called Boomerang, and for half an hour it posted no enriched event. The alerts still reach their other recipients.\n\n"+
					"Check the webhook's answers in Datadog (Integrations, Webhooks, "+s.WebhookName+") and the logs of "+functionNames(s.Functions)+". "+
					"`make drill` shows how far an alert comes.\n\n"+s.Notify,
				monitorOptions{})
		},
	}
	if s.DeadLetterQueue == "" {
		return all
	}
	return append(all, func([]int64) monitor {
		return s.monitor("there are dead letters", "metric alert",
			fmt.Sprintf("max(%s):max:aws.sqs.approximate_number_of_messages_visible{queuename:%s} > 0", dlqWindow, strings.ToLower(s.DeadLetterQueue)), 3,
			"All attempts for some alerts failed. `make redrive` shows which ones and why, and puts them back into the queue.\n\n"+s.Notify,
			monitorOptions{Thresholds: &thresholds{0}, EvaluationDelay: awsDelay})
	})
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

func functionNames(names []string) string {
	if len(names) == 0 {
		return "the functions"
	}
	return strings.Join(names, ", ")
}

// monitors are the resources of the selfMonitors. Each stores its id for those after it.
func (p Provisioner) monitors(spec Spec) []resource {
	definitions := spec.selfMonitors()
	ids := make([]int64, len(definitions))
	resources := make([]resource, len(definitions))
	for n, define := range definitions {
		name := define(ids).Name
		resources[n] = resource{
			name: fmt.Sprintf("the monitor %q", name),
			ensure: func(ctx context.Context, creating func()) (action Action, err error) {
				action, ids[n], err = p.ensureMonitor(ctx, define(ids), creating)
				return action, err
			},
			remove: func(ctx context.Context) (Action, error) { return p.removeMonitor(ctx, name) },
		}
	}
	return resources
}

func (p Provisioner) ensureMonitor(ctx context.Context, want monitor, creating func()) (action Action, id int64, err error) {
	definition, err := json.Marshal(want)
	if err != nil {
		return "", 0, err
	}
	found, err := p.monitorsNamed(ctx, want.Name)
	if err != nil {
		return "", 0, err
	}
	m := datadog.MonitorDefinition{Name: want.Name, Definition: definition}
	if len(found) == 0 {
		creating()
		id, err := p.Datadog.CreateMonitor(ctx, m)
		return Created, id, err
	}
	m.ID = found[0].ID
	// Datadog stores a "metric alert" as a "query alert".
	want.Type = ""
	comparable, err := json.Marshal(want)
	if err != nil {
		return "", 0, err
	}
	if covers(found[0].Definition, comparable) {
		return Unchanged, m.ID, nil
	}
	return Updated, m.ID, p.Datadog.UpdateMonitor(ctx, m)
}

func (p Provisioner) removeMonitor(ctx context.Context, name string) (Action, error) {
	found, err := p.monitorsNamed(ctx, name)
	if err != nil {
		return "", err
	}
	action := Absent
	for _, m := range found {
		if action, err = deletedOrError(p.Datadog.DeleteMonitor(ctx, m)); err != nil {
			return "", err
		}
	}
	return action, nil
}

// monitorsNamed finds our monitors by name, which contains the webhook's. It ignores the
// stack's tag, because another stack may have created the same webhook before.
func (p Provisioner) monitorsNamed(ctx context.Context, name string) ([]datadog.MonitorDefinition, error) {
	all, err := p.Datadog.MonitorsTagged(ctx, ownTag, managedBy)
	return slices.DeleteFunc(all, func(m datadog.MonitorDefinition) bool { return m.Name != name }), err
}
