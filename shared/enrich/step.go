// Package enrich runs steps side by side within a time budget and collects what
// each found. A step that fails is skipped; the alert is still posted.
package enrich

import (
	"context"
	"errors"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
)

// Step is one source of findings. The public text of its error (see package fault)
// is shown in the event. An error made by Skip means that the step does not apply.
type Step interface {
	Enrich(ctx context.Context, a alert.Alert) (Finding, error)
}

// StepFunc makes a function a Step.
type StepFunc func(ctx context.Context, a alert.Alert) (Finding, error)

func (f StepFunc) Enrich(ctx context.Context, a alert.Alert) (Finding, error) { return f(ctx, a) }

// Named is a step with its name in events and logs.
type Named struct {
	Name string
	// ID is the name with that of the playbook. The default is the name.
	ID   string
	Step Step
	// After names the earlier steps whose results Make needs.
	After []string
	// Make, if set, returns the step once those have ended, in place of Step.
	Make func(earlier map[string]Result) (Step, error)
	// Timeout limits this step within the budget; 0 sets no limit of its own.
	Timeout time.Duration
}

// Kind describes a step to playbooks, editors and documents. Each step package exports one as
// the function Kind, which the registry lists, with the types of its Config and its Data.
type Kind struct {
	// Name is part of playbooks and events, so it never changes.
	Name string
	// Doc is one sentence on what the step finds.
	Doc string
	// Permissions are those that the application key needs, by Datadog's names.
	Permissions []string
	// Grant is what the step needs in AWS, or nil.
	Grant *Grant
	// Config is the zero value of a playbook's "with": a struct with yaml and doc
	// tags. If it has a Validate method, loading a playbook calls it.
	Config any
	// Data is the zero value of the finding's Data: a struct with json tags.
	Data any
	// Check, if set, checks a Config and the files it names when a playbook is loaded.
	Check func(config any) error
	// New returns the step for a Config. The step may use responses up to cache old.
	New func(config any, cache time.Duration) Step
}

// Grant is what a step does in AWS. The stack allows it on what one of its parameters lists.
type Grant struct {
	Action    string // such as lambda:InvokeFunction
	Parameter string // of template.yaml
	// ARN returns the ARN of what a Config names, or "" if it names nothing. An Account
	// completes a name.
	ARN func(config any, in Account) string
}

// Account is where a name belongs that names no account and no region.
type Account struct{ Partition, Region, ID string }

// Made is a step that its kind makes of a Config when it runs, so that an observer sees both
// and can run another one.
type Made struct {
	Kind   Kind
	Config any // with its templates rendered
	Cache  time.Duration
}

func (m Made) Enrich(ctx context.Context, a alert.Alert) (Finding, error) {
	return m.Kind.New(m.Config, m.Cache).Enrich(ctx, a)
}

// KindOf completes k for steps that are configured by a Config.
func KindOf[Config any](k Kind, newStep func(c Config, cache time.Duration) Step) Kind {
	k.Config = *new(Config)
	k.New = func(config any, cache time.Duration) Step { return newStep(config.(Config), cache) }
	return k
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

// Result is how one step ended. Finding is set if Status is OK. Otherwise Err is
// set, and its public text says why there is no finding.
type Result struct {
	Name     string
	Status   Status
	Finding  Finding
	Err      error
	Duration time.Duration
}

// Complete reports whether the step did all it had to do: it is false after a
// failure, and for a finding that lacks a part.
func (r Result) Complete() bool {
	return r.Status == Skipped || r.Status == OK && r.Finding.PartialReason == nil
}

// Skip returns the error of a step that does not apply to an alert, with the
// reason as its public text: "the alert names no monitor".
func Skip(reason string) error { return skipError{fault.New(fault.Permanent, reason, nil)} }

// SkipRedacted is Skip for a reason that quotes the alert. Logs leave the quote out.
func SkipRedacted(before, quote, after string) error {
	return skipError{fault.NewRedacted(fault.Permanent, before, quote, after, nil)}
}

type skipError struct{ reason *fault.Error }

func (s skipError) Error() string { return s.reason.Error() }
func (s skipError) Unwrap() error { return s.reason }

// Done marks the error of a call that took effect, so that no attempt repeats it as an action.
func Done(err error) error { return doneError{err} }

type doneError struct{ error }

func (d doneError) Unwrap() error { return d.error }

// DoneReason reports whether err is of a call that took effect, and returns what is missing of
// its response. A response that has nothing to say is whole.
func DoneReason(err error) (missing error, isDone bool) {
	done, isDone := errors.AsType[doneError](err)
	if _, skipped := errors.AsType[skipError](err); skipped {
		return nil, isDone
	}
	return done.error, isDone
}
