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
	// answerTimeout bounds one attempt to answer; three of them fit into the reserve.
	answerTimeout  = 2 * time.Second
	answerAttempts = 3
	answerInterval = 500 * time.Millisecond
	// maxBody is CloudFormation's limit
	// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html).
	maxBody = 4096
)

func responseTo(request cfn.Event, o outcome) *cfn.Response {
	r := cfn.NewResponse(&request)
	r.Status, r.PhysicalResourceID, r.Data = cfn.StatusSuccess, o.id, o.data
	r.Reason = strings.Join(o.remarks, "; ")
	if o.err != nil {
		r.Status, r.Reason = cfn.StatusFailed, publicText(o.err)
	}
	r.Reason = strings.Join(strings.Fields(r.Reason), " ")
	return r
}

// publicText joins the public texts of all errors that errors.Join joined.
func publicText(err error) string {
	joined, ok := err.(interface{ Unwrap() []error }) //nolint:errorlint // Only the outermost error is taken apart.
	if !ok {
		return fault.Public(err)
	}
	var texts []string
	for _, e := range joined.Unwrap() {
		texts = append(texts, fault.Public(e))
	}
	return strings.Join(texts, "; ")
}

// answer sends the response to CloudFormation. Package cfn would do it without a timeout,
// and log a rejection.
func (h *Handler) answer(ctx context.Context, address string, response *cfn.Response) error {
	body, err := encode(response)
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		retry, err := h.put(ctx, address, body)
		if err == nil || !retry || attempt == answerAttempts {
			return err
		}
		select {
		case <-time.After(answerInterval):
		case <-ctx.Done():
			return err
		}
	}
}

// encode halves the reason until the answer fits.
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

// put makes one attempt. Its errors omit the URL, which is presigned.
func (h *Handler) put(ctx context.Context, address string, body []byte) (retry bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	// The URL is signed for a request without a Content-Type, and Go adds none to a PUT.
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, address, bytes.NewReader(body))
	if err != nil {
		return false, errors.New("cannot answer CloudFormation: its ResponseURL is invalid")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return true, fmt.Errorf("cannot answer CloudFormation: %w", fault.StripURL(err))
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16))
	if response.StatusCode >= http.StatusMultipleChoices {
		return response.StatusCode >= http.StatusInternalServerError, fmt.Errorf("CloudFormation rejected the answer (status %d)", response.StatusCode)
	}
	return false, nil
}
