package functionurl

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// maxDistance is how far a time in the body may be from the request's to move with it.
const maxDistance = 7 * 24 * time.Hour

// epochMillis is a time as in $DATE, and textDate one as Datadog writes it in a text.
var (
	epochMillis = regexp.MustCompile(`(\b|%3D)1[0-9]{12}\b`)
	textDate    = regexp.MustCompile(`\b[A-Z][a-z]{2} [A-Z][a-z]{2} \d{2} \d{4} \d{2}:\d{2}:\d{2} UTC\b`)
)

const textLayout = "Mon Jan 02 2006 15:04:05 UTC"

// Fresh returns the event as if it were sent now, because Datadog refuses events that are
// older than 18 hours. Every time in the body moves as far as the request.
func Fresh(event events.LambdaFunctionURLRequest, now time.Time) (events.LambdaFunctionURLRequest, error) {
	sent := time.UnixMilli(event.RequestContext.TimeEpoch)
	body, err := Body(event)
	if err != nil {
		return event, err
	}
	body = epochMillis.ReplaceAllStringFunc(body, func(text string) string {
		digits := strings.TrimPrefix(text, "%3D") // A form encodes an equals sign in an address.
		ms, _ := strconv.ParseInt(digits, 10, 64) // 13 digits always parse.
		if at := time.UnixMilli(ms); at.Sub(sent).Abs() <= maxDistance {
			return strings.TrimSuffix(text, digits) + strconv.FormatInt(at.Add(now.Sub(sent)).UnixMilli(), 10)
		}
		return text
	})
	body = textDate.ReplaceAllStringFunc(body, func(text string) string {
		at, err := time.Parse(textLayout, text)
		if err != nil || at.Sub(sent).Abs() > maxDistance {
			return text
		}
		return at.Add(now.Sub(sent)).Format(textLayout)
	})
	event.Body = body
	if event.IsBase64Encoded {
		event.Body = base64.StdEncoding.EncodeToString([]byte(body))
	}
	event.RequestContext.TimeEpoch = now.UnixMilli()
	event.RequestContext.Time = now.UTC().Format(timeLayout)
	return event, nil
}
