package telemetry

import (
	"errors"

	"github.com/aws/aws-lambda-go/events"
	lambdamessages "github.com/aws/aws-lambda-go/lambda/messages"

	"boomerang/shared/fault"
)

// failure is what is told of an error.
type failure struct{ kind, message, stack string }

// maxStack keeps a stack within what may stand in a header.
const maxStack = 4 << 10

func failureOf(err error) failure {
	if p, ok := errors.AsType[*fault.Panic](err); ok {
		return failure{kind: "panic", message: p.Text, stack: string(p.Stack[:min(len(p.Stack), maxStack)])}
	}
	// What ends the process has its words for Lambda already.
	if e, ok := errors.AsType[lambdamessages.InvokeResponse_Error](err); ok {
		return failure{kind: e.Type, message: e.Message}
	}
	return failure{kind: fault.From(err).Kind.String(), message: fault.LogText(err)}
}

// statusOf returns the HTTP status of an answer that has one.
func statusOf(out any) int {
	if answer, ok := out.(events.LambdaFunctionURLResponse); ok {
		return answer.StatusCode
	}
	return 0
}
