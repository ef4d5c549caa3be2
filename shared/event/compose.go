package event

import (
	"cmp"
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
	Source    string   // of v1, by which "source:<it>" finds the event
	Device    string   // of v1
	Tags      []string // besides the alert's and ours
	Cycle     Cycle
	FollowUp  *FollowUp // nil for the alert's own event
	Warnings  []string  // for people: templates that failed, and texts that Datadog does not know
}

// Compose makes the event about an alert. It compares the alert's date with now, because
// Datadog refuses old ones.
func Compose(a alert.Alert, d Draft, results []enrich.Result, now time.Time) Event {
	if d.FollowUp != nil {
		a, d, results = d.FollowUp.about(a, d, results, now)
	}
	f := newFields(a, d, results, now)
	source, device := f.name("source", line(d.Source)), f.name("device's name", line(d.Device))
	return Event{
		Title:          f.title,
		Text:           f.text(a, d, results, now),
		DateHappened:   epochSeconds(f.happened),
		AggregationKey: f.aggregationKey,
		RelatedEventID: relatedEventID(a.ID),
		AlertType:      alertType(a, d.AlertType),
		Priority:       cmp.Or(priority(d.Priority), priority(a.EventPriority)),
		Host:           f.host,
		DeviceName:     device,
		SourceTypeName: source,
		Tags:           f.tags,
	}
}

func epochSeconds(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.Unix()
}

func relatedEventID(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0
	}
	return max(0, n)
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
	case a.Transition == alert.Triggered, a.Transition == alert.ReTriggered, a.Transition == alert.Renotify:
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

// IsFailure reports whether the event about an alert has a type that says that something fails.
func IsFailure(a alert.Alert, d Draft) bool {
	t := alertType(a, d.AlertType)
	return t == "error" || t == "warning"
}

// IsAlertType reports whether Datadog knows a type of v1 events.
func IsAlertType(text string) bool { return slices.Contains(alertTypes, strings.ToLower(text)) }

// IsPriority reports whether Datadog knows a priority of v1 events.
func IsPriority(text string) bool { return priority(text) != "" }

// IsLevel reports whether Datadog knows a priority of v2 events.
func IsLevel(text string) bool { return level(text) != "" }

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
