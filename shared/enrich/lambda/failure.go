package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// uninvoked is the failure of a call that did not run the function. The codes are
// those of https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors.
func uninvoked(ctx context.Context, function string, err error) error {
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		err = fmt.Errorf("%w: %w", ended, err)
	}
	if isTimeout(err) {
		return fault.New(fault.Temporary, "the function "+function+" took too long", err)
	}
	if busy, ok := errors.AsType[*types.TooManyRequestsException](err); ok {
		return &fault.Error{
			Kind: fault.Temporary, RetryAfter: retryAfter(busy), Cause: err,
			Public: "the function " + function + " is running as often as it may; raise its concurrency, or the account's",
		}
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return fault.New(fault.Temporary, "the function "+function+" could not be invoked", err)
	}
	switch code := api.ErrorCode(); {
	case code == "ResourceNotFoundException":
		return fault.New(fault.Permanent, "there is no function "+function+" in this account and region", err)
	case code == "AccessDeniedException" || status(err) == 403:
		return fault.New(fault.Permanent, "the function "+function+" may not be invoked: allow "+Permission+" on it in Boomerang's role", err)
	case status(err) >= 500:
		return fault.New(fault.Temporary, "AWS Lambda could not run the function "+function+" ("+code+")", err)
	default:
		return fault.New(fault.Permanent, "AWS Lambda refused to run the function "+function+" ("+code+")", err)
	}
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || ok && timeout.Timeout()
}

func retryAfter(busy *types.TooManyRequestsException) time.Duration {
	seconds, err := strconv.ParseUint(aws.ToString(busy.RetryAfterSeconds), 10, 16)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

func status(err error) int {
	if answer, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return answer.HTTPStatusCode()
	}
	return 0
}

// broke is the failure of a function that ran and did not get to an answer. What
// it says about that is an object in every runtime
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-retries.html).
func broke(function string, payload []byte) error {
	var said struct {
		Message string `json:"errorMessage"`
		Type    string `json:"errorType"`
	}
	_ = json.Unmarshal(payload, &said) // What is no such object says nothing.
	failed, words := "the function "+function+" failed", ""
	if kind := enrich.Line(said.Type, maxNameRunes); kind != "" {
		words = " (" + kind + ")"
	}
	if message := enrich.Line(said.Message, maxValueRunes); message != "" {
		words += ": " + message
	}
	if words == "" {
		return fault.New(fault.Permanent, failed, nil)
	}
	return &fault.Error{Kind: fault.Permanent, Public: failed + words, Log: failed}
}

func unreadable(function string, err error) error {
	return fault.New(fault.Temporary, "the answer of the function "+function+" could not be read: it is no object of title, facts, links and data", err)
}
