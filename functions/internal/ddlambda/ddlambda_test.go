package ddlambda

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"
	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace/mocktracer"
	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace/tracer"

	"boomerang/functions/internal/ddlambda/agenttest"
	"boomerang/shared/fault"
	"boomerang/shared/telemetry"
)

// TestMain runs the tests again beside an installed extension, where that is possible.
func TestMain(m *testing.M) {
	if _, err := os.Stat(extensionPath); err == nil || agenttest.Command("true").Run() != nil {
		os.Exit(m.Run())
	}
	command := agenttest.Command(os.Args[0], os.Args[1:]...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if command.Run() != nil {
		os.Exit(1)
	}
}

// current is the handler of the test that runs. The library is wrapped once, as in a
// function, because it starts its tracer only once.
var current lambda.Handler

type dispatcher struct{}

func (dispatcher) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return current.Invoke(ctx, payload)
}

var wrapOnce = sync.OnceValues(func() (lambda.Handler, error) {
	extensionHost = agenttest.Host
	lambdacontext.FunctionName = "Boomerang"
	return Wrap(dispatcher{}, slog.New(slog.NewTextHandler(os.Stderr, nil)))
})

// wrap returns a wrapped handler and the agent it reports to.
func wrap[In, Out any](t *testing.T, handle func(context.Context, In) (Out, error), fault ...agenttest.Fault) (lambda.Handler, *agenttest.Agent) {
	t.Helper()
	agenttest.Require(t)
	agent := agenttest.New(t, fault...)
	w, err := wrapOnce()
	if err != nil {
		t.Fatal(err)
	}
	current = lambda.NewHandler(handle)
	return w, agent
}

func invoke(t *testing.T, h lambda.Handler, payload string, limit time.Duration) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{
		AwsRequestID: "id-1", InvokedFunctionArn: "arn:aws:lambda:eu-west-1:1:function:Boomerang",
	}), limit)
	defer cancel()
	//lint:ignore SA1029 aws-lambda-go has the same key.
	ctx = context.WithValue(ctx, "x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0")
	out, err := h.Invoke(ctx, []byte(payload))
	return string(out), err
}

type (
	request  = events.LambdaFunctionURLRequest
	response = events.LambdaFunctionURLResponse
)

const urlEvent = `{"version":"2.0","headers":{"host":"a.lambda-url.eu-west-1.on.aws","x-webhook-token":"the-token"},` +
	`"requestContext":{"requestId":"r","http":{"method":"POST","path":"/"}},"body":"alert text"}`

// work has two spans, of which one fails, and a metric.
func work(ctx context.Context, r request) (response, error) {
	telemetry.Tag(ctx, "outcome", "posted")
	inner, claim := telemetry.Start(ctx, "claim")
	_, step := telemetry.Start(inner, "step")
	step.Tag("resource.name", "monitor")
	step.End(fault.New(fault.Permanent, "Datadog rejected it", errors.New("private")))
	claim.End(nil)
	telemetry.Posted.Record(ctx, 1, "partial", "De,fault", "")
	return response{StatusCode: 200, Body: "<" + r.Body + ">"}, nil
}

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

func recovered(do func()) (p any) {
	defer func() { p = recover() }()
	do()
	return nil
}

// TestWrap_NoLateTrace holds the wait that the library's flush needs.
func TestWrap_NoLateTrace(t *testing.T) {
	h, agent := wrap(t, work)
	for i := range 100 {
		if _, err := invoke(t, h, urlEvent, time.Minute); err != nil {
			t.Fatal(err)
		}
		if got := len(agent.All(t)); got != 3*(i+1) {
			t.Fatalf("%d spans have arrived with answer %d, want %d", got, i+1, 3*(i+1))
		}
	}
}

func TestWrap_SpanOutlivesInvocation(t *testing.T) {
	var late *telemetry.Span
	h, agent := wrap(t, func(ctx context.Context, r request) (response, error) {
		_, late = telemetry.Start(ctx, "late")
		return work(ctx, r)
	})
	began := time.Now()
	if _, err := invoke(t, h, urlEvent, time.Minute); err != nil || time.Since(began) > tracesTimeout {
		t.Fatalf("took %v, %v", time.Since(began), err)
	}
	if agent.Spans(t)[agenttest.Root].SpanID == 0 {
		t.Error("the root waits for a span that has not ended")
	}
	late.End(nil)
	if _, err := invoke(t, h, urlEvent, time.Minute); err != nil || agent.Spans(t)["late"].SpanID == 0 {
		t.Errorf("the next invocation does not send the span, %v", err)
	}
}

