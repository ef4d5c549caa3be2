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

// Step is a step of a run: what it was made with, and its result.
type Step struct {
	enrich.Result
	Kind enrich.Kind // without a name if the step was not made
	With any         // its Config, with its templates rendered
	Then bool        // whether it runs after the post
	At   time.Time   // when it was made
}

// Run is a method of a pipeline.
type Run func(*pipeline.Pipeline, context.Context, alert.Alert) (pipeline.Outcome, error)

// Process runs an alert as a message from the queue.
func Process(p *pipeline.Pipeline, ctx context.Context, a alert.Alert) (pipeline.Outcome, error) {
	return p.Redeliver(ctx, queue.Message{Alert: a})
}

// Report is what the pipeline would do with an alert.
type Report struct {
	pipeline.Outcome
	At    time.Time
	Alert alert.Alert
	Book  *playbook.Book
	Steps []Step
	Err   error // why no event was posted
}

// Observe runs a pipeline and keeps what it did.
func Observe(ctx context.Context, c pipeline.Config, a alert.Alert, override Override, run Run) Report {
	made := recorder{override: override}
	c.Steps = made.wrap
	r := Report{At: time.Now(), Alert: a, Book: c.Playbooks}
	r.Outcome, r.Err = run(pipeline.New(c), ctx, a)
	r.Steps = made.with(r.Outcome.Steps)
	return r
}

// Plan is that of the playbooks that the alert used.
func (r Report) Plan() *playbook.Plan { return r.Book.For(r.Alert, r.Cycle.Earlier) }

// Verdicts say which playbooks matched, and why the others did not.
func (r Report) Verdicts() []playbook.Verdict { return r.Book.Explain(r.Alert, r.Cycle.Earlier) }

// Explain says why a playbook matched or not.
func Explain(v playbook.Verdict) string {
	switch {
	case v.Unreached:
		return v.Playbook + " is not reached, because a playbook above does not continue"
	case v.Matched:
		return v.Playbook + " matches"
	case v.Err != nil:
		return v.Playbook + " not used, because its condition failed: " + fault.Public(v.Err)
	}
	return v.Playbook + " does not match: false is " + v.False
}

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

// Discard accepts all events and keeps none.
type Discard struct{}

var posted = event.Posted{ID: "1", URL: "https://app.datadoghq.com/event/event?id=1"}

func (Discard) Create(context.Context, event.Event) (event.Posted, error) { return posted, nil }

func (Discard) CreateAlert(context.Context, event.AlertEvent) (event.Posted, error) {
	return posted, nil
}
