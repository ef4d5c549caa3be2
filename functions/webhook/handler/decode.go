package handler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/shared/alert"
	"boomerang/shared/pipeline"
	"boomerang/shared/telemetry"
)

const (
	// decodeTimeout leaves the time to post or queue an alert whose payload is not read by then.
	decodeTimeout = 4 * time.Second
	// maxUnreadBytes of a payload that is not read are as much as an event can show.
	maxUnreadBytes = 4000
)

var errDecodeTimeout = errors.New("decoding took too long")

// decodeInTime decodes a request. Datadog would repeat one that takes too long in vain, so
// its words become an alert as they are.
func decodeInTime(ctx context.Context, r events.LambdaFunctionURLRequest, decode func(events.LambdaFunctionURLRequest) (alert.Alert, error)) (a alert.Alert, err error) {
	ctx, span := telemetry.Start(ctx, "decode")
	defer func() { span.End(err) }()
	ctx, cancel := context.WithTimeoutCause(ctx, decodeTimeout, errDecodeTimeout)
	defer cancel()
	a, err = pipeline.Compute(ctx, "read the payload", func() (alert.Alert, error) { return decode(r) })
	if errors.Is(err, errDecodeTimeout) {
		return unread(r)
	}
	return a, err
}

// unread returns the alert of a request that is not decoded.
func unread(r events.LambdaFunctionURLRequest) (alert.Alert, error) {
	raw, err := body(r)
	if err != nil {
		return alert.Alert{}, err
	}
	sum := sha256.Sum256(raw)
	return alert.Alert{
		Title:      "An alert whose payload could not be read in time",
		Text:       strings.ToValidUTF8(string(raw[:min(len(raw), maxUnreadBytes)]), ""),
		Digest:     hex.EncodeToString(sum[:]),
		Unreadable: []alert.Problem{{Field: "payload", Reason: "takes too long to read"}},
		Guessed:    []alert.Guess{{Field: "identity", Source: "content"}},
	}, nil
}
