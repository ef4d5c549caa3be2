package fakeaws

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"
)

// What every AWS JSON service has in common: one path, the operation in a header
// (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).
const (
	awsAccount = "123456789012"
	awsRegion  = "us-east-1"
)

// awsError answers as AWS's JSON protocol does. Most refusals are 400 there, a
// missing permission and a throttled call among them.
func awsError(status int, kind, message string) Answer {
	return jsonAnswer(status, map[string]string{"__type": kind, "Message": message}).as(mediaAWS)
}

// awsFailure answers with what AWS sends under a status.
func awsFailure(status int) Answer {
	switch {
	case !bodyAllowed(status):
		return Answer{Status: status}
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

// protocol is how a service speaks AWS's JSON protocol 1.0
// (https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html).
type protocol struct {
	target  string // before the dot of X-Amz-Target
	service string // as permissions name it
	shapes  string // before the name of an error of its own
	invalid string // the error for a request that breaks a rule
}

// refusal is an error with a name of its own. Any other error of an operation is
// a request that breaks a rule.
type refusal struct {
	status  int // 0: 400
	kind    string
	message string
	more    map[string]any // beside the message
}

func (r refusal) Error() string { return r.message }

// operation makes a handler of a function from a request to the answer's
// document. A member of the request that the function does not know is refused,
// because one that is ignored would prove nothing.
func operation[In any](p protocol, do func(In, time.Time) (any, error)) func(call) Answer {
	return func(c call) Answer {
		var in In
		decoder := json.NewDecoder(bytes.NewReader(c.body))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&in); err != nil {
			return p.refuse(fmt.Errorf("the stand-in cannot take this request: %w", err))
		}
		out, err := do(in, c.now)
		if err != nil {
			return p.refuse(err)
		}
		return success(out).as(mediaAWS10)
	}
}

func (p protocol) refuse(err error) Answer {
	r, named := errors.AsType[refusal](err)
	if !named {
		r = refusal{kind: p.invalid, message: err.Error()}
	}
	if r.status == 0 {
		r.status = http.StatusBadRequest
	}
	document := map[string]any{"__type": r.kind, "message": r.message}
	maps.Copy(document, r.more)
	return jsonAnswer(r.status, document).as(mediaAWS10)
}

// permission names what a caller of the operation must be allowed.
func permission(target string) string {
	service, operation, _ := strings.Cut(target, ".")
	for _, p := range []protocol{dynamoDB, amazonSQS} {
		if service == p.target {
			service = p.service
		}
	}
	return service + ":" + operation
}

// awsMedia is the media type of a service's answers.
func awsMedia(target string) string {
	if strings.HasPrefix(target, "secretsmanager.") {
		return mediaAWS
	}
	return mediaAWS10
}
