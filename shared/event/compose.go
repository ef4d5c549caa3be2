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

// The parts of the head and the tail are bounded, so that they always fit.
const (
	maxHeadValue = 300
	maxPublic    = 160
	maxMissing   = 600
)

// transit is how long an event may be under way between composing it and
// Datadog's own look at its age.
const transit = 30 * time.Second

// Draft is what a playbook wants an event to say. Where it says nothing, the
// event finds its own words.
type Draft struct {
	Playbook  string // the name, for the tag
	Webhook   string // the name of the one that the alert came by, for the tag
	Title     string
	Text      string // markdown, in the place of the alert's own message
	Priority  string
	AlertType string
	Tags      []string // besides the alert's and ours
	Cycle     Cycle
}

// Cycle is how an alert's cycle went, from its trigger to this notification. It
// is zero where that is not known.
type Cycle struct {
	Lasted   time.Duration
	Notified int // this notification included
}

// Compose makes the event that answers an alert; now decides whether the alert
// is too old for its date.
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

func title(a alert.Alert, wanted string) string {
	for _, candidate := range []string{wanted, a.Title, a.AlertTitle, a.Status} {
		if candidate = line(candidate); candidate != "" {
			return headline(candidate)
		}
	}
	return headline(cmp.Or(firstLine(a.Text), firstLine(a.Message), "Datadog alert "+line(a.ID)))
}

func headline(words string) string { return shorten(neutralise(words), MaxTitle) }

func firstLine(text string) string {
	for l := range strings.Lines(withoutWrapper(text)) {
		if l = line(l); l != "" {
			return l
		}
	}
	return ""
}

// happened returns the alert's time, or zero and late when Datadog would refuse it.
func happened(date, now time.Time) (at time.Time, late bool) {
	if date.IsZero() {
		return date, false
	}
	age := now.Sub(date)
	if age > MaxAge-transit || -age > MaxAhead {
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

// aggregationKey is the alert cycle's key, so that a trigger, its renotifications
// and its recovery belong together. A key that is too long keeps its beginning
// and stays unique.
func aggregationKey(a alert.Alert) string {
	key := a.CycleKey
	if key == "" {
		key = a.AggregKey
	}
	key = line(key)
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

// alertType follows the transition where it leaves no doubt, then $ALERT_TYPE:
// a recovery is a success whatever the payload says. A playbook's word counts
// before both.
func alertType(a alert.Alert, wanted string) string {
	given, wanted := strings.ToLower(a.Type), strings.ToLower(wanted)
	switch {
	case slices.Contains(alertTypes, wanted):
		return wanted
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

// alertTypes are those that Datadog takes, the gravest first.
var alertTypes = []string{"error", "warning", "success", "info"}

func priority(given string) string {
	if p := strings.ToLower(given); p == "normal" || p == "low" {
		return p
	}
	return ""
}

func host(a alert.Alert) string {
	if a.Hostname != "" {
		return line(a.Hostname)
	}
	return line(a.Tags.Get("host"))
}

// tags returns the alert's own tags, the playbook's and ours, each once. What
// matters most stands last.
func tags(a alert.Alert, d Draft, results []enrich.Result, late bool) []string {
	all := slices.Concat([]string(a.Tags), d.Tags, []string{alert.SourceTag})
	if d.Webhook != "" {
		all = append(all, TagWebhook(d.Webhook))
	}
	if a.MonitorID != "" {
		all = append(all, tagMonitor+a.MonitorID)
	}
	all = append(all, tagPlaybook+d.Playbook)
	if a.Transition != "" {
		all = append(all, tagTransition+tagValue(string(a.Transition)))
	}
	all = append(all, tagEnrichment+Completeness(results))
	if late {
		all = append(all, TagLate)
	}
	seen := make(map[string]bool, len(all))
	kept := make([]string, 0, len(all))
	for _, tag := range slices.Backward(all) {
		if tag = shorten(line(tag), MaxTag); tag != "" && !seen[tag] {
			seen[tag] = true
			kept = append(kept, tag)
		}
	}
	slices.Reverse(kept)
	return kept
}

// tagValue writes a value as Datadog would store it: lower case, no spaces.
func tagValue(value string) string {
	return strings.ReplaceAll(strings.ToLower(line(value)), " ", "_")
}

// Completeness says whether the steps that had something to do all did it:
// "complete", "partial", or "none" when not one of them found anything.
func Completeness(results []enrich.Result) string {
	found, missed := 0, 0
	for _, r := range results {
		if r.Status == enrich.OK {
			found++
		}
		if !r.Complete() {
			missed++
		}
	}
	switch {
	case found == 0:
		return "none"
	case missed > 0:
		return "partial"
	}
	return "complete"
}
