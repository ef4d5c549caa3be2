package functions_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/internal/ddlambda/agenttest"
	"boomerang/functions/internal/e2e"
	"boomerang/shared/fakedatadog"
)

// The secrets and people's data that must not leave their place.
const (
	canaryAPI   = "canary0api0key000000000000000000"
	canaryApp   = "canary0app0key0000000000000000000000000"
	canaryToken = "canary-token-of-today"
	canaryOld   = "canary-token-of-yesterday"
	canaryWrong = "canary-token-that-is-wrong"

	canaryMail = "jane.roe@customer.example"
	canaryName = "Jane Q. Roe"
	canaryIP   = "203.0.113.77"
)

var (
	canarySecrets = []string{canaryAPI, canaryApp, canaryToken, canaryOld, canaryWrong}
	canaryPeople  = []string{canaryMail, canaryName, canaryIP}
)

// canaryRequest is an alert about people, with a token.
func canaryRequest(id int64, token string) events.LambdaFunctionURLRequest {
	r := e2e.Alert{ID: id}.Request()
	var payload map[string]any
	if err := json.Unmarshal([]byte(r.Body), &payload); err != nil {
		panic(err)
	}
	who := canaryName + " <" + canaryMail + "> from " + canaryIP
	payload["event_title"] = "[Triggered] Login fails for " + who
	payload["event_msg"] = "Called by " + who + "\n@" + canaryMail
	payload["alert_scope"], payload["hostname"], payload["user"] = "client_ip:"+canaryIP, canaryIP, canaryName
	payload["tags"] = "service:checkout,user:" + canaryMail + ",client_ip:" + canaryIP
	text, _ := json.Marshal(payload) // Texts always marshal.
	r.Body = string(text)
	r.Headers["x-webhook-token"] = token
	return r
}

// canary is a stack with known secrets and a Datadog that may repeat what it was sent.
type canary struct {
	*e2e.Stack
	webhook, worker, finder *e2e.Instance
	extension               *agenttest.Agent
	// refuse is the status with which Datadog rejects events; 0 accepts them.
	refuse atomic.Int32
	// broken closes the connections of Datadog's readers.
	broken atomic.Bool
	// quotes is the status with which Datadog repeats what its readers sent; 0 answers them.
	quotes  atomic.Int32
	answers strings.Builder
}

func newCanary(t *testing.T, more map[string]string) *canary {
	t.Helper()
	c := &canary{Stack: e2e.New(t), extension: agenttest.New(t)}
	c.AddMonitors(4711)
	c.Install(c.extension)
	c.Datadog.SetKeys(canaryAPI, canaryApp)
	c.SetSecret(c.DatadogSecret, `{"api_key":"`+canaryAPI+`","app_key":"`+canaryApp+`"}`)
	c.SetSecret(c.WebhookSecret, `{"token":"`+canaryOld+`"}`)
	c.SetSecret(c.WebhookSecret, `{"token":"`+canaryToken+`"}`)
	datadog := httptest.NewServer(http.HandlerFunc(c.serveDatadog))
	t.Cleanup(datadog.Close)
	changes := map[string]string{"DATADOG_API_URL": datadog.URL, "AWS_LAMBDA_LOG_LEVEL": "TRACE"}
	maps.Copy(changes, more)
	c.webhook, c.worker, c.finder = c.Start(e2e.Webhook, changes), c.Start(e2e.Redeliver, changes), c.Start(e2e.Reconcile, changes)
	return c
}

