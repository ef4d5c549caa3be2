package runtime

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
)

// Run serves invocations with the handler that newHandler builds. If the function cannot
// start, Run writes why to standard error and returns the process's exit status.
func Run(newHandler func(context.Context, Environment) (any, error), wrap func(lambda.Handler, *slog.Logger) (lambda.Handler, error)) int {
	ctx := context.Background()
	env := FromLambda(ctx)
	handle, err := newHandler(ctx, env)
	handler := lambda.NewHandler(handle)
	if err == nil {
		handler, err = wrap(handler, env.Logger)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	lambda.Start(handler)
	return 0
}
