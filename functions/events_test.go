package functions_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/internal/e2e"
	"boomerang/functions/local/request"
)

// TestEvents sends every file of events/.
func TestEvents(t *testing.T) {
	s, webhook, _ := begin(t)
	eachEvent(t, s, func(t *testing.T, event events.LambdaFunctionURLRequest) events.LambdaFunctionURLResponse {
		return mustSend(t, webhook, event)
	})
}

// notPosted are the files after which nothing is posted, with what is answered.
var notPosted = map[string]struct {
	status int
	body   string
}{
	"wrong-token.json": {http.StatusUnauthorized, ""},
	"own-event.json":   {http.StatusOK, `"status":"ignored"`},
}

// eachEvent sends every file of events/, or the one in SAM_EVENT, as if it were sent now, and checks what is answered
// and posted.
func eachEvent(t *testing.T, s *e2e.Stack, send func(*testing.T, events.LambdaFunctionURLRequest) events.LambdaFunctionURLResponse) {
	t.Helper()
	paths, err := filepath.Glob("../events/*.json")
	if err != nil || len(paths) < 15 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	if one := os.Getenv("SAM_EVENT"); one != "" {
		paths = []string{one}
	}
	for _, path := range paths {
		name := filepath.Base(path)
		if name == "webhook-payload.json" {
			continue // It is a payload, and no event.
		}
		t.Run(name, func(t *testing.T) {
			event, err := request.Read(path, nil, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			before := len(s.Datadog.Posted())
			answer := send(t, event.LambdaFunctionURLRequest)
			want, isNotPosted := notPosted[name]
			posts := 0
			if !isNotPosted {
				want.status, want.body, posts = http.StatusOK, `"status":"posted"`, 1
			}
			if posted := len(s.Datadog.Posted()) - before; answer.StatusCode != want.status || !strings.Contains(answer.Body, want.body) || posted != posts {
				t.Errorf("%d events were posted, and the answer was %d %s", posted, answer.StatusCode, answer.Body)
			}
		})
	}
}

func mustSend(t *testing.T, f *e2e.Instance, event events.LambdaFunctionURLRequest) events.LambdaFunctionURLResponse {
	t.Helper()
	answer, err := f.Send(event, timeout)
	if err != nil {
		t.Fatalf("%v; the function wrote %s", err, f.Output())
	}
	return answer
}
