package ddlambda

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"
	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace/mocktracer"
	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace/tracer"

	"boomerang/functions/internal/ddlambda/agenttest"
	"boomerang/shared/fault"
	"boomerang/shared/telemetry"
)

func TestWrap_Invocation(t *testing.T) {
	h, agent := wrap(t, work)
	for range 2 {
		out, err := invoke(t, h, urlEvent, time.Minute)
		if err != nil || !strings.Contains(out, `"statusCode":200`) || !strings.Contains(out, "<alert text>") {
			t.Fatalf("got %s, %v", out, err)
		}
	}
	starts, ends := agent.Calls(agenttest.Start), agent.Calls(agenttest.End)
	if len(starts) != 2 || len(ends) != 2 || starts[0].Header.Get("lambda-runtime-aws-request-id") != "id-1" {
		t.Fatalf("%d starts, %d ends", len(starts), len(ends))
	}
	if string(ends[1].Body) != `{"statusCode":200}` || ends[1].Header.Get("x-datadog-invocation-error") != "" {
		t.Errorf("the end is %s %v", ends[1].Body, ends[1].Header)
	}
	spans := agent.Spans(t)
	root, claim, step := spans[agenttest.Root], spans["claim"], spans["monitor"]
	if len(agent.All(t)) != 6 || root.Name != "aws.lambda" || root.Service != "aws.lambda" || root.Meta["request_id"] != "id-1" || root.Meta["outcome"] != "posted" || root.ParentID != 0 {
		t.Errorf("the root is %+v, of %d spans", root, len(agent.All(t)))
	}
	if got := ends[1].Header.Get("x-datadog-trace-id"); got != strconv.FormatUint(root.TraceID, 10) {
		t.Errorf("the end is of trace %s, the root of %d", got, root.TraceID)
	}
	if claim.ParentID != root.SpanID || step.ParentID != claim.SpanID || step.TraceID != root.TraceID || claim.Name != "boomerang.claim" || claim.Error != 0 {
		t.Errorf("the spans are %+v, %+v, %+v", root, claim, step)
	}
	if step.Error != 1 || step.Meta["error.type"] != "refused" || step.Meta["error.message"] != "Datadog rejected it" || step.Meta["error.stack"] != "" {
		t.Errorf("the failed span is %+v", step)
	}
	cold := []string{}
	for _, s := range agent.All(t) {
		if s.Resource == agenttest.Root {
			cold = append(cold, s.Meta["cold_start"])
		}
	}
	if cold[1] != "false" {
		t.Errorf("cold starts: %v", cold)
	}
	line := "boomerang.posted:1|d|#enrichment:partial,playbook:de_fault"
	if diff := cmp.Diff([]string{line, line}, agent.Lines(t)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	for _, private := range []string{"the-token", "alert text", "private"} {
		if strings.Contains(agent.Said(t), private) {
			t.Errorf("the extension sees %q", private)
		}
	}
}

func TestWrap_WrongEvent(t *testing.T) {
	h, _ := wrap(t, work)
	if out, err := invoke(t, h, `{"headers":7}`, time.Minute); err == nil {
		t.Errorf("got %s", out)
	}
}

func TestWrap_Failure(t *testing.T) {
	long := strings.Repeat("ü", maxMessage)
	for name, tt := range map[string]struct {
		handle  func(context.Context, request) (response, error)
		message string
		panics  bool
	}{
		"fault": {func(context.Context, request) (response, error) {
			return response{}, fault.New(fault.Permanent, "two\nlines", nil)
		}, "refused: two lines", false},
		"foreign error": {func(context.Context, request) (response, error) { return response{}, errors.New("private") }, "internal: something went wrong inside Boomerang", false},
		"long message": {func(context.Context, request) (response, error) {
			return response{}, fault.New(fault.Permanent, long, nil)
		}, "refused: " + long[:maxMessage-10], false},
		"runtime panic": {func(_ context.Context, r request) (response, error) {
			return response{Body: r.Body[len(r.Body)+1:]}, nil
		}, "panic: panic: runtime error: slice bounds out of range [11:10]", true},
		"text panic": {func(_ context.Context, r request) (response, error) { panic(r.Body) }, "panic: panic with a string", true},
	} {
		t.Run(name, func(t *testing.T) {
			h, agent := wrap(t, func(ctx context.Context, r request) (response, error) {
				_, span := telemetry.Start(ctx, "before")
				span.End(nil)
				return tt.handle(ctx, r)
			})
			raised := recovered(func() {
				if _, err := invoke(t, h, urlEvent, time.Minute); err == nil {
					t.Error("the error is lost")
				}
			})
			if (raised != nil) != tt.panics {
				t.Errorf("raised %v", raised)
			}
			ends := agent.Calls(agenttest.End)
			if len(ends) != 1 || ends[0].Header.Get("x-datadog-invocation-error") != "true" || ends[0].Header.Get("x-datadog-invocation-error-msg") != tt.message {
				t.Fatalf("the end is %v", ends)
			}
			spans := agent.Spans(t)
			root := spans[agenttest.Root]
			if root.Error != 1 || root.Meta["error.message"] != tt.message || strings.Contains(root.Meta["error.stack"], "ddlambda_test.go") != tt.panics {
				t.Errorf("the root is %+v", root)
			}
			if spans["before"].SpanID == 0 {
				t.Error("the span that ended before is lost")
			}
		})
	}
}

func TestWrap_NotWrapped(t *testing.T) {
	defer func(path string) { extensionPath = path }(extensionPath)
	extensionPath = t.TempDir() + "/none"
	plain := lambda.NewHandler(work)
	if h, err := Wrap(plain, nil); h != plain || err != nil {
		t.Errorf("got %T, %v", h, err)
	}
}

func TestWrap_SeveralInvocationsAtOnce(t *testing.T) {
	defer func(path string) { extensionPath = path }(extensionPath)
	extensionPath = os.Args[0]
	t.Setenv("AWS_LAMBDA_MAX_CONCURRENCY", "2")
	if _, err := Wrap(lambda.NewHandler(work), nil); err == nil || !strings.Contains(err.Error(), "AWS_LAMBDA_MAX_CONCURRENCY") {
		t.Errorf("got %v", err)
	}
}

// upstream is a trace of 128 bits, other one of 64.
var (
	upstream = map[string]string{
		"x-datadog-trace-id": "2684756524522091840", "x-datadog-parent-id": "7431398482019833808",
		"x-datadog-sampling-priority": "2", "x-datadog-tags": "_dd.p.dm=-4,_dd.p.tid=66b2c0ff00000000",
	}
	other = map[string]string{"x-datadog-trace-id": "77", "x-datadog-parent-id": "78", "x-datadog-sampling-priority": "1"}
)

// batch is an SQS event with a message for each trace.
func batch(t *testing.T, traces ...map[string]string) string {
	t.Helper()
	var event events.SQSEvent
	for i, headers := range traces {
		carrier, err := json.Marshal(headers)
		if err != nil {
			t.Fatal(err)
		}
		text := string(carrier)
		event.Records = append(event.Records, events.SQSMessage{
			MessageId: strconv.Itoa(i), EventSource: "aws:sqs",
			MessageAttributes: map[string]events.SQSMessageAttribute{"_datadog": {DataType: "String", StringValue: &text}},
		})
	}
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return string(payload)
}

func TestContinue(t *testing.T) {
	var headers map[string]string
	var log bytes.Buffer
	logger := slog.New(telemetry.NewLogHandler(slog.NewJSONHandler(&log, nil)))
	h, agent := wrap(t, func(ctx context.Context, event events.SQSEvent) (any, error) {
		for _, r := range event.Records {
			var trace map[string]string
			_ = json.Unmarshal([]byte(*r.MessageAttributes["_datadog"].StringValue), &trace)
			inner, span := telemetry.Continue(ctx, "message", trace)
			span.Tag("resource.name", "message "+r.MessageId)
			_, claim := telemetry.Start(inner, "claim")
			claim.Tag("resource.name", "claim "+r.MessageId)
			headers = telemetry.Headers(inner)
			logger.InfoContext(inner, "m")
			claim.End(nil)
			span.End(nil)
		}
		return nil, nil
	})
	invalid := map[string]string{"x-datadog-trace-id": "-1", "x-datadog-tags": "=,_dd.p.tid=x"}
	if _, err := invoke(t, h, batch(t, other, other, nil, invalid, upstream), time.Minute); err != nil {
		t.Fatal(err)
	}
	spans := agent.Spans(t)
	root := spans[agenttest.Root]
	if root.TraceID != 77 {
		t.Errorf("the invocation does not continue its first message's trace: %+v", root)
	}
	for _, message := range []string{"message 0", "message 1", "message 2", "message 3"} {
		if s := spans[message]; s.TraceID != 77 || s.ParentID != root.SpanID || s.Meta["_dd.span_links"] != "" {
			t.Errorf("%s is %+v", message, s)
		}
	}
	last, claim := spans["message 4"], spans["claim 4"]
	if last.TraceID != 2684756524522091840 || last.ParentID != 7431398482019833808 || last.Metrics["_sampling_priority_v1"] != 2 ||
		last.Meta["_dd.p.tid"] != "66b2c0ff00000000" || claim.TraceID != last.TraceID || claim.ParentID != last.SpanID {
		t.Errorf("the message of another trace is %+v, %+v", last, claim)
	}
	if want := fmt.Sprintf(`[{"span_id":"%016x","trace_id":"%032x"}]`, root.SpanID, 77); last.Meta["_dd.span_links"] != want {
		t.Errorf("its tags are %v, want the link %s", last.Meta, want)
	}
	want := map[string]string{"x-datadog-trace-id": upstream["x-datadog-trace-id"], "x-datadog-parent-id": strconv.FormatUint(last.SpanID, 10), "x-datadog-sampling-priority": "2"}
	for name, value := range want {
		if headers[name] != value {
			t.Errorf("the headers say %s: %q, want %q", name, headers[name], value)
		}
	}
	if !strings.Contains(headers["x-datadog-tags"], "_dd.p.tid=66b2c0ff00000000") {
		t.Errorf("the headers are %v", headers)
	}
	for _, id := range []string{`"dd.trace_id":"77"`, `"dd.trace_id":"66b2c0ff0000000025422bd5a88d3540"`, fmt.Sprintf(`"dd.span_id":"%d"`, last.SpanID)} {
		if !strings.Contains(log.String(), id) {
			t.Errorf("the log has no %s: %s", id, log.String())
		}
	}
}

func TestInvocationError_IsNotBase64(t *testing.T) {
	// The extension decodes a message that it takes for base64.
	if _, err := base64.StdEncoding.DecodeString(redacted(errors.New("x")).Error()); err == nil {
		t.Error("the message can be decoded")
	}
}

func TestBackend_TracingOff(t *testing.T) {
	mocktracer.Start().Stop() // It stops the library's tracer for this test.
	t.Cleanup(func() {
		if w, err := wrapOnce(); err == nil {
			options := tracerOptions(w.(*wrapper).backend.traces, slog.New(slog.DiscardHandler))
			tracer.Start(append(options, tracer.WithService("aws.lambda"))...)
		}
	})
	b := backend{traces: newTraceTransport(true), metrics: &logMetrics{out: os.Stdout}}
	ctx, s := b.StartSpan(t.Context(), "claim", other)
	_, inner := b.StartSpan(ctx, "step", nil)
	inner.SetTag("a", "b")
	inner.Finish(nil)
	s.Finish(&telemetry.Failure{Kind: "temporary", Message: "throttled"})
	s.IDs()
	if len(s.Headers()) != 0 || b.traces.pending != 0 {
		t.Errorf("headers %v, %d spans to send", s.Headers(), b.traces.pending)
	}
}
