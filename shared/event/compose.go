package event

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

// clockTolerance is the time between composing an event and Datadog's check of its age.
const clockTolerance = 30 * time.Second

// Draft is what a playbook sets of an event. The alert supplies what is empty.
type Draft struct {
	Playbook  string // the name, for the tag
	Key       string // the idempotency key, for the tag
	Webhook   string // the name of the webhook that delivered the alert, for the tag
	Title     string
	Text      string // markdown, instead of the alert's message
	Priority  string
	AlertType string
	Tags      []string // besides the alert's and ours
	Cycle     Cycle
}

// Cycle is the history of an alert from its trigger to this notification. It is zero if
// unknown.
type Cycle struct {
	Lasted   time.Duration
	Notified int // this notification included
}

// Compose makes the event about an alert. It compares the alert's date with now, because
// Datadog refuses old ones.
func Compose(a alert.Alert, d Draft, results []enrich.Result, now time.Time) Event {
	at, late := happened(a.Date, now)
	return Event{
		Title:          title(a, d.Title),
		Text:           text(a, d, results),
		DateHappened:   epochSeconds(at),
		AggregationKey: aggregationKey(a),
		RelatedEventID: relatedEventID(a.ID),
		AlertType:      alertType(a, d.AlertType),
		Priority:       cmp.Or(priority(d.Priority), priority(a.EventPriority)),
		Host:           host(a),
		Tags:           tags(a, d, results, late),
	}
}

func title(a alert.Alert, override string) string {
	title := cmp.Or(line(override), line(a.Title), line(a.AlertTitle), line(a.Status), firstLine(a.Text), firstLine(a.Message), "Datadog alert "+line(a.ID))
	return truncate(escapeMentions(title), MaxTitle)
}

func firstLine(text string) string {
	for l := range strings.Lines(withoutWrapper(text)) {
		if l = line(l); l != "" {
			return l
		}
	}
	return ""
}

// happened returns the alert's time, or zero and late if Datadog would refuse it.
func happened(date, now time.Time) (at time.Time, late bool) {
	age := now.Sub(date)
	if !date.IsZero() && (age > MaxAge-clockTolerance || -age > MaxAhead) {
		return time.Time{}, true
	}
	return date, false
}

func epochSeconds(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.Unix()
}

// aggregationKey groups a trigger with its renotifications and its recovery. A key that
// is too long keeps its start and a digest.
func aggregationKey(a alert.Alert) string {
	key := line(cmp.Or(a.CycleKey, a.AggregKey))
	if length(key) <= MaxAggregationKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	digest := hex.EncodeToString(sum[:16])
	return string([]rune(key)[:MaxAggregationKey-len(digest)-1]) + "-" + digest
}

func relatedEventID(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// alertType is the playbook's, or follows from the transition, then from $ALERT_TYPE: a
// recovery is a success even if its payload says error.
func alertType(a alert.Alert, override string) string {
	given, override := strings.ToLower(a.Type), strings.ToLower(override)
	switch {
	case slices.Contains(alertTypes, override):
		return override
	case a.Transition.IsRecovery():
		return "success"
	case a.Transition == alert.Warn, a.Transition == alert.ReWarn:
		return "warning"
	case slices.Contains(alertTypes, given):
		return given
	case a.Transition == alert.Triggered, a.Transition == alert.ReTriggered:
		return "error"
	case a.Transition == alert.NoData, a.Transition == alert.ReNoData:
		return "warning"
	}
	return "info"
}

// alertTypes are those that Datadog accepts, most severe first.
var alertTypes = []string{"error", "warning", "success", "info"}

func priority(given string) string {
	if p := strings.ToLower(given); p == "normal" || p == "low" {
		return p
	}
	return ""
}

func host(a alert.Alert) string { return line(cmp.Or(a.Hostname, a.Tags.Get("host"))) }

// tags returns the tags of the alert, of the playbook and ours, each once and the most
// important last.
func tags(a alert.Alert, d Draft, results []enrich.Result, late bool) []string {
	all := slices.DeleteFunc(slices.Concat([]string(a.Tags), d.Tags), isReserved)
	all = append(all, alert.SourceTag)
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
	for _, tag := range slices.Backward(all) {
		if tag = truncate(line(tag), MaxTag); tag != "" && !seen[tag] {
			seen[tag] = true
			kept = append(kept, tag)
		}
	}
	slices.Reverse(kept)
	return kept
}

// isReserved reports whether a tag would make an event of ours something else: the bare tag
// "monitor" a monitor's notification, and a key the event of another alert.
func isReserved(tag string) bool {
	tag = strings.ToLower(line(tag))
	return tag == "monitor" || strings.HasPrefix(tag, tagKey)
}

// tagValue writes a value as Datadog would store it: lower case, no spaces.
func tagValue(value string) string {
	return strings.ReplaceAll(strings.ToLower(line(value)), " ", "_")
}

// completeness is "none" without any finding, "partial" if a step failed or a part of a
// finding is missing, or "complete".
func completeness(results []enrich.Result) string {
	switch {
	case !slices.ContainsFunc(results, func(r enrich.Result) bool { return r.Status == enrich.OK }):
		return "none"
	case slices.ContainsFunc(results, func(r enrich.Result) bool { return !r.Complete() }):
		return "partial"
	}
	return "complete"
}
