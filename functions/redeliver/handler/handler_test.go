package handler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"boomerang/functions/redeliver/handler"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/queue"
	"boomerang/shared/telemetry/telemetrytest"
)

// deadLetters records reasons.
type deadLetters struct {
	mu      sync.Mutex
	reasons []string
	err     error
}

func (d *deadLetters) DeadLetter(_ context.Context, _, reason string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		d.reasons = append(d.reasons, reason)
	}
	return d.err
}

// message is an alert whose id says what redeliver does with it.
func message(t *testing.T, id, receives string) events.SQSMessage {
	t.Helper()
	body, err := queue.Encode(queue.Message{Alert: alert.Alert{ID: id, Title: "secret words"}, Trace: map[string]string{
		"x-datadog-trace-id": map[string]string{"1": "71", "down": "72"}[id], "x-datadog-parent-id": "9", "x-datadog-sampling-priority": "1",
	}})
	if err != nil {
		t.Fatal(err)
	}
	return events.SQSMessage{MessageId: "m-" + id, Body: body, Attributes: map[string]string{"ApproximateReceiveCount": receives}}
}

func redeliver(_ context.Context, m queue.Message) (pipeline.Outcome, error) {
	switch m.Alert.ID {
	case "refused":
		return pipeline.Outcome{}, fault.New(fault.Permanent, "Datadog rejected the event (400 Bad Request)", nil)
	case "down":
		return pipeline.Outcome{}, fault.New(fault.Temporary, "Datadog could not create the event (503)", nil)
	case "broken":
		panic("a bug")
	}
	return pipeline.Outcome{
		Status: pipeline.Posted, Playbook: "default", Posted: event.Posted{ID: "9"}, Event: event.Event{Tags: []string{"enrichment:complete"}},
		Steps: []enrich.Result{{Name: "monitor", Status: enrich.OK}},
	}, nil
}

// The last delivery, and the one before it.
var last, oneFewer = strconv.Itoa(pipeline.MaxReceives), strconv.Itoa(pipeline.MaxReceives - 1)

func TestHandler_RetryAndDeadLetter(t *testing.T) {
	poison := events.SQSMessage{MessageId: "m-poison", Body: "not a message"}
	good, down, refused := message(t, "1", "1"), message(t, "down", "1"), message(t, "refused", "1")
	for name, c := range map[string]struct {
		batch   []events.SQSMessage
		dead    *deadLetters
		retried []string
		reasons []string // parts of them
	}{
		"good":                               {[]events.SQSMessage{good, message(t, "2", "1")}, &deadLetters{}, nil, nil},
		"empty batch":                        {nil, &deadLetters{}, nil, nil},
		"temporary failure":                  {[]events.SQSMessage{good, down, message(t, "2", "1")}, &deadLetters{}, []string{"m-down"}, nil},
		"temporary failure, max receives":    {[]events.SQSMessage{message(t, "down", last)}, &deadLetters{}, nil, []string{"503"}},
		"temporary failure, one fewer":       {[]events.SQSMessage{message(t, "down", oneFewer)}, &deadLetters{}, []string{"m-down"}, nil},
		"permanent failure":                  {[]events.SQSMessage{refused}, &deadLetters{}, nil, []string{"400 Bad Request"}},
		"poison message":                     {[]events.SQSMessage{good, poison}, &deadLetters{}, nil, []string{"did not write this"}},
		"panic":                              {[]events.SQSMessage{message(t, "broken", "1"), good}, &deadLetters{}, []string{"m-broken"}, nil},
		"panic, max receives":                {[]events.SQSMessage{message(t, "broken", last)}, &deadLetters{}, nil, []string{"inside Boomerang"}},
		"dead-letter queue down":             {[]events.SQSMessage{refused}, &deadLetters{err: errors.New("down")}, []string{"m-refused"}, nil},
		"no dead-letter queue":               {[]events.SQSMessage{message(t, "refused", last), poison}, nil, []string{"m-refused", "m-poison"}, nil},
		"all failed, none for the last time": {[]events.SQSMessage{down, message(t, "broken", "2")}, &deadLetters{}, []string{"m-down", "m-broken"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			h := &handler.Handler{Redeliver: redeliver, Logger: slog.New(slog.NewJSONHandler(&log, nil))}
			var reasons []string
			if c.dead != nil {
				h.DeadLetters = c.dead
			}
			response, err := h.Handle(t.Context(), events.SQSEvent{Records: c.batch})
			if err != nil {
				t.Fatalf("the error retries the whole batch: %v", err)
			}
			var retried []string
			for _, f := range response.BatchItemFailures {
				retried = append(retried, f.ItemIdentifier)
			}
			if c.dead != nil {
				reasons = c.dead.reasons
			}
			if !slices.Equal(retried, c.retried) || len(reasons) != len(c.reasons) {
				t.Errorf("retried %v, dead letters %q", retried, reasons)
			}
			for i, want := range c.reasons {
				if !strings.Contains(reasons[i], want) {
					t.Errorf("dead letter because of %q, want %q", reasons[i], want)
				}
			}
			if n := strings.Count(log.String(), "\n"); n != len(c.batch) || strings.Contains(log.String(), "secret words") {
				t.Errorf("%d records for %d messages: %s", n, len(c.batch), log.String())
			}
		})
	}
}

