package handler

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
)

// A payload that takes too long to read becomes an alert with its words.
func TestDecodeInTime(t *testing.T) {
	decodeIn := func(d time.Duration) func(events.LambdaFunctionURLRequest) (alert.Alert, error) {
		return func(r events.LambdaFunctionURLRequest) (alert.Alert, error) {
			time.Sleep(d)
			return Decode(r)
		}
	}
	body := `{"id":"1","title":"x","body":"` + strings.Repeat("é", 9000) + `"}`
	for name, c := range map[string]struct {
		after  time.Duration
		body   string
		title  string
		unread int
	}{
		"in time":  {0, body, "x", 0},
		"too late": {time.Minute, body, "An alert whose payload could not be read in time", 1},
		"a text":   {0, "CPU: [Triggered on {host:a}] CPU is high\nSee it", "[Triggered on {host:a}] CPU is high", 1},
		"broken":   {0, `{"id":x y,"note":"[1] [P1] z","title":"[P2] [Recovered] CPU <b>","body":"m"}`, "[P2] [Recovered] CPU", 1},
		"no title": {0, `{"id":x y,"title":"[P2] CPU"}`, "[P2] CPU", 1},
		"nothing":  {0, `{"id":x y}`, "An alert whose payload could not be read", 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			a, err := decodeInTime(t.Context(), events.LambdaFunctionURLRequest{Body: c.body}, decodeIn(c.after))
			if err != nil || a.Title != c.title || len(a.Unreadable) != c.unread || len(a.Text) > maxUnreadBytes {
				t.Errorf("%s: got %+v, %v", name, a, err)
			}
			if c.unread > 0 && (!strings.HasPrefix(c.body, a.Text) || a.Certain() || len(a.Digest) != 64) {
				t.Errorf("%s: got %+v", name, a)
			}
			if took := time.Since(start); took != min(c.after, decodeTimeout) {
				t.Errorf("%s: took %v", name, took)
			}
			time.Sleep(time.Hour)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		invalid := events.LambdaFunctionURLRequest{Body: "%", IsBase64Encoded: true}
		if _, err := decodeInTime(t.Context(), invalid, decodeIn(time.Minute)); fault.From(err).Kind != fault.Malformed {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Hour)
	})
	broken := func(events.LambdaFunctionURLRequest) (alert.Alert, error) { panic("a bug") }
	if _, err := decodeInTime(t.Context(), events.LambdaFunctionURLRequest{}, broken); fault.From(err).Kind != fault.Internal {
		t.Errorf("got %v", err)
	}
}
