package enrich

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
	"boomerang/shared/telemetry"
)

var (
	errBudget  = errors.New("the time for all steps is up")
	errTimeout = errors.New("the step's own time is up")
)

// Run runs the steps on one alert and returns one result per step, in the order
// of steps. Each starts as soon as those it comes after have ended; the rest is
// side by side. No step disturbs another: an error, a panic or a late answer
// costs its own finding alone. Run returns when the last step has ended, and at
// the latest when budget is over or ctx ends; a step that does not heed its
// context is then left behind, and what it returns is dropped.
func Run(ctx context.Context, steps []Named, a alert.Alert, budget time.Duration) []Result {
	ctx, cancel := context.WithTimeoutCause(ctx, budget, errBudget)
	defer cancel()

	// A slot is written by its own step alone, before the channel beside it is
	// closed, and read after.
	results := make([]Result, len(steps))
	ended := make(map[string]chan struct{}, len(steps))
	slots := make(map[string]int, len(steps))
	var all sync.WaitGroup
	for slot, step := range steps {
		done := make(chan struct{})
		var after []int
		var waits []chan struct{}
		for _, name := range step.After {
			// Only a step further up can be waited for, so none waits for itself.
			if wait, ok := ended[name]; ok {
				after, waits = append(after, slots[name]), append(waits, wait)
			}
		}
		ended[step.Name], slots[step.Name] = done, slot
		all.Go(func() {
			defer close(done)
			earlier := make(map[string]Result, len(after))
			for i, wait := range waits {
				<-wait
				earlier[results[after[i]].Name] = results[after[i]]
			}
			results[slot] = attempt(ctx, step, earlier, a)
		})
	}
	all.Wait()
	return results
}

// attempt runs one step within its time, and leaves it behind when it goes on
// for longer.
func attempt(ctx context.Context, step Named, earlier map[string]Result, a alert.Alert) (r Result) {
	started := time.Now()
	ctx, span := telemetry.Start(ctx, "step")
	defer func() { r.trace(span) }()
	if step.Timeout > 0 {
		limited, cancel := context.WithTimeoutCause(ctx, step.Timeout, errTimeout)
		defer cancel()
		ctx = limited
	}
	answer := make(chan Result, 1)
	go func() { answer <- runOne(ctx, step, earlier, a) }()
	select {
	case r := <-answer:
		return r
	case <-ctx.Done():
	}
	// An answer that is there by now counts: its work is done.
	select {
	case r := <-answer:
		return r
	default:
		return outcome(step.Name, Finding{}, fmt.Errorf("left behind: %w: %w", ctx.Err(), context.Cause(ctx)), time.Since(started))
	}
}

// runOne returns how the step ended; a panic ends the step and not the process.
func runOne(ctx context.Context, named Named, earlier map[string]Result, a alert.Alert) (r Result) {
	started := time.Now()
	defer func() {
		if p := recover(); p != nil {
			err := broken(named.Name, fault.FromPanic(p))
			r = outcome(named.Name, Finding{}, err, time.Since(started))
		}
	}()
	step, err := named.step(earlier)
	if err != nil {
		return outcome(named.Name, Finding{}, err, time.Since(started))
	}
	finding, err := step.Enrich(ctx, a)
	return outcome(named.Name, finding, err, time.Since(started))
}

func broken(name string, cause error) error {
	return fault.New(fault.Internal, "the step "+name+" broke; the log says where", cause)
}

// outcome tells a step's result from what it returned.
func outcome(name string, f Finding, err error, spent time.Duration) Result {
	if err == nil {
		return Result{Name: name, Status: OK, Finding: f, Duration: spent}
	}
	r := Result{Name: name, Status: Failed, Err: err, Duration: spent}
	if _, ok := errors.AsType[skipped](err); ok {
		r.Status = Skipped
	} else if errors.Is(err, context.DeadlineExceeded) {
		r.Status = TimedOut
		r.Err = fault.New(fault.Temporary, timeUp(spent), err)
	} else if errors.Is(err, context.Canceled) {
		r.Err = fault.New(fault.Temporary, "called off after "+rounded(spent).String(), err)
	}
	return r
}

func timeUp(spent time.Duration) string {
	if rounded(spent) == 0 {
		return "no time was left for it"
	}
	return "no answer within " + rounded(spent).String()
}

// trace tells a span how the step ended. A step that had nothing to do did not fail.
func (r Result) trace(span *telemetry.Span) {
	span.Tag("resource.name", r.Name)
	span.Tag("status", string(r.Status))
	if r.Status == Skipped {
		r.Err = nil
	}
	span.End(r.Err)
}

// rounded leaves the digits that a person reads.
func rounded(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}
