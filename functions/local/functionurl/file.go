package functionurl

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// ReadFresh returns the event in a file as if it were sent now.
func ReadFresh(path string, now time.Time) (events.LambdaFunctionURLRequest, error) {
	event, err := ReadFile(path)
	if err != nil {
		return event, err
	}
	return Fresh(event, now)
}

// ReadFile returns the Function URL event in a file.
func ReadFile(path string) (events.LambdaFunctionURLRequest, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return events.LambdaFunctionURLRequest{}, err
	}
	var event events.LambdaFunctionURLRequest
	if err := json.Unmarshal(raw, &event); err != nil {
		return event, fmt.Errorf("%s is not a Function URL event: %w", path, err)
	}
	if event.RequestContext.HTTP.Method == "" {
		return event, fmt.Errorf("%s is not a Function URL event: it has no requestContext.http.method; see events/torq-payload.json", path)
	}
	return event, nil
}

// epochMillis is a time in milliseconds of this century, as Datadog writes $DATE.
var epochMillis = regexp.MustCompile(`\b1[0-9]{12}\b`)

// written is a time as Datadog writes it in an alert's text, by spelled.
var written = regexp.MustCompile(`\b[A-Z][a-z]{2} [A-Z][a-z]{2} \d{2} \d{4} \d{2}:\d{2}:\d{2} UTC\b`)

const spelled = "Mon Jan 02 2006 15:04:05 UTC"

// nearby is how far a time in the body may lie from the request's to be moved
// along with it.
const nearby = 7 * 24 * time.Hour

// Fresh returns the event as if it happened now: Datadog refuses an event that
// is older than 18 hours, and a file grows old. Every time in the body, in
// milliseconds or in words, moves by as much as the request itself.
func Fresh(event events.LambdaFunctionURLRequest, now time.Time) (events.LambdaFunctionURLRequest, error) {
	sent := time.UnixMilli(event.RequestContext.TimeEpoch)
	shift := now.Sub(sent)
	body := []byte(event.Body)
	if event.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(event.Body)
		if err != nil {
			return event, fmt.Errorf("the body is marked as base64 and is not: %w", err)
		}
		body = decoded
	}
	body = epochMillis.ReplaceAllFunc(body, func(digits []byte) []byte {
		ms, err := strconv.ParseInt(string(digits), 10, 64)
		at := time.UnixMilli(ms)
		if err != nil || at.Sub(sent).Abs() > nearby {
			return digits
		}
		return strconv.AppendInt(nil, at.Add(shift).UnixMilli(), 10)
	})
	body = written.ReplaceAllFunc(body, func(words []byte) []byte {
		at, err := time.Parse(spelled, string(words))
		if err != nil || at.Sub(sent).Abs() > nearby {
			return words
		}
		return at.Add(shift).AppendFormat(nil, spelled)
	})
	event.Body = string(body)
	if event.IsBase64Encoded {
		event.Body = base64.StdEncoding.EncodeToString(body)
	}
	event.RequestContext.TimeEpoch = now.UnixMilli()
	event.RequestContext.Time = now.UTC().Format(timeLayout)
	return event, nil
}
