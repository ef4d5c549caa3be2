package telemetry_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fault"
	"boomerang/shared/telemetry"
	"boomerang/shared/telemetry/telemetrytest"
)

type (
	request = events.LambdaFunctionURLRequest
	answer  = events.LambdaFunctionURLResponse
)

// urlEvent is a request of a Function URL as Lambda hands it over.
const urlEvent = `{"version":"2.0","rawPath":"/","headers":{"host":"a.lambda-url.eu-west-1.on.aws","x-webhook-token":"the-token"},
"requestContext":{"accountId":"1","apiId":"a","domainName":"a.lambda-url.eu-west-1.on.aws","requestId":"r","timeEpoch":1,
"http":{"method":"POST","path":"/","protocol":"HTTP/1.1","sourceIp":"192.0.2.7","userAgent":"Datadog"}},"body":"the alert's words","isBase64Encoded":false}`

// invoke runs one invocation, which has time enough.
func invoke(t *testing.T, h lambda.Handler, id, payload string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{
		AwsRequestID: id, InvokedFunctionArn: "arn:aws:lambda:eu-west-1:1:function:Boomerang:live",
	}), time.Minute)
	defer cancel()
	out, err := h.Invoke(ctx, []byte(payload))
	return string(out), err
}

// works is a handler with two spans, one of which failed, and a metric.
func works(ctx context.Context, _ request) (answer, error) {
	telemetry.Tag(ctx, "outcome", "posted")
	inner, claim := telemetry.Start(ctx, "claim")
	_, step := telemetry.Start(inner, "step")
	step.Tag("resource.name", "monitor")
	step.End(fault.New(fault.Permanent, "Datadog refused", errors.New("private")))
	claim.End(nil)
	telemetry.Posted.Record(ctx, 1, "partial", "De,fault", "")
	return answer{StatusCode: 200, Body: "<told>"}, nil
}

