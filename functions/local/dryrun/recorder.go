package dryrun

import (
	"context"
	"slices"
	"sync"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

// Override returns what runs in place of a step, or nil for the step itself.
type Override func(Step) enrich.Step

// recorder keeps what the steps of one run of a pipeline are made with.
type recorder struct {
	override Override // nil: every step itself

	mu       sync.Mutex
	steps    []*Step
	isPosted bool
}

// Observed returns kinds whose steps Observe can see.
func Observed(kinds []enrich.Kind) []enrich.Kind {
	all := slices.Clone(kinds)
	for i, kind := range kinds {
		all[i].New = func(config any, cache time.Duration) enrich.Step {
			return observed{Step{Kind: kind, With: config, cache: cache}}
		}
	}
	return all
}

// Skip returns a step that is skipped, to run in place of another.
func Skip(why string) enrich.Step {
	return enrich.StepFunc(func(context.Context, alert.Alert) (enrich.Finding, error) {
		return enrich.Finding{}, enrich.Skip(why)
	})
}

type observed struct{ Step }

func (o observed) Enrich(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
	return o.Kind.New(o.With, o.cache).Enrich(ctx, a)
}

// wrap is the pipeline's Config.Steps. The pipeline wraps the steps before the post and then
// those after it, in the order of its results.
func (r *recorder) wrap(steps []enrich.Named) []enrich.Named {
	r.mu.Lock()
	defer r.mu.Unlock()
	wrapped := slices.Clone(steps)
	for i, step := range steps {
		kept := &Step{Name: step.Name, Then: r.isPosted}
		r.steps = append(r.steps, kept)
		wrapped[i].Make = func(earlier map[string]enrich.Result) (enrich.Step, error) {
			made, err := step.Make(earlier)
			o, ok := made.(observed)
			if !ok || err != nil {
				return made, err
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			o.Name, o.Then, o.At = kept.Name, kept.Then, time.Now()
			*kept = o.Step
			if r.override != nil {
				if other := r.override(o.Step); other != nil {
					return other, nil
				}
			}
			return o, nil
		}
	}
	r.isPosted = true
	return wrapped
}

// results locks because a step that timed out may still run.
func (r *recorder) results(results []enrich.Result) []StepRun {
	r.mu.Lock()
	defer r.mu.Unlock()
	runs := make([]StepRun, len(results))
	for i, result := range results {
		var step Step
		if i < len(r.steps) {
			step = *r.steps[i]
		}
		runs[i] = StepRun{Result: result, Uses: step.Kind.Name, With: step.With, Then: step.Then, At: step.At}
	}
	return runs
}
