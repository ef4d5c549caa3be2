package standin

import (
	"fmt"
	"net/http"
)

// What every AWS JSON service has in common: one path, the operation in a header
// (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).
const (
	amzTarget  = "X-Amz-Target"
	awsAccount = "123456789012"
	awsRegion  = "us-east-1"
)

// awsError answers as AWS's JSON protocol does. Most refusals are 400 there, a
// missing permission and a throttled call among them.
func awsError(status int, kind, message string) answer {
	return jsonAnswer(status, map[string]string{"__type": kind, "Message": message}).as(mediaAWS)
}

// awsFailure answers with what AWS sends under a status.
func awsFailure(status int) answer {
	switch {
	case !bodyAllowed(status):
		return answer{status: status}
	case status == http.StatusTooManyRequests:
		return awsError(status, "ThrottlingException", "Rate exceeded")
	case status == http.StatusServiceUnavailable:
		return awsError(status, "ServiceUnavailableException", "Service is temporarily unavailable.")
	case status >= http.StatusInternalServerError:
		return awsError(status, "InternalServiceError", "An error occurred on the server side.")
	default:
		return awsError(status, "InvalidRequestException", fmt.Sprintf("The stand-in was told to answer %d.", status))
	}
}

func unknownOperation(call) answer {
	return awsError(http.StatusBadRequest, "UnknownOperationException", "The stand-in does not know this operation.")
}
