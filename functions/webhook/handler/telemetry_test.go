package handler_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/pipeline"
	"boomerang/shared/telemetry/telemetrytest"
)

// names are the metrics of lines, and the tags of those whose tags are of the webhook's
// making.
func names(lines []string) []string {
	var out []string
	for _, line := range lines {
		name, rest, _ := strings.Cut(line, ":")
		if _, reason, ok := strings.Cut(rest, "#reason:"); ok {
			name += " " + reason
		}
		out = append(out, strings.TrimPrefix(name, "boomerang."))
	}
	return slices.Compact(out)
}

func TestHandler_Metrics(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*env)
		request events.LambdaFunctionURLRequest
		outcome string
		want    []string
	}{
		"posted":          {nil, post(torqBody), "posted", []string{"delay", "posted", "received", "step.duration"}},
		"a dry run":       {nil, with(post(torqBody), "x-dry-run", "true"), "dry_run", []string{"received", "step.duration"}},
		"a wrong token":   {nil, with(post(torqBody), "x-webhook-token", "x"), "unauthenticated", []string{"received", "rejected unauthenticated"}},
		"no JSON":         {nil, post("{"), "malformed", []string{"received", "rejected malformed"}},
		"no alert":        {nil, post("{}"), "invalid", []string{"received", "rejected invalid"}},
		"another path":    {nil, get("/"), "method_not_allowed", []string{"received", "rejected method_not_allowed"}},
		"health":          {nil, get("/health"), "healthy", nil},
		"unknown token":   {func(w *env) { w.tokens = heldBack{} }, post(torqBody), "unverified", []string{"received", "rejected unverified"}},
		"no tokens":       {func(w *env) { w.tokens = unknowable{} }, post(torqBody), "temporary", []string{"received", "rejected temporary"}},
		"Datadog is down": {func(w *env) { w.inject(fakedatadog.EventsCreate, fakedatadog.Status(503)) }, post(torqBody), "queued", []string{"queued temporary", "received", "step.duration"}},
		"Datadog and the queue are down": {
			func(w *env) { w.inject(fakedatadog.EventsCreate, fakedatadog.Status(503)); w.queue = nil }, post(torqBody), "temporary", []string{"received", "rejected temporary", "step.duration"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newEnv(t)
			if c.change != nil {
				c.change(w)
			}
			h := w.handler()
			e := telemetrytest.During(t, func(ctx context.Context) {
				if _, err := h.Handle(ctx, c.request); err != nil {
					t.Error(err)
				}
			})
			got := slices.DeleteFunc(names(e.Lines(t)), func(name string) bool { return name == "ratelimit.remaining" })
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
			spans := e.Spans(t)
			root := spans[telemetrytest.Root]
			if root.Meta["outcome"] != c.outcome {
				t.Errorf("the span says %v", root.Meta)
			}
			if c.outcome != "posted" {
				return
			}
			for _, name := range []string{"authenticate", "decode", "claim", "post"} {
				if spans[name].ParentID != root.SpanID || root.Meta["alert_id"] == "" {
					t.Errorf("the span %s is %+v, of %v", name, spans[name], root.Meta)
				}
			}
		})
	}
}

// A panic's value may hold what an alert says.
func TestHandler_Panic(t *testing.T) {
	var log bytes.Buffer
	h := &handler.Handler{
		Tokens: token{goodToken}, Logger: slog.New(slog.NewJSONHandler(&log, nil)),
		Run: func(_ context.Context, a alert.Alert) (pipeline.Outcome, error) { panic(a.Title) },
	}
	var answer string
	e := telemetrytest.During(t, func(ctx context.Context) {
		r, err := h.Handle(ctx, post(torqBody))
		if err != nil || r.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("got %d, %v", r.StatusCode, err)
		}
		answer = r.Body
	})
	for place, said := range map[string]string{"the log": log.String(), "the answer": answer, "telemetry": e.Said(t)} {
		if strings.Contains(said, "Checkout is slow") {
			t.Errorf("the alert's words are in %s: %s", place, said)
		}
	}
	if !strings.Contains(log.String(), "panic with a string") || !strings.Contains(log.String(), "telemetry_test.go") {
		t.Errorf("the log does not say where it happened: %s", log.String())
	}
}
