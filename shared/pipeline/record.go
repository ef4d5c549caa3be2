package pipeline

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/telemetry"
)

// Why an alert was queued, where it was no fault.
const (
	whyIntake = "intake"
	whyStorm  = "storm"
)

func whyOf(cause error) string {
	if cause == nil {
		return whyIntake
	}
	return fault.From(cause).Kind.String()
}

// Measure tells the metrics what became of an alert.
func (o Outcome) Measure(ctx context.Context, a alert.Alert) {
	for _, s := range o.Steps {
		telemetry.StepDuration.Record(ctx, s.Duration.Seconds(), s.Name, string(s.Status))
	}
	switch {
	case o.Status == Duplicate:
		telemetry.Duplicate.Record(ctx, 1)
	case o.Status == Queued && o.Why == whyStorm:
		telemetry.Coalesced.Record(ctx, 1, o.Playbook)
	case o.Status == Queued:
		telemetry.Queued.Record(ctx, 1, o.Why)
	case o.Status == Posted:
		o.measurePosted(ctx, a)
	}
}

func (o Outcome) measurePosted(ctx context.Context, a alert.Alert) {
	telemetry.Posted.Record(ctx, 1, event.Enrichment(o.Event), o.Playbook, transitionOf(a))
	if event.LeftOut(o.Event) {
		telemetry.Truncated.Record(ctx, 1, o.Playbook)
	}
	// Clocks differ, and an alert is no younger than its event.
	if !a.Date.IsZero() {
		telemetry.Delay.Record(ctx, max(0, o.PostedAt.Sub(a.Date).Seconds()))
	}
	if a.Transition.IsRecovery() && o.Cycle.Lasted > 0 {
		telemetry.Recovery.Record(ctx, o.Cycle.Lasted.Seconds(), o.Playbook)
	}
}

// transitionOf returns one of the few values that a tag may have: a payload's template
// may put anything in that place.
func transitionOf(a alert.Alert) string {
	if t, known := alert.ParseTransition(string(a.Transition)); known || t == "" {
		return string(t)
	}
	return other
}

// other stands for what a payload's template put into a place that is not for it.
const other = "other"

// identifier returns what Datadog's ids are made of, digits or those of a hash, which
// is no place for a name or an address. A drill's has its prefix.
func identifier(given string) string {
	const most = 128
	strange := func(r rune) bool { return !strings.ContainsRune("0123456789abcdef-", r) }
	if len(given) > most || strings.ContainsFunc(strings.TrimPrefix(given, "drill-"), strange) {
		return other
	}
	return given
}

// Record is what the log says of an alert and of what became of it: ids and our own
// words, nothing that the alert says. The span in ctx is tagged with the ids.
func (o Outcome) Record(ctx context.Context, a alert.Alert) []slog.Attr {
	var attrs []slog.Attr
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
			telemetry.Tag(ctx, key, value)
		}
	}
	add("alert_id", identifier(a.ID))
	add("monitor_id", identifier(a.MonitorID))
	add("cycle_key", identifier(a.CycleKey))
	add("org_id", identifier(a.OrgID))
	add("transition", transitionOf(a))
	add("playbook", o.Playbook)
	add("event_id", o.Posted.ID)
	// A fault is among the errors, without the words that its public text may quote.
	if o.Reason != "" && (o.Why == "" || o.Why == whyIntake || o.Why == whyStorm) {
		attrs = append(attrs, slog.String("reason", o.Reason))
	}
	if len(o.Steps) > 0 {
		attrs = append(attrs, slog.Any("steps", o.Told(error.Error)))
	}
	return attrs
}

// Step is what people are told of a step: in the answer and in the log.
type Step struct {
	Name       string        `json:"name"`
	Status     enrich.Status `json:"status"`
	DurationMS float64       `json:"duration_ms"`
	Error      string        `json:"error,omitempty"`
}

// Told tells how each step ended, its error in the words that words chooses: those for
// people in the answer, and in the log those that quote nobody, with the causes.
func (o Outcome) Told(words func(error) string) []Step {
	out := make([]Step, len(o.Steps))
	for i, r := range o.Steps {
		out[i] = Step{Name: r.Name, Status: r.Status, DurationMS: Milliseconds(r.Duration)}
		if r.Err != nil {
			out[i].Error = words(r.Err)
		}
	}
	return out
}

// Milliseconds keeps the microseconds of a quick step visible.
func Milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
