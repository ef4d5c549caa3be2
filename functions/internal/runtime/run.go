package runtime

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"boomerang/shared/config"
)

// Run serves invocations with the handler that newHandler builds. If the function cannot
// start, Run writes why to standard error and returns the process's exit status.
func Run(newHandler func(context.Context, Environment) (any, error), wrap func(lambda.Handler, *slog.Logger) (lambda.Handler, error)) int {
	ctx := context.Background()
	env := FromLambda(ctx)
	handler, err := newHandler(ctx, env)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	wrapped, err := wrap(lambda.NewHandler(handler), env.Logger)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	lambda.Start(wrapped)
	return 0
}

// Open loads a function's configuration and builds its Runtime.
func Open[F interface {
	config.Function
	Base() config.Datadog
}](ctx context.Context, e Environment) (cfg F, r *Runtime, err error) {
	if cfg, err = Load[F](e); err != nil {
		return cfg, nil, err
	}
	r, err = New(ctx, e, cfg.Base())
	return cfg, r, err
}
