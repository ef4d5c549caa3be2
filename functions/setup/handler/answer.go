package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/cfn"

	"boomerang/shared/fault"
)

const (
	// answerTimeout bounds one try to answer; three of them fit into the reserve.
	answerTimeout = 2 * time.Second
	answerTries   = 3
	answerPause   = 500 * time.Millisecond
	// maxBody is as much as CloudFormation takes
	// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html).
	maxBody = 4096
)

// responseTo is the answer to a request.
func responseTo(request cfn.Event, o outcome) *cfn.Response {
	r := cfn.NewResponse(&request)
	r.Status, r.PhysicalResourceID, r.Data = cfn.StatusSuccess, o.id, o.data
	r.Reason = strings.Join(o.remarks, "; ")
	if o.err != nil {
		r.Status, r.Reason = cfn.StatusFailed, publicly(o.err)
	}
	r.Reason = strings.Join(strings.Fields(r.Reason), " ")
	return r
}

// publicly says all that went wrong, which may be more than one thing, and nothing of
// its private causes.
func publicly(err error) string {
	if several, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // Only what errors.Join made is taken apart.
		var texts []string
		for _, one := range several.Unwrap() {
			texts = append(texts, fault.Public(one))
		}
		return strings.Join(texts, "; ")
	}
	return fault.Public(err)
}

// answer puts the response where CloudFormation waits for it. The package cfn would
// wait for ever, and write the refusal into the log.
func (h *Handler) answer(ctx context.Context, address string, response *cfn.Response) error {
	body, err := encode(response)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		again, err := h.put(ctx, address, body)
		if err == nil || !again || try == answerTries {
			return err
		}
		select {
		case <-time.After(answerPause):
		case <-ctx.Done():
			return err
		}
	}
}

// encode cuts the reason until the answer is short enough.
func encode(response *cfn.Response) ([]byte, error) {
	for {
		body, err := json.Marshal(response)
		if err != nil {
			return nil, fmt.Errorf("encode the answer to CloudFormation: %w", err)
		}
		if len(body) <= maxBody || response.Reason == "" {
			return body, nil
		}
		response.Reason = strings.ToValidUTF8(response.Reason[:len(response.Reason)/2], "")
	}
}

// put makes one try. Its errors leave the address out, which whoever reads it could
// write to.
func (h *Handler) put(ctx context.Context, address string, body []byte) (again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, address, bytes.NewReader(body))
	if err != nil {
		return false, errors.New("the address for the answer to CloudFormation is no URL")
	}
	// The address is signed for a request without a Content-Type, and Go's client
	// adds none to a PUT.
	response, err := h.HTTPClient.Do(request)
	if err != nil {
		return true, fmt.Errorf("CloudFormation could not be answered: %w", fault.StripURL(err))
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16))
	if response.StatusCode >= http.StatusMultipleChoices {
		return response.StatusCode >= http.StatusInternalServerError, fmt.Errorf("CloudFormation did not take the answer (status %d)", response.StatusCode)
	}
	return false, nil
}
