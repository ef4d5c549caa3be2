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

// fields are those that both APIs have, within their limits.
type fields struct {
	title          string
	happened       time.Time // Zero if Datadog would refuse it.
	aggregationKey string
	host           string
	tags           []string
	cut            []string // What the limits left out, for people.
}

func newFields(a alert.Alert, d Draft, results []enrich.Result, now time.Time) *fields {
	f := &fields{
		title: title(a, d.Title), happened: a.Date, aggregationKey: line(cmp.Or(a.CycleKey, a.AggregKey)),
		host: line(cmp.Or(a.Hostname, a.Tags.Get("host"))),
	}
	late := ""
	if age := now.Sub(a.Date); !a.Date.IsZero() && (age > MaxAge-clockTolerance || -age > MaxAhead) {
		f.happened, late = time.Time{}, TagLate
	}
	if !fits(f.aggregationKey, MaxAggregationKey) { // It must still group a trigger with its recovery.
		end := "-" + digest(f.aggregationKey, 16)
		f.aggregationKey = firstRunes(f.aggregationKey, MaxAggregationKey-len(end)) + end
		f.cut = append(f.cut, "the end of the aggregation key")
	}
	f.host = f.name("host's name", f.host)
	f.tags = tags(a, d, results, late)
	dropped, shortened := max(0, len(f.tags)-MaxTags), 0
	f.tags = f.tags[dropped:]
	for i, tag := range f.tags {
		if !fits(tag, MaxTag) {
			f.tags[i] = truncate(tag, MaxTag)
			shortened++
		}
	}
	f.leaveOut("", dropped, "tag")
	f.leaveOut("the end of ", shortened, "tag")
	return f
}

// name returns a name, or leaves out one that is too long: its start would be another name.
func (f *fields) name(what, name string) string {
	if n := length(name); n > MaxHost {
		f.cut = append(f.cut, fmt.Sprintf("the %s of %d characters", what, n))
		return ""
	}
	return name
}

// leaveOut records n things, or parts of them, that a limit leaves out.
func (f *fields) leaveOut(part string, n int, noun string) {
	if n > 0 {
		f.cut = append(f.cut, part+enrich.Count(n, noun))
	}
}

// tags returns the tags of the alert, of the playbook and ours, each once and the most
// important last.
func tags(a alert.Alert, d Draft, results []enrich.Result, late string) []string {
	key := ""
	if d.Key != "" {
		key = TagKey(d.Key)
	}
	all := slices.Concat(a.Tags, d.Tags, []string{
		alert.SourceTag, prefix(tagWebhook, tagValue(d.Webhook)), key, prefix(tagMonitor, a.MonitorID),
		tagPlaybook + d.Playbook, prefix(tagTransition, tagValue(string(a.Transition))), tagEnrichment + completeness(results), late,
	})
	seen := make(map[string]bool, len(all))
	kept := make([]string, 0, len(all))
	for i, tag := range slices.Backward(all) {
		isOurs := i >= len(a.Tags)+len(d.Tags)
		if tag = line(tag); tag != "" && (isOurs || !isReserved(tag)) && isNew(seen, tag) {
			kept = append(kept, tag)
		}
	}
	slices.Reverse(kept)
	return kept
}

// isReserved reports whether a tag would make an event of ours something else: the bare tag
// "monitor" a monitor's notification, and a key the event of another alert.
func isReserved(tag string) bool {
	return strings.EqualFold(tag, "monitor") || len(tag) > len(tagKey) && strings.EqualFold(tag[:len(tagKey)], tagKey)
}

// tagValue writes a value as Datadog would store it: lower case, no spaces.
func tagValue(value string) string {
	return strings.ReplaceAll(strings.ToLower(line(value)), " ", "_")
}
