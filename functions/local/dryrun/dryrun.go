// Package dryrun takes one alert through playbooks with the functions' own pipeline, and
// reports which playbooks matched, what each step was given, and what it found.
package dryrun

import (
	"context"
	"errors"
	"sync"
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
	Poster      pipeline.Poster
	Cycles      pipeline.Cycles // nil: the alert's cycle is unknown
	Kept        pipeline.Kept   // nil: the cycle keeps nothing
	Earlier     []memory.Cycle  // of the monitor's group
	Now         func() time.Time
	Override    func(Step) enrich.Step // returns what runs for a step; nil: the step
}

// Step is a step that is about to run.
type Step struct {
	Name string
	Kind enrich.Kind
	With any  // the step's Config, with its templates rendered
	Then bool // whether it runs after the post

	cache time.Duration
}

// Real returns the step itself.
func (s Step) Real() enrich.Step { return s.Kind.New(s.With, s.cache) }

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
}

// Observed returns kinds whose steps a Runner can observe.
func Observed(kinds []enrich.Kind) []enrich.Kind {
	all := make([]enrich.Kind, len(kinds))
	for i, kind := range kinds {
		all[i] = kind
		all[i].New = func(config any, cache time.Duration) enrich.Step {
			return observed{Step{Kind: kind, With: config, cache: cache}}
		}
	}
	return all
}

type observed struct{ Step }

// StepOf returns what a step of an observed kind was made with.
func StepOf(made enrich.Step) (Step, bool) {
	o, ok := made.(observed)
	return o.Step, ok
}

func (o observed) Enrich(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
	return o.Real().Enrich(ctx, a)
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
	known := memory.Of(r.Earlier, now)
	plan := r.Playbooks.For(a, known)
	recorder := &recorder{override: r.Override, beforePost: len(plan.Steps())}
	p := pipeline.New(pipeline.Config{
		Playbooks: r.Playbooks, WebhookName: r.WebhookName, EnrichBudget: r.Budget, Poster: r.Poster, Cycles: r.Cycles, History: earlier(r.Earlier), Now: r.Now,
		Kept: r.Kept, Steps: recorder.wrapAll,
	})
	outcome, err := p.Redeliver(ctx, queue.Message{Alert: a})
	return Report{
		Verdicts: r.Playbooks.Explain(a, known), Playbooks: plan.Names, Steps: recorder.results(outcome.Steps),
		Status: outcome.Status, Reason: outcome.Detail, Event: outcome.Event, Warnings: warningTexts(outcome.Warnings), Limit: plan.Limit, FollowUps: outcome.FollowUps,
	}, err
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

// recorder keeps what steps are made with. The pipeline wraps the steps before the post
// and then those after it, in the order of its results.
type recorder struct {
	override   func(Step) enrich.Step
	beforePost int

	mu    sync.Mutex
	steps []Step
}

func (r *recorder) wrapAll(steps []enrich.Named) []enrich.Named {
	r.mu.Lock()
	defer r.mu.Unlock()
	wrapped := make([]enrich.Named, len(steps))
	for i, step := range steps {
		index := len(r.steps)
		r.steps = append(r.steps, Step{Name: step.Name, Then: index >= r.beforePost})
		wrapped[i] = step
		wrapped[i].Make = func(earlier map[string]enrich.Result) (enrich.Step, error) {
			made, err := step.Make(earlier)
			if err != nil {
				return nil, err
			}
			return r.replace(index, made), nil
		}
	}
	return wrapped
}

// replace returns what runs for the step at index.
func (r *recorder) replace(index int, made enrich.Step) enrich.Step {
	r.mu.Lock()
	defer r.mu.Unlock()
	o, ok := made.(observed)
	if !ok {
		return made
	}
	step := &r.steps[index]
	step.Kind, step.With, step.cache = o.Kind, o.With, o.cache
	if r.override == nil {
		return made
	}
	return r.override(*step)
}

// results locks because a step that timed out may still run.
func (r *recorder) results(results []enrich.Result) []StepRun {
	r.mu.Lock()
	defer r.mu.Unlock()
	runs := make([]StepRun, len(results))
	for i, result := range results {
		step := r.steps[i]
		runs[i] = StepRun{Result: result, Uses: step.Kind.Name, With: step.With, Then: step.Then}
	}
	return runs
}
