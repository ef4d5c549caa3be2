package functions_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"boomerang/functions/internal/e2e"
)

// changing is what differs between two runs on one event.
var changing = regexp.MustCompile(`"duration_ms":[\d.e-]+|\d{2}:\d{2}|\d{9,}|\d+ (s|min|hours?|days?)\b`)

// TestEmulator holds our double of the Lambda runtime to AWS's own emulator, the program in
// EMULATOR: the built webhook answers and posts the same in both, for every file of events/.
func TestEmulator(t *testing.T) {
	emulator := os.Getenv("EMULATOR")
	if emulator == "" {
		t.Skip("it needs AWS's emulator of the runtime: .ci/run builds it")
	}
	double, real := e2e.New(t), e2e.New(t)
	inDouble, inEmulator := double.Start(e2e.Webhook, nil), real.Emulate(emulator, e2e.Webhook, timeout)
	eachEvent(t, real, func(t *testing.T, event events.LambdaFunctionURLRequest) events.LambdaFunctionURLResponse {
		want, got := mustSend(t, inDouble, event), mustSend(t, inEmulator, event)
		changed := got
		want.Body, changed.Body = unchanging(want.Body), unchanging(got.Body)
		if diff := cmp.Diff(want, changed); diff != "" {
			t.Errorf("answers (-double +emulator):\n%s", diff)
		}
		return got
	})
	if diff := cmp.Diff(posts(double), posts(real)); diff != "" {
		t.Errorf("posted events (-double +emulator):\n%s", diff)
	}
	for line := range strings.Lines(inEmulator.Output()) {
		if strings.Contains(line, `"level":"ERROR"`) {
			t.Errorf("the function logs an error: %s", line)
		}
	}
}

func unchanging(text string) string { return changing.ReplaceAllString(text, "…") }

func posts(s *e2e.Stack) []string {
	var all []string
	for _, p := range s.Datadog.Posted() {
		all = append(all, unchanging(p.Event.Title+"\n"+p.Event.Text+"\n"+strings.Join(p.Event.Tags, ",")))
	}
	return all
}
