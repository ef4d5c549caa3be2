package handler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"boomerang/functions/reconcile/handler"
	"boomerang/shared/datadog"
	"boomerang/shared/event"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/queue"
	"boomerang/shared/site"
)

var start = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

const (
	organisation = "352001"
	monitorID    = 4711
)

// clock only moves when it is told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a handler between Datadog's stand-in, a ledger and a queue.
type world struct {
	*testing.T
	*clock
	datadog *fakedatadog.Server
	ledger  *store
	queue   *sent
	log     *bytes.Buffer
	conf    handler.Config
	handler *handler.Handler
}

// newWorld lets change replace parts of the handler's configuration.
func newWorld(t *testing.T, change ...func(*world)) *world {
	t.Helper()
	w := &world{T: t, clock: &clock{now: start}, log: &bytes.Buffer{}}
	w.datadog = fakedatadog.New(fakedatadog.Options{Now: w.clock.Now})
	server := httptest.NewServer(w.datadog)
	t.Cleanup(server.Close)
	client, err := datadog.New(datadog.Config{Site: site.US1, BaseURL: server.URL}, keys{})
	if err != nil {
		t.Fatal(err)
	}
	w.ledger = &store{clock: w.clock, known: map[string]time.Time{}, watermarks: map[string]time.Time{}}
	w.queue = &sent{}
	w.datadog.AddMonitor(fakedatadog.Monitor{ID: monitorID, OrgID: 352001, Name: "Checkout is slow"})
	w.conf = handler.Config{
		WebhookName: "boomerang",
		Stream:      client, Monitors: client, Ledger: w.ledger, Watermarks: w.ledger, Queue: w.queue,
		Logger: slog.New(slog.NewJSONHandler(w.log, nil)), Now: w.clock.Now,
	}
	for _, c := range change {
		c(w)
	}
	w.handler = handler.New(w.conf)
	return w
}

type keys struct{}

func (keys) Keys(context.Context) (datadog.Keys, error) {
	return datadog.Keys{API: fakedatadog.DefaultAPIKey, App: fakedatadog.DefaultAppKey}, nil
}

func (k keys) Renew(ctx context.Context, _ datadog.Keys) (datadog.Keys, error) { return k.Keys(ctx) }

// fires puts an alert of our monitor into the stream, as it was some time ago, and
// returns its id.
func (w *world) fires(ago time.Duration) string {
	return w.datadog.AddEvent(w.alert(ago))
}

func (w *world) alert(ago time.Duration) fakedatadog.Event {
	return fakedatadog.Event{
		Title: "[Triggered] Checkout is slow", Text: "%%%\nLook at the deploys. @webhook-boomerang\n%%%",
		DateHappened: w.Now().Add(-ago).Unix(), AlertType: "error", Tags: []string{"monitor", "service:checkout"},
		SourceTypeName: "alert", MonitorID: monitorID, MonitorGroups: []string{"*"},
	}
}

// arrived makes the ledger know an alert as the webhook does.
func (w *world) arrived(key string) {
	w.Helper()
	if err := w.ledger.Complete(w.Context(), key, event.Posted{ID: "1"}); err != nil {
		w.Fatal(err)
	}
}

// runs the handler, which must not fail, and returns what it logged.
func (w *world) runs() record {
	w.Helper()
	if err := w.handler.Handle(w.Context()); err != nil {
		w.Fatalf("Handle: %v", err)
	}
	return w.record()
}

// fails runs the handler, which must fail for a reason.
func (w *world) fails(reason string) record {
	w.Helper()
	err := w.handler.Handle(w.Context())
	if err == nil || !strings.Contains(err.Error(), reason) {
		w.Fatalf("Handle: %v, want it to say %q", err, reason)
	}
	r := w.record()
	if r.Level != "ERROR" || !strings.Contains(r.Error, reason) {
		w.Errorf("logged %+v, want an error that says %q", r, reason)
	}
	return r
}

// record is what one run logs.
type record struct {
	Msg, Level                   string
	Read, Named, Missing, Queued int
	From, To                     time.Time
	Behind                       float64 `json:"behind_s"`
	NeverRead                    float64 `json:"never_read_s"`
	Error                        string
}

// record returns the one record of the last run.
func (w *world) record() record {
	w.Helper()
	if n := strings.Count(w.log.String(), "\n"); n != 1 {
		w.Fatalf("%d records for one run: %s", n, w.log.String())
	}
	var r record
	if err := json.Unmarshal(w.log.Bytes(), &r); err != nil {
		w.Fatal(err)
	}
	w.log.Reset()
	return r
}

// takes everything out of the queue, as the worker would.
func (w *world) takes() []queue.Message {
	w.Helper()
	messages := w.queue.messages
	w.queue.messages = nil
	return messages
}

// takesOnly takes everything out of the queue, which must be these alerts.
func (w *world) takesOnly(ids ...string) {
	w.Helper()
	want := map[string]int{}
	for _, id := range ids {
		want[id]++
	}
	got := map[string]int{}
	for _, m := range w.takes() {
		got[m.Alert.ID]++
	}
	if fmt.Sprint(want) != fmt.Sprint(got) {
		w.Errorf("in the queue, by id: %v, want %v", got, want)
	}
}
