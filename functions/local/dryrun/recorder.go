package dryrun

import (
	"context"
	"slices"
	"sync"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

// Override returns what runs in place of a step that was made, or nil for the step itself.
type Override func(Step) enrich.Step

// recorder keeps what the steps of one run of a pipeline are made with.
type recorder struct {
	override Override // nil: every step itself

	mu       sync.Mutex
	steps    []*Step
	isPosted bool
}

// Skip returns a step that is skipped, to run in place of another.
func Skip(why string) enrich.Step {
	return enrich.StepFunc(func(context.Context, alert.Alert) (enrich.Finding, error) {
		return enrich.Finding{}, enrich.Skip(why)
	})
}

// wrap is the pipeline's Config.Steps. The pipeline wraps the steps before the post and then
// those after it, in the order of its results.
func (r *recorder) wrap(steps []enrich.Named) []enrich.Named {
	r.mu.Lock()
	defer r.mu.Unlock()
	wrapped := slices.Clone(steps)
	for i, step := range steps {
		kept := &Step{Result: enrich.Result{Name: step.Name}, Then: r.isPosted}
		r.steps = append(r.steps, kept)
		wrapped[i].Make = func(earlier map[string]enrich.Result) (enrich.Step, error) {
			step, err := step.Make(earlier)
			made, ok := step.(enrich.Made)
			if !ok || err != nil {
				return step, err
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			kept.Kind, kept.With, kept.At = made.Kind, made.Config, time.Now()
			if r.override != nil {
				if other := r.override(*kept); other != nil {
					return other, nil
				}
			}
			return made, nil
		}
	}
	r.isPosted = true
	return wrapped
}

// with returns the steps with their results. It locks because a step that timed out may still run.
func (r *recorder) with(results []enrich.Result) []Step {
	r.mu.Lock()
	defer r.mu.Unlock()
	steps := make([]Step, len(results))
	for i, result := range results {
		if i < len(r.steps) {
			steps[i] = *r.steps[i]
		}
		steps[i].Result = result
	}
	return steps
}