func TestWrap_ExtensionFaults(t *testing.T) {
	for _, f := range agenttest.Faults {
		t.Run(string(f), func(t *testing.T) {
			h, _ := wrap(t, work, f)
			for range 2 {
				began := time.Now()
				out, err := invoke(t, h, urlEvent, time.Minute)
				if took := time.Since(began); err != nil || !strings.Contains(out, "<alert text>") || took > 3*time.Second {
					t.Errorf("got %s, %v after %v", out, err, took)
				}
			}
		})
	}
	// A busy machine may need more than the time-outs. Each round is a test of its own, because an agent runs until its test ends.
	var said string
	for round := range 5 {
		healthy := t.Run(fmt.Sprintf("healthy again %d", round), func(t *testing.T) {
			h, agent := wrap(t, work)
			_, err := invoke(t, h, urlEvent, time.Minute)
			if said = ""; err != nil || agent.Spans(t)["claim"].SpanID == 0 || len(agent.Lines(t)) != 1 {
				said = fmt.Sprintf("%s, %v", agent.Said(t), err)
			}
		})
		if healthy && said == "" {
			return
		}
	}
	t.Errorf("a healthy extension gets %s", said)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A response that comes after its invocation does not count as one for the next.
func TestTraceTransport_LateResponse(t *testing.T) {
	begun, release, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	traces := newTraceTransport(true)
	traces.RoundTripper = roundTripper(func(*http.Request) (*http.Response, error) {
		close(begun)
		<-release
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})
	traces.expect()
	go func() {
		defer close(done)
		r := httptest.NewRequest(http.MethodPost, "/v0.4/traces", http.NoBody)
		r.Header.Set("X-Datadog-Trace-Count", "1")
		_, _ = traces.RoundTrip(r) //nolint:bodyclose // It is empty.
	}()
	<-begun
	traces.wait(t.Context())

	traces.expect()
	close(release)
	<-done
	began := time.Now()
	traces.wait(t.Context())
	if took := time.Since(began); took < tracesTimeout {
		t.Errorf("waited %v for a span that was not sent, want %v", took, tracesTimeout)
	}
}

func TestWrap_Deadline(t *testing.T) {
	for name, holds := range map[string]func(*testing.T) (said string, ok bool){
		"leaves time to answer": answersInTime, "sends what has ended": reportsAtDeadline,
	} {
		t.Run(name, func(t *testing.T) {
			for round := 1; ; round++ { // A busy machine may need more than the margin.
				said, ok := holds(t)
				if ok {
					return
				}
				if round == 5 {
					t.Fatal(said)
				}
			}
		})
	}
}

// answersInTime says whether a handler that uses all its time is answered by the deadline.
func answersInTime(t *testing.T) (said string, ok bool) {
	t.Run("round", func(t *testing.T) {
		h, _ := wrap(t, func(ctx context.Context, _ request) (response, error) {
			<-ctx.Done()
			return response{}, nil
		}, agenttest.Hangs)
		const limit = 3 * time.Second
		began := time.Now()
		_, err := invoke(t, h, urlEvent, limit)
		said, ok = fmt.Sprintf("took %v, %v", time.Since(began), err), err == nil && time.Since(began) < limit
	})
	return said, ok
}

// reportsAtDeadline says whether a handler that ignores its deadline is reported by then.
func reportsAtDeadline(t *testing.T) (said string, ok bool) {
	t.Run("round", func(t *testing.T) {
		release := make(chan struct{})
		h, agent := wrap(t, func(ctx context.Context, r request) (response, error) {
			out, err := work(ctx, r)
			<-release
			return out, err
		})
		var invocation sync.WaitGroup
		invocation.Go(func() { _, _ = invoke(t, h, urlEvent, time.Second) })
		time.Sleep(time.Second)
		said, ok = agent.Said(t), agent.Spans(t)["claim"].SpanID != 0 && len(agent.Lines(t)) == 1
		close(release)
		invocation.Wait()
	})
	return said, ok
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
