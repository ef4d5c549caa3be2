package enrich

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
)

var errBudget = errors.New("the time for all steps is up")

// Run runs the steps side by side on one alert and returns one result per step,
// in the order of steps. No step disturbs another: an error, a panic or a late
// answer costs its own finding alone. Run returns when the last step has ended,
// and at the latest when budget is over or ctx ends; a step that does not heed
// its context is then left behind, and what it returns is dropped.
func Run(ctx context.Context, steps []Named, a alert.Alert, budget time.Duration) []Result {
	ctx, cancel := context.WithTimeoutCause(ctx, budget, errBudget)
	defer cancel()
	started := time.Now()

	// Only this goroutine writes results: a late step answers into the channel,
	// which has room for all, and disturbs nobody.
	answers := make(chan answer, len(steps))
	for slot, step := range steps {
		go func() { answers <- answer{slot, runOne(ctx, step, a)} }()
	}
	results := make([]Result, len(steps))
	for range steps {
		one, ok := next(ctx, answers)
		if !ok {
			break
		}
		results[one.slot] = one.result
	}
	for slot, step := range steps {
		if results[slot].Status == "" {
			results[slot] = ended(step.Name, Finding{}, leftBehind(ctx), time.Since(started))
		}
	}
	return results
}

type answer struct {
	slot   int
	result Result
}

// next waits for an answer until ctx ends. An answer that is there by then
// counts: its work is done.
func next(ctx context.Context, answers <-chan answer) (answer, bool) {
	select {
	case one := <-answers:
		return one, true
	case <-ctx.Done():
	}
	select {
	case one := <-answers:
		return one, true
	default:
		return answer{}, false
	}
}

func leftBehind(ctx context.Context) error {
	return fmt.Errorf("left behind: %w: %w", ctx.Err(), context.Cause(ctx))
}

// runOne returns how the step ended; a panic ends the step and not the process.
func runOne(ctx context.Context, step Named, a alert.Alert) (r Result) {
	started := time.Now()
	defer func() {
		if p := recover(); p != nil {
			err := broken(step.Name, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			r = ended(step.Name, Finding{}, err, time.Since(started))
		}
	}()
	finding, err := step.Step.Enrich(ctx, a)
	return ended(step.Name, finding, err, time.Since(started))
}

func broken(name string, cause error) error {
	return fault.New(fault.Internal, "the step "+name+" broke; the log says where", cause)
}

// ended tells a step's result from what it returned.
func ended(name string, f Finding, err error, spent time.Duration) Result {
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

// rounded leaves the digits that a person reads.
func rounded(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}
