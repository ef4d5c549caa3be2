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
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/drill/handler"
	"boomerang/functions/internal/drill"
	"boomerang/shared/datadog"
	"boomerang/shared/fault"
	"boomerang/shared/secret"
)

// stream answers every poll with this many events.
type stream int

func (s stream) Events(context.Context, datadog.EventQuery) ([]datadog.Event, error) {
	return slices.Repeat([]datadog.Event{{Tags: []string{"boomerang"}}}, int(s)), nil
}

// record is what a run logs, without what differs from run to run.
type record struct {
	Msg, Level, Status, Error string
	Events                    int
	HTTPStatus                int `json:"http_status"`
}

// mask replaces the random id of a drill.
func mask(text string) string {
	return regexp.MustCompile(`drill:\d+`).ReplaceAllString(text, "drill:1")
}

func TestHandler(t *testing.T) {
	tokenErr := fault.New(fault.Temporary, "Secrets Manager is away", errors.New("s3cret"))
	for name, tt := range map[string]struct {
		answer string
		token  error
		want   record
	}{
		"one event":  {`{"status":"posted"}`, nil, record{"drill", "INFO", "posted", "", 1, 200}},
		"two events": {`{"status":"posted"}`, nil, record{"drill", "ERROR", "posted", "the alert came back as 2 events instead of one: make sure that the stack has a ledger (LEDGER_TABLE)", 2, 200}},
		"no event":   {`{"status":"queued"}`, nil, record{"drill", "ERROR", "queued", "the webhook queued the alert, but the stream showed no event with the tag drill:1 within 20ms: look at the log of the redeliver function, and into its dead-letter queue", 0, 200}},
		"ignored":    {`{"status":"ignored","reason":"it is ours"}`, nil, record{"drill", "ERROR", "ignored", "the webhook accepted the alert and posts no event (ignored): it is ours", 0, 200}},
		"no token":   {"", tokenErr, record{"drill", "ERROR", "", "no alert was sent, because the webhook's token cannot be read: Secrets Manager is away", 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			webhook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("X-Webhook-Token"); got != "t" {
					t.Errorf("token %q", got)
				}
				_, _ = io.WriteString(w, tt.answer)
			}))
			defer webhook.Close()
			var log bytes.Buffer
			h := &handler.Handler{
				Target:   drill.Target{URL: webhook.URL, Stream: stream(tt.want.Events), StreamName: "the stream"},
				Token:    func(context.Context) (secret.Secret, error) { return secret.New("t"), tt.token },
				Timeouts: drill.Timeouts{Answer: 10 * time.Second, Event: 20 * time.Millisecond, Interval: time.Millisecond},
				Logger:   slog.New(slog.NewJSONHandler(&log, nil)),
			}
			err := h.Handle(t.Context())
			var got record
			if err := json.Unmarshal([]byte(mask(log.String())), &got); err != nil {
				t.Fatalf("%v: %s", err, &log)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("logged (-want +got):\n%s", diff)
			}
			if (err == nil) != (got.Error == "") || err != nil && mask(err.Error()) != got.Error {
				t.Errorf("returned %v, and logged %q", err, got.Error)
			}
		})
	}
}
