package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"boomerang/shared/fault"
)

// failed explains why a call to the table did not work. Whatever it was, it is
// temporary for the alert: the pipeline goes on without the ledger, or tries
// again. The public text is for whoever has to repair the stack.
func (d *DynamoDB) failed(operation string, err error) error {
	public := fmt.Sprintf("the ledger table %q %s", d.table, explain(operation, err))
	return fault.New(fault.Temporary, public, fmt.Errorf("dynamodb:%s: %w", operation, err))
}

// errUnreadable is a record that this version of the ledger does not understand.
var errUnreadable = errors.New("unreadable record")

const throttled = "is throttled; raise its capacity, or set it to on-demand"

// explain ends a sentence that begins with the table's name. The codes are those
// of https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html.
func explain(operation string, err error) string {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return "did not answer in time"
	}
	if errors.Is(err, errUnreadable) {
		return "holds a record that cannot be read; delete the record, or deploy the version that wrote it"
	}
	if errors.Is(err, errUnprocessed) {
		return throttled
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
		return "was asked with credentials that AWS does not accept; check the function's role"
	case "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded":
		return throttled
	case "ValidationException":
		return `refused the request; its only key must be the partition key "id", a string`
	default:
		return "answered " + api.ErrorCode()
	}
}
