package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"boomerang/shared/telemetry"
	"boomerang/shared/telemetry/telemetrytest"
)

// The trace that the messages of these tests bring along: 128 bits, and a span.
var upstream = map[string]string{
	"x-datadog-trace-id": "2684756524522091840", "x-datadog-parent-id": "7431398482019833808",
	"x-datadog-sampling-priority": "2", "x-datadog-tags": "_dd.p.dm=-4,_dd.p.tid=66b2c0ff00000000",
}

// other is another one, of 64 bits.
var other = map[string]string{"x-datadog-trace-id": "77", "x-datadog-parent-id": "78", "x-datadog-sampling-priority": "-1"}

// batch is an event of SQS with a message for each of the traces.
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
			MessageId: fmt.Sprint(i), Body: "the alert's words", EventSource: "aws:sqs",
			MessageAttributes: map[string]events.SQSMessageAttribute{"_datadog": {DataType: "String", StringValue: &text}, "alert_key": {DataType: "String", StringValue: &text}},
		})
	}
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return string(payload)
}

// worker goes on with the trace of each message, as redeliver does.
func worker(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
	for _, r := range event.Records {
		var headers map[string]string
		_ = json.Unmarshal([]byte(*r.MessageAttributes["_datadog"].StringValue), &headers)
		inner, span := telemetry.Continue(ctx, "message", headers)
		span.Tag("resource.name", "message "+r.MessageId)
		_, claim := telemetry.Start(inner, "claim")
		claim.Tag("resource.name", "claim "+r.MessageId)
		claim.End(nil)
		span.End(nil)
	}
	return events.SQSEventResponse{}, nil
}

func TestContinue_goes_on_with_the_trace_of_each_message(t *testing.T) {
	extension := telemetrytest.New(t)
	if _, err := invoke(t, telemetry.WrapFor(extension.Where(), worker), "id", batch(t, upstream, other, nil)); err != nil {
		t.Fatal(err)
	}
	spans := extension.Spans(t)
	root := spans[telemetrytest.Root]
	if root.TraceID != 2684756524522091840 || root.Meta["_dd.p.tid"] != "66b2c0ff00000000" || root.Metrics["_sampling_priority_v1"] != 2 {
		t.Errorf("the invocation is not part of its first message's trace: %+v", root)
	}
	end := extension.Of(t, telemetrytest.End)[0].Header
	if end.Get("x-datadog-trace-id") != "2684756524522091840" || end.Get("x-datadog-tags") != "_dd.p.tid=66b2c0ff00000000" || end.Get("x-datadog-sampling-priority") != "2" {
		t.Errorf("the end says %v", end)
	}
	// The extension knows what is above the invocation in that trace; our own spans are below it.
	if first := spans["message 0"]; first.TraceID != root.TraceID || first.ParentID != root.SpanID || first.Meta["_dd.span_links"] != "" {
		t.Errorf("the first message's span is %+v", first)
	}
	second, claim := spans["message 1"], spans["claim 1"]
	if second.TraceID != 77 || second.ParentID != 78 || second.Metrics["_sampling_priority_v1"] != -1 || claim.TraceID != 77 || claim.ParentID != second.SpanID {
		t.Errorf("the second message's spans are %+v, %+v", second, claim)
	}
	want := fmt.Sprintf(`[{"span_id":"%016x","trace_id":"66b2c0ff00000000%016x"}]`, root.SpanID, root.TraceID)
	if second.Meta["_dd.span_links"] != want || second.Meta["_dd.p.tid"] != "" {
		t.Errorf("the second message's tags are %v, want the link %s", second.Meta, want)
	}
	if third := spans["message 2"]; third.TraceID != root.TraceID || third.ParentID != root.SpanID {
		t.Errorf("a message without a trace has the span %+v", third)
	}
	if count := extension.Of(t, telemetrytest.Traces)[0].Header.Get("X-Datadog-Trace-Count"); count != "2" {
		t.Errorf("there are %s traces", count)
	}
}

// TestContinue_is_not_led_astray: what a queue holds may come from anybody.
func TestContinue_is_not_led_astray(t *testing.T) {
	for name, headers := range map[string]map[string]string{
		"no headers":      nil,
		"no id":           {"x-datadog-parent-id": "5"},
		"an id of zero":   {"x-datadog-trace-id": "0"},
		"a negative id":   {"x-datadog-trace-id": "-1"},
		"an id too large": {"x-datadog-trace-id": "18446744073709551616"},
		"words":           {"x-datadog-trace-id": "one", "x-datadog-tags": "=,_dd.p.tid=x"},
	} {
		t.Run(name, func(t *testing.T) {
			extension := telemetrytest.New(t)
			if _, err := invoke(t, telemetry.WrapFor(extension.Where(), worker), "id", batch(t, other, headers)); err != nil {
				t.Fatal(err)
			}
			spans := extension.Spans(t)
			if s := spans["message 1"]; s.ParentID != spans[telemetrytest.Root].SpanID {
				t.Errorf("the span is %+v", s)
			}
		})
	}
}

