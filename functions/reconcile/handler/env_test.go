package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/memory"
	"boomerang/shared/queue"
	"boomerang/shared/site"
)

var start = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

const (
	organization = "352001"
	monitorID    = 4711
)

var errDown = errors.New("it is down")

// env is a handler with Datadog's fake, and a ledger and a queue in memory.
type env struct {
	*testing.T
	Datadog // what answers its calls
	fake    *fakedatadog.Server
	elapsed atomic.Int64 // since start
	log     bytes.Buffer
	handler *Handler

	fails      func(call string) bool
	known      map[string]time.Time      // until when a key is known
	watermarks map[string]time.Time      // by name
	past       map[string][]memory.Cycle // the history
	messages   []queue.Message
}

func newEnv(t *testing.T) *env {
	t.Helper()
	e := &env{T: t, fails: func(string) bool { return false }, known: map[string]time.Time{}, watermarks: map[string]time.Time{}}
	e.fake = fakedatadog.New(fakedatadog.Options{Now: e.now})
	e.fake.AddMonitor(fakedatadog.Monitor{ID: monitorID, OrgID: 352001, Name: "Checkout is slow"})
	server := httptest.NewServer(e.fake)
	t.Cleanup(server.Close)
	client, err := datadog.New(datadog.Config{Site: site.US1, BaseURL: server.URL}, datadog.FixedKeys{API: fakedatadog.DefaultAPIKey, App: fakedatadog.DefaultAppKey})
	if err != nil {
		t.Fatal(err)
	}
	e.Datadog = client
	e.handler = New(Config{
		WebhookName: "boomerang", Datadog: e, Ledger: e, Queue: e,
		Logger: slog.New(slog.NewJSONHandler(&e.log, nil)), Now: e.now,
	})
	e.handler.historyRead.Store(true)
	return e
}

func (e *env) now() time.Time          { return start.Add(time.Duration(e.elapsed.Load())) }
func (e *env) advance(d time.Duration) { e.elapsed.Add(int64(d)) }

// call fails if the test says so.
func (e *env) call(name string) error {
	if e.fails(name) {
		return errDown
	}
	return nil
}

func (e *env) Events(ctx context.Context, q datadog.EventQuery) ([]datadog.Event, error) {
	if err := e.call("Events"); err != nil {
		return nil, err
	}
	return e.Datadog.Events(ctx, q)
}

func (e *env) Monitor(ctx context.Context, id int64, q datadog.MonitorQuery) (datadog.Monitor, error) {
	if err := e.call("Monitor"); err != nil {
		return datadog.Monitor{}, err
	}
	return e.Datadog.Monitor(ctx, id, q)
}

func (e *env) NotificationRules(ctx context.Context) ([]datadog.NotificationRule, error) {
	if err := e.call("NotificationRules"); err != nil {
		return nil, err
	}
	return e.Datadog.NotificationRules(ctx)
}

func (e *env) FilterKnown(_ context.Context, keys ...string) (map[string]bool, error) {
	known := map[string]bool{}
	for _, key := range keys {
		if until, ok := e.known[key]; ok && !until.Before(e.now()) {
			known[key] = true
		}
	}
	return known, e.call("FilterKnown")
}

func (e *env) MarkQueued(_ context.Context, key string) error {
	if err := e.call("MarkQueued"); err != nil {
		return err
	}
	e.know(key)
	return nil
}

func (e *env) Watermark(_ context.Context, name string) (time.Time, error) {
	return e.watermarks[name], e.call("Watermark of " + name)
}

func (e *env) SetWatermark(_ context.Context, name string, until time.Time) error {
	if err := e.call("SetWatermark of " + name); err != nil {
		return err
	}
	e.watermarks[name] = until
	return nil
}

func (e *env) History(_ context.Context, key string) ([]memory.Cycle, error) {
	return e.past[key], e.call("History")
}

func (e *env) AddToHistory(_ context.Context, key string, known []memory.Cycle, more ...memory.Cycle) error {
	if err := e.call("AddToHistory"); err != nil {
		return err
	}
	e.past[key] = memory.Add(known, more...)
	return nil
}

// Send keeps what the redeliver function would decode.
func (e *env) Send(_ context.Context, m queue.Message, _ time.Duration) error {
	if err := e.call("Send"); err != nil {
		return err
	}
	body, err := queue.Encode(m)
	if err != nil {
		return err
	}
	m, err = queue.Decode(body)
	e.messages = append(e.messages, m)
	return err
}

// know makes the ledger know a key, as for an alert that arrived.
func (e *env) know(key string) { e.known[key] = e.now().Add(100 * time.Hour) }

// addAlert adds an alert of the monitor to the stream and returns its id.
func (e *env) addAlert(age time.Duration, changes ...func(*fakedatadog.Event)) string {
	event := fakedatadog.Event{
		Title: "[Triggered] Checkout is slow", Text: "%%%\nLook at the deploys. @webhook-boomerang\n%%%",
		DateHappened: e.now().Add(-age).Unix(), AlertType: "error", Tags: []string{"monitor", "service:checkout"},
		SourceTypeName: "alert", MonitorID: monitorID, MonitorGroups: []string{"*"},
	}
	for _, change := range changes {
		change(&event)
	}
	return e.fake.AddEvent(event)
}

// entry is what one run logs.
type entry struct {
	Msg, Level, Error              string
	Read, Matched, Missing, Queued int
	Remembered, Undecided          int
	From, To                       time.Time
	Lag                            float64 `json:"lag_seconds"`
	Gap                            float64 `json:"gap_seconds"`
}

// run runs the handler. The error must contain wantErr; if that is empty there must be none.
func (e *env) run(wantErr string) (logged entry) {
	e.Helper()
	err := e.handler.Handle(e.Context())
	if (err != nil) != (wantErr != "") || err != nil && !strings.Contains(err.Error(), wantErr) {
		e.Fatalf("got the error %v, want %q", err, wantErr)
	}
	if err := json.Unmarshal(e.log.Bytes(), &logged); err != nil { // One record.
		e.Fatalf("%v: %s", err, &e.log)
	}
	if wantErr != "" && (logged.Level != "ERROR" || !strings.Contains(logged.Error, wantErr)) {
		e.Errorf("logged %+v, want an error with %q", logged, wantErr)
	}
	if text := e.log.String(); strings.Contains(text, "Checkout") || strings.Contains(text, "deploys") {
		e.Errorf("logged an alert's text: %s", text)
	}
	e.log.Reset()
	return logged
}

// checkQueued empties the queue, which must hold these alerts in any order.
func (e *env) checkQueued(ids ...string) {
	e.Helper()
	var got []string
	for _, m := range e.messages {
		got = append(got, m.Alert.ID)
	}
	e.messages = nil
	if diff := cmp.Diff(slices.Sorted(slices.Values(ids)), slices.Sorted(slices.Values(got))); diff != "" {
		e.Errorf("queued alerts (-want +got):\n%s", diff)
	}
}
