package event

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

// TagStorm marks the summary of what a storm held back.
const TagStorm = "storm:true"

// Held is what a storm held back: alerts of one monitor above its limit.
type Held struct {
	Count       int
	Limit       int // a minute
	Groups      []string
	MoreGroups  bool     // than those
	Transitions []string // Datadog's words: "Triggered"
	First, Last time.Time
}

// Summarise makes the one event that stands for all the alerts that a storm held
// back. like is one of them, and the event says of it only what is true of all.
func Summarise(like alert.Alert, d Draft, h Held, now time.Time) Event {
	d.AlertType = h.alertType(like)
	d.Tags = append([]string{TagStorm}, d.Tags...)
	of := groupState().ReplaceAllString(title(like, ""), "$1")
	all := alert.Alert{
		ID: like.ID, OrgID: like.OrgID, MonitorID: like.MonitorID, CycleKey: like.CycleKey, AggregKey: like.AggregKey,
		Priority: like.Priority, EventPriority: like.EventPriority, Tags: common(like),
		Title: fmt.Sprintf("%s of: %s", more(h.Count), of), Date: h.Last, Link: like.Link,
	}
	if len(h.Transitions) == 1 {
		all.Transition = alert.Transition(h.Transitions[0])
	}
	return Compose(all, d, []enrich.Result{{Status: enrich.OK, Finding: h.finding()}}, now)
}

// groupState is what Datadog's titles say of one group: "[P1] [Triggered on {host:a}] …".
var groupState = enrich.Pattern(`^(\[P[1-5]\] )?\[(?:(?:Re-)?(?:Triggered|Warn|No Data)|Recovered)(?: on \{[^}]*\})?\] `)

// common returns the tags that do not tell one group of a monitor from another.
func common(a alert.Alert) alert.Tags {
	groups := append(a.Scopes(), "host:"+a.Hostname)
	return slices.DeleteFunc(slices.Clone(a.Tags), groups.Has)
}

// alertType is that of the gravest alert: recoveries among them make nothing better.
func (h Held) alertType(like alert.Alert) string {
	gravest := len(alertTypes)
	for _, transition := range h.Transitions {
		given := ""
		if transition == string(like.Transition) {
			given = like.Type
		}
		of := alertType(alert.Alert{Transition: alert.Transition(transition), Type: given}, "")
		gravest = min(gravest, slices.Index(alertTypes, of))
	}
	if gravest == len(alertTypes) {
		return alertType(like, "")
	}
	return alertTypes[gravest]
}

func more(n int) string {
	if n == 1 {
		return "1 more alert"
	}
	return fmt.Sprintf("%d more alerts", n)
}

// finding says how many, when and which.
func (h Held) finding() enrich.Finding {
	groups := enrich.List{}
	for _, group := range h.Groups {
		groups.Items = append(groups.Items, enrich.Item{Text: group})
	}
	known := fmt.Sprint(len(h.Groups))
	if h.MoreGroups {
		known = "at least " + known
	}
	return enrich.Finding{Title: "Held back", Weight: enrich.Essential, Blocks: []enrich.Block{
		enrich.Paragraph(fmt.Sprintf("%s came within a minute, above the limit of %d. They are in this event and have none of their own.", more(h.Count), h.Limit)),
		enrich.Facts{
			{Name: "First", Value: h.First.UTC().Format("2006-01-02 15:04:05 UTC")},
			{Name: "Last", Value: h.Last.UTC().Format("2006-01-02 15:04:05 UTC")},
			{Name: "Transitions", Value: strings.Join(h.Transitions, ", ")},
			{Name: "Groups", Value: known},
		},
		groups,
	}}
}
