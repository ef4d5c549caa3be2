package backtest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/playbook"
)

// Alert is an alert that was rebuilt from its event.
type Alert struct {
	alert.Alert

	unknown playbook.Unknown
}

// Fields are those that a rebuilt alert has, and where each is from.
var Fields = map[string]string{
	"id": "`id`", "date": "`date_happened`", "title": "`title`", "message": "`text`", "tags": "`tags`", "tag_list": "`tags`", "host": "`host`", "link": "`url`",
	"type": "`alert_type`", "event_priority": "`priority`", "test": "`[TEST]` in the title",
	"monitor_id": "`monitor_id`, or a link to the monitor",
	"scope":      "`monitor_groups`, or the title",
	"transition": "the title, or the sentence of a person who resolved the monitor",
	"recovered":  "the transition",
	"priority":   "the title, or the tag `priority`",
}

// neverKnown are the paths that no rebuilt alert has.
var neverKnown = sync.OnceValue(func() playbook.Unknown {
	unknown := playbook.Unknown{"memory", "steps", "suspects", "cycle"}
	for _, name := range slices.Sorted(maps.Keys(playbook.View(alert.Alert{}))) {
		if Fields[name] == "" {
			unknown = append(unknown, "alert."+name)
		}
	}
	return unknown
})

// unknownOf returns what one rebuilt alert lacks. A payload has these fields of each alert.
func unknownOf(a alert.Alert) playbook.Unknown {
	unknown := slices.Clip(neverKnown())
	if a.MonitorID == "" {
		unknown = append(unknown, "alert.monitor_id")
	}
	if a.Type == "" {
		unknown = append(unknown, "alert.type")
	}
	if a.Transition == "" {
		unknown = append(unknown, "alert.transition", "alert.recovered")
		if a.Priority == "" { // A title with a transition has the priority of its monitor, too.
			unknown = append(unknown, "alert.priority")
		}
	}
	return unknown
}

// Selection is the alerts of a stream that the webhook would have got.
type Selection struct {
	Alerts  []Alert // the oldest first
	Read    int     // events, each once
	Skipped int     // of monitors that do not mention our webhook
	Note    string  // how the alerts were chosen, if not by the webhook
}

// Select returns the alerts of the monitors that notified the webhook: by a mention, or so
// that Boomerang posted an event about it. With all, and where it finds none, it returns the
// alerts of all monitors. Events before a time are left out.
func Select(events []datadog.Event, webhook string, all bool, from time.Time) Selection {
	events = once(events, from)
	s := Selection{Read: len(events)}
	posted, mention := map[string]bool{}, datadog.Mention(webhook)
	var ours, others []Alert
	for _, e := range events {
		if isOwn(e) {
			posted[strconv.FormatInt(e.RelatedEventID, 10)] = true
		}
	}
	for _, e := range events {
		a := Alert{Alert: e.Alert("")}
		if isOwn(e) || e.MonitorID == 0 && !a.Tags.Has(datadog.MonitorTag) {
			continue
		}
		a.unknown = unknownOf(a.Alert)
		if all || posted[a.ID] || mention.MatchString(e.Text) {
			ours = append(ours, a)
		} else {
			others = append(others, a)
		}
	}
	s.Alerts, s.Skipped = ours, len(others)
	if len(ours) == 0 && len(others) > 0 {
		s.Alerts, s.Skipped = others, 0
		s.Note = fmt.Sprintf("no event mentions @webhook-%s, so the alerts of all monitors count", webhook)
	}
	return s
}

// isOwn reports whether Boomerang posted the event, whose text may be that of a monitor.
func isOwn(e datadog.Event) bool { return alert.Alert{Tags: e.Tags}.IsFromBoomerang() }

// once returns each event once, the oldest first.
func once(events []datadog.Event, from time.Time) []datadog.Event {
	all := slices.DeleteFunc(slices.Clone(events), func(e datadog.Event) bool { return e.Happened.Before(from) })
	slices.SortFunc(all, func(a, b datadog.Event) int { return cmp.Or(a.Happened.Compare(b.Happened), cmp.Compare(a.ID, b.ID)) })
	return slices.CompactFunc(all, func(a, b datadog.Event) bool { return a.ID == b.ID && a.ID != "" })
}

// Newest returns when the newest of the events happened.
func Newest(events []datadog.Event) (at time.Time) {
	for _, e := range events {
		if e.Happened.After(at) {
			at = e.Happened
		}
	}
	return at
}