func TestHeaders_lead_back_to_the_span_they_were_made_in(t *testing.T) {
	extension := telemetrytest.New(t)
	var headers map[string]string
	h := telemetry.WrapFor(extension.Where(), func(ctx context.Context, _ events.SQSEvent) (any, error) {
		inner, span := telemetry.Start(ctx, "queue")
		headers = telemetry.Headers(inner)
		span.End(nil)
		return nil, nil
	})
	if _, err := invoke(t, h, "id", batch(t, upstream)); err != nil {
		t.Fatal(err)
	}
	span := extension.Spans(t)["queue"]
	if headers["x-datadog-parent-id"] != fmt.Sprint(span.SpanID) || headers["x-datadog-trace-id"] != upstream["x-datadog-trace-id"] ||
		headers["x-datadog-tags"] != "_dd.p.tid=66b2c0ff00000000" || headers["x-datadog-sampling-priority"] != "2" {
		t.Errorf("the headers are %v of the span %+v", headers, span)
	}
}

func TestWrap_shows_the_extension_no_body_and_no_token(t *testing.T) {
	const token, words = "the-token", "the alert's words"
	for name, c := range map[string]struct {
		payload string
		kept    []string
	}{
		"a Function URL": {urlEvent, []string{`"domainName":"a.lambda-url.eu-west-1.on.aws"`, `"host"`, `"path":"/"`}},
		"other ways to present a token": {
			`{"headers":{"Authorization":"Bearer the-token","Cookie":"the-token","X-Datadog-Trace-Id":"5"},"requestContext":{"domainName":"lambda-url"},"body":"the alert's words"}`,
			[]string{`"X-Datadog-Trace-Id":"5"`},
		},
		"a queue": {batch(t, upstream, other), []string{`"_datadog"`, `"eventSource":"aws:sqs"`, `"body":""`}},
		"a schedule": {
			`{"version":"0","id":"1","detail-type":"Scheduled Event","source":"aws.events","account":"1","time":"2026-11-22T04:00:00Z","region":"eu-west-1","resources":["arn"],"detail":{"a":"the alert's words"}}`,
			[]string{`"detail-type":"Scheduled Event"`, `"source":"aws.events"`, `"resources":["arn"]`, `"detail":{}`},
		},
		"a custom resource": {`{"RequestType":"Create","ResponseURL":"https://the-token","ResourceProperties":{"a":"the alert's words"}}`, nil},
		"a list":            {`["the-token"]`, nil},
		"nothing":           {`null`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			extension := telemetrytest.New(t)
			h := telemetry.WrapFor(extension.Where(), func(context.Context, any) (any, error) { return nil, nil })
			if _, err := invoke(t, h, "id", c.payload); err != nil {
				t.Fatal(err)
			}
			start := string(extension.Of(t, telemetrytest.Start)[0].Body)
			if strings.Contains(start, token) || strings.Contains(start, words) || strings.Contains(start, "alert_key") {
				t.Errorf("it sees %s", start)
			}
			for _, kept := range c.kept {
				if !strings.Contains(start, kept) {
					t.Errorf("it does not see %s in %s", kept, start)
				}
			}
		})
	}
}

func TestWrap_shows_little_of_a_large_event(t *testing.T) {
	extension := telemetrytest.New(t)
	h := telemetry.WrapFor(extension.Where(), works)
	large := strings.Replace(urlEvent, "the alert's words", strings.Repeat("x", 300<<10), 1)
	if _, err := invoke(t, h, "id", large); err != nil {
		t.Fatal(err)
	}
	if calls := extension.Of(t, telemetrytest.Start); len(calls) != 1 || len(calls[0].Body) > 1<<10 {
		t.Errorf("the extension sees %d events, or too much of one", len(calls))
	}
}

func TestWrap_refuses_an_event_of_another_kind(t *testing.T) {
	for name, h := range map[string]lambda.Handler{
		"with the extension":    telemetry.WrapFor(telemetrytest.New(t).Where(), works),
		"without the extension": telemetry.WrapFor(telemetry.Extension{}, works),
	} {
		if out, err := invoke(t, h, "id", `{"headers":7}`); err == nil || bytes.Contains([]byte(out), []byte("told")) {
			t.Errorf("%s: it answered %s", name, out)
		}
	}
}
