package bench

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"time"

	"boomerang/shared/fakedatadog"
)

// settle is how many invocations an instance has before it is called warm: until
// then it opens connections, and its collector finds its pace.
const settle = 5

// sample is what one run of an instance shows.
type sample struct {
	ready      time.Duration // from the process's start until it asks for work
	first      time.Duration // until the first event is posted, if one is to be
	whole, own []time.Duration
	readyCPU   time.Duration // what its threads ran until it is ready
	warmCPU    time.Duration // and for each invocation
	calls      float64       // an invocation, of others
	peak       int64         // bytes
}

// laboratory is what all runs have in common.
type laboratory struct {
	certificate tls.Certificate
	roots       string        // a file
	warm        int           // invocations that are measured, of each instance
	latency     time.Duration // of the doubles, once the instance is warm
	slowest     time.Duration // that a double may be
	// disturb, where there is one, spoils a run's doubles.
	disturb func(*fakedatadog.Server)
}

// run takes one instance of a subject from its start to its end. An error means
// that its figures mean nothing.
func (l laboratory) run(ctx context.Context, s subject, sh shape, playbooks string) (sample, error) {
	alerts := newAlerts(1+settle+l.warm, sh.bytes, time.Now())
	w, i, err := l.start(s, sh, playbooks, alerts)
	if err != nil {
		return sample{}, err
	}
	defer func() { _ = w.close() }()
	taken, err := l.take(ctx, i, w, s, sh)
	output := i.stop()
	if err == nil && s.posts {
		err = w.check(len(alerts), sh)
	}
	if err = errors.Join(err, w.meter.err()); err != nil {
		return sample{}, fmt.Errorf("%s, %s: %w", s.name, sh.name, errors.Join(err, wrote(output)))
	}
	return taken, nil
}

// start opens the doubles and starts an instance beside them.
func (l laboratory) start(s subject, sh shape, playbooks string, alerts []alert) (*world, *instance, error) {
	runtime.GC() // What earlier runs left behind is not to be collected in the middle of this one.
	w, err := newWorld(l.certificate, l.slowest, alerts)
	if err != nil {
		return nil, nil, err
	}
	if l.disturb != nil {
		l.disturb(w.stage.Server)
	}
	i, err := start(s.command, s.environment(l.roots, playbooks, sh.memory, w.urls))
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", s.name, err), w.close())
	}
	return w, i, nil
}

// ready starts an instance for nothing but to see how soon it asks for work.
func (l laboratory) ready(s subject, sh shape, playbooks string) (time.Duration, error) {
	w, i, err := l.start(s, sh, playbooks, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = w.close() }()
	took, err := i.ready()
	err = errors.Join(err, w.meter.err()) // Calls that the stop cuts off are none of it.
	output := i.stop()
	if err != nil {
		return 0, fmt.Errorf("%s, %s: %w", s.name, sh.name, errors.Join(err, wrote(output)))
	}
	return took, nil
}

// starts measures the quickest starts more often than all the rest, one right after
// the other: they last milliseconds, and follow something else by turns otherwise. No
// double has a part in them, since none is called before.
func (l laboratory) starts(ctx context.Context, trials []trial, counts bool) error {
	for range startsARound {
		for _, t := range trials {
			if err := ctx.Err(); err != nil {
				return err
			}
			if t.subject.name == python || t.shape.name != usual.name {
				continue
			}
			took, err := l.ready(t.subject, t.shape, t.playbooks)
			if err != nil {
				return err
			}
			if counts {
				t.ready = append(t.ready, took)
			}
		}
	}
	return nil
}

// startsARound is how often that is.
const startsARound = 10

// take measures an instance while it runs.
func (l laboratory) take(ctx context.Context, i *instance, w *world, s subject, sh shape) (sample, error) {
	var taken sample
	var err error
	if taken.ready, err = i.ready(); err != nil {
		return taken, err
	}
	if taken.readyCPU, err = i.cpu(); err != nil {
		return taken, err
	}
	var settled time.Duration
	calls := 0
	for n, a := range w.alerts {
		payload, err := json.Marshal(a.request)
		if err != nil {
			return taken, err
		}
		atRest := w.meter.take()
		body, took, err := i.invoke(ctx, payload)
		if err != nil {
			return taken, err
		}
		seen := w.meter.take()
		if err := s.check(sh, n == 0, body, atRest, seen); err != nil {
			return taken, err
		}
		switch {
		case n == 0:
			if s.posts {
				taken.first = seen.posted.Sub(i.started)
			}
			w.meter.slowDown(l.latency)
		case n == settle:
			if settled, err = i.cpu(); err != nil {
				return taken, err
			}
		case n > settle:
			taken.whole, taken.own = append(taken.whole, took), append(taken.own, took-seen.busy)
			calls += seen.calls
		}
	}
	ran, err := i.cpu()
	if err != nil {
		return taken, err
	}
	taken.warmCPU = (ran - settled) / time.Duration(len(taken.whole))
	taken.calls = float64(calls) / float64(len(taken.whole))
	if taken.peak, err = i.peak(); err != nil {
		return taken, err
	}
	return taken, taken.check(s.posts)
}

// wrote is the end of what a failed instance wrote.
func wrote(output string) error {
	const most = 2000
	if output == "" {
		return nil
	}
	return fmt.Errorf("it wrote: %s", output[max(0, len(output)-most):])
}
