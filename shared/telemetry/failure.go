package telemetry

import (
	"errors"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/shared/fault"
)

// failure is what is told of an error.
type failure struct{ kind, message, stack string }

// maxStack keeps a stack within what may stand in a header.
const maxStack = 4 << 10

func failureOf(err error) failure {
	if p, ok := errors.AsType[*fault.Panic](err); ok {
		return failure{kind: "panic", message: p.Words, stack: string(p.Stack[:min(len(p.Stack), maxStack)])}
	}
	return failure{kind: fault.Of(err).Kind.String(), message: fault.Logged(err)}
}

// statusOf returns the HTTP status of an answer that has one.
func statusOf(out any) int {
	if answer, ok := out.(events.LambdaFunctionURLResponse); ok {
		return answer.StatusCode
	}
	return 0
}
