package wiring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/caarlos0/env/v11"

	"boomerang/shared/config"
	"boomerang/shared/fault"
	"boomerang/shared/telemetry"
)

// Process is what a function runs in.
type Process struct {
	Environ map[string]string
	Logger  *slog.Logger
	// Stop ends a process that cannot work, and tells its owner why. It is called for a
	// secret that turns out to be missing or wrong when the handler is there already.
	Stop func(error)
}

// Lambda is this process, as Lambda runs it. How it ends is main's business.
func Lambda(exit func(code int)) Process {
	return Process{Environ: env.ToMap(os.Environ()), Logger: telemetry.NewLogger(), Stop: func(err error) {
		fmt.Fprintln(os.Stderr, err)
		exit(1)
	}}
}

// secretsPatience is how long a start waits for the secrets. They are usually
// there in a tenth of it; a start that waits longer would only move the waiting,
// since an alert can be answered with 503 or queued without them.
const secretsPatience = 3 * time.Second

// Handle is what Lambda calls.
type Handle[In, Out any] = func(context.Context, In) (Out, error)

// provisioned says that this instance is started in advance: it is frozen as soon as
// it is ready, in the middle of whatever it does
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html).
func (p Process) provisioned() bool {
	return p.Environ["AWS_LAMBDA_INITIALIZATION_TYPE"] == "provisioned-concurrency"
}

// headStart is what Lambda's client needs to ask for the first request. Until it has,
// all that is built would only keep the processor from it.
const headStart = time.Millisecond

// start builds a handler while Lambda hands over the first request, which waits for
// it. Where its owner's own playbooks may be wrong it is built before, so that the
// function does not start with them; and where nobody waits for it.
func start[In, Out any](p Process, cfg config.Pipeline, build func() (Handle[In, Out], error)) (Handle[In, Out], error) {
	if cfg.PlaybooksFile != "" || p.provisioned() {
		return build()
	}
	var (
		built = make(chan struct{})
		h     Handle[In, Out]
		err   error
	)
	time.AfterFunc(headStart, func() {
		defer close(built)
		if h, err = build(); err != nil {
			p.Stop(err)
		}
	})
	return func(ctx context.Context, in In) (out Out, _ error) {
		select {
		case <-built:
		case <-ctx.Done():
			return out, context.Cause(ctx)
		}
		if err != nil {
			return out, err
		}
		return h(ctx, in)
	}, nil
}

// fetched is a secret that a function cannot do without.
type fetched interface {
	Start(context.Context)
	Ready(context.Context) error
}

// finish does what a start needs the network for. It comes last, because all that is
// built would have to share the processor with TLS handshakes, and is not waited for:
// whoever needs a secret waits for that one. A secret that turns out to be missing or
// wrong stops the process.
func (p Process) finish(ctx context.Context, b *base, secrets ...fetched) error {
	for _, s := range secrets {
		s.Start(ctx)
	}
	for _, connect := range b.connects {
		go connect(ctx)
	}
	if p.provisioned() {
		return ready(ctx, secrets)
	}
	go func() {
		if err := ready(ctx, secrets); err != nil {
			p.Stop(err)
		}
	}()
	return nil
}

// ready waits for the secrets, and reports those that are wrong together. What
// may pass does not stop the start: without the token a request is answered 503,
// without the keys an alert is queued.
func ready(ctx context.Context, secrets []fetched) error {
	ctx, cancel := context.WithTimeout(ctx, secretsPatience)
	defer cancel()
	var wrong []error
	for _, s := range secrets {
		if err := s.Ready(ctx); err != nil && !fault.IsTemporary(err) {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}
