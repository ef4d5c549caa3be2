// Package trial takes one alert through playbooks by the pipeline that the
// functions use, and tells what happened on the way: which playbooks matched and
// why others did not, what each step was given, and what it found.
package trial

import (
	"context"
	"errors"
	"sync"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
)

// Trial is a pipeline that can be watched.
type Trial struct {
	// Book holds playbooks whose kinds of steps are Watched.
	Book        *playbook.Book
	WebhookName string // for the event's tag
	Budget      time.Duration
	Poster      pipeline.Poster
	Cycles      pipeline.Cycles // nil: the alert's cycle is unknown
	Now         func() time.Time
	// Instead returns what runs in a step's place; nil runs every step.
	Instead func(Step) enrich.Step
}

// Step is a step that is about to run.
type Step struct {
	Name string
	Kind enrich.Kind
	// With is the step's Config with its templates written out.
	With any
	// Then is true of a step that runs once the event is posted.
	Then bool

	cache time.Duration
}

// Real returns the step itself.
func (s Step) Real() enrich.Step { return s.Kind.New(s.With, s.cache) }

// Report is what became of an alert.
type Report struct {
	Verdicts []playbook.Verdict
	// Playbooks are those that were used, by their names.
	Playbooks []string
	Steps     []Ran
	Status    pipeline.Status
	Reason    string
	// Event is what was posted: its JSON is the request's body.
	Event event.Request
	// Warnings are words that could not be written, and conditions that could not
	// be evaluated.
	Warnings []string
}

// Ran is how one step went. With is nil when the step was never made.
type Ran struct {
	enrich.Result
	Uses string
	With any
	Then bool
}

// Watched returns kinds whose steps tell a trial what they are made with.
func Watched(kinds []enrich.Kind) []enrich.Kind {
	all := make([]enrich.Kind, len(kinds))
	for i, kind := range kinds {
		all[i] = kind
		all[i].New = func(config any, cache time.Duration) enrich.Step {
			return watched{Step{Kind: kind, With: config, cache: cache}}
		}
	}
	return all
}

type watched struct{ Step }

func (w watched) Enrich(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
	return w.Real().Enrich(ctx, a)
}

// Run takes the alert all the way. The error says why no event was posted.
func (t Trial) Run(ctx context.Context, a alert.Alert) (Report, error) {
	plan := t.Book.For(a)
	w := &watch{instead: t.Instead, before: len(plan.Steps())}
	p := pipeline.New(pipeline.Config{
		Playbooks: t.Book, WebhookName: t.WebhookName, EnrichBudget: t.Budget, Poster: t.Poster, Cycles: t.Cycles, Now: t.Now, Steps: w.wrapAll,
	})
	outcome, err := p.Redeliver(ctx, queue.Message{Alert: a})
	return Report{
		Verdicts: t.Book.Explain(a), Playbooks: plan.Names, Steps: w.report(outcome.Steps),
		Status: outcome.Status, Reason: outcome.Detail, Event: outcome.Event, Warnings: told(outcome.Warnings),
	}, err
}

// told are warnings in words for people, where there are other ones for a log.
func told(warnings []error) []string {
	texts := make([]string, len(warnings))
	for i, w := range warnings {
		texts[i] = w.Error()
		if f, ok := errors.AsType[*fault.Error](w); ok {
			texts[i] = f.Public
		}
	}
	return texts
}

// watch notes what steps are made with. The pipeline wraps the steps before the
// post, then those after it, each in the order in which it tells their results.
type watch struct {
	instead func(Step) enrich.Step
	before  int

	mu   sync.Mutex
	seen []Step
}

func (w *watch) wrapAll(steps []enrich.Named) []enrich.Named {
	wrapped := make([]enrich.Named, len(steps))
	for i, step := range steps {
		wrapped[i] = w.wrap(step)
	}
	return wrapped
}

func (w *watch) wrap(named enrich.Named) enrich.Named {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := len(w.seen)
	w.seen = append(w.seen, Step{Name: named.Name, Then: i >= w.before})
	makeReal := named.Make
	named.Make = func(earlier map[string]enrich.Result) (enrich.Step, error) {
		made, err := makeReal(earlier)
		if err != nil {
			return nil, err
		}
		return w.made(i, made), nil
	}
	return named
}

// made returns what runs as the step at i.
func (w *watch) made(i int, made enrich.Step) enrich.Step {
	w.mu.Lock()
	defer w.mu.Unlock()
	tells, ok := made.(watched)
	if !ok {
		return made
	}
	one := &w.seen[i]
	one.Kind, one.With, one.cache = tells.Kind, tells.With, tells.cache
	if w.instead == nil {
		return made
	}
	return w.instead(*one)
}

// report may come while a step that was left behind is still at work.
func (w *watch) report(results []enrich.Result) []Ran {
	w.mu.Lock()
	defer w.mu.Unlock()
	ran := make([]Ran, len(results))
	for i, result := range results {
		ran[i] = Ran{Result: result, Uses: w.seen[i].Kind.Name, With: w.seen[i].With, Then: w.seen[i].Then}
	}
	return ran
}
