package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/telemetry"
)

// Report records the metrics of a run, tags the span in ctx, and returns the run's log
// attributes: ids and our own words, nothing that the alert says. A run that failed has
// errs besides its warnings.
func (o Outcome) Report(ctx context.Context, a alert.Alert, errs ...error) []slog.Attr {
	o.measure(ctx, a)
	followUp := ""
	if o.FollowUp != nil {
		followUp = enrich.ShortDuration(o.FollowUp.After) // As its playbook has it.
	}
	var attrs []slog.Attr
	for _, id := range []struct{ key, value string }{
		{"alert_id", identifier(a.ID)},
		{"monitor_id", identifier(a.MonitorID)},
		{"cycle_key", identifier(a.CycleKey)},
		{"org_id", identifier(a.OrgID)},
		{"transition", transitionOf(a)},
		{"playbook", o.Playbook},
		{"event_id", o.Posted.ID},
		{"follow_up", followUp},
	} {
		if id.value != "" {
			attrs = append(attrs, slog.String(id.key, id.value))
			telemetry.Tag(ctx, id.key, id.value)
		}
	}
	// The detail of a fault may quote the alert. The fault is among the errors, redacted.
	if o.Detail != "" && (o.Cause == "" || o.Status == Ignored || o.Cause == causeIntake || o.Cause == causeStorm || o.Cause == causeFollowUp) {
		attrs = append(attrs, slog.String("reason", o.Detail))
	}
	if len(o.Steps) > 0 {
		attrs = append(attrs, slog.Any("steps", o.StepSummaries(error.Error)))
	}
	if len(o.Actions) > 0 {
		attrs = append(attrs, slog.Any("actions", o.Actions))
	}
	if err := errors.Join(append(o.Warnings, errs...)...); err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	return attrs
}

// other replaces values that a payload's template put in a place that is not for them.
const other = "other"

// transitionOf returns one of Datadog's few transitions.
func transitionOf(a alert.Alert) string {
	if t, known := alert.ParseTransition(string(a.Transition)); known || t == "" {
		return string(t)
	}
	return other
}

// identifier returns a value of digits or of a hash, as Datadog's ids are, which cannot
// be a name or an address. The id of a synthetic alert has a prefix.
func identifier(value string) string {
	const maxBytes = 128
	isForeign := func(r rune) bool { return !strings.ContainsRune("0123456789abcdef-", r) }
	if len(value) > maxBytes || strings.ContainsFunc(strings.TrimPrefix(value, "drill-"), isForeign) {
		return other
	}
	return value
}

// StepSummary is what the answer and the log say about a step.
type StepSummary struct {
	Name       string        `json:"name"`
	Status     enrich.Status `json:"status"`
	DurationMS float64       `json:"duration_ms"`
	Error      string        `json:"error,omitempty"`
}

// StepSummaries summarizes the steps. errorText is fault.Public for people, and
// error.Error for the log, which adds causes and quotes nothing.
func (o Outcome) StepSummaries(errorText func(error) string) []StepSummary {
	out := make([]StepSummary, len(o.Steps))
	for i, r := range o.Steps {
		out[i] = StepSummary{Name: r.Name, Status: r.Status, DurationMS: Milliseconds(r.Duration)}
		if r.Err != nil {
			out[i].Error = errorText(r.Err)
		}
	}
	return out
}

// Milliseconds keeps the microseconds of a quick step visible.
func Milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
