package relatedevents

import (
	"context"
	"slices"
	"strconv"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

// The window around the alert: what caused it lies before; what follows at once,
// such as an alert next door, belongs to it.
const (
	before = time.Hour
	after  = 5 * time.Minute
)

// Around is what the event stream holds around the alert.
type Around struct {
	// Tags are those that all the events have.
	Tags []string  `json:"tags,omitempty"`
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// How many events there are of each kind.
	Alerts  int `json:"alerts"`
	Deploys int `json:"deploys"`
	Changes int `json:"changes"`
	Others  int `json:"others"`
	// AtLeast is true when Datadog had more events than it tells: there may be older
	// ones of each kind.
	AtLeast bool `json:"at_least,omitempty"`
	// LastChange is the last deploy or change.
	LastChange *Entry `json:"last_change,omitempty"`
	// Events holds the most telling of them, the newest first.
	Events []Entry `json:"events,omitempty"`
}

// Entry is an event, or several with the same title.
type Entry struct {
	Kind   Kind      `json:"kind"`
	Title  string    `json:"title"`
	Source string    `json:"source,omitempty"`
	Time   time.Time `json:"time"` // Of the newest.
	URL    string    `json:"url,omitempty"`
	Times  int       `json:"times"`
}

// around asks for everything with the alert's tags, and sorts it out here: a
// deploy seldom has all the tags that an alert has.
func around(source Source) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		tags := searchTags(enrich.Tags(a))
		if len(tags) == 0 {
			return enrich.Finding{}, enrich.Skip("the alert has no tag to find related events by")
		}
		// Whole minutes, so that the alerts of one minute ask the same.
		found := Around{Tags: tags, From: a.Date.Add(-before).Truncate(time.Minute).UTC(), To: a.Date.Add(after).Truncate(time.Minute).UTC()}
		events, err := source.Events(ctx, datadog.EventQuery{
			Start: found.From, End: found.To, Tags: tags,
			Unaggregated: true, ExcludeAggregate: true,
		})
		if err != nil {
			return enrich.Finding{}, err
		}
		found.AtLeast = len(events) >= pageSize
		entries := found.sortOut(events, a)
		return enrich.Finding{Blocks: blocks(found, entries), Data: found}, nil
	})
}

// narrow tags are enough to search by, in this order; wide ones need the
// environment beside them where the alert has one.
var (
	narrow = []string{
		"service", "host", "kube_deployment", "kube_stateful_set", "kube_daemon_set", "kube_job",
		"functionname", "dbinstanceidentifier",
	}
	wide = []string{"kube_namespace", "kube_cluster_name", "team"}
)

func searchTags(tags alert.Tags) []string {
	for _, key := range narrow {
		if value := tags.Get(key); value != "" {
			return []string{key + ":" + value}
		}
	}
	for _, key := range wide {
		if value := tags.Get(key); value != "" {
			found := []string{key + ":" + value}
			if env := tags.Get("env"); env != "" {
				found = append(found, "env:"+env)
			}
			return found
		}
	}
	return nil
}

// sortOut counts the related events and keeps the most telling of them. It
// returns all entries, the newest first.
func (r *Around) sortOut(events []datadog.Event, a alert.Alert) []Entry {
	env := enrich.Tags(a).All("env")
	var entries []Entry
	at := make(map[Entry]int)
	for _, e := range newestFirst(events) {
		if isOwn(e, a) || elsewhere(e, env) {
			continue
		}
		entry := Entry{Kind: classify(e), Title: title(e), Source: sourceOf(e)}
		r.count(entry.Kind)
		if i, seen := at[entry]; seen {
			entries[i].Times++
			continue
		}
		at[entry] = len(entries)
		entry.Time, entry.URL, entry.Times = e.Happened, e.URL, 1
		entries = append(entries, entry)
	}
	if i := slices.IndexFunc(entries, func(e Entry) bool { return e.Kind == Deploy || e.Kind == Change }); i >= 0 {
		last := entries[i]
		r.LastChange = &last
	}
	r.Events = mostTelling(entries)
	return entries
}

func newestFirst(events []datadog.Event) []datadog.Event {
	return slices.SortedStableFunc(slices.Values(events), func(a, b datadog.Event) int {
		return b.Happened.Compare(a.Happened)
	})
}

// isOwn reports whether the event is the alert itself or one that Boomerang
// posted. An alert whose payload has no id is told by its monitor, time and title.
func isOwn(e datadog.Event, a alert.Alert) bool {
	switch {
	case alert.Tags(e.Tags).Has(alert.OwnTag):
		return true
	case a.ID != "":
		return e.ID == a.ID
	}
	return strconv.FormatInt(e.MonitorID, 10) == a.MonitorID && e.Happened.Unix() == a.Date.Unix() && e.Title == a.Title
}

// elsewhere reports whether the event says that it is of another environment.
func elsewhere(e datadog.Event, env []string) bool {
	of := alert.Tags(e.Tags).All("env")
	return len(env) > 0 && len(of) > 0 && !slices.ContainsFunc(of, func(one string) bool { return slices.Contains(env, one) })
}

func (r *Around) count(k Kind) {
	switch k {
	case Alert:
		r.Alerts++
	case Deploy:
		r.Deploys++
	case Change:
		r.Changes++
	default:
		r.Others++
	}
}

// room is how many entries of each kind are shown, so that a chatty source does
// not hide the one deploy.
var room = map[Kind]int{Deploy: 4, Alert: 4, Change: 4, Other: 2}

func mostTelling(newest []Entry) []Entry {
	var kept []Entry
	taken := make(map[Kind]int)
	for _, e := range newest {
		if taken[e.Kind] < room[e.Kind] {
			taken[e.Kind]++
			kept = append(kept, e)
		}
	}
	return kept
}
