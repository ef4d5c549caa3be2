package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"boomerang/shared/fault"
)

// failed returns the error of a call to the table. It is always temporary: the pipeline
// goes on without the ledger, or retries. The public text says what to repair.
func (l *Ledger) failed(operation string, err error) error {
	public := fmt.Sprintf("the ledger table %q %s", l.table, explain(operation, err))
	return fault.New(fault.Temporary, public, fmt.Errorf("dynamodb:%s: %w", operation, err))
}

var (
	errUnreadable  = errors.New("unreadable record")
	errUnprocessed = errors.New("BatchGetItem processed none of the keys (throttled)")
	errContended   = errors.New("other runs kept changing the item")
)

const throttled = "is throttled; raise its capacity, or set it to on-demand"

// explain ends a sentence that begins with the table's name. The codes are those of
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html.
func explain(operation string, err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "did not answer in time"
	case errors.Is(err, errUnreadable):
		return "holds a record that cannot be read; delete the record, or deploy the version that wrote it"
	case errors.Is(err, errUnprocessed):
		return throttled
	case errors.Is(err, errContended):
		return "has an item that too many runs change at once"
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return "could not be used; check the function's network and credentials"
	}
	switch api.ErrorCode() {
	case "ResourceNotFoundException":
		return "does not exist in this account and region; check LEDGER_TABLE"
	case "AccessDeniedException":
		return "refused access; allow dynamodb:" + operation + " on it in the function's role, and the use of its KMS key if it has one"
	case "UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException", "MissingAuthenticationTokenException", "IncompleteSignature":
		return "was called with credentials that AWS does not accept; check the function's role"
	case "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded":
		return throttled
	case "ValidationException":
		return `refused the request; its only key must be the partition key "id", a string`
	}
	return "answered " + api.ErrorCode()
}
