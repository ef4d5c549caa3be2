package enrich

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
	"boomerang/shared/telemetry"
)

var (
	errBudget  = errors.New("the budget for all steps is used up")
	errTimeout = errors.New("the step's timeout is over")
)

// Run runs the steps on one alert and returns one result per step, in order. A step
// starts as soon as the steps in its After have ended; the others run side by side.
// An error, a panic or a timeout affects only its own step. Run returns at the latest
// when budget is over or ctx ends. It does not wait for a step that ignores its
// context, and drops what that step returns later.
func Run(ctx context.Context, steps []Named, a alert.Alert, budget time.Duration) []Result {
	ctx, cancel := context.WithTimeoutCause(ctx, budget, errBudget)
	defer cancel()
	ctx = context.WithValue(ctx, besideKey{}, steps)
	results := make([]Result, len(steps))
	done := make([]chan struct{}, len(steps))
	var running sync.WaitGroup
	for slot, step := range steps {
		done[slot] = make(chan struct{})
		running.Go(func() {
			defer close(done[slot])
			earlier := map[string]Result{}
			for before := range slot { // A step waits only for earlier ones, so there are no cycles.
				if slices.Contains(step.After, steps[before].Name) {
					<-done[before]
					earlier[steps[before].Name] = results[before]
				}
			}
			results[slot] = runStep(ctx, step, earlier, a)
		})
	}
	running.Wait()
	dropFallbacks(results)
	return results
}

type besideKey struct{}

// RunsBeside reports whether a step of that name runs with the one that asks, so that it
// says itself which of its reads failed.
func RunsBeside(ctx context.Context, name string) bool {
	steps, _ := ctx.Value(besideKey{}).([]Named)
	return slices.ContainsFunc(steps, func(s Named) bool { return s.Name == name })
}

// runStep runs one step until it ends or its time is over.
func runStep(ctx context.Context, step Named, earlier map[string]Result, a alert.Alert) (r Result) {
	started := time.Now()
	ctx, span := telemetry.Start(ctx, "step")
	defer func() { endSpan(span, r) }()
	ctx = context.WithValue(ctx, stepKey{}, cmp.Or(step.ID, step.Name))
	if step.Timeout > 0 {
		limited, cancel := context.WithTimeoutCause(ctx, step.Timeout, errTimeout)
		defer cancel()
		ctx = limited
	}
	ended := make(chan Result, 1)
	go func() {
		finding, err := enrichSafely(ctx, step, earlier, a)
		ended <- newResult(step.Name, finding, err, time.Since(started))
	}()
	select {
	case r := <-ended:
		return r
	case <-ctx.Done():
	}
	select {
	case r := <-ended: // It ended at the same moment, so its work counts.
		return r
	default:
		err := fmt.Errorf("abandoned: %w: %w", ctx.Err(), context.Cause(ctx))
		return newResult(step.Name, Finding{}, err, time.Since(started))
	}
}

// enrichSafely turns a panic into an error.
func enrichSafely(ctx context.Context, named Named, earlier map[string]Result, a alert.Alert) (f Finding, err error) {
	defer func() {
		if p := recover(); p != nil {
			f, err = Finding{}, fault.New(fault.Internal, "internal error in the step "+named.Name+"; the log has details", fault.FromPanic(p))
		}
	}()
	step := named.Step
	if named.Make != nil {
		if step, err = named.Make(earlier); err != nil {
			return Finding{}, err
		}
	}
	return step.Enrich(ctx, a)
}

func newResult(name string, f Finding, err error, took time.Duration) Result {
	if err == nil {
		return Result{Name: name, Status: OK, Finding: f, Duration: took}
	}
	r := Result{Name: name, Status: Failed, Err: err, Duration: took}
	_, skipped := errors.AsType[skipError](err)
	switch {
	case skipped:
		r.Status = Skipped
	case errors.Is(err, context.DeadlineExceeded) && rounded(took) == 0:
		r.Status, r.Err = TimedOut, fault.New(fault.Temporary, "no time left", err)
	case errors.Is(err, context.DeadlineExceeded):
		r.Status, r.Err = TimedOut, fault.New(fault.Temporary, "no answer within "+rounded(took).String(), err)
	case errors.Is(err, context.Canceled):
		r.Err = fault.New(fault.Temporary, "cancelled after "+rounded(took).String(), err)
	}
	return r
}

func rounded(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}

func endSpan(span *telemetry.Span, r Result) {
	span.Tag("resource.name", r.Name)
	span.Tag("status", string(r.Status))
	if r.Status == Skipped {
		r.Err = nil
	}
	span.End(r.Err)
}

// defaultTimeout bounds the parts of a step that has no deadline.
const defaultTimeout = time.Minute

// PartTimeout is the time for the parts of a step: what is left for ctx, less a
// twentieth, so that the step can still return the parts that came in time.
func PartTimeout(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return defaultTimeout
	}
	left := time.Until(deadline)
	return left - left/20
}
