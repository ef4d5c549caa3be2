package changes

import (
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

const (
	// maxShown bounds the changes that are shown; the rest is counted.
	maxShown = 8
	// maxTitleRunes keeps a change fit for a line of an event.
	maxTitleRunes = 200
	maxWhoRunes   = 60
	// maxValueRunes is what is shown of a value that was changed.
	maxValueRunes = 60
)

// take counts the events that are changes, and keeps the newest of them.
func (d *Data) take(events []datadog.FoundEvent, env []string, chosen bool) {
	at := make(map[Change]int)
	for _, e := range newestFirst(events) {
		kind, isChange := classify(e)
		if !isChange && !chosen || isOwn(e) || elsewhere(e, env) {
			continue
		}
		d.count(kind)
		one := Change{Kind: kind, Title: title(e), Who: enrich.Line(who(e), maxWhoRunes), Source: sourceOf(e), Service: e.Service}
		if i, seen := at[one]; seen {
			d.Changes[i].Times++
			continue
		}
		at[one] = len(d.Changes)
		one.Time, one.URL, one.Times = e.Happened, link(e), 1
		d.Changes = append(d.Changes, one)
	}
	if len(d.Changes) > 0 {
		d.Last = d.Changes[0]
	}
}

func newestFirst(events []datadog.FoundEvent) []datadog.FoundEvent {
	return slices.SortedStableFunc(slices.Values(events), func(a, b datadog.FoundEvent) int { return b.Happened.Compare(a.Happened) })
}

// isOwn is true of what monitors sent, and of what Boomerang posted about it.
func isOwn(e datadog.FoundEvent) bool {
	return e.MonitorID != 0 || e.Category == "alert" || alert.Tags(e.Tags).Has(alert.OwnTag)
}

// elsewhere reports whether the event says that it is of another environment.
func elsewhere(e datadog.FoundEvent, env []string) bool {
	of := alert.Tags(e.Tags).All("env")
	return len(env) > 0 && len(of) > 0 && !slices.ContainsFunc(of, func(one string) bool { return slices.Contains(env, one) })
}

func (d *Data) count(k Kind) {
	d.Count++
	switch k {
	case Deploy:
		d.Deploys++
	case Flag:
		d.Flags++
	case Setting:
		d.Configs++
	case CI:
		d.CI++
	case Infrastructure:
		d.Infrastructure++
	default:
		d.Others++
	}
}

// title returns what was changed: the event's title with the resource, the version
// or the values that it does not say, or the first line of its text.
func title(e datadog.FoundEvent) string {
	text := enrich.Line(e.Title, maxTitleRunes)
	if text == "" {
		first, _, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(e.Text), "%%%")), "\n")
		text = enrich.Line(first, maxTitleRunes)
	}
	if text == "" {
		text = "event without a title"
	}
	for _, more := range []struct{ name, value string }{{"", e.Change.Resource}, {"version ", alert.Tags(e.Tags).Get("version")}} {
		if value := enrich.Line(more.value, maxValueRunes); value != "" && !strings.Contains(text, value) {
			text += " (" + more.name + value + ")"
		}
	}
	if before, after := enrich.Line(e.Change.Previous, maxValueRunes), enrich.Line(e.Change.New, maxValueRunes); before != "" || after != "" {
		text += ": " + nothing(before) + " → " + nothing(after)
	}
	return text
}

func nothing(value string) string {
	if value == "" {
		return "nothing"
	}
	return value
}

// address is a link in a text; what commonly stands behind one is no part of it.
var address = enrich.Pattern(`https?://[^\s<>()\[\]"'|]+[^\s<>()\[\]"'|.,;:!?]`)

// link returns what the change links to, or else the page of its event.
func link(e datadog.FoundEvent) string {
	var metadata any
	_ = json.Unmarshal([]byte(e.Change.Metadata), &metadata) // What is no JSON holds no link.
	if found := linkIn(metadata); found != "" {
		return found
	}
	if found := address().FindString(e.Text); found != "" {
		return found
	}
	return e.URL
}

func linkIn(v any) string {
	switch v := v.(type) {
	case string:
		if found := address().FindString(v); found == v {
			return v
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if found := linkIn(v[key]); found != "" {
				return found
			}
		}
	case []any:
		for _, one := range v {
			if found := linkIn(one); found != "" {
				return found
			}
		}
	}
	return ""
}

// found is the finding of all changes, of which it keeps the newest.
func found(d Data, window time.Duration) enrich.Finding {
	f := enrich.Finding{Title: "Changes", Weight: enrich.Important}
	facts := enrich.Facts{{Name: "In the " + windowWords(window) + " before", Value: d.words()}}
	if d.Count == 0 {
		f.Weight = enrich.Useful
		f.Blocks, f.Data = []enrich.Block{facts}, d
		return f
	}
	if ago := d.To.Sub(d.Last.Time); !d.Last.Time.IsZero() && ago >= 0 {
		facts = append(facts, enrich.Fact{Name: "Last", Value: agoWords(ago) + " before the alert"})
	}
	list := enrich.List{More: max(0, len(d.Changes)-maxShown)}
	d.Changes = d.Changes[:len(d.Changes)-list.More]
	for _, one := range d.Changes {
		list.Items = append(list.Items, enrich.Item{Time: one.Time, Tag: string(one.Kind), Text: one.words(), URL: one.URL})
	}
	f.Blocks, f.Data = []enrich.Block{facts, list}, d
	return f
}

func (c Change) words() string {
	text := c.Title
	if c.Who != "" {
		text += ", by " + c.Who
	}
	switch {
	case c.Times == 2:
		text += " (twice)"
	case c.Times > 2:
		text += fmt.Sprintf(" (%d times)", c.Times)
	}
	return text
}

// words counts by kind: "2 deploys, 1 feature flag".
func (d Data) words() string {
	var parts []string
	for _, one := range []struct {
		n            int
		single, many string
	}{
		{d.Deploys, "deploy", "deploys"},
		{d.Flags, "feature flag", "feature flags"},
		{d.Configs, "setting", "settings"},
		{d.Infrastructure, "change of infrastructure", "changes of infrastructure"},
		{d.CI, "merge or build", "merges and builds"},
		{d.Others, "other change", "other changes"},
	} {
		switch {
		case one.n == 1:
			parts = append(parts, "1 "+one.single)
		case one.n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", one.n, one.many))
		}
	}
	switch {
	case len(parts) == 0 && d.AtLeast:
		return fmt.Sprintf("no change among the newest %d events", maxFound)
	case len(parts) == 0:
		return "nothing changed that Datadog knows of"
	case d.AtLeast:
		parts[0] = "at least " + parts[0]
	}
	return strings.Join(parts, ", ")
}

func windowWords(d time.Duration) string {
	switch {
	case d == time.Hour:
		return "hour"
	case d%time.Hour == 0:
		return fmt.Sprintf("%d hours", d/time.Hour)
	}
	return agoWords(d)
}

func agoWords(d time.Duration) string {
	if d < time.Minute {
		return d.Truncate(time.Second).String()
	}
	return strings.TrimSuffix(d.Truncate(time.Minute).String(), "0s")
}
