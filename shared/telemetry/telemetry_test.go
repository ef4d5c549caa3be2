package telemetry_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fault"
	"boomerang/shared/telemetry"
	"boomerang/shared/telemetry/telemetrytest"
)

func report(ctx context.Context) {
	inner, span := telemetry.Start(ctx, "claim")
	telemetry.Tag(inner, "a", "b")
	telemetry.Posted.Record(inner, 1, "complete", "default", "Triggered")
	span.End(nil)
}

func TestStart_NoBackend(t *testing.T) {
	ctx, span := telemetry.Start(t.Context(), "claim")
	if ctx != t.Context() || span != nil || telemetry.Headers(ctx) != nil {
		t.Error("something is traced")
	}
	if n := testing.AllocsPerRun(100, func() { report(t.Context()) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestSpan_End(t *testing.T) {
	private := errors.New("private")
	for name, tt := range map[string]struct {
		err  error
		meta map[string]string
	}{
		"success":       {nil, map[string]string{"a": "b"}},
		"fault":         {fault.New(fault.Permanent, "Datadog rejected it", private), map[string]string{"a": "b", "error.type": "refused", "error.message": "Datadog rejected it"}},
		"foreign error": {private, map[string]string{"a": "b", "error.type": "internal", "error.message": "something went wrong inside Boomerang"}},
		"panic":         {fault.FromPanic("private"), map[string]string{"a": "b", "error.type": "panic", "error.message": "panic with a string"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := telemetrytest.During(t, func(ctx context.Context) {
				_, span := telemetry.Start(ctx, "claim")
				span.Tag("a", "b")
				span.Tag("empty", "")
				span.End(tt.err)
			})
			span := e.Spans(t)["claim"]
			if diff := cmp.Diff(tt.meta, span.Meta); diff != "" || span.Error != (tt.err != nil) || span.ParentID != e.Spans(t)[telemetrytest.Root].SpanID {
				t.Errorf("the span is %+v, tags (-want +got):\n%s", span, diff)
			}
		})
	}
}

func TestRedactEvent(t *testing.T) {
	const message = `{"messageId":"1","body":"alert text","eventSource":"aws:sqs","messageAttributes":{"_datadog":{"stringValue":"{}"},"alert_key":{"stringValue":"alert text"}}}`
	for name, tt := range map[string]struct {
		payload string
		kept    []string
	}{
		"Function URL": {
			`{"headers":{"host":"a","x-webhook-token":"the-token"},"requestContext":{"domainName":"a.lambda-url"},"body":"alert text"}`,
			[]string{`"domainName":"a.lambda-url"`, `"host":"a"`},
		},
		"other tokens": {
			`{"headers":{"Authorization":"Bearer the-token","Cookie":"the-token","X-Datadog-Trace-Id":"5"},"requestContext":{"domainName":"a"},"body":"alert text"}`,
			[]string{`"X-Datadog-Trace-Id":"5"`},
		},
		"queue": {`{"Records":[` + message + `,` + message + `]}`, []string{`"_datadog"`, `"eventSource":"aws:sqs"`, `"body":""`}},
		"schedule": {
			`{"version":"0","id":"1","detail-type":"Scheduled Event","source":"aws.events","account":"1","time":"2026-11-22T04:00:00Z","region":"eu-west-1","resources":["arn"],"detail":{"a":"alert text"}}`,
			[]string{`"detail-type":"Scheduled Event"`, `"source":"aws.events"`, `"resources":["arn"]`, `"detail":{}`},
		},
		"custom resource": {`{"RequestType":"Create","ResponseURL":"https://the-token","ResourceProperties":{"a":"alert text"}}`, nil},
		"large event":     {`{"headers":{"host":"a"},"requestContext":{},"body":"` + strings.Repeat("x", 300<<10) + `"}`, []string{`"host":"a"`}},
		"large context":   {`{"requestContext":{"a":"` + strings.Repeat("x", 300<<10) + `"}}`, []string{`{}`}},
		"list":            {`["the-token"]`, nil},
		"null":            {`null`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := string(telemetry.RedactEvent([]byte(tt.payload)))
			if strings.Contains(got, "the-token") || strings.Contains(got, "alert") || len(got) > 1<<10 {
				t.Errorf("it shows %s", got)
			}
			for _, kept := range tt.kept {
				if !strings.Contains(got, kept) {
					t.Errorf("it does not show %s: %s", kept, got)
				}
			}
		})
	}
}
