package runtime

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync/atomic"

	"github.com/aws/aws-lambda-go/lambda"
)

// How much the heap may grow before it is collected, in percent. Go's default is 100. The
// start and the first invocation create what stays, so collecting it costs time for nothing.
const (
	heapGrowthStart = 250
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
	lambda.Start(&collecting{Handler: handler})
	return 0
}

// collecting lowers the growth of the heap before the second invocation.
type collecting struct {
	lambda.Handler
	invocations atomic.Int32
}

// Invoke implements lambda.Handler.
func (c *collecting) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if c.invocations.Add(1) == 2 {
		debug.SetGCPercent(heapGrowthRun)
	}
	return c.Handler.Invoke(ctx, payload)
}
