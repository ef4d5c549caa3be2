package wiring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"

	lambdamessages "github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/caarlos0/env/v11"

	"boomerang/shared/config"
	"boomerang/shared/fault"
	"boomerang/shared/telemetry"
)

// Process is what a function runs in.
type Process struct {
	Environ map[string]string
	Logger  *slog.Logger
	// Stop ends a process that cannot work, and tells its owner why.
	Stop func(error)
}

// Lambda is this process, as Lambda runs it. How it ends is main's business.
func Lambda(exit func(code int)) Process {
	return Process{Environ: env.ToMap(os.Environ()), Logger: telemetry.NewLogger(), Stop: func(err error) {
		fmt.Fprintln(os.Stderr, err)
		exit(1)
	}}
}

// load reads the environment, and names all that is wrong with it together.
func load[F config.Function](p Process) (F, aws.Config, error) {
	cfg, err := config.Load[F](p.Environ)
	account, awsErr := loadAWS(p.Environ, p.Logger)
	return cfg, account, errors.Join(err, awsErr)
}

// Handle is what Lambda calls.
type Handle[In, Out any] = func(context.Context, In) (Out, error)

// headStart is what Lambda's client needs to ask for the first request. Until it has,
// all that is built would only keep the processor from it.
const headStart = time.Millisecond

// start builds a handler, beside Lambda's handing over of the first request where
// that is the sooner way to an event; the request then waits for it. Where it cannot be
// built, the process ends: at once if nothing waits, and otherwise with an answer, so
// that the request that met it is told of.
func start[In, Out any](p Process, cfg config.Pipeline, build func() (Handle[In, Out], error)) (Handle[In, Out], error) {
	if !p.ownsProcessor() || p.provisioned() || cfg.PlaybooksFile != "" {
		return build()
	}
	var (
		built   = make(chan struct{})
		waiting = make(chan struct{}) // Only a request that waits receives from it.
		h       Handle[In, Out]
		err     error
	)
	time.AfterFunc(headStart, func() {
		defer close(built)
		if h, err = build(); err == nil {
			return
		}
		select {
		case waiting <- struct{}{}:
		default:
			p.Stop(err)
		}
	})
	return func(ctx context.Context, in In) (out Out, _ error) {
		select {
		case <-built:
		case <-waiting:
		case <-ctx.Done():
			return out, context.Cause(ctx)
		}
		if err != nil {
			return out, last(err)
		}
		return h(ctx, in)
	}, nil
}

// last is the answer of a process that cannot work: Lambda's client passes it on, writes
// it down, and ends the process.
func last(err error) error {
	return lambdamessages.InvokeResponse_Error{Type: "StartError", Message: err.Error(), ShouldExit: true}
}

// ownsProcessor says that there is a whole processor once the function has started,
// as there is while it starts. With less memory there is a part of one, and what did
// not belong to the start would take several times as long
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html).
func (p Process) ownsProcessor() bool {
	const megabytes = 1769
	memory, err := strconv.Atoi(p.Environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"])
	return err == nil && memory >= megabytes
}

// provisioned says that this instance is started in advance: it is frozen as soon as
// it is ready, in the middle of whatever it does
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html).
func (p Process) provisioned() bool {
	return p.Environ["AWS_LAMBDA_INITIALIZATION_TYPE"] == "provisioned-concurrency"
}

// secretsPatience is how long a start waits for the secrets. They are usually
// there in a tenth of it; a start that waits longer would only move the waiting,
// since an alert can be answered with 503 or queued without them.
const secretsPatience = 3 * time.Second

// secretReader is a secret that a function cannot do without.
type secretReader interface {
	Ready(context.Context) error
}

// ready waits for the secrets, and reports those that are wrong together. What
// may pass does not stop the start: without the token a request is answered 503,
// without the keys an alert is queued.
func ready(ctx context.Context, secrets ...secretReader) error {
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
