package handler

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
)

// statusOf answers each kind of fault. Datadog tries again after a 5xx and
// never after a 4xx, so only the caller's own mistakes are 4xx.
var statusOf = map[fault.Kind]int{
	fault.Malformed:        http.StatusBadRequest,
	fault.Invalid:          http.StatusUnprocessableEntity,
	fault.Unauthenticated:  http.StatusUnauthorized,
	fault.MethodNotAllowed: http.StatusMethodNotAllowed,
	fault.TooLarge:         http.StatusRequestEntityTooLarge,
	fault.UnsupportedMedia: http.StatusUnsupportedMediaType,
}

type health struct {
	Status string `json:"status"`
}

// told is the body of every answer to an alert that was taken.
type told struct {
	Status   pipeline.Status `json:"status"`
	Reason   string          `json:"reason,omitempty"`
	Event    any             `json:"event,omitempty"`
	Playbook string          `json:"playbook,omitempty"`
	Steps    []pipeline.Step `json:"steps,omitzero"`
}

// problem is an RFC 9457 problem document.
type problem struct {
	Type   string        `json:"type"`
	Title  string        `json:"title"`
	Status int           `json:"status"`
	Detail string        `json:"detail"`
	Errors []fault.Field `json:"errors,omitempty"`
}

// tell answers with what became of the alert.
func tell(o pipeline.Outcome) events.LambdaFunctionURLResponse {
	switch o.Status {
	case pipeline.Queued:
		return answer(http.StatusAccepted, told{Status: o.Status})
	case pipeline.Ignored:
		return answer(http.StatusOK, told{Status: o.Status, Reason: o.Reason})
	case pipeline.Duplicate:
		return answer(http.StatusOK, told{Status: o.Status, Event: o.Posted})
	case pipeline.DryRun:
		return answer(http.StatusOK, told{Status: o.Status, Event: o.Event, Playbook: o.Playbook, Steps: o.Told(fault.Public)})
	}
	return answer(http.StatusOK, told{Status: o.Status, Event: o.Posted, Playbook: o.Playbook, Steps: o.Told(fault.Public)})
}

// refuse answers an error: its public text, and nothing else of it.
func refuse(err error) events.LambdaFunctionURLResponse {
	e := fault.From(err)
	status, ok := statusOf[e.Kind]
	if !ok {
		status = http.StatusServiceUnavailable
	}
	if status == http.StatusUnauthorized {
		return events.LambdaFunctionURLResponse{StatusCode: status, Headers: map[string]string{"www-authenticate": "Bearer"}}
	}
	response := answer(status, problem{
		Type:   "about:blank",
		Title:  http.StatusText(status),
		Status: status,
		Detail: e.Public,
		Errors: e.Fields,
	})
	response.Headers[headerContentType] = "application/problem+json"
	if status == http.StatusMethodNotAllowed {
		response.Headers["allow"] = http.MethodPost
	}
	if e.RetryAfter > 0 {
		response.Headers["retry-after"] = strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds())))
	}
	return response
}

func answer(status int, body any) events.LambdaFunctionURLResponse {
	text, err := json.Marshal(body)
	if err != nil {
		// The answer's types hold nothing that JSON cannot say.
		panic(err)
	}
	return events.LambdaFunctionURLResponse{
		StatusCode: status,
		Headers:    map[string]string{headerContentType: "application/json"},
		Body:       string(text),
	}
}
