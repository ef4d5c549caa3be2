package events

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
	"boomerang/shared/enrich/monitor"
	"boomerang/shared/fault"
)

// RelatedData is the finding for playbooks. Times are UTC.
type RelatedData struct {
	Around
	History
	// Missing says for people which part is missing and why.
	Missing []string `json:"missing,omitempty"`
}

// Around counts the events around the alert by kind.
type Around struct {
	Tags       []string  `json:"tags,omitempty"` // All events have these.
	From       time.Time `json:"from,omitzero"`
	To         time.Time `json:"to,omitzero"`
	Alerts     int       `json:"alerts"`
	Deploys    int       `json:"deploys"`
	Changes    int       `json:"changes"`
	Others     int       `json:"others"`
	AtLeast    bool      `json:"at_least,omitempty"`    // Datadog listed the newest events only.
	LastChange *Entry    `json:"last_change,omitempty"` // A deploy or another change.
	Events     []Entry   `json:"events,omitempty"`      // The most relevant, the newest first.
}

// Entry is an event, or several with the same title. Its kinds are Alert, Deploy,
// OtherChange and Other.
type Entry struct {
	Kind   Kind      `json:"kind"`
	Title  string    `json:"title"`
	Source string    `json:"source,omitempty"`
	Time   time.Time `json:"time"` // Of the newest.
	URL    string    `json:"url,omitempty"`
	Times  int       `json:"times"`
}

// RelatedKind describes the step to playbooks. The step has no settings.
func RelatedKind(client *datadog.Client) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "related_events", Doc: "Events around the alert: deploys and other changes, other alerts, how often this monitor fired in the last day.",
		Permissions: []string{"events_read", "monitors_read"}, Data: RelatedData{},
	}, func(_ struct{}, cache time.Duration) enrich.Step {
		cached := client.Cached(cache)
		return monitor.Completed(cached.Monitor, func(a alert.Alert) bool { return !enrich.NamesSubject(a) }, newRelated(cached.Events))
	})
}

type lister func(context.Context, datadog.EventQuery) ([]datadog.Event, error)

// newRelated returns the step. It makes at most two calls, side by side, and shows one
// part without the other.
func newRelated(list lister) enrich.Step {
	parts := []enrich.Named{
		{Name: "other events", Step: around(list)},
		{Name: "this monitor's history", Step: history(list)},
	}
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		if a.Date.IsZero() {
			a.Date = time.Now()
		}
		return joinParts(enrich.Run(ctx, parts, a, enrich.PartTimeout(ctx)))
	})
}

// joinParts returns the finding of the parts that succeeded, or an error if none did.
func joinParts(parts []enrich.Result) (enrich.Finding, error) {
	f := enrich.Finding{Title: "Related events", Weight: enrich.Important}
	var d RelatedData
	var skipped error
	for _, part := range parts {
		switch part.Status {
		case enrich.OK:
			f.Blocks = append(f.Blocks, part.Finding.Blocks...)
		case enrich.Skipped:
			skipped = part.Err
		default:
			f.PartialReason = part.Err
			d.Missing = append(d.Missing, fmt.Sprintf("Unavailable: %s: %s.", part.Name, fault.Public(part.Err)))
		}
	}
	if len(f.Blocks) == 0 {
		return enrich.Finding{}, cmp.Or(f.PartialReason, skipped)
	}
	d.Around, _ = parts[0].Finding.Data.(Around) // Zero if the part is missing.
	f.Changes = parts[0].Finding.Changes
	d.History, _ = parts[1].Finding.Data.(History) // Zero if the part is missing.
	f.Blocks = enrich.Blocks(append(f.Blocks, enrich.Paragraph(strings.Join(d.Missing, " ")))...)
	f.Data = d
	return f, nil
}

// The window around the alert: causes come before it, related alerts also right after.
const (
	before = time.Hour
	after  = 5 * time.Minute
)

// maxListed is how many events one response holds at most
// (https://docs.datadoghq.com/api/latest/events/#get-a-list-of-events).
const maxListed = 1000

// maxText is how many bytes of an event's text are read: its kind or its title is in the
// first lines.
const maxText = 300

// AroundQuery lists all events with one tag of an alert with a date, because a deploy
// seldom has all tags that an alert has. It has no tags if the alert has none to search
// by. Alerts of the same minute share one cached response.
func AroundQuery(a alert.Alert) datadog.EventQuery {
	return datadog.EventQuery{
		Start: a.Date.Add(-before).Truncate(time.Minute).UTC(), End: a.Date.Add(after).Truncate(time.Minute).UTC(),
		Tags: searchTags(enrich.Tags(a)), Unaggregated: true, ExcludeAggregate: true, MaxText: maxText,
	}
}

