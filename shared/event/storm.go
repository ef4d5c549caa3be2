package event

import (
	"fmt"
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
	First, Last time.Time
}

// Summarise makes the one event that stands for all the alerts that a storm held
// back. like is one of them.
func Summarise(like alert.Alert, d Draft, h Held, now time.Time) Event {
	e := Compose(alert.Alert{
		ID: like.ID, OrgID: like.OrgID, MonitorID: like.MonitorID, CycleKey: like.CycleKey, AggregKey: like.AggregKey,
		Transition: like.Transition, Type: like.Type, Priority: like.Priority, EventPriority: like.EventPriority,
		Title: fmt.Sprintf("%s of: %s", more(h.Count), title(like, "")), Date: h.Last, Link: like.Link,
	}, Draft{Playbook: d.Playbook, Text: d.Text, Tags: append([]string{TagStorm}, d.Tags...)}, []enrich.Result{{Status: enrich.OK, Finding: h.finding()}}, now)
	return e
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
	return enrich.Finding{Title: "Held back", Weight: enrich.Essential, Blocks: []enrich.Block{
		enrich.Paragraph(fmt.Sprintf("%s came within a minute, above the limit of %d. They are in this event and have none of their own.", more(h.Count), h.Limit)),
		enrich.Facts{
			{Name: "First", Value: h.First.UTC().Format("2006-01-02 15:04:05 UTC")},
			{Name: "Last", Value: h.Last.UTC().Format("2006-01-02 15:04:05 UTC")},
			{Name: "Groups", Value: fmt.Sprint(len(h.Groups))},
		},
		groups,
	}}
}
