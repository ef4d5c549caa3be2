// Package events holds two steps that read the event stream, and need the permission
// events_read. The step "related_events" shows what happened around the alert and how
// often its monitor fired. The step "changes" shows what was changed before, by whom.
package events

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

// The tags that say where an alert is, in the order of a search. A change seldom has
// all of an alert's tags. A wide tag matches much, so it is the last resort.
var (
	narrowTags = []string{
		"service", "host", "kube_deployment", "kube_stateful_set", "kube_daemon_set", "kube_job", "functionname", "dbinstanceidentifier",
	}
	wideTags = []string{"kube_namespace", "kube_cluster_name", "team"}
)

// Change is an event, or several that differ only in time and URL.
type Change struct {
	Kind    Kind      `json:"kind"`
	Title   string    `json:"title"`
	Who     string    `json:"who"`
	Source  string    `json:"source"`
	Service string    `json:"service"`
	Time    time.Time `json:"time,omitzero"` // Of the newest.
	URL     string    `json:"url"`           // The page that the event links to, or the event's own.
	Times   int       `json:"times"`
}

// merge counts the events that differ only in time and URL, and sorts them by time, the
// newest first.
func merge(events []Change) []Change {
	slices.SortStableFunc(events, func(a, b Change) int { return b.Time.Compare(a.Time) })
	var merged []Change
	index := make(map[Change]int)
	for _, e := range events {
		key := e
		key.Time, key.URL = time.Time{}, ""
		i, seen := index[key]
		if !seen {
			i = len(merged)
			index[key] = i
			merged = append(merged, e)
		}
		merged[i].Times++
	}
	return merged
}

// count returns the number of events of each kind.
func count(merged []Change) map[Kind]int {
	counts := make(map[Kind]int)
	for _, e := range merged {
		counts[e.Kind] += e.Times
	}
	return counts
}

func (c Change) item() enrich.Item {
	text := c.Title
	if c.Who != "" {
		text += ", by " + c.Who
	}
	if c.Times > 1 {
		text += " (" + enrich.Times(c.Times) + ")"
	}
	return enrich.Item{Time: c.Time, Tag: string(c.Kind), Text: text, URL: c.URL}
}

// counted is a number of events with what they are, in the singular.
type counted struct {
	n    int
	noun string
}

// countSummary leaves out what there is none of: "2 deploys, 1 feature flag".
func countSummary(atLeast bool, counts ...counted) string {
	var texts []string
	for _, c := range counts {
		if c.n > 0 {
			texts = append(texts, enrich.Count(c.n, c.noun))
		}
	}
	if atLeast && len(texts) > 0 {
		texts[0] = "at least " + texts[0]
	}
	return strings.Join(texts, ", ")
}

// Limits in characters.
const (
	maxTitle = 200
	maxValue = 60
)

// Title returns an event's title, or the first line of its text, with the resource, the
// version and the values that it does not mention.
func Title(e datadog.Event) string {
	text := enrich.Line(e.Title, maxTitle)
	if text == "" {
		first, _, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(e.Text), "%%%")), "\n")
		text = enrich.Line(first, maxTitle)
	}
	if text == "" {
		text = "event without a title"
	}
	for _, detail := range []struct{ name, value string }{{"", e.Change.Resource}, {"version ", alert.Tags(e.Tags).Get("version")}} {
		if value := enrich.Line(detail.value, maxValue); value != "" && !strings.Contains(text, value) {
			text += " (" + detail.name + value + ")"
		}
	}
	if before, after := enrich.Line(e.Change.Previous, maxValue), enrich.Line(e.Change.New, maxValue); before != "" || after != "" {
		text += fmt.Sprintf(": %s → %s", cmp.Or(before, "none"), cmp.Or(after, "none"))
	}
	return text
}

// authorTags are tags in which deploy tools name the author.
var authorTags = []string{"author", "deployed_by", "deployer", "triggered_by", "user", "usr.name", "usr.email", "actor", "committer", "git.commit.author.name", "git.author"}

func Author(e datadog.Event) string {
	name := e.Change.Author
	for _, key := range authorTags {
		name = cmp.Or(name, alert.Tags(e.Tags).Get(key))
	}
	return enrich.Line(name, maxValue)
}

// webURL is a URL in a text, without the punctuation after it.
var webURL = alert.Pattern(`https?://[^\s<>()\[\]"'|]+[^\s<>()\[\]"'|.,;:!?]`)

// Link returns the page that an event's metadata or text links to, or the event's own.
func Link(e datadog.Event) string {
	var metadata any
	_ = json.Unmarshal([]byte(e.Change.Metadata), &metadata) // Invalid metadata has no link.
	return cmp.Or(firstURL(metadata), webURL().FindString(e.Text), e.URL)
}

// firstURL returns the first text in a JSON value that is a URL.
func firstURL(v any) string {
	switch v := v.(type) {
	case string:
		if webURL().FindString(v) == v {
			return v
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if found := firstURL(v[key]); found != "" {
				return found
			}
		}
	case []any:
		for _, one := range v {
			if found := firstURL(one); found != "" {
				return found
			}
		}
	}
	return ""
}
