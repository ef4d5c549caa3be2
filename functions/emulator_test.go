package functions_test

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

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
	inDouble, inEmulator := double.Start(e2e.Webhook, nil), emulate(t, real, emulator)
	eachEvent(t, real, func(t *testing.T, event events.LambdaFunctionURLRequest) events.LambdaFunctionURLResponse {
		want, got := mustSend(t, inDouble, event), inEmulator.send(t, event)
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
	for line := range strings.Lines(inEmulator.stop()) {
		if strings.Contains(line, `"level":"ERROR"`) {
			t.Errorf("the function logs an error: %s", line)
		}
	}
}

// emulated is the webhook in the emulator, without a container.
type emulated struct {
	url  string
	stop func() (output string)
}

func emulate(t *testing.T, s *e2e.Stack, program string) emulated {
	t.Helper()
	command, address := s.Command(e2e.Webhook, map[string]string{"AWS_LAMBDA_FUNCTION_TIMEOUT": strconv.Itoa(int(timeout.Seconds()))}), e2e.ClosedAddress()
	command.Args = []string{program, "--log-level", "error", "--runtime-api-address", e2e.ClosedAddress(), "--runtime-interface-emulator-address", address, command.Path}
	var output bytes.Buffer
	command.Path, command.Stdout, command.Stderr = program, &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceValue(func() string {
		_ = command.Process.Kill()
		_ = command.Wait() // It was killed.
		return output.String()
	})
	t.Cleanup(func() { stop() })
	for end := time.Now().Add(timeout); ; time.Sleep(100 * time.Millisecond) {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			_ = connection.Close()
			return emulated{"http://" + address + "/2015-03-31/functions/function/invocations", stop}
		}
		if time.Now().After(end) {
			t.Fatalf("%v; it wrote %s", err, stop())
		}
	}
}

func (e emulated) send(t *testing.T, event events.LambdaFunctionURLRequest) (answer events.LambdaFunctionURLResponse) {
	t.Helper()
	payload, _ := json.Marshal(event) // Texts and numbers always marshal.
	response, err := http.Post(e.url, "application/json", bytes.NewReader(payload))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("the emulator answered %s, %v", response.Status, err)
	}
	return answer
}

func unchanging(text string) string { return changing.ReplaceAllString(text, "…") }

func posts(s *e2e.Stack) []string {
	var all []string
	for _, p := range s.Datadog.Posted() {
		all = append(all, unchanging(p.Event.Title+"\n"+p.Event.Text+"\n"+strings.Join(p.Event.Tags, ",")))
	}
	return all
}
