package functions_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/internal/e2e"
	"boomerang/functions/local/request"
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
	paths, err := filepath.Glob("../events/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		if name == "webhook-payload.json" {
			continue // It is a payload, and no event.
		}
		t.Run(name, func(t *testing.T) {
			r, err := request.Read(path, nil, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			want, err := inDouble.Send(r.LambdaFunctionURLRequest, timeout)
			if err != nil {
				t.Fatal(err, inDouble.Output())
			}
			got, err := inEmulator.Send(r.LambdaFunctionURLRequest, timeout)
			if err != nil {
				t.Fatal(err, inEmulator.Output())
			}
			want.Body, got.Body = unchanging(want.Body), unchanging(got.Body)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("answers (-double +emulator):\n%s", diff)
			}
		})
	}
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
