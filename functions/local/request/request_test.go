package request_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"boomerang/events"
	"boomerang/functions/local/request"
	"boomerang/functions/local/sandbox"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
)

var now = time.Date(2027, time.March, 3, 0, 0, 10, 0, time.UTC)

// read returns the request for a content, and the alert that the function reads.
func read(t *testing.T, content string) (request.Request, alert.Alert) {
	t.Helper()
	r, err := request.Read("-", strings.NewReader(content), now)
	if err != nil {
		t.Fatal(err)
	}
	a, err := handler.Decode(r.LambdaFunctionURLRequest)
	if err != nil {
		t.Fatal(err)
	}
	return r, a
}

func TestRead(t *testing.T) {
	const triggered = "[P2] [Triggered on {availability-zone:eu-west-1b}] Checkout p95 latency is high"
	for name, c := range map[string]struct{ content, title, message, kind string }{
		"body":             {`{"id":"7","title":"Disk is full","body":"Free some"}`, "Disk is full", "Free some", "body"},
		"byte order mark":  {"\ufeff\n {\"id\":\"7\",\"title\":\"Disk is full\"} ", "Disk is full", "", "body"},
		"list":             {`[{"id":"7","title":"Disk is full"}]`, "Disk is full", "", "body"},
		"unresolved":       {`{"id":"8391951994415332266","title":"Disk is full","snapshot":"$SNAPSHOT","text":"echo $ID"}`, "Disk is full", "echo $ID", "body"},
		"form":             {`id=7&title=Disk+is+full&body=Free+some%21`, "Disk is full", "Free some!", "body"},
		"form with JSON":   {`payload=%7B%22id%22%3A%227%22%2C%22title%22%3A%22Disk+is+full%22%7D`, "Disk is full", "", "body"},
		"template":         {events.WebhookPayload, triggered, "%%%", "template"},
		"template of text": {`{"id":"$ID","text":"$EVENT_TITLE on $HOSTNAME"}`, triggered + " on", triggered, "template"},
		"template, bare":   {`{"id":$ID,"date":$DATE,"title":"$EVENT_TITLE"}`, triggered, "", "template"},
		"template of rest": {`{"text":"$ALERT_TITLE is $ALERT_TRANSITION"}`, triggered[5:] + " is Triggered", triggered[5:], "template"},
		"form with spaces": {"id=7&title=Disk is full\n", "Disk is full", "", "body"},
		"template of form": {`id=$ID&title=$EVENT_TITLE&body=$EVENT_MSG`, triggered, "%%%", "template"},
		"request":          {`{"requestContext":{"http":{"method":"POST"}},"headers":{"content-type":"application/json"},"body":"{\"id\":\"7\",\"title\":\"Disk is full\"}"}`, "Disk is full", "", "request"},
		"base64":           {`{"requestContext":{"http":{"method":"POST"}},"headers":{"content-type":"application/json"},"isBase64Encoded":true,"body":"eyJpZCI6IjciLCJ0aXRsZSI6IkRpc2sgaXMgZnVsbCJ9"}`, "Disk is full", "", "request"},
	} {
		t.Run(name, func(t *testing.T) {
			r, a := read(t, c.content)
			if a.Title != c.title || !strings.HasPrefix(a.Message+a.Text, c.message) || (len(r.Notes) > 0) != (c.kind == "template") {
				t.Errorf("%s: title %q, message %q; want %+v", r.Notes, a.Title, a.Message+a.Text, c)
			}
			if r.RequestContext.HTTP.Method != http.MethodPost || r.RequestContext.TimeEpoch != now.UnixMilli() {
				t.Errorf("the request is %+v", r.RequestContext)
			}
			if c.kind != "request" && r.Headers["x-webhook-token"] != sandbox.Token {
				t.Errorf("the headers are %v", r.Headers)
			}
			if strings.Contains(a.Title+a.Message, "$EVENT") {
				t.Errorf("a variable is left in %q", a.Title+a.Message)
			}
		})
	}
}

// TestRead_Now sends an alert of last year as if it fired now, because Datadog refuses old
// events.
func TestRead_Now(t *testing.T) {
	fired := now.AddDate(-1, 0, 0)
	date := strconv.FormatInt(fired.UnixMilli(), 10)
	link := "https://app.datadoghq.com/monitors/1?from_ts=" + strconv.FormatInt(fired.Add(-time.Hour).UnixMilli(), 10)
	_, a := read(t, `{"id":"7","title":"Disk is full","date":"`+date+`","link":"`+link+`"}`)
	if !a.Date.Equal(now) || !strings.HasSuffix(a.Link, strconv.FormatInt(now.Add(-time.Hour).UnixMilli(), 10)) {
		t.Errorf("the alert is of %s, its link %s", a.Date, a.Link)
	}
	if _, a := read(t, events.WebhookPayload); !a.Date.Equal(now) {
		t.Errorf("the example is of %s", a.Date)
	}
}

// TestRead_NotJSON leaves it to the function what a mistake in JSON means.
func TestRead_NotJSON(t *testing.T) {
	for _, content := range []string{`{"id":"7","title":"Disk is full",}`, `{"id":"7" "title":"Disk is full"}`} {
		if _, a := read(t, content); !strings.Contains(a.Title+a.Text+a.Message, "Disk is full") {
			t.Errorf("%s: %+v", content, a)
		}
	}
}

func TestRead_Errors(t *testing.T) {
	for content, want := range map[string]string{
		"": "-: it is empty", " \n\ufeff": "-: it is empty",
		`{"requestContext":{"http":{"method":"POST"}},"isBase64Encoded":true,"body":"%"}`: "-: the body is marked as base64 and is not",
		strings.Repeat("x", 7<<20): "-: a Function URL takes at most 6 MiB",
	} {
		if _, err := request.Read("-", strings.NewReader(content), now); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "http:") {
			t.Errorf("%.80q: got %v, want %s", content, err, want)
		}
	}
	if _, err := request.Read(".", nil, now); err == nil || err.Error() != ". is a folder: name a file in it" {
		t.Errorf("got %v", err)
	}
	if _, err := request.Read("no-such-file.json", nil, now); err == nil || !strings.Contains(err.Error(), "no-such-file.json") {
		t.Errorf("got %v", err)
	}
}

// TestRead_Events takes every file of events, and the body of each as if it were alone.
func TestRead_Events(t *testing.T) {
	files, err := filepath.Glob("../../../events/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, a := read(t, string(raw))
		var envelope lambdaevents.LambdaFunctionURLRequest
		if err := json.Unmarshal(raw, &envelope); err != nil {
			t.Fatal(err)
		}
		if envelope.IsBase64Encoded || envelope.Body == "" {
			continue
		}
		_, alone := read(t, envelope.Body)
		if alone.ID != a.ID || alone.Title != a.Title {
			t.Errorf("%s: alone the body is %+v", file, alone)
		}
	}
}
