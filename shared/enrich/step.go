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
	// After names the steps further up whose results Make reads.
	After []string
	// Make makes the step once those have ended, in the place of Step.
	Make func(earlier map[string]Result) (Step, error)
	// Timeout is what the step may take of the time for all; 0 sets no limit of its own.
	Timeout time.Duration
}

func (n Named) step(earlier map[string]Result) (Step, error) {
	if n.Make == nil {
		return n.Step, nil
	}
	return n.Make(earlier)
}

// Kind is a step that playbooks can use, by its name.
type Kind struct {
	Name string
	// Doc says in a sentence what the step finds.
	Doc string
	// Permissions are what the application key needs, as Datadog calls them.
	Permissions []string
	// Config is the zero value of what a playbook's "with" holds: a struct with
	// yaml and doc tags. A Validate method of it is called when a playbook is loaded.
	Config any
	// Data is the zero value of the finding's Data: a struct with json tags.
	Data any
	// Check, where it is set, looks at a Config together with what it names, such
	// as a file, when a playbook is loaded.
	Check func(config any) error
	// New makes the step from a Config. What it reads may be up to cache old.
	New func(config any, cache time.Duration) Step
}

// KindOf returns the kind whose steps make makes.
func KindOf[Config any](k Kind, make func(c Config, cache time.Duration) Step) Kind {
	var zero Config
	k.Config = zero
	k.New = func(config any, cache time.Duration) Step { return make(config.(Config), cache) }
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
func Skip(reason string) error { return skipped{fault.New(fault.Permanent, reason, nil)} }

// SkipQuoting is Skip with words of the alert in the reason, for people and not for
// the log.
func SkipQuoting(before, words, after string) error {
	return skipped{fault.NewRedacted(fault.Permanent, before, words, after, nil)}
}

type skipped struct{ reason *fault.Error }

func (s skipped) Error() string { return s.reason.Error() }

func (s skipped) Unwrap() error { return s.reason }
