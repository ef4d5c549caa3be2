package event

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

// fields are those that both APIs have, within their limits.
type fields struct {
	happened       time.Time // Zero if Datadog would refuse it.
	aggregationKey string
	host           string
	tags           []string
	cut            []string // What the limits left out, for people.
}

func newFields(a alert.Alert, d Draft, results []enrich.Result, now time.Time) *fields {
	f := &fields{}
	var late bool
	f.happened, late = happened(a.Date, now)
	f.aggregationKey = line(cmp.Or(a.CycleKey, a.AggregKey))
	if !fits(f.aggregationKey, MaxAggregationKey) {
		f.aggregationKey = shortenKey(f.aggregationKey)
		f.cut = append(f.cut, "the end of the aggregation key")
	}
	f.host = line(cmp.Or(a.Hostname, a.Tags.Get("host")))
	if n := length(f.host); n > MaxHost { // Its start would be another host's name.
		f.host = ""
		f.cut = append(f.cut, fmt.Sprintf("the host's name of %d characters", n))
	}
	f.tags = tags(a, d, results, late)
	dropped := max(0, len(f.tags)-MaxTags)
	f.tags = f.tags[dropped:]
	f.leaveOut(dropped, "tag")
	shortened := 0
	for i, tag := range f.tags {
		if !fits(tag, MaxTag) {
			f.tags[i] = truncate(tag, MaxTag)
			shortened++
		}
	}
	if shortened > 0 {
		f.cut = append(f.cut, "the end of "+enrich.Count(shortened, "tag"))
	}
	return f
}

// leaveOut records n things that a limit leaves out.
func (f *fields) leaveOut(n int, noun string) {
	if n > 0 {
		f.cut = append(f.cut, enrich.Count(n, noun))
	}
}

// happened returns the alert's time, or zero and late if Datadog would refuse it.
func happened(date, now time.Time) (at time.Time, late bool) {
	age := now.Sub(date)
	if !date.IsZero() && (age > MaxAge-clockTolerance || -age > MaxAhead) {
		return time.Time{}, true
	}
	return date, false
}

// shortenKey replaces the end of an aggregation key by its digest, so that it still groups a
// trigger with its renotifications and its recovery.
func shortenKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	digest := hex.EncodeToString(sum[:16])
	return firstRunes(key, MaxAggregationKey-len(digest)-1) + "-" + digest
}

// tags returns the tags of the alert, of the playbook and ours, each once and the most
// important last.
func tags(a alert.Alert, d Draft, results []enrich.Result, late bool) []string {
	foreign := len(a.Tags) + len(d.Tags)
	all := make([]string, 0, foreign+8)
	all = append(append(append(all, a.Tags...), d.Tags...), alert.SourceTag)
	if d.Webhook != "" {
		all = append(all, TagWebhook(d.Webhook))
	}
	if d.Key != "" {
		all = append(all, TagKey(d.Key))
	}
	if a.MonitorID != "" {
		all = append(all, tagMonitor+a.MonitorID)
	}
	all = append(all, tagPlaybook+d.Playbook)
	if a.Transition != "" {
		all = append(all, tagTransition+tagValue(string(a.Transition)))
	}
	all = append(all, tagEnrichment+completeness(results))
	if late {
		all = append(all, TagLate)
	}
	seen := make(map[string]bool, len(all))
	kept := make([]string, 0, len(all))
	for i, tag := range slices.Backward(all) {
		if tag = line(tag); tag == "" || seen[tag] || i < foreign && isReserved(tag) {
			continue
		}
		seen[tag] = true
		kept = append(kept, tag)
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
