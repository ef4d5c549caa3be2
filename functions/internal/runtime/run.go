package runtime

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/aws/aws-lambda-go/lambda"
)

// How much the heap may grow before it is collected, in percent. Go's default is 100. A
// start creates what stays, so collecting it costs time for nothing; a run creates garbage.
const (
	heapGrowthStart = 150
	heapGrowthRun   = 60
)

// Run serves invocations with the handler that newHandler builds. If the function cannot
// start, Run writes why to standard error and returns the process's exit status.
func Run(newHandler func(context.Context, Environment) (any, error), wrap func(lambda.Handler, *slog.Logger) (lambda.Handler, error)) int {
	debug.SetGCPercent(heapGrowthStart)
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
	debug.SetGCPercent(heapGrowthRun)
	lambda.Start(handler)
	return 0
}
