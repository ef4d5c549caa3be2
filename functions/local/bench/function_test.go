package bench

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"boomerang/shared/fakedatadog"
)

// wrongly is the variable that makes this program a function, and says which of
// those that do something wrong.
const wrongly = "BENCH_FUNCTION"

const (
	nonsense   = "says nonsense"
	refusal    = "refuses"
	pretence   = "pretends to have posted"
	unfinished = "leaves a call under way"
)

var wrong = map[string]func() (status int, body string){
	nonsense: func() (int, string) { return http.StatusOK, "nonsense" },
	refusal:  func() (int, string) { return http.StatusInternalServerError, "hello" },
	pretence: func() (int, string) {
		return http.StatusOK, `{"status":"posted","event":{"id":"1"},"steps":[{"status":"ok"},{"status":"ok"}]}`
	},
	unfinished: func() (int, string) {
		go validate()
		time.Sleep(50 * time.Millisecond) // The call is to have arrived.
		return http.StatusOK, "hello"
	},
}

func validate() {
	request, err := http.NewRequest(http.MethodGet, os.Getenv("DATADOG_API_URL")+"/api/v1/validate", nil)
	if err != nil {
		return
	}
	request.Header.Set("DD-API-KEY", fakedatadog.DefaultAPIKey)
	if answer, err := http.DefaultClient.Do(request); err == nil {
		_ = answer.Body.Close()
	}
}

// serveFunction is the function's process, which never ends by itself.
func serveFunction(does string) {
	answer := wrong[does]
	lambda.Start(func(context.Context, events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
		status, body := answer()
		return events.LambdaFunctionURLResponse{StatusCode: status, Body: body}, nil
	})
}

// functionThat is a subject that does something wrong.
func functionThat(t *testing.T, does string) subject {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return subject{name: does, command: []string{program}, environ: []string{wrongly + "=" + does}}
}

func TestSubject_Check_finds_a_call_after_the_answer(t *testing.T) {
	floor, body := ours("")[0], []byte(`{"statusCode":200,"body":"hello"}`)
	for first, says := range map[bool]string{true: "", false: "it had nothing to do"} {
		err := floor.check(usual, first, body, reading{calls: 1}, reading{})
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("of the first, %v: got %v, want %q", first, err, says)
		}
	}
}
