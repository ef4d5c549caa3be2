package handler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/drill/handler"
	"boomerang/functions/internal/drill"
	"boomerang/shared/datadog"
	"boomerang/shared/fault"
)

// streamFunc is an event stream that answers whatever a test wants.
type streamFunc func(datadog.EventQuery) []datadog.Event

func (f streamFunc) Events(_ context.Context, q datadog.EventQuery) ([]datadog.Event, error) {
	return f(q), nil
}

// shows is an event stream that answers each drill so many times.
func shows(times int) streamFunc {
	return func(q datadog.EventQuery) []datadog.Event {
		var found []datadog.Event
		for range times {
			found = append(found, datadog.Event{Tags: append([]string{"boomerang"}, q.Tags...)})
		}
		return found
	}
}

// record is what a run logs, without what differs from run to run.
type record struct {
	Msg, Level, Status, Error string
	Events                    int
	HTTPStatus                int `json:"http_status"`
}

func TestHandler_logs_one_record_and_returns_its_error(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		token  error
		stream streamFunc
		want   record
	}{
		"one event": {
			answer: `{"status":"posted"}`, stream: shows(1),
			want: record{Level: "INFO", Status: "posted", Events: 1, HTTPStatus: 200},
		},
		"two events": {
			answer: `{"status":"posted"}`, stream: shows(2),
			want: record{
				Level: "ERROR", Status: "posted", Events: 2, HTTPStatus: 200,
				Error: "the alert came back as 2 events instead of one: make sure that the stack has a ledger (LEDGER_TABLE)",
			},
		},
		"no event": {
			answer: `{"status":"queued"}`, stream: shows(0),
			want: record{
				Level: "ERROR", Status: "queued", HTTPStatus: 200,
				Error: "the webhook queued the alert, and the drill was interrupted before an event was seen",
			},
		},
		"an alert that was left out": {
			answer: `{"status":"ignored","reason":"it is ours"}`,
			want: record{
				Level: "ERROR", Status: "ignored", HTTPStatus: 200,
				Error: "the webhook took the alert and no event will come of it (ignored): it is ours",
			},
		},
		"no token": {
			token: fault.New(fault.Temporary, "Secrets Manager is away", errors.New("s3cret")),
			want:  record{Level: "ERROR", Error: "no alert was sent, because the webhook's token could not be had: Secrets Manager is away"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			webhook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("X-Webhook-Token") != "t" {
					t.Errorf("the token is %q", r.Header.Get("X-Webhook-Token"))
				}
				_, _ = io.WriteString(w, c.answer)
			}))
			defer webhook.Close()
			var log bytes.Buffer
			h := handler.New(handler.Config{
				Target: drill.Target{URL: webhook.URL, Stream: c.stream, StreamName: "the stream"},
				Token:  func(context.Context) (string, error) { return "t", c.token },
				Wait:   drill.Patience{Answer: 10 * time.Second, Event: 10 * time.Second, Interval: 10 * time.Millisecond},
				Logger: slog.New(slog.NewJSONHandler(&log, nil)),
			})
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			if c.want.Events == 0 { // Nobody waits for what never comes.
				stream := c.stream
				h.Target.Stream = streamFunc(func(q datadog.EventQuery) []datadog.Event {
					interrupt()
					return stream(q)
				})
			}
			err := h.Handle(ctx)
			var got record
			if err := json.Unmarshal(log.Bytes(), &got); err != nil {
				t.Fatalf("%v: %s", err, &log)
			}
			c.want.Msg = "drill"
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("logged (-want +got):\n%s", diff)
			}
			if (err == nil) != (got.Error == "") || err != nil && err.Error() != got.Error {
				t.Errorf("returned %v, and logged %q", err, got.Error)
			}
		})
	}
}
