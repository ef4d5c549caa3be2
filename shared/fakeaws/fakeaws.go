// Package fakeaws answers as AWS Secrets Manager, DynamoDB and SQS do, as far as
// Boomerang calls them, for local runs and for tests. It has no listener of its own:
// package fakedatadog serves it.
package fakeaws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	mediaAWS   = "application/x-amz-json-1.1"
	mediaAWS10 = "application/x-amz-json-1.0"
)

// Services are the three services' state. The caller serializes all calls.
type Services struct {
	vault  vault
	ledger table
	queues queues
}

// New returns services without a secret, an item or a message.
func New() *Services { return &Services{queues: newQueues()} }

// Operation is one call, such as DynamoDB's PutItem.
type Operation struct {
	Name   string // "dynamodb.put"
	Target string // The X-Amz-Target header.
	handle func(call) Answer
}

type call struct {
	now  time.Time
	body []byte
}

// Operations returns all calls.
func (s *Services) Operations() []Operation {
	return slices.Concat(s.vault.operations(), s.vault.rotationOperations(), s.ledger.operations(), s.queues.operations())
}

// Answer handles the call.
func (o Operation) Answer(r *http.Request, body []byte, now time.Time) Answer {
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		return awsError(http.StatusBadRequest, "MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	return o.handle(call{now: now, body: body})
}

// Fail answers with what AWS sends under a status.
func (o Operation) Fail(status int) Answer { return awsFailure(status).as(awsMedia(o.Target)) }

// Throttle answers that the caller called too often.
func (o Operation) Throttle() Answer {
	return awsError(http.StatusBadRequest, "ThrottlingException", "Rate exceeded").as(awsMedia(o.Target))
}

// Forbid answers that the caller lacks the permission.
func (o Operation) Forbid() Answer {
	return awsError(http.StatusBadRequest, "AccessDeniedException",
		"User: arn:aws:sts::"+awsAccount+":assumed-role/standin is not authorized to perform: "+
			permission(o.Target)+" because no identity-based policy allows it").as(awsMedia(o.Target))
}

// UnknownOperation answers a call that is none of Operations.
func UnknownOperation() Answer {
	return awsError(http.StatusBadRequest, "UnknownOperationException", "The stand-in does not know this operation.")
}

// Answer is a whole response.
type Answer struct {
	Status int
	Media  string
	Header map[string]string
	Body   []byte
}

func (a Answer) with(header map[string]string) Answer {
	a.Header = maps.Clone(a.Header)
	if a.Header == nil {
		a.Header = map[string]string{}
	}
	maps.Copy(a.Header, header)
	return a
}

func (a Answer) as(media string) Answer {
	a.Media = media
	return a
}

func bodyAllowed(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

func success(v any) Answer { return jsonAnswer(http.StatusOK, v) }

func jsonAnswer(status int, v any) Answer {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return awsError(http.StatusInternalServerError, "InternalServiceError", fmt.Sprintf("the fake could not encode its answer: %v", err))
	}
	return Answer{Status: status, Body: b.Bytes()}
}
