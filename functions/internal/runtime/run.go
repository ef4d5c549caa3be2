package runtime

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	goruntime "runtime"
	"runtime/debug"

	"github.com/aws/aws-lambda-go/lambda"
)

// heapGrowth is how much the heap may grow between collections, in percent. The first one is later, by GOGC
// in template.yaml, because what a start and a first event create mostly stays.
const heapGrowth = 60

// Run serves invocations with the handler that newHandler builds. If the function cannot
// start, Run writes why to standard error and returns the process's exit status.
func Run(newHandler func(context.Context, Environment) (any, error), wrap func(lambda.Handler, *slog.Logger) (lambda.Handler, error)) int {
	afterCollection := func(growth int) { debug.SetGCPercent(growth) }
	goruntime.AddCleanup(new([64]byte), afterCollection, heapGrowth) // Nothing else refers to the bytes.
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
