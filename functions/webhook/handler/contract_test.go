package handler_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/ledger"
	"boomerang/shared/pipeline"
)

func TestHandler_Posted(t *testing.T) {
	w := newEnv(t)
	h := w.handler()
	r := handle(t, h, post(torqBody))
	got := fields(t, r.Body)
	if r.StatusCode != http.StatusOK || r.Headers["content-type"] != "application/json" || got["status"] != "posted" || got["playbook"] != "default" {
		t.Fatalf("got %d %v %s", r.StatusCode, r.Headers, r.Body)
	}
	e := got["event"].(map[string]any)
	if len(w.datadog.Posted()) != 1 || e["id"] == "" || !strings.HasPrefix(e["url"].(string), "https://") {
		t.Errorf("posted %d, the answer names %v", len(w.datadog.Posted()), e)
	}
	var names []string
	for _, s := range got["steps"].([]any) {
		s := s.(map[string]any)
		names = append(names, s["name"].(string))
		if s["status"] == "" || s["duration_ms"] == nil {
			t.Errorf("got step %v", s)
		}
	}
	if diff := cmp.Diff([]string{"metric", "monitor", "related_events", "suspects"}, names); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}

	again := handle(t, h, post(torqBody))
	want := map[string]any{"status": "duplicate", "event": e, "guessed": got["guessed"]}
	if diff := cmp.Diff(want, fields(t, again.Body)); again.StatusCode != http.StatusOK || diff != "" || len(w.datadog.Posted()) != 1 {
		t.Errorf("a repeated delivery: %d, %d posted (-want +got):\n%s", again.StatusCode, len(w.datadog.Posted()), diff)
	}
}

func TestHandler_DryRun(t *testing.T) {
	w := newEnv(t)
	h := w.handler()
	r := handle(t, h, with(post(torqBody), "x-dry-run", "true"))
	got := fields(t, r.Body)
	if r.StatusCode != http.StatusOK || got["status"] != "dry_run" || got["steps"] == nil {
		t.Fatalf("got %d %s", r.StatusCode, r.Body)
	}
	e := got["event"].(map[string]any)
	if e["title"] != "[P1] [Triggered] Checkout is slow" || e["aggregation_key"] != "c-1" || e["alert_type"] != "error" || len(w.datadog.Posted()) > 0 {
		t.Errorf("got %v, posted %d", e, len(w.datadog.Posted()))
	}
	// A dry run leaves no trace: the alert itself still goes through.
	if got := fields(t, handle(t, h, post(torqBody)).Body); got["status"] != "posted" {
		t.Errorf("after the dry run: %v", got)
	}
}

