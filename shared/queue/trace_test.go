package queue

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/telemetry"
	"boomerang/shared/telemetry/telemetrytest"
)

func TestSQS_Send_takes_the_trace_along(t *testing.T) {
	var got *sqs.SendMessageInput
	client := clientFunc(func(_ context.Context, in *sqs.SendMessageInput) error { got = in; return nil })
	m := whole()
	m.Trace = nil
	var want map[string]string
	telemetrytest.During(t, func(ctx context.Context) {
		want = telemetry.Headers(ctx)
		if err := New(client, queueURL).Send(ctx, m, 0); err != nil {
			t.Error(err)
		}
	})
	attribute := got.MessageAttributes["_datadog"]
	var beside map[string]string
	if err := json.Unmarshal([]byte(*attribute.StringValue), &beside); err != nil || *attribute.DataType != "String" {
		t.Fatalf("the attribute is %s %s, %v", *attribute.DataType, *attribute.StringValue, err)
	}
	inside, err := Decode(*got.MessageBody)
	if err != nil {
		t.Fatal(err)
	}
	for place, headers := range map[string]map[string]string{"beside": beside, "inside": inside.Trace} {
		if diff := cmp.Diff(want, headers); diff != "" || len(headers) == 0 {
			t.Errorf("the trace %s the message (-want +got):\n%s", place, diff)
		}
	}
	if _, ok := sent(t, m, 0).MessageAttributes["_datadog"]; ok {
		t.Error("a message from outside a trace has one")
	}
}
