package handler

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
)

// statusOf maps kinds of fault to HTTP statuses; every other kind is a 503. Datadog
// retries after a 5xx and never after a 4xx, so only the caller's own mistakes are 4xx.
var statusOf = map[fault.Kind]int{
	fault.Malformed:        http.StatusBadRequest,
	fault.Invalid:          http.StatusUnprocessableEntity,
	fault.Unauthenticated:  http.StatusUnauthorized,
	fault.MethodNotAllowed: http.StatusMethodNotAllowed,
	fault.TooLarge:         http.StatusRequestEntityTooLarge,
	fault.UnsupportedMedia: http.StatusUnsupportedMediaType,
}

type responseBody struct {
	Status   pipeline.Status        `json:"status"`
	Reason   string                 `json:"reason,omitempty"`
	Event    any                    `json:"event,omitempty"`
	Playbook string                 `json:"playbook,omitempty"`
	Steps    []pipeline.StepSummary `json:"steps,omitzero"`
	// Guessed names the fields that the payload's template does not say for certain, with
	// where each was found, and Unreadable the keys whose values were ignored.
	Guessed    map[string]string `json:"guessed,omitempty"`
	Unreadable []string          `json:"unreadable,omitempty"`
	// Warnings name templates that failed, and texts that Datadog does not know.
	Warnings []string `json:"warnings,omitempty"`
}

// problem is an RFC 9457 problem document.
type problem struct {
	Type   string        `json:"type"`
	Title  string        `json:"title"`
	Status int           `json:"status"`
	Detail string        `json:"detail"`
	Errors []fault.Field `json:"errors,omitempty"`
}

// outcomeResponse answers with the outcome of an alert. A status that it does not know is
// an error: it must not look like a posted alert.
func outcomeResponse(o pipeline.Outcome, a alert.Alert) (events.LambdaFunctionURLResponse, error) {
	body := responseBody{Status: o.Status, Guessed: sources(a.Guessed), Unreadable: fieldNames(a.Unreadable), Warnings: o.PlaybookWarnings}
	switch o.Status {
	case pipeline.Posted:
		body.Event, body.Playbook, body.Steps = o.Posted, o.Playbook, o.StepSummaries(fault.Public)
	case pipeline.DryRun:
		body.Event, body.Playbook, body.Steps = o.Event, o.Playbook, o.StepSummaries(fault.Public)
	case pipeline.Duplicate:
		body.Event = o.Posted
	case pipeline.Ignored:
		body = responseBody{Status: o.Status, Reason: o.Detail}
	case pipeline.Queued:
		return jsonResponse(http.StatusAccepted, responseBody{Status: o.Status, Unreadable: body.Unreadable}), nil
	default:
		return events.LambdaFunctionURLResponse{}, fault.New(fault.Internal, textInternal, fmt.Errorf("no answer for the status %q", o.Status))
	}
	return jsonResponse(http.StatusOK, body), nil
}

func sources(guessed []alert.Guess) map[string]string {
	byField := make(map[string]string, len(guessed))
	for _, g := range guessed {
		byField[g.Field] = g.Source
	}
	return byField
}

const textInternal = "something went wrong inside Boomerang; send the alert again"

// problemResponse answers an error with its public text.
func problemResponse(err error) events.LambdaFunctionURLResponse {
	e := fault.From(err)
	status, ok := statusOf[e.Kind]
	if !ok {
		status = http.StatusServiceUnavailable
	}
	if status == http.StatusUnauthorized {
		return events.LambdaFunctionURLResponse{StatusCode: status, Headers: map[string]string{"www-authenticate": "Bearer"}}
	}
	response := jsonResponse(status, problem{
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

func jsonResponse(status int, body any) events.LambdaFunctionURLResponse {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // The types of the answers always marshal.
	}
	return events.LambdaFunctionURLResponse{
		StatusCode: status,
		Headers:    map[string]string{headerContentType: "application/json"},
		Body:       string(text),
	}
}