// The answer and the log name what the payload does not say for certain, in words of ours.
func TestHandler_Guessed(t *testing.T) {
	const words = `"title":"[Triggered] Checkout is slow","link":"https://app.datadoghq.com/event/event?id=8306082300000000001","metadata":{"date":"a secret day","org_id":"1"}`
	w := newEnv(t)
	h := w.handler()
	body := "{" + words + "}"
	for _, answer := range []events.LambdaFunctionURLResponse{
		handle(t, h, with(post(body), "x-dry-run", "true")), handle(t, h, post(body)), handle(t, h, post(body)),
	} {
		got := fields(t, answer.Body)
		guessed, _ := got["guessed"].(map[string]any)
		if guessed["identity"] != "link" || guessed["state"] != "title" || !cmp.Equal(got["unreadable"], []any{"date"}) {
			t.Errorf("answered %s", answer.Body)
		}
	}
	for record := range strings.Lines(w.log.String()) {
		text, _ := fields(t, record)["guessed"].(string)
		if !strings.Contains(text, "identity:link") || !strings.Contains(text, "state:title") || strings.Contains(record, "Checkout") || strings.Contains(record, "secret") {
			t.Errorf("logged %s", record)
		}
	}
	plain := post(`{"id":"8306082300000000001","link":"https://app.datadoghq.com/event/event?id=8306082300000000001","title":"x","alert_transition":"Triggered","alert_priority":"P1","alert_scope":"host:a","alert_id":"1"}`)
	w.log.Reset()
	answer := handle(t, h, plain)
	if got := fields(t, answer.Body); got["guessed"] != nil || got["unreadable"] != nil || strings.Contains(w.log.String(), "guessed") {
		t.Errorf("answered %s, logged %s", answer.Body, w.log.String())
	}
	w.inject(fakedatadog.EventsCreate, "status:500")
	for payload, want := range map[string]map[string]any{
		`{"title":"y"}`:                 {"status": "queued"},
		`{"title":"z","date":"monday"}`: {"status": "queued", "unreadable": []any{"date"}},
	} {
		queued := handle(t, h, post(payload))
		if diff := cmp.Diff(want, fields(t, queued.Body)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestHandler_Outcomes(t *testing.T) {
	const ownEvent = `{"id":"1","title":"x","tags":"env:prod,boomerang,playbook:default,enrichment:none"}`
	fails := func(fault fakedatadog.Fault) func(*env) {
		return func(e *env) {
			e.inject(fakedatadog.EventsCreate, fault)
			e.inject(fakedatadog.EventsCreateV2, fault)
		}
	}
	busy := func(e *env) {
		a, err := alert.Decode([]byte(torqBody))
		if err != nil {
			e.t.Fatal(err)
		}
		e.ledger[a.Key()] = ledger.Claim{State: ledger.Busy, Until: time.Now().Add(10 * time.Second)}
	}
	noQueue := func(e *env) { fails("status:500")(e); e.queue = nil }
	brokenQueue := func(e *env) { fails("status:500")(e); e.queue = &sent{err: errors.New("connection refused")} }
	for name, c := range map[string]struct {
		change func(*env)
		body   string
		status int
		want   string // the answer's status
		posted int
		queued int
	}{
		"posted":                  {nil, torqBody, 200, "posted", 1, 0},
		"ignored":                 {nil, ownEvent, 200, "ignored", 0, 0},
		"Datadog answers 500":     {fails("status:500"), torqBody, 202, "queued", 0, 1},
		"Datadog answers 503":     {fails("status:503"), torqBody, 202, "queued", 0, 1},
		"Datadog limits the rate": {fails("rate-limited"), torqBody, 202, "queued", 0, 1},
		"Datadog hangs up":        {fails("reset"), torqBody, 202, "queued", 0, 1},
		"Datadog answers 403":     {fails("forbidden"), torqBody, 202, "queued", 0, 1},
		"Datadog answers 400":     {fails("status:400"), torqBody, 202, "queued", 0, 1},
		"another run's claim":     {busy, torqBody, 202, "queued", 0, 1},
		"no queue":                {noQueue, torqBody, 503, "", 0, 0},
		"a queue that fails":      {brokenQueue, torqBody, 503, "", 0, 0},
		"tokens unknown":          {func(e *env) { e.tokens = unknowable{} }, torqBody, 503, "", 0, 0},
		"an unverified token":     {func(e *env) { e.tokens = heldBack{} }, torqBody, 503, "", 0, 0},
	} {
		for api, source := range apis {
			t.Run(name+"/"+string(api), func(t *testing.T) {
				e := newEnv(t)
				e.source = source
				if c.change != nil {
					c.change(e)
				}
				h := e.handler()
				r := handle(t, h, post(c.body))
				if isHeldBack := name == "an unverified token"; isHeldBack != (r.Headers["retry-after"] == "5") || isHeldBack && strings.Contains(e.log.String(), `"ERROR"`) {
					t.Errorf("Retry-After is %q, logged %s", r.Headers["retry-after"], e.log.String())
				}
				if c.status == http.StatusServiceUnavailable {
					mustBeProblem(t, r, c.status)
				} else if got := fields(t, r.Body); r.StatusCode != c.status || got["status"] != c.want || (got["reason"] != nil) != (c.want == "ignored") {
					t.Errorf("got %d %s", r.StatusCode, r.Body)
				}
				queued := 0
				if q, ok := e.queue.(*sent); ok {
					queued = len(q.messages)
				}
				if posted := len(e.datadog.Posted()); posted != c.posted || queued != c.queued {
					t.Errorf("%d posted and %d queued", posted, queued)
				}
				if name == "no queue" {
					// The sender's retry must not be taken for a duplicate.
					e.datadog.ClearFaults()
					if got := fields(t, handle(t, h, post(c.body)).Body); got["status"] != "posted" {
						t.Errorf("the second delivery: %v", got)
					}
				}
			})
		}
	}
}

// A status that the handler does not know must not look like a posted alert.
func TestHandler_UnknownStatus(t *testing.T) {
	for _, status := range []pipeline.Status{"", "invented", "healthy"} {
		var log bytes.Buffer
		run := func(context.Context, alert.Alert) (pipeline.Outcome, error) {
			return pipeline.Outcome{Status: status}, nil
		}
		h := &handler.Handler{Tokens: token{goodToken}, Run: run, Logger: slog.New(slog.NewJSONHandler(&log, nil))}
		mustBeProblem(t, handle(t, h, post(torqBody)), http.StatusServiceUnavailable)
		if got := fields(t, log.String()); got["outcome"] != "internal" || got["level"] != "ERROR" {
			t.Errorf("logged %v", got)
		}
	}
}

func TestHandler_Health(t *testing.T) {
	for _, path := range []string{"/health", "/health/"} {
		if r := handle(t, newEnv(t).handler(), get(path)); r.StatusCode != 200 || r.Body != `{"status":"ok"}` {
			t.Errorf("%s: got %d %s", path, r.StatusCode, r.Body)
		}
	}
}

func mustBeProblem(t *testing.T, r events.LambdaFunctionURLResponse, status int) map[string]any {
	t.Helper()
	if r.StatusCode != status || r.Headers["content-type"] != "application/problem+json" {
		t.Fatalf("got %d %v %s, want a problem of status %d", r.StatusCode, r.Headers, r.Body, status)
	}
	p := fields(t, r.Body)
	if p["type"] != "about:blank" || p["title"] != http.StatusText(status) || p["status"] != float64(status) || p["detail"] == "" {
		t.Errorf("not an RFC 9457 problem: %s", r.Body)
	}
	return p
}

func TestHandler_FailedSteps(t *testing.T) {
	w := newEnv(t)
	w.inject("monitor.get", "status:500")
	for _, route := range []fakedatadog.Route{"events.list", "events.search", "catalog.relations", "metrics.query"} {
		w.inject(route, fakedatadog.Corrupt)
	}
	r := handle(t, w.handler(), post(torqBody))
	if r.StatusCode != http.StatusOK || !alert.Tags(w.datadog.Posted()[0].Event.Tags).Has("enrichment:none") {
		t.Fatalf("got %d %s, posted %v", r.StatusCode, r.Body, w.datadog.Posted()[0].Event.Tags)
	}
	for _, s := range fields(t, r.Body)["steps"].([]any) {
		if step := s.(map[string]any); step["error"] == "" || step["status"] != "failed" && step["name"] != "metric" { // The alert has no query.
			t.Errorf("step %v", step)
		}
	}
}

func TestHandler_LogRedacts(t *testing.T) {
	for name, request := range map[string]events.LambdaFunctionURLRequest{
		"posted": post(torqBody), "refused": with(post(torqBody), "x-webhook-token", "wrong-token"), "malformed": post(`{"id":"secret-words`),
	} {
		t.Run(name, func(t *testing.T) {
			w := newEnv(t)
			handle(t, w.handler(), request)
			if n := strings.Count(w.log.String(), "\n"); n != 1 {
				t.Errorf("%d records: %s", n, w.log.String())
			}
			for _, secret := range []string{goodToken, "wrong-token", fakedatadog.DefaultAPIKey, fakedatadog.DefaultAppKey, "Checkout is slow", "secret-words"} {
				if strings.Contains(w.log.String(), secret) {
					t.Errorf("the record holds %q: %s", secret, w.log.String())
				}
			}
		})
	}
}
