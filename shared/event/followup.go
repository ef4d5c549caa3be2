package event

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

// tagFollowUp marks a follow-up by its delay: follow_up:15m.
const tagFollowUp = "follow_up:"

// FollowUp makes an event say what became of its alert.
type FollowUp struct {
	After     time.Duration // since the alert's event, as the playbook says
	Late      time.Duration // what a failure added to After
	First     Posted        // the alert's event
	Began     time.Time     // the alert
	Then, Now enrich.Standing
}

// about returns what the event is made of: the alert as it is now, and the comparison as the
// first finding. What the alert says of its own state is no longer true.
func (f FollowUp) about(a alert.Alert, d Draft, results []enrich.Result, now time.Time) (alert.Alert, Draft, []enrich.Result) {
	of := groupState().ReplaceAllString(wholeTitle(a, d.Title), "$1")
	d.Title = fmt.Sprintf("%s after %s: %s", f.verdict(), enrich.FormatDuration(f.After+f.Late), of)
	d.AlertType = alertType(a, d.AlertType)
	if f.Now.State == healthy {
		d.AlertType = "success"
	}
	d.Tags = append(slices.Clip(d.Tags), tagFollowUp+enrich.ShortDuration(f.After))
	d.Cycle.Notified = 0 // The follow-up is not one of them.
	a.ID, a.Date, a.Transition, a.Status = cmp.Or(f.First.ID, a.ID), now, "", ""
	found := []enrich.Result{{Name: "follow_up", Status: enrich.OK, Finding: f.finding(results)}}
	for _, r := range results {
		r.Finding.Lead = f.withoutCompared(r.Finding.Lead)
		found = append(found, r)
	}
	return a, d, found
}

// withoutCompared leaves out what the comparison says, so that the first screen has room for
// the rest.
func (f FollowUp) withoutCompared(leads []enrich.Lead) []enrich.Lead {
	return slices.DeleteFunc(slices.Clone(leads), func(l enrich.Lead) bool {
		repeats := func(text string) bool { return text != "" && strings.HasPrefix(l.Text, text) }
		return l.Answer == enrich.What && (repeats(groupsOf(f.Now)) || repeats(valueOf(f.Now)))
	})
}

// healthy is Datadog's state of a group that does not fail, and failing are those of one
// that does.
const healthy = "OK"

var failing = []string{"Alert", "Warn", "No Data"}

func (f FollowUp) verdict() string {
	switch {
	case f.Now.State == healthy:
		return "No longer firing"
	case slices.Contains(failing, f.Now.State):
		return "Still firing"
	}
	return "Not recovered" // As far as the ledger knows.
}

// finding compares now with then.
func (f FollowUp) finding(results []enrich.Result) enrich.Finding {
	text := joinNonEmpty("; ", f.state(), f.groups(), compared(valueOf(f.Now), valueOf(f.Then)))
	lead, repeated := enrich.NewLead(enrich.Lead{Answer: enrich.What, Text: text})
	finding := enrich.Finding{
		Title: "Follow-up", Weight: enrich.Essential, Data: f.data(), Lead: []enrich.Lead{lead},
		Blocks: enrich.Blocks(enrich.Facts{{Name: "Compared", Value: text, Lead: repeated}}.Known(MaxTitle*2), enrich.Links{{Title: "The alert's event", URL: f.First.URL}}),
	}
	knowsSince := func(r enrich.Result) bool {
		return slices.ContainsFunc(r.Finding.Lead, func(l enrich.Lead) bool { return l.Answer == enrich.Since })
	}
	if !slices.ContainsFunc(results, knowsSince) {
		finding.Lead = append(finding.Lead, enrich.Lead{Answer: enrich.Since, Time: f.Began})
	}
	return finding
}

func (f FollowUp) state() string {
	if now := f.Now.State; now != "" && now == f.Then.State {
		return "still " + now
	}
	return compared(f.Now.State, f.Then.State)
}

func compared(now, then string) string {
	switch {
	case now == "":
		return ""
	case then == "":
		return now + " now"
	}
	return now + " now, " + then + " at first"
}

func (f FollowUp) groups() string {
	text := groupsOf(f.Now)
	switch more := f.Now.Failing - f.Then.Failing; {
	case f.Then.Groups == 0, text == "":
		return text
	case more > 0:
		return fmt.Sprintf("%s, %d more than at first", text, more)
	case more < 0:
		return fmt.Sprintf("%s, %d fewer than at first", text, -more)
	}
	return text + ", as many as at first"
}

func groupsOf(s enrich.Standing) string {
	if s.Groups < 2 {
		return ""
	}
	return fmt.Sprintf("%d of %d groups fail", s.Failing, s.Groups)
}

func valueOf(s enrich.Standing) string {
	const digits = 3
	if s.Value == nil {
		return ""
	}
	return enrich.Number(*s.Value, s.Unit, digits)
}

// data is the comparison for the structured attributes of a v2 event.
func (f FollowUp) data() any {
	return struct {
		After   string          `json:"after"`
		AlertID string          `json:"first_event_id"`
		Then    enrich.Standing `json:"then"`
		Now     enrich.Standing `json:"now"`
	}{enrich.ShortDuration(f.After), f.First.ID, f.Then, f.Now}
}
