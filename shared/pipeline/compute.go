package pipeline

import (
	"context"

	"boomerang/shared/fault"
)

// Compute runs work that no context stops, such as reading a text. When ctx ends it abandons
// the work, which goes on until it ends by itself. A panic is an error.
func Compute[T any](ctx context.Context, task string, work func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() { done <- r }()
		defer recovered(&r.err)
		r.value, r.err = work()
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, fault.New(fault.Temporary, "it took too long to "+task, context.Cause(ctx))
	}
}

// start runs work beside the run. What it returns waits for the result.
func start[T any](work func() (T, error)) func() (T, error) {
	done := make(chan struct{})
	var result T
	var err error
	go func() {
		defer close(done)
		result, err = work()
	}()
	return func() (T, error) {
		<-done
		return result, err
	}
}

// compute is Compute until the time to queue the alert begins.
func compute[T any](ctx context.Context, task string, work func() T) (T, error) {
	ctx, cancel := reserve(ctx, queueReserve, errRunTimeout)
	defer cancel()
	return Compute(ctx, task, func() (T, error) { return work(), nil })
}