func TestWrap_tells_the_extension_all_of_an_invocation(t *testing.T) {
	lambdacontext.FunctionName, lambdacontext.FunctionVersion = "Boomerang", "7"
	t.Cleanup(func() { lambdacontext.FunctionName, lambdacontext.FunctionVersion = "", "" })
	extension := telemetrytest.New(t)
	h := telemetry.WrapFor(extension.Where(), works)
	out, err := invoke(t, h, "id-1", urlEvent)
	if err != nil || !strings.Contains(out, `"statusCode":200`) || !strings.Contains(out, "<told>") {
		t.Fatalf("the answer became %s, %v", out, err)
	}
	// Packets do not keep their place among requests; that metrics go before the end is
	// seen elsewhere.
	var kinds []telemetrytest.Kind
	for _, c := range extension.Calls(t) {
		if c.Kind != telemetrytest.Metrics {
			kinds = append(kinds, c.Kind)
		}
	}
	slices.Sort(kinds[min(1, len(kinds)):]) // Those two go side by side.
	if diff := cmp.Diff([]telemetrytest.Kind{"start-invocation", "end-invocation", "traces"}, kinds); diff != "" {
		t.Fatalf("requests (-want +got):\n%s", diff)
	}
	if id := extension.Of(t, telemetrytest.Start)[0].Header.Get("lambda-runtime-aws-request-id"); id != "id-1" {
		t.Errorf("it began with the request %s", id)
	}

	spans := extension.Spans(t)
	root, claim, step := spans[telemetrytest.Root], spans["claim"], spans["monitor"]
	end := extension.Of(t, telemetrytest.End)[0]
	want := map[string]string{
		"lambda-runtime-aws-request-id": "id-1",
		"x-datadog-trace-id":            strconv.FormatUint(root.TraceID, 10),
		"x-datadog-span-id":             strconv.FormatUint(root.SpanID, 10),
		"x-datadog-sampling-priority":   "1",
		"x-datadog-parent-id":           "", // The extension knows the span above.
		"x-datadog-invocation-error":    "",
	}
	for name, value := range want {
		if got := end.Header.Get(name); got != value {
			t.Errorf("the end says %s: %q, want %q", name, got, value)
		}
	}
	if string(end.Body) != `{"statusCode":200}` {
		t.Errorf("the end's body is %s", end.Body)
	}
	if traces := extension.Of(t, telemetrytest.Traces)[0].Header; traces.Get("Datadog-Meta-Lang") != "go" {
		t.Errorf("the traces' headers are %v", traces)
	}

	wantMeta := map[string]string{
		"request_id": "id-1", "cold_start": "true", "outcome": "posted",
		"function_arn": "arn:aws:lambda:eu-west-1:1:function:boomerang", "function_version": "7",
		"functionname": "boomerang", "resource_names": "Boomerang",
	}
	if diff := cmp.Diff(wantMeta, root.Meta); diff != "" {
		t.Errorf("the root's tags (-want +got):\n%s", diff)
	}
	if root.Name != "aws.lambda" || root.Type != "serverless" || root.ParentID != 0 || root.Metrics["_sampling_priority_v1"] != 1 {
		t.Errorf("the root is %+v", root)
	}
	if claim.ParentID != root.SpanID || step.ParentID != claim.SpanID || claim.TraceID != root.TraceID || step.TraceID != root.TraceID {
		t.Errorf("the spans hang together as %+v, %+v, %+v", root, claim, step)
	}
	if len(claim.Meta)+len(claim.Metrics)+len(step.Metrics) > 0 {
		t.Errorf("what is said of the whole trace stands at more than its first span: %+v, %+v", claim, step)
	}
	if claim.Name != "boomerang.claim" || claim.Error || !step.Error || step.Duration > claim.Duration || claim.Duration > root.Duration || claim.Start.Before(root.Start) {
		t.Errorf("the spans are %+v, %+v", claim, step)
	}
	if diff := cmp.Diff(map[string]string{"error.type": "refused", "error.message": "Datadog refused"}, step.Meta); diff != "" {
		t.Errorf("the failed span's tags (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"boomerang.posted:1|d|#enrichment:partial,playbook:de_fault"}, extension.Lines(t)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func TestWrap_knows_a_cold_start_from_a_warm_one(t *testing.T) {
	extension := telemetrytest.New(t)
	h := telemetry.WrapFor(extension.Where(), works)
	for i, want := range []string{"true", "false"} {
		if _, err := invoke(t, h, "id", urlEvent); err != nil {
			t.Fatal(err)
		}
		if got := extension.Spans(t)[telemetrytest.Root].Meta["cold_start"]; got != want {
			t.Errorf("invocation %d has cold_start %q", i, got)
		}
	}
}

func TestWrap_does_nothing_without_the_extension(t *testing.T) {
	extension := telemetrytest.New(t)
	where := extension.Where()
	where.Path += "-not"
	h := telemetry.WrapFor(where, func(ctx context.Context, r request) (answer, error) {
		inner, span := telemetry.Start(ctx, "claim")
		if inner != ctx || span != nil || telemetry.Headers(ctx) != nil {
			t.Error("something is traced")
		}
		if n := testing.AllocsPerRun(100, func() { record(ctx) }); n != 0 {
			t.Errorf("it costs %v allocations", n)
		}
		return works(ctx, r)
	})
	if out, err := invoke(t, h, "id", urlEvent); err != nil || !strings.Contains(out, "<told>") {
		t.Errorf("the answer became %s, %v", out, err)
	}
	if calls := extension.Calls(t); len(calls) > 0 {
		t.Errorf("it was told %v", calls)
	}
}

func record(ctx context.Context) {
	inner, span := telemetry.Start(ctx, "claim")
	telemetry.Tag(inner, "a", "b")
	telemetry.Posted.Record(inner, 1, "complete", "default", "Triggered")
	span.End(nil)
}

// TestWrap_bears_an_extension_that_misbehaves: it costs time, and nothing else. How much
// is seen by a clock that does not depend on the machine; here it is less than all that
// the invocation has.
func TestWrap_bears_an_extension_that_misbehaves(t *testing.T) {
	t.Parallel()
	const has, most = 10 * time.Second, 3 * time.Second
	for _, bad := range telemetrytest.Misbehaviours {
		t.Run(string(bad), func(t *testing.T) {
			t.Parallel()
			h := telemetry.WrapFor(telemetrytest.New(t, bad).Where(), works)
			for range 2 {
				began := time.Now()
				ctx, cancel := context.WithTimeout(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "id"}), has)
				out, err := h.Invoke(ctx, []byte(urlEvent))
				cancel()
				if err != nil || !strings.Contains(string(out), "<told>") {
					t.Errorf("the answer became %s, %v", out, err)
				}
				if took := time.Since(began); took > most {
					t.Errorf("it took %v", took)
				}
			}
		})
	}
}

// once plays what a busy machine may spoil, and what goes wrong every time if the code
// is wrong, until it goes well. Each round gets a little more time than the one before,
// so that no rhythm of the machine meets all of them.
func once(t *testing.T, has time.Duration, round func(has time.Duration) bool) {
	t.Helper()
	const rounds, more = 20, 7 * time.Millisecond
	for i := range rounds {
		if round(has + time.Duration(i)*more) {
			return
		}
	}
	t.Errorf("it went wrong in all of %d rounds", rounds)
}

func TestWrap_leaves_time_to_answer(t *testing.T) {
	t.Parallel()
	extension := telemetrytest.New(t, telemetrytest.Hangs)
	h := telemetry.WrapFor(extension.Where(), works)
	once(t, 250*time.Millisecond, func(has time.Duration) bool {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), has)
		defer cancel()
		if _, err := h.Invoke(ctx, []byte(urlEvent)); err != nil {
			t.Error(err)
		}
		return time.Since(began) < has
	})
}

