package handler

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/shared/enrich"
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
	Steps    []step          `json:"steps,omitzero"`
}

type step struct {
	Name       string        `json:"name"`
	Status     enrich.Status `json:"status"`
	DurationMS float64       `json:"duration_ms"`
	Error      string        `json:"error,omitempty"`
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
		return answer(http.StatusOK, told{Status: o.Status, Event: o.Event, Playbook: o.Playbook, Steps: steps(o.Steps)})
	}
	return answer(http.StatusOK, told{Status: o.Status, Event: o.Posted, Playbook: o.Playbook, Steps: steps(o.Steps)})
}

// steps tells how each step ended, its error in the words for everybody.
func steps(results []enrich.Result) []step {
	out := make([]step, len(results))
	for i, r := range results {
		out[i] = step{Name: r.Name, Status: r.Status, DurationMS: milliseconds(r.Duration)}
		if r.Err != nil {
			out[i].Error = fault.Public(r.Err)
		}
	}
	return out
}

// milliseconds keeps the microseconds of a quick step visible.
func milliseconds(d time.Duration) float64 {
	return math.Round(float64(d.Microseconds())) / 1000
}

// refuse answers an error: its public text, and nothing else of it.
func refuse(err error) events.LambdaFunctionURLResponse {
	e := fault.Of(err)
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
