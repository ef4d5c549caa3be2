package handler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"boomerang/functions/redeliver/handler"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/pipeline"
	"boomerang/shared/queue"
	"boomerang/shared/telemetry/telemetrytest"
)

// TestHandler_traces_each_message_where_it_came_from: a batch holds messages of many
// traces, and the alert's story is told in its own.
func TestHandler_traces_each_message_where_it_came_from(t *testing.T) {
	var batch events.SQSEvent
	for i, id := range []string{"1", "down"} {
		body, err := queue.Encode(queue.Message{Alert: alert.Alert{ID: id}, Trace: map[string]string{
			"x-datadog-trace-id": []string{"71", "72"}[i], "x-datadog-parent-id": "9", "x-datadog-sampling-priority": "1",
		}})
		if err != nil {
			t.Fatal(err)
		}
		batch.Records = append(batch.Records, events.SQSMessage{MessageId: "m-" + id, Body: body})
	}
	h := handler.New(handler.Config{Redeliver: redeliver})
	e := telemetrytest.During(t, func(ctx context.Context) {
		if _, err := h.Handle(ctx, batch); err != nil {
			t.Error(err)
		}
	})
	byTrace := map[uint64]telemetrytest.Span{}
	for _, s := range e.All() {
		byTrace[s.TraceID] = s
	}
	good, bad := byTrace[71], byTrace[72]
	if good.ParentID != 9 || good.Error || good.Meta["outcome"] != "posted" || good.Meta["alert_id"] != "1" || !good.Linked {
		t.Errorf("the good message's span is %+v", good)
	}
	if bad.ParentID != 9 || !bad.Error || bad.Meta["outcome"] != "retry" || bad.Meta["error.type"] != "temporary" {
		t.Errorf("the bad message's span is %+v", bad)
	}
}

func TestHandler_logs_and_measures_a_message_as_the_webhook_does_a_request(t *testing.T) {
	var log bytes.Buffer
	h := handler.New(handler.Config{Logger: slog.New(slog.NewJSONHandler(&log, nil)), Redeliver: func(context.Context, queue.Message) (pipeline.Outcome, error) {
		return pipeline.Outcome{
			Status: pipeline.Posted, Playbook: "default", Posted: event.Posted{ID: "9"}, Event: event.Event{Tags: []string{"enrichment:complete"}},
			Steps: []enrich.Result{{Name: "monitor", Status: enrich.OK}},
		}, nil
	}})
	e := telemetrytest.During(t, func(ctx context.Context) {
		if _, err := h.Handle(ctx, events.SQSEvent{Records: []events.SQSMessage{message(t, "1", "2")}}); err != nil {
			t.Error(err)
		}
	})
	want := []string{"boomerang.posted:1|d|#enrichment:complete,playbook:default", "boomerang.step.duration:0|d|#step:monitor,status:ok"}
	if diff := cmp.Diff(want, e.Lines(t)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	var record map[string]any
	if err := json.Unmarshal(log.Bytes(), &record); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{"message_id": "m-1", "receives": 2.0, "outcome": "posted", "alert_id": "1", "playbook": "default", "event_id": "9"} {
		if record[key] != want {
			t.Errorf("the record says %s: %v, want %v", key, record[key], want)
		}
	}
	if _, ok := record["duration_ms"].(float64); !ok || len(record["steps"].([]any)) != 1 {
		t.Errorf("the record is %v", record)
	}
}
