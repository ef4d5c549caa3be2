// Package enrich runs steps side by side within a budget and collects what each
// found. A step that fails costs its finding, never the alert.
package enrich

import (
	"context"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
)

// Step is one source of findings. An error's public text (see package fault) is
// shown in the event and in the answer; an error made by Skip says that the step
// has nothing to do with this alert.
type Step interface {
	Enrich(ctx context.Context, a alert.Alert) (Finding, error)
}

// StepFunc makes a function a Step.
type StepFunc func(ctx context.Context, a alert.Alert) (Finding, error)

// Enrich calls f.
func (f StepFunc) Enrich(ctx context.Context, a alert.Alert) (Finding, error) { return f(ctx, a) }

// Named is a step and the name by which answers, events and logs call it.
type Named struct {
	Name string
	Step Step
}

// Status says how a step ended.
type Status string

// The ways a step ends.
const (
	OK       Status = "ok"
	Failed   Status = "failed"
	TimedOut Status = "timeout"
	Skipped  Status = "skipped"
)

// Result is how one step ended. Finding is set when Status is OK; otherwise
// Err is, and its public text says why there is no finding.
type Result struct {
	Name     string
	Status   Status
	Finding  Finding
	Err      error
	Duration time.Duration
}

// Skip returns the error by which a step says that it does not apply to an
// alert, and why: "the alert names no monitor". The reason is a public text.
func Skip(reason string) error { return skipped{fault.New(fault.Refused, reason, nil)} }

type skipped struct{ reason *fault.Error }

func (s skipped) Error() string { return s.reason.Public }

func (s skipped) Unwrap() error { return s.reason }
