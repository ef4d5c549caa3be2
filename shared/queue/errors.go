package queue

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/smithy-go"

	"boomerang/shared/fault"
)

// notAccepted is temporary whatever the reason: a sender that is asked to come
// again keeps the alert until the queue is repaired.
func notAccepted(check string, cause error) error {
	return fault.New(fault.Temporary, "the redelivery queue did not accept the alert: "+check, cause)
}

// check says what to look at. The codes are those of
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html,
// and the older ones that SQS sends beside them.
func check(err error) string {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return "it did not answer in time"
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return "it could not be reached; check the function's network and credentials"
	}
	code := api.ErrorCode()
	if strings.HasPrefix(strings.ToLower(code), "kms") {
		return "its KMS key could not be used; allow kms:GenerateDataKey and kms:Decrypt on the key in the function's role"
	}
	switch code {
	case "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "InvalidAddress", "QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently":
		return "it does not exist in this account and region; check REDELIVERY_QUEUE_URL"
	case "AccessDenied", "AccessDeniedException":
		return "access was refused; allow sqs:SendMessage on it in the function's role"
	case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch", "ExpiredToken", "ExpiredTokenException", "InvalidSecurity":
		return "AWS does not accept the credentials; check the function's role"
	case "RequestThrottled", "ThrottlingException", "Throttling", "OverLimit":
		return "it is throttled"
	case "MissingParameter":
		return "it must be a standard queue, not a FIFO queue; check REDELIVERY_QUEUE_URL"
	default:
		return "AWS answered " + code
	}
}