// An earlier delivery may have posted the event.
func TestHandler_MaybePosted(t *testing.T) {
	for receives, want := range map[string]bool{"1": false, "2": true, "": false, "9": true} {
		var got queue.Message
		h := &handler.Handler{Logger: slog.New(slog.DiscardHandler), Redeliver: func(_ context.Context, m queue.Message) (pipeline.Outcome, error) {
			got = m
			return pipeline.Outcome{}, nil
		}}
		if _, err := h.Handle(t.Context(), events.SQSEvent{Records: []events.SQSMessage{message(t, "1", receives)}}); err != nil || got.MaybePosted != want {
			t.Errorf("received %q times: %+v, %v", receives, got, err)
		}
	}
}

// Each message's span belongs to the trace that queued it.
func TestHandler_Spans(t *testing.T) {
	e := telemetrytest.During(t, func(ctx context.Context) {
		batch := events.SQSEvent{Records: []events.SQSMessage{message(t, "1", "1"), message(t, "down", "1")}}
		h := &handler.Handler{Logger: slog.New(slog.DiscardHandler), Redeliver: redeliver}
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

// An alert whose action waits or is refused is a warning.
func TestHandler_OpenActions(t *testing.T) {
	for result, want := range map[string]string{"queued": "WARN", "refused": "WARN", "done": "INFO", "skipped": "INFO"} {
		var log bytes.Buffer
		h := &handler.Handler{Logger: slog.New(slog.NewJSONHandler(&log, nil)), Redeliver: func(context.Context, queue.Message) (pipeline.Outcome, error) {
			return pipeline.Outcome{Status: pipeline.Posted, Actions: []pipeline.ActionResult{{Playbook: "shop", Step: "ticket", Result: result}}}, nil
		}}
		if _, err := h.Handle(t.Context(), events.SQSEvent{Records: []events.SQSMessage{message(t, "1", "1")}}); err != nil {
			t.Error(err)
		}
		if !strings.Contains(log.String(), `"level":"`+want+`"`) || !strings.Contains(log.String(), `"actions":[{"playbook":"shop","step":"ticket","result":"`+result+`"}]`) {
			t.Errorf("%s: %s", result, log.String())
		}
	}
}

// What a dead letter claims is let go of, and the record and the metric name the step.
func TestHandler_GiveUp(t *testing.T) {
	action := func(receives string, err error) (gaveUp int, record map[string]any, lines []string) {
		body, encodeErr := queue.Encode(queue.Message{Alert: alert.Alert{ID: "1", Title: "secret words"}, Action: &queue.Action{
			Action: enrich.Action{Playbook: "shop", Step: "ticket", With: "body: secret words"}, Title: "secret words",
		}})
		if encodeErr != nil {
			t.Fatal(encodeErr)
		}
		var log bytes.Buffer
		h := &handler.Handler{
			DeadLetters: &deadLetters{}, Logger: slog.New(slog.NewJSONHandler(&log, nil)),
			Redeliver: func(context.Context, queue.Message) (pipeline.Outcome, error) {
				return pipeline.Outcome{Playbook: "shop"}, err
			},
			GiveUp: func(_ context.Context, m queue.Message, o *pipeline.Outcome) {
				gaveUp++
				o.Actions = append(o.Actions, pipeline.ActionResult{Playbook: m.Action.Playbook, Step: m.Action.Step, Result: "dead_letter"})
			},
		}
		e := telemetrytest.During(t, func(ctx context.Context) {
			if _, err := h.Handle(ctx, events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m", Body: body, Attributes: map[string]string{"ApproximateReceiveCount": receives}}}}); err != nil {
				t.Error(err)
			}
		})
		if err := json.Unmarshal(log.Bytes(), &record); err != nil || strings.Contains(log.String(), "secret words") {
			t.Fatalf("%s: %v", log.String(), err)
		}
		return gaveUp, record, e.Lines(t)
	}
	down := fault.New(fault.Temporary, "the step ticket of the playbook shop: jira.example.com failed (503)", nil)
	refused := fault.New(fault.Permanent, "the step ticket of the playbook shop: jira.example.com refused the request (400)", nil)
	for _, c := range []struct {
		receives string
		err      error
		level    string
		gaveUp   int
		lines    []string
	}{
		{"1", down, "WARN", 0, nil},
		{last, down, "ERROR", 1, []string{"boomerang.action:1|d|#result:dead_letter,playbook:shop,step:ticket"}},
		{"1", refused, "ERROR", 1, []string{"boomerang.action:1|d|#result:dead_letter,playbook:shop,step:ticket"}},
	} {
		gaveUp, record, lines := action(c.receives, c.err)
		_, isReported := record["actions"]
		if gaveUp != c.gaveUp || record["level"] != c.level || record["error"] != c.err.Error() || isReported != (c.gaveUp > 0) || !slices.Equal(lines, c.lines) {
			t.Errorf("received %s times: gave up %d times, metrics %q, record %v", c.receives, gaveUp, lines, record)
		}
	}
}

func TestHandler_LogAndMetrics(t *testing.T) {
	var log bytes.Buffer
	h := &handler.Handler{Logger: slog.New(slog.NewJSONHandler(&log, nil)), Redeliver: redeliver}
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
