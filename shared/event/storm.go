package event

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

// TagStorm marks the summary of suppressed alerts.
const TagStorm = "storm:true"

// Suppressed describes the alerts of one monitor above its limit.
type Suppressed struct {
	Count       int
	Limit       int // per minute
	Groups      []string
	MoreGroups  bool     // than those
	Transitions []string // Datadog's words: "Triggered"
	First, Last time.Time
}

// Summarize makes one event for all suppressed alerts. like is one of them; the event
// repeats only what is true of all.
func Summarize(like alert.Alert, d Draft, s Suppressed, now time.Time) Event {
	d.AlertType = s.alertType(like)
	d.Tags = append([]string{TagStorm}, d.Tags...)
	of := groupState().ReplaceAllString(wholeTitle(like, ""), "$1")
	all := alert.Alert{
		ID: like.ID, OrgID: like.OrgID, MonitorID: like.MonitorID, CycleKey: like.CycleKey, AggregKey: like.AggregKey,
		Priority: like.Priority, EventPriority: like.EventPriority, Tags: common(like),
		Title: fmt.Sprintf("%s of: %s", moreAlerts(s.Count), of), Date: s.Last, Link: like.Link,
	}
	if len(s.Transitions) == 1 {
		all.Transition = alert.Transition(s.Transitions[0])
	}
	return Compose(all, d, []enrich.Result{{Status: enrich.OK, Finding: s.finding()}}, now)
}

// groupState is the state of one group in Datadog's titles: "[P1] [Triggered on {host:a}] …".
var groupState = alert.Pattern(`^((?:\[[^\]{]*\] )*?)\[(?:(?:Re-)?(?:Triggered|Warn|No Data)|(?:Warn )?Recovered)(?: on \{[^}]*\})?\] `)

// common returns the tags that all groups of a monitor share.
func common(a alert.Alert) alert.Tags {
	groups := map[string]bool{}
	for _, tag := range append(a.Scopes(), "host:"+a.Hostname) {
		groups[strings.ToLower(tag)] = true
	}
	return slices.DeleteFunc(slices.Clone(a.Tags), func(tag string) bool { return groups[strings.ToLower(tag)] })
}

// alertType is that of the most severe alert.
func (s Suppressed) alertType(like alert.Alert) string {
	var types []string
	for _, transition := range s.Transitions {
		one := alert.Alert{Transition: alert.Transition(transition)}
		if one.Transition == like.Transition {
			one.Type = like.Type
		}
		types = append(types, alertType(one, ""))
	}
	if first := slices.IndexFunc(alertTypes, func(t string) bool { return slices.Contains(types, t) }); first >= 0 {
		return alertTypes[first]
	}
	return alertType(like, "")
}

func moreAlerts(n int) string { return enrich.Count(n, "more alert") }

func (s Suppressed) finding() enrich.Finding {
	groups := enrich.ListOf(s.Groups, len(s.Groups), func(group string) enrich.Item { return enrich.Item{Text: group} })
	known := fmt.Sprint(len(s.Groups))
	if s.MoreGroups {
		known = "at least " + known
	}
	lead := []enrich.Lead{
		{Answer: enrich.What, Text: fmt.Sprintf("%s in a minute, above the limit of %d", moreAlerts(s.Count), s.Limit)},
		{Answer: enrich.Since, Time: s.First},
	}
	return enrich.Finding{Title: "Suppressed", Weight: enrich.Essential, Lead: lead, Blocks: []enrich.Block{
		enrich.Paragraph("They have no events of their own."),
		enrich.Facts{
			{Name: "First", Value: s.First.UTC().Format("2006-01-02 15:04:05 UTC")},
			{Name: "Last", Value: s.Last.UTC().Format("2006-01-02 15:04:05 UTC")},
			{Name: "Transitions", Value: strings.Join(s.Transitions, ", ")},
			{Name: "Groups", Value: known},
		},
		groups,
	}}
}
