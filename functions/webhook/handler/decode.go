package handler

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
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

// Read returns the alert that the function takes from a request. Datadog would repeat one that takes
// too long to decode in vain, and never repeats one that is refused, so the words of both become an
// alert as they are.
func Read(ctx context.Context, r events.LambdaFunctionURLRequest) (alert.Alert, error) {
	return decodeInTime(ctx, r, Decode)
}

func decodeInTime(ctx context.Context, r events.LambdaFunctionURLRequest, decode func(events.LambdaFunctionURLRequest) (alert.Alert, error)) (a alert.Alert, err error) {
	ctx, span := telemetry.Start(ctx, "decode")
	defer func() { span.End(err) }()
	ctx, cancel := context.WithTimeoutCause(ctx, decodeTimeout, errDecodeTimeout)
	defer cancel()
	if a, err = pipeline.Compute(ctx, "read the payload", func() (alert.Alert, error) { return decode(r) }); err == nil {
		return a, nil
	}
	switch raw, bodyErr := body(r); {
	case bodyErr != nil && !errors.Is(err, errDecodeTimeout):
		return a, err
	case bodyErr != nil:
		return alert.Alert{}, bodyErr
	case errors.Is(err, errDecodeTimeout):
		return unread(raw, "An alert whose payload could not be read in time", "takes too long to read"), nil
	case fault.From(err).Kind == fault.Malformed && hasWords(plain(raw)):
		text := plain(raw)
		whole, invalid := alert.Decode(wholePairs(text))
		a = unread(text, cmp.Or(alert.TitleIn(string(text)), whole.Title, whole.AlertTitle, "An alert whose payload could not be read"), fault.From(err).Public)
		if invalid == nil {
			whole.Title, whole.Message, whole.Text, whole.Digest, whole.Unreadable = a.Title, "", a.Text, a.Digest, a.Unreadable
			a = whole
		}
		a.Infer()
		return a, nil
	}
	return a, err
}

// unread returns the alert of a payload that is not decoded.
func unread(raw []byte, title, reason string) alert.Alert {
	sum := sha256.Sum256(raw)
	return alert.Alert{
		Title:      title,
		Text:       strings.ToValidUTF8(string(raw[:min(len(raw), maxUnreadBytes)]), ""),
		Digest:     hex.EncodeToString(sum[:]),
		Unreadable: []alert.Problem{{Field: "payload", Reason: reason}},
		Guessed:    []alert.Guess{{Field: "identity", Source: "content"}},
	}
}

// plain returns the value of a form's only field as people read it, and any other payload
// as it is.
func plain(raw []byte) []byte {
	field, value, _ := strings.Cut(string(raw), "=")
	if text, err := url.QueryUnescape(value); err == nil && field == "payload" {
		return []byte(text)
	}
	return raw
}

// pair matches a key and a value that are whole in a payload that is not JSON.
var pair = alert.Pattern(`("\w+"\s*:\s*(?:"(?:[^"\\]|\\.)*"|\d+))\s*[,}]`)

// wholePairs returns an object of them. Of a key twice the first counts: the other one is an inner object's.
func wholePairs(text []byte) []byte {
	pairs := pair().FindAllSubmatch(text, -1)
	var object []byte
	for _, found := range slices.Backward(pairs) {
		object = append(append(object, found[1]...), ',')
	}
	return slices.Concat([]byte("{"), object, []byte("}"))
}

// wordless is what says nothing about an alert: the keys of JSON, and variables that
// Datadog left unresolved.
var wordless = alert.Pattern(`"(?:[^"\\]|\\.)*"\s*:|\$[A-Z][A-Z0-9_]*`)

// hasWords reports whether a payload that is not JSON says something all the same.
func hasWords(raw []byte) bool {
	return bytes.ContainsFunc(wordless().ReplaceAll(raw, nil), unicode.IsLetter)
}