func TestWrap_reports_how_a_handler_failed(t *testing.T) {
	cause := fault.New(fault.Permanent, "the stream cannot be read", errors.New("the private cause"))
	for name, c := range map[string]struct {
		handle        func(context.Context, request) (answer, error)
		kind, message string
		stack         bool
	}{
		"an error":           {func(context.Context, request) (answer, error) { return answer{}, cause }, "refused", "the stream cannot be read", false},
		"an error of theirs": {func(context.Context, request) (answer, error) { return answer{}, errors.New("private") }, "internal", "something went wrong inside Boomerang", false},
		"a panic":            {func(_ context.Context, r request) (answer, error) { return answer{Body: r.Body[len(r.Body)+1:]}, nil }, "panic", "panic: runtime error: slice bounds out of range [18:17]", true},
		"a panic with words": {func(context.Context, request) (answer, error) { panic("the alert's words") }, "panic", "panic with a string", true},
	} {
		t.Run(name, func(t *testing.T) {
			extension := telemetrytest.New(t)
			h := telemetry.WrapFor(extension.Where(), func(ctx context.Context, r request) (answer, error) {
				_, span := telemetry.Start(ctx, "before")
				span.End(nil)
				return c.handle(ctx, r)
			})
			raised := func() (p any) {
				defer func() { p = recover() }()
				if _, err := invoke(t, h, "id", urlEvent); err == nil {
					t.Error("the error is gone")
				}
				return nil
			}()
			if (raised != nil) != c.stack {
				t.Errorf("it raised %v", raised)
			}
			end := extension.Of(t, telemetrytest.End)[0].Header
			if end.Get("x-datadog-invocation-error") != "true" || decoded(t, end, "type") != c.kind || decoded(t, end, "msg") != c.message {
				t.Errorf("the end says %q: %q", decoded(t, end, "type"), decoded(t, end, "msg"))
			}
			if stack := decoded(t, end, "stack"); strings.Contains(stack, "wrap_test.go") != c.stack {
				t.Errorf("the stack is %s", stack)
			}
			spans := extension.Spans(t)
			if root := spans[telemetrytest.Root]; !root.Error || root.Meta["error.type"] == "" {
				t.Errorf("the root is %+v", root)
			}
			if spans["before"].SpanID == 0 {
				t.Error("what ended before is lost")
			}
		})
	}
}

func decoded(t *testing.T, h http.Header, part string) string {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(h.Get("x-datadog-invocation-error-" + part))
	if err != nil {
		t.Errorf("%s: %v", part, err)
	}
	return string(text)
}

// TestWrap_sends_what_it_has_before_Lambda_ends_it: at the deadline Lambda stops the
// process without a word.
func TestWrap_sends_what_it_has_before_Lambda_ends_it(t *testing.T) {
	t.Parallel()
	once(t, 300*time.Millisecond, func(has time.Duration) bool {
		extension := telemetrytest.New(t)
		ended := make(chan struct{})
		h := telemetry.WrapFor(extension.Where(), func(ctx context.Context, r request) (answer, error) {
			_, span := telemetry.Start(ctx, "claim")
			span.End(nil)
			telemetry.Received.Record(ctx, 1)
			<-ended
			return answer{}, nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), has)
		defer cancel()
		var invocation sync.WaitGroup
		invocation.Go(func() {
			_, _ = h.Invoke(lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: "id"}), []byte(urlEvent))
		})
		<-ctx.Done()
		sent := extension.Spans(t)["claim"].SpanID != 0 && len(extension.Lines(t)) == 1
		close(ended)
		invocation.Wait()
		return sent
	})
}

func TestWrap_keeps_invocations_apart_that_run_at_once(t *testing.T) {
	for range 5 {
		if arrived := atOnce(t); arrived {
			return
		}
	}
	t.Error("in no round did the extension take all that it was told in time")
}

// atOnce runs invocations side by side, and reports whether all of what they told
// arrived: an extension that is too slow for them on a busy machine says nothing.
func atOnce(t *testing.T) (arrived bool) {
	t.Helper()
	extension := telemetrytest.New(t)
	h := telemetry.WrapFor(extension.Where(), works)
	const n = 16
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if _, err := invoke(t, h, "id-"+strconv.Itoa(i), urlEvent); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	traces, ends := extension.Of(t, telemetrytest.Traces), extension.Of(t, telemetrytest.End)
	if len(traces) != n || len(ends) != n {
		return false
	}
	seen := map[uint64]string{}
	for _, c := range traces {
		if len(c.Spans) != 3 {
			t.Errorf("an invocation has %d spans", len(c.Spans))
		}
		seen[c.Spans[0].TraceID] = c.Spans[0].Meta["request_id"]
	}
	if len(seen) != n {
		t.Errorf("%d invocations have %d traces", n, len(seen))
	}
	for _, c := range ends {
		id, _ := strconv.ParseUint(c.Header.Get("x-datadog-trace-id"), 10, 64)
		if seen[id] != c.Header.Get("lambda-runtime-aws-request-id") {
			t.Errorf("trace %d is of %s and of %s", id, seen[id], c.Header.Get("lambda-runtime-aws-request-id"))
		}
	}
	return true
}
