// Package bench measures the built functions as Lambda runs them: each a process
// of its own behind a double of Lambda's Runtime API, with doubles of Secrets
// Manager, DynamoDB and Datadog over TLS. Beside the webhook function it measures a
// bare one, which is the floor, and one in Python that does the same job, which is
// what a user would write instead.
//
// It ends without any figure when a double misbehaves, whichever subject called it;
// when an answer is not 200 or does not say what it should; when a call is one too
// many or too few, or is under way after the answer; when an event is missing or does
// not tell what came before its alert; and when a figure is one that cannot be.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Config says what to measure, and how often.
type Config struct {
	// Rounds is how often each subject is started. The subjects take turns, because
	// a machine is not always equally quick.
	Rounds int
	// Warm is how many invocations of each instance are measured.
	Warm int
	// Latency is what the doubles take to answer, once an instance is warm.
	Latency time.Duration
	// Dir is where what is built goes.
	Dir string
	// Python is an interpreter that has what python/requirements.txt names; without
	// one there is no Python function to compare with.
	Python string
	// Progress is told what is going on.
	Progress io.Writer
}

// Result is all that was measured.
type Result struct {
	subjects []subject
	series   map[string]map[string]*series // by subject and shape
	sizes    map[string]size
	rounds   int
	latency  time.Duration
}

// trial is one thing to be measured, and the samples so far.
type trial struct {
	subject   subject
	shape     shape
	playbooks string
	*series
}

// Run builds the subjects and measures them.
func Run(ctx context.Context, c Config) (*Result, error) {
	if runtime.GOOS != "linux" {
		return nil, errors.New("the benchmark runs what is built for Lambda, and needs Linux for that; a container will do")
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, err
	}
	c.Dir = dir
	result := &Result{series: map[string]map[string]*series{}, sizes: map[string]size{}, rounds: c.Rounds, latency: c.Latency}
	fmt.Fprintln(c.Progress, "building what is measured")
	if result.subjects, err = c.build(ctx, result.sizes); err != nil {
		return nil, err
	}
	l := laboratory{roots: filepath.Join(c.Dir, "roots.pem"), warm: c.Warm, latency: c.Latency, slowest: slowest}
	if l.certificate, err = certify(l.roots, systemRoots...); err != nil {
		return nil, fmt.Errorf("make the doubles' certificate: %w", err)
	}
	trials, err := c.trials(result)
	if err != nil {
		return nil, err
	}
	if err := c.measure(ctx, l, trials); err != nil {
		return nil, err
	}
	return result, nil
}

// measure lets the trials take turns. The first round only warms the machine up.
func (c Config) measure(ctx context.Context, l laboratory, trials []trial) error {
	for round := range c.Rounds + 1 {
		fmt.Fprintf(c.Progress, "\rround %d of %d", round, c.Rounds)
		for i := range trials {
			t := trials[(i+round)%len(trials)]
			s, err := l.run(ctx, t.subject, t.shape, t.playbooks)
			if err != nil {
				return fmt.Errorf("nothing was measured: %w", err)
			}
			if round > 0 {
				t.add(s)
			}
		}
		if err := l.starts(ctx, trials, round > 0); err != nil {
			return fmt.Errorf("nothing was measured: %w", err)
		}
	}
	fmt.Fprintln(c.Progress)
	return nil
}

// build makes the subjects, and tells the sizes of those that are deployed.
func (c Config) build(ctx context.Context, sizes map[string]size) ([]subject, error) {
	folders := map[string]string{hello: "boomerang/functions/local/bench/hello", webhook: "boomerang/functions/webhook"}
	for _, name := range []string{hello, webhook} {
		bootstrap := filepath.Join(c.Dir, name)
		if err := build(ctx, folders[name], bootstrap); err != nil {
			return nil, err
		}
		s, err := measureSize(ctx, folders[name], c.Dir)
		if err != nil {
			return nil, err
		}
		sizes[name] = s
	}
	subjects := ours(c.Dir)
	if c.Python == "" {
		return subjects, nil
	}
	folder, err := filepath.Abs("functions/local/bench/python")
	if err != nil {
		return nil, err
	}
	return append(subjects, subject{
		name: python, command: []string{c.Python, filepath.Join(folder, "bootstrap.py"), "handler.handle"},
		environ: []string{"PYTHONPYCACHEPREFIX=" + filepath.Join(c.Dir, "pycache"), "LAMBDA_TASK_ROOT=" + folder}, posts: true, calls: 3,
	}), nil
}

// trials are what each subject is measured at.
func (c Config) trials(r *Result) ([]trial, error) {
	var trials []trial
	for _, s := range r.subjects {
		shapes := []shape{usual}
		if s.posts {
			shapes = append(shapes, large...)
		}
		if s.name == webhook {
			shapes = append(shapes, forms...)
		}
		r.series[s.name] = map[string]*series{}
		for _, sh := range shapes {
			file, err := sh.write(c.Dir)
			if err != nil {
				return nil, err
			}
			measured := &series{}
			r.series[s.name][sh.name] = measured
			trials = append(trials, trial{s, sh, file, measured})
		}
	}
	return trials, nil
}