// serveDatadog answers as the fake does, with the keys that it was sent, or not at all.
func (c *canary) serveDatadog(w http.ResponseWriter, r *http.Request) {
	if c.broken.Load() && r.Method == http.MethodGet {
		panic(http.ErrAbortHandler)
	}
	if status := int(c.quotes.Load()); status != 0 && (r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/v1/events")) {
		quote(w, r, status)
		return
	}
	status := int(c.refuse.Load())
	if status == 0 || r.Method != http.MethodPost {
		c.Datadog.ServeHTTP(w, r)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("X-RateLimit-Remaining", "9")
	w.Header().Set("X-RateLimit-Name", "events")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"errors":["the key %s is not one of ours, nor is %s"]}`, r.Header.Get("DD-API-KEY"), canaryApp)
}

// quote rejects a call and repeats all of it.
func quote(w http.ResponseWriter, r *http.Request, status int) {
	body, _ := io.ReadAll(r.Body)
	address, _ := url.QueryUnescape(r.URL.String())
	text, _ := json.Marshal(map[string]any{"errors": []string{"what is " + address + " with " + string(body)}}) // Texts always marshal.
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// deliver sends a request and keeps the response.
func (c *canary) deliver(t *testing.T, r events.LambdaFunctionURLRequest, status int) {
	t.Helper()
	answer, err := c.webhook.Send(r, limit)
	if err != nil || answer.StatusCode != status {
		t.Fatalf("answered %d %s, %v, want %d; the function wrote %s", answer.StatusCode, answer.Body, err, status, c.webhook.Output())
	}
	text, _ := json.Marshal(answer)
	c.answers.Write(text)
}

// travel sends alerts along every path.
func (c *canary) travel(t *testing.T) {
	t.Helper()
	// The only read for an alert without a monitor has the alert's words in its URL, and fails.
	unread := canaryRequest(7, canaryToken)
	unread.Body = strings.NewReplacer("service:checkout", "service:"+canaryIP, `"alert_id":"4711"`, `"alert_id":""`).Replace(unread.Body)
	c.broken.Store(true)
	c.deliver(t, unread, 200)
	c.broken.Store(false)
	c.deliver(t, canaryRequest(1, canaryToken), 200)
	c.deliver(t, canaryRequest(1, canaryOld), 200) // a duplicate
	c.deliver(t, canaryRequest(2, canaryWrong), 401)
	dry := canaryRequest(3, canaryToken)
	dry.Headers["x-dry-run"] = "true"
	c.deliver(t, dry, 200)
	for status, body := range map[int]string{
		400: `{"` + canaryName + ` ` + canaryMail + `":`,
		413: `{"title":"` + canaryMail + strings.Repeat("x", 300<<10) + `"}`,
		200: `{"user":"` + canaryName + `","date":"` + canaryMail + `"}`,
	} {
		r := canaryRequest(4, canaryToken)
		r.Body = body
		c.deliver(t, r, status)
	}
	cut := canaryRequest(4, canaryToken)
	cut.Body = `{"title":"` + canaryName + `" ` + canaryMail
	c.deliver(t, cut, 200)
	// Keys that Datadog rejects: queued, and posted once it accepts them.
	c.refuse.Store(403)
	c.deliver(t, canaryRequest(5, canaryToken), 202)
	if b := c.Poll(c.worker, limit); b.Err != nil || b.Failed != b.Received {
		t.Fatalf("redelivered %+v; the worker wrote %s", b, c.worker.Output())
	}
	c.refuse.Store(0)
	mustDrain(t, c.Stack, c.worker)
	// An event that it rejects for good: a dead letter.
	c.refuse.Store(400)
	c.deliver(t, canaryRequest(6, canaryToken), 202)
	c.drain(t, 1)
	c.refuse.Store(0)
	// An alert that never arrived, found in the event stream.
	who := canaryName + " <" + canaryMail + "> from " + canaryIP
	c.Datadog.AddEvent(fakedatadog.Event{
		Title: "[Triggered] Login fails for " + who, Text: "@webhook-boomerang " + who, AlertType: "error", Tags: []string{"monitor", "user:" + canaryMail},
		DateHappened: time.Now().Add(-10 * time.Minute).Unix(), MonitorID: 4711, SourceTypeName: "alert", Host: canaryIP,
	})
	if _, err := c.finder.Invoke(e2e.Scheduled, timeout); err != nil {
		t.Fatalf("%v; it wrote %s", err, c.finder.Output())
	}
	c.drain(t, 0)
}

// drain redelivers until the queue is empty and takes the dead letters, which must be so many.
func (c *canary) drain(t *testing.T, dead int) {
	t.Helper()
	if err := c.Drain(c.worker, limit, timeout); err != nil {
		t.Fatal(err)
	}
	if letters := c.Take(c.DeadLetters); len(letters) != dead {
		t.Fatalf("%d dead letters, want %d; the worker wrote %s", len(letters), dead, c.worker.Output())
	}
}

// TestCanary sends secrets and people's data along every path. Secrets are nowhere, and
// people's data only where the alert itself is shown.
func TestCanary(t *testing.T) {
	t.Parallel()
	c := newCanary(t, nil)
	c.travel(t)
	logs, telemetry, posted := c.mustHide(t)
	mustSay(t, "an event", posted, canaryName)
	mustSay(t, "a log", logs,
		`"alert_id":"8306000000000000001"`, "Datadog refused to create the event (403 Forbidden)", "Datadog could not be reached to list events", `"dd.trace_id":"`)
	mustSay(t, "traces and metrics", telemetry,
		"boomerang.posted:1|d|#enrichment:complete,playbook:default,transition:triggered", "boomerang.reconciled:1|d", "alert_id")
}

// mustHide fails if a secret is anywhere, or people's data where no alert is shown.
func (c *canary) mustHide(t *testing.T) (logs, telemetry, posted string) {
	t.Helper()
	events, _ := json.Marshal(c.Datadog.Posted()) // Texts always marshal.
	var messages strings.Builder
	for _, call := range c.AWS.Calls("SQS", "SendMessage") {
		messages.Write(call.Body)
	}
	logs, telemetry, posted = c.webhook.Output()+c.worker.Output()+c.finder.Output(), c.extension.Said(t), string(events)
	for place, said := range map[string]string{
		"the logs": logs, "traces and metrics": telemetry, "the answers": c.answers.String(), "the events": posted, "the queues": messages.String(),
	} {
		mustLack(t, place, said, canarySecrets...)
	}
	mustLack(t, "the logs", logs, canaryPeople...)
	mustLack(t, "traces and metrics", telemetry, canaryPeople...)
	mustLogJSON(t, c.webhook)
	mustLogJSON(t, c.worker)
	return logs, telemetry, posted
}

func mustSay(t *testing.T, place, said string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(said, word) {
			t.Errorf("%q is not in %s: %s", word, place, said)
		}
	}
}

func mustLack(t *testing.T, place, said string, words ...string) {
	t.Helper()
	for _, word := range words {
		if at := strings.Index(strings.ToLower(said), strings.ToLower(word)); at >= 0 {
			t.Errorf("%q is in %s: …%s…", word, place, said[max(0, at-200):min(len(said), at+200)])
		}
	}
}

// TestTrace shows that an alert is one trace, from the webhook through the queue to its event.
//
// A function waits only briefly for the extension, which a busy machine may exceed. So this
// test does not run in parallel, and has three rounds.
func TestTrace(t *testing.T) {
	var wrong []string
	for round := range 3 {
		if wrong = trace(t); len(wrong) == 0 {
			return
		}
		t.Logf("round %d: %s", round, wrong[0])
	}
	t.Error(strings.Join(wrong, "\n"))
}

// trace returns what is wrong with the trace of one alert.
func trace(t *testing.T) (wrong []string) {
	t.Helper()
	s, extension := e2e.New(t), agenttest.New(t)
	s.AddMonitors(4711)
	s.Install(extension)
	webhook := s.Start(e2e.Webhook, map[string]string{"INTAKE": "queue"})
	mustDeliver(t, webhook, e2e.Alert{ID: 1}, "queued")
	first := extension.Spans(t)
	worker := s.Start(e2e.Redeliver, nil)
	mustDrain(t, s, worker)
	mustPost(t, s, map[int64]int{1: 1})

	second := extension.Spans(t)
	story := first[agenttest.Root].TraceID
	for name, spans := range map[string]map[string]agenttest.Span{
		"authenticate": first, "decode": first, agenttest.Root: second, "message": second,
		"claim": second, "monitor": second, "related_events": second, "compose": second, "post": second, "complete": second,
	} {
		if s, ok := spans[name]; !ok || s.TraceID != story {
			wrong = append(wrong, fmt.Sprintf("the span %s of trace %d is %+v", name, story, s))
		}
	}
	if second[agenttest.Root].Meta["cold_start"] != "true" || second["message"].ParentID != second[agenttest.Root].SpanID {
		wrong = append(wrong, fmt.Sprintf("the worker's spans are %+v, %+v", second[agenttest.Root], second["message"]))
	}
	for name, f := range map[string]*e2e.Instance{"webhook": webhook, "worker": worker} {
		if want := fmt.Sprintf(`"dd.trace_id":"%d"`, story); !strings.Contains(f.Output(), want) {
			wrong = append(wrong, fmt.Sprintf("the %s does not name its trace: %s", name, f.Output()))
		}
	}
	said := strings.Join(extension.Lines(t), "\n")
	for _, name := range []string{"boomerang.delay", "boomerang.posted", "boomerang.queued", "boomerang.received", "boomerang.step.duration"} {
		if !strings.Contains(said, name+":") {
			wrong = append(wrong, fmt.Sprintf("%s is missing in %s", name, said))
		}
	}
	return wrong
}
