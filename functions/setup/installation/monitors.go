package installation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"boomerang/shared/datadog"
	"boomerang/shared/event"
)

// What the monitors look at. An alert counts when it is ten minutes old, so that one
// that waits for its second try, which comes after six, is not missed yet; the events
// are those of all the time in which it could have come back.
const (
	alertsWindow  = "20m"
	alertsDelay   = 600 // seconds by which the alerts that count are old
	eventsWindow  = "30m"
	lettersWindow = "last_30m"
	// awsDelay is what Datadog advises for metrics that it fetches from CloudWatch
	// (https://docs.datadoghq.com/monitors/configuration/).
	awsDelay = 900
)

// monitor is a monitor's definition in Datadog's form
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

// alertsQuery finds the alerts that monitors send to our webhook. It is without the
// "@" of the handle, which begins an attribute in the search syntax, and without our
// own monitors, whose alerts may quote this very query.
func (s Spec) alertsQuery() string {
	return fmt.Sprintf(`source:alert "webhook-%s" -%s`, s.WebhookName, ours)
}

// eventsQuery finds the events that came back, which all say which webhook they
// answer and how their enrichment went. The search for alerts takes webhook-shop-api
// for webhook-shop too, as words go, so the events are those of such names as well:
// the alerts of one would otherwise seem to wait for the events of the other.
func (s Spec) eventsQuery() string {
	return event.TagWebhook(s.WebhookName) + "* enrichment:* -drill:*"
}

// watch is a monitor that is made when the ids of those before it are known.
type watch func(ids []int64) monitor

// watches are our monitors on our own failure. The third is made of the first two:
// only together do they tell failure from quiet, and only it notifies.
func (s Spec) watches() []watch {
	all := []watch{
		func([]int64) monitor {
			return s.monitor("alerts were sent", "event-v2 alert", count(s.alertsQuery(), alertsWindow, "> 0"), 5,
				"A part of \""+s.title()+": no event comes back\". It notifies nobody.",
				monitorOptions{Thresholds: &thresholds{0}, EvaluationDelay: alertsDelay})
		},
		func([]int64) monitor {
			return s.monitor("no event in half an hour", "event-v2 alert", count(s.eventsQuery(), eventsWindow, "< 1"), 5,
				"A part of \""+s.title()+": no event comes back\". It notifies nobody, and is in alert whenever there is nothing to enrich.",
				monitorOptions{Thresholds: &thresholds{1}})
		},
		func(ids []int64) monitor {
			return s.monitor("no event comes back", "composite", fmt.Sprintf("%d && %d", ids[0], ids[1]), 2,
				"Monitors called Boomerang, and for half an hour no enriched event came back. The alerts themselves reach whom else they notify.\n\n"+
					"Look at the answers that Datadog got from the webhook "+s.WebhookName+" (Integrations, Webhooks), and at the logs of "+listed(s.Functions)+". "+
					"`make drill` shows how far an alert comes.\n\n"+s.Notify,
				monitorOptions{})
		},
	}
	if s.DeadLetterQueue == "" {
		return all
	}
	return append(all, func([]int64) monitor {
		return s.monitor("there are dead letters", "metric alert",
			fmt.Sprintf("max(%s):max:aws.sqs.approximate_number_of_messages_visible{queuename:%s} > 0", lettersWindow, strings.ToLower(s.DeadLetterQueue)), 3,
			"Alerts could not be finished by any try. `make redrive` says which ones and why, and puts them back.\n\n"+s.Notify,
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

// count is the query of a monitor that counts events
// (https://docs.datadoghq.com/api/latest/monitors/#create-a-monitor, "Event V2 Alert Query").
func count(query, window, condition string) string {
	quoted := strings.ReplaceAll(query, `"`, `\"`)
	return fmt.Sprintf(`events("%s").rollup("count").last("%s") %s`, quoted, window, condition)
}

func listed(functions []string) string {
	if len(functions) == 0 {
		return "the functions"
	}
	return strings.Join(functions, ", ")
}

// monitors are the pieces of the watches. Each learns the ids of those before it from
// ids, where it leaves its own.
func (i Installer) monitors(spec Spec) []piece {
	watches := spec.watches()
	ids := make([]int64, len(watches))
	pieces := make([]piece, len(watches))
	for n, define := range watches {
		name := define(ids).Name
		pieces[n] = piece{
			what: fmt.Sprintf("the monitor %q", name),
			ensure: func(ctx context.Context, making func()) (verb Verb, err error) {
				verb, ids[n], err = i.ensureMonitor(ctx, define(ids), making)
				return verb, err
			},
			remove: func(ctx context.Context) (Verb, error) { return i.removeMonitor(ctx, name) },
		}
	}
	return pieces
}

func (i Installer) ensureMonitor(ctx context.Context, wanted monitor, making func()) (verb Verb, id int64, err error) {
	definition, err := json.Marshal(wanted)
	if err != nil {
		return "", 0, err
	}
	named, err := i.monitorsNamed(ctx, wanted.Name)
	if err != nil {
		return "", 0, err
	}
	m := datadog.MonitorDefinition{Name: wanted.Name, Definition: definition}
	if len(named) == 0 {
		making()
		id, err := i.Datadog.CreateMonitor(ctx, m)
		return Created, id, err
	}
	m.ID = named[0].ID
	// Datadog takes one type for another, "metric alert" for "query alert", and says so
	// when it is asked.
	wanted.Type = ""
	comparable, err := json.Marshal(wanted)
	if err != nil {
		return "", 0, err
	}
	if covers(named[0].Definition, comparable) {
		return Unchanged, m.ID, nil
	}
	return Updated, m.ID, i.Datadog.UpdateMonitor(ctx, m)
}

func (i Installer) removeMonitor(ctx context.Context, name string) (Verb, error) {
	named, err := i.monitorsNamed(ctx, name)
	if err != nil {
		return "", err
	}
	verb := Absent
	for _, m := range named {
		if verb, err = gone(i.Datadog.DeleteMonitor(ctx, m)); err != nil {
			return "", err
		}
	}
	return verb, nil
}

// monitorsNamed finds our monitors of a name, which holds the webhook's. The stack's
// tag does not count: somebody may have set the webhook up under another name.
func (i Installer) monitorsNamed(ctx context.Context, name string) ([]datadog.MonitorDefinition, error) {
	all, err := i.Datadog.MonitorsTagged(ctx, bare, ours)
	return slices.DeleteFunc(all, func(m datadog.MonitorDefinition) bool { return m.Name != name }), err
}