func around(list lister) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		q := AroundQuery(a)
		if len(q.Tags) == 0 {
			return enrich.Finding{}, enrich.Skip("the alert has no tag to find related events by")
		}
		d := Around{Tags: q.Tags, From: q.Start, To: q.End}
		events, err := list(ctx, q)
		if err != nil {
			return enrich.Finding{}, err
		}
		d.AtLeast = len(events) >= maxListed
		return aroundFinding(d, related(events, a)), nil
	})
}

// searchTags returns the tags to search by: a narrow one, or a wide one with the
// alert's environment.
func searchTags(tags alert.Tags) []string {
	for _, key := range slices.Concat(narrowTags, wideTags) {
		value := tags.Get(key)
		if value == "" {
			continue
		}
		found := []string{key + ":" + value}
		if env := tags.Get("env"); env != "" && slices.Contains(wideTags, key) {
			found = append(found, "env:"+env)
		}
		return found
	}
	return nil
}

// related returns the events besides the alert itself that can be of its environment.
func related(events []datadog.Event, a alert.Alert) []Change {
	env, isOfGroup := enrich.Tags(a).All("env"), OfGroup(a)
	var all []Change
	for _, e := range events {
		if isOwn(e, a) || isOfGroup(e) || enrich.DifferentEnv(e.Tags, env) {
			continue
		}
		kind := Classify(e)
		if kind.IsChange() && kind != Deploy {
			kind = OtherChange
		}
		all = append(all, Change{Kind: kind, Title: Title(e), Source: Source(e), Time: e.Happened, URL: e.URL})
	}
	return merge(all)
}

// isOwn reports whether the event is the alert itself or was posted by Boomerang. An
// alert without an ID is known by its monitor, time and title.
func isOwn(e datadog.Event, a alert.Alert) bool {
	switch {
	case alert.Tags(e.Tags).Has(alert.SourceTag):
		return true
	case a.ID != "":
		return e.ID == a.ID
	}
	return strconv.FormatInt(e.MonitorID, 10) == a.MonitorID && e.Happened.Unix() == a.Date.Unix() && e.Title == a.Title
}

// OfGroup returns a function that reports whether the alert's monitor sent an event for
// the alert's group. An event or alert without a group may be of any.
func OfGroup(a alert.Alert) func(datadog.Event) bool {
	id, err := enrich.MonitorID(a.MonitorID)
	isGroup, isAny := enrich.IsGroup(a), len(a.Scopes()) == 0
	return func(e datadog.Event) bool {
		return err == nil && e.MonitorID == id && (isAny || len(e.MonitorGroups) == 0 || slices.ContainsFunc(e.MonitorGroups, isGroup))
	}
}

// maxEntries is how many events of each kind are shown, so that a noisy source does not
// hide the one deploy.
var maxEntries = map[Kind]int{Deploy: 4, Alert: 4, OtherChange: 4, Other: 2}

// aroundFinding counts the events and selects the most relevant.
func aroundFinding(d Around, events []Change) enrich.Finding {
	counts := count(events)
	d.Alerts, d.Deploys, d.Changes, d.Others = counts[Alert], counts[Deploy], counts[OtherChange], counts[Other]
	var list enrich.List
	shown, changes := make(map[Kind]int), []enrich.Change{}
	for _, e := range events {
		entry := Entry{Kind: e.Kind, Title: e.Title, Source: e.Source, Time: e.Time, URL: e.URL, Times: e.Times}
		if e.Kind.IsChange() {
			d.LastChange = cmp.Or(d.LastChange, &entry)
			changes = append(changes, enrich.Change{Kind: string(e.Kind), Title: e.Title, Time: e.Time})
		}
		if shown[e.Kind] == maxEntries[e.Kind] {
			list.More++
			continue
		}
		shown[e.Kind]++
		d.Events = append(d.Events, entry)
		list.Items = append(list.Items, e.item())
	}
	facts := enrich.Facts{{
		Name:  fmt.Sprintf("Around %s, %s to %s", strings.Join(d.Tags, ", "), d.From.Format("15:04"), d.To.Format("15:04 UTC")),
		Value: d.summary(),
	}}
	if d.AtLeast {
		changes = nil
	}
	return enrich.Finding{Blocks: enrich.Blocks(facts, list), Changes: changes, Data: d}
}

// summary counts by kind: "1 deploy, 2 other alerts". Where Datadog lists the newest
// events only, it says what may be missing.
func (r Around) summary() string {
	text := countSummary(r.AtLeast,
		counted{r.Deploys, "deploy"}, counted{r.Changes, "change"}, counted{r.Alerts, "other alert"}, counted{r.Others, "other event"})
	switch {
	case text == "" && r.AtLeast:
		return fmt.Sprintf("unknown: the newest %d events are all of this alert or of another environment", maxListed)
	case text == "":
		return "no other events"
	case r.AtLeast && r.Deploys+r.Changes == 0:
		return fmt.Sprintf("%s; no deploy or change among the newest %d events", text, maxListed)
	}
	return text
}
