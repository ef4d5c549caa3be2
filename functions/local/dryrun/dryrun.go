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
	"boomerang/shared/memory"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
)

// Runner runs a pipeline and observes its steps.
type Runner struct {
	Playbooks   *playbook.Book // loaded with the kinds that Observed returns
	WebhookName string
	Budget      time.Duration
	Poster      pipeline.Poster // nil: accepts all events
	Cycles      pipeline.Cycles // nil: the alert's cycle is unknown
	Kept        pipeline.Kept   // nil: the cycle keeps nothing
	Earlier     []memory.Cycle  // of the monitor's group
	Now         func() time.Time
	Override    Override
}

// Step is a step that is about to run.
type Step struct {
	Name string
	Kind enrich.Kind
	With any       // the step's Config, with its templates rendered
	Then bool      // whether it runs after the post
	At   time.Time // when it was made

	cache time.Duration
}

// Report is the result of a run.
type Report struct {
	Verdicts  []playbook.Verdict
	Playbooks []string // the names of those that were used
	Steps     []StepRun
	Status    pipeline.Status
	Reason    string
	Event     event.Request
	Warnings  []string        // templates and conditions that failed
	Limit     int             // of the playbooks, which a dry run does not count
	FollowUps []time.Duration // that the alert would have, which a dry run does not wait for
}

// StepRun is the result of a step. With is nil if the step was not made.
type StepRun struct {
	enrich.Result
	Uses string
	With any
	Then bool
	At   time.Time
}

// Run processes the alert. The error says why no event was posted.
func (r Runner) Run(ctx context.Context, a alert.Alert) (Report, error) {
	if r.Now == nil {
		r.Now = time.Now
	}
	now := a.Date
	if now.IsZero() {
		now = r.Now()
	}
	if r.Poster == nil {
		r.Poster = discard{}
	}
	known := memory.Of(r.Earlier, now)
	plan := r.Playbooks.For(a, known)
	recorder := Recorder{Override: r.Override}
	p := pipeline.New(pipeline.Config{
		Playbooks: r.Playbooks, WebhookName: r.WebhookName, EnrichBudget: r.Budget, Poster: r.Poster, Cycles: r.Cycles, History: earlier(r.Earlier), Now: r.Now,
		Kept: r.Kept, Steps: recorder.Wrap,
	})
	outcome, err := p.Redeliver(ctx, queue.Message{Alert: a})
	return Report{
		Verdicts: r.Playbooks.Explain(a, known), Playbooks: plan.Names, Steps: recorder.Results(outcome.Steps),
		Status: outcome.Status, Reason: outcome.Detail, Event: outcome.Event, Warnings: warningTexts(outcome.Warnings), Limit: plan.Limit, FollowUps: outcome.FollowUps,
	}, err
}

// discard accepts all events.
type discard struct{}

var posted = event.Posted{ID: "1", URL: "https://app.datadoghq.com/event/event?id=1"}

func (discard) Create(context.Context, event.Event) (event.Posted, error) { return posted, nil }

func (discard) CreateAlert(context.Context, event.AlertEvent) (event.Posted, error) {
	return posted, nil
}

// earlier is a history that nothing is added to.
type earlier []memory.Cycle

func (e earlier) History(context.Context, string) ([]memory.Cycle, error) { return e, nil }

func (earlier) AddToHistory(context.Context, string, []memory.Cycle, ...memory.Cycle) error {
	return nil
}

// warningTexts prefers the text for users to the text for logs.
func warningTexts(warnings []error) []string {
	texts := make([]string, len(warnings))
	for i, w := range warnings {
		texts[i] = w.Error()
		if f, ok := errors.AsType[*fault.Error](w); ok {
			texts[i] = f.Public
		}
	}
	return texts
}
