// Package dryrun takes one alert through playbooks with the functions' own pipeline, and
// reports which playbooks matched, what each step was given, and what it found.
package dryrun

import (
	"context"
	"errors"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
)

// Step is a step that is about to run.
type Step struct {
	Name string
	Kind enrich.Kind
	With any       // the step's Config, with its templates rendered
	Then bool      // whether it runs after the post
	At   time.Time // when it was made
}

// Report is one run of a pipeline.
type Report struct {
	pipeline.Outcome
	At    time.Time
	Alert alert.Alert
	Book  *playbook.Book
	Steps []StepRun
	Err   error // why no event was posted
}

// StepRun is the result of a step. With is nil if the step was not made.
type StepRun struct {
	enrich.Result
	Uses string
	With any
	Then bool
	At   time.Time
}

// Run is a method of a pipeline.
type Run func(*pipeline.Pipeline, context.Context, alert.Alert) (pipeline.Outcome, error)

// Process runs an alert as a message from the queue.
func Process(p *pipeline.Pipeline, ctx context.Context, a alert.Alert) (pipeline.Outcome, error) {
	return p.Redeliver(ctx, queue.Message{Alert: a})
}

// Observe runs a pipeline and keeps what it did.
func Observe(ctx context.Context, c pipeline.Config, a alert.Alert, override Override, run Run) Report {
	steps := recorder{override: override}
	c.Steps = steps.wrap
	r := Report{At: time.Now(), Alert: a, Book: c.Playbooks}
	r.Outcome, r.Err = run(pipeline.New(c), ctx, a)
	r.Steps = steps.results(r.Outcome.Steps)
	return r
}

// Plan is that of the playbooks that the alert used.
func (r Report) Plan() *playbook.Plan { return r.Book.For(r.Alert, r.Cycle.Earlier) }

// Verdicts say which playbooks matched, and why the others did not.
func (r Report) Verdicts() []playbook.Verdict { return r.Book.Explain(r.Alert, r.Cycle.Earlier) }

// WarningTexts say which templates and conditions failed. They prefer the text for users to
// the text for logs.
func (r Report) WarningTexts() []string {
	texts := make([]string, len(r.Warnings))
	for i, w := range r.Warnings {
		texts[i] = w.Error()
		if f, ok := errors.AsType[*fault.Error](w); ok {
			texts[i] = f.Public
		}
	}
	return texts
}

// Discard is a poster that accepts all events.
type Discard struct{}

var posted = event.Posted{ID: "1", URL: "https://app.datadoghq.com/event/event?id=1"}

// Create implements pipeline.Poster.
func (Discard) Create(context.Context, event.Event) (event.Posted, error) { return posted, nil }

// CreateAlert implements pipeline.Poster.
func (Discard) CreateAlert(context.Context, event.AlertEvent) (event.Posted, error) {
	return posted, nil
}
