package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
)

var (
	a       = alert.Alert{ID: "7", OrgID: "1", Title: "x"}
	earlier = event.Posted{ID: "5", URL: "https://example.com/5"}
	down    = fault.New(fault.Temporary, "the service answered 503", nil)
	refused = fault.New(fault.Permanent, "the service answered 403", nil)
	// errHang makes a double block until its caller's time is up.
	errHang = errors.New("hang")
)

// visible is how long Datadog's search may take to show an event, and ledgerTime how long a
// use of the ledger may take.
const (
	visible    = 45 * time.Second
	ledgerTime = time.Second
)

// env is a pipeline with everything around it. Its functions record their names; one that
// has an error in fails returns it.
type env struct {
	*testing.T
	pipeline.Config
	store
	followUps
	events   []event.Request
	sent     []queue.Message
	delays   []time.Duration
	found    event.Posted // by the search
	searched []searchArgs
	reported string   // by the step of then
	keys     []string // the idempotency keys of its calls
	finding  enrich.Finding
	// remembered is what the step was given.
	remembered []enrich.Precedent
}

type searchArgs struct {
	key, id, webhook string
	from, to         time.Time
}

func newEnv(t *testing.T) *env {
	e := &env{T: t, store: newStore()}
	e.followUps = followUps{store: &e.store}
	e.Config = pipeline.Config{
		EnrichBudget: 5 * time.Second, WebhookName: "Shop.api",
		Poster: e, Stream: e, Ledger: &e.store, Cycles: &e.store, History: &e.store, Storms: &e.store, Actions: &e.store, Kept: &e.store, Queue: e,
		Progress: &e.store, FollowUps: &e.followUps,
	}
	e.load(book, enrich.KindOf(enrich.Kind{Name: "report"}, e.report))
	return e
}

// inBubble tests an env in simulated time.
func inBubble(t *testing.T, test func(e *env)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newEnv(t)) })
}

// each tests rows, each with an env in simulated time.
func each[R any](t *testing.T, rows map[string]R, test func(e *env, c R)) {
	t.Helper()
	for name, c := range rows {
		t.Run(name, func(t *testing.T) { inBubble(t, func(e *env) { test(e, c) }) })
	}
}

func (e *env) Create(ctx context.Context, v event.Event) (event.Posted, error) { return e.post(ctx, v) }

func (e *env) CreateAlert(ctx context.Context, v event.AlertEvent) (event.Posted, error) {
	return e.post(ctx, v)
}

func (e *env) post(ctx context.Context, v event.Request) (event.Posted, error) {
	if err := e.call(ctx, "post"); err != nil {
		return event.Posted{}, err
	}
	e.events = append(e.events, v)
	return event.Posted{ID: fmt.Sprint(len(e.events)), URL: "https://example.com"}, nil
}

func (e *env) FindPosted(ctx context.Context, key string, a alert.Alert, webhook string, from, to time.Time) (event.Posted, error) {
	e.searched = append(e.searched, searchArgs{key, a.ID, webhook, from, to})
	return e.found, e.call(ctx, "search")
}

func (e *env) Send(ctx context.Context, m queue.Message, delay time.Duration) error {
	if err := e.call(ctx, "send"); err != nil {
		return err
	}
	e.sent, e.delays = append(e.sent, m), append(e.delays, delay)
	return nil
}

// run runs one alert, which must end so.
func (e *env) run(a alert.Alert, want pipeline.Status) pipeline.Outcome {
	e.Helper()
	o, err := pipeline.New(e.Config).Run(e.Context(), a)
	if err != nil || o.Status != want {
		e.Fatalf("Run(%s): %q %+v, %v, want %q", a.ID, o.Status, o, err, want)
	}
	return o
}

// redeliver delivers a message, which must end so; an empty status is an error.
func (e *env) redeliver(m queue.Message, want pipeline.Status) pipeline.Outcome {
	e.Helper()
	o, err := pipeline.New(e.Config).Redeliver(e.Context(), m)
	if o.Status != want || (err == nil) != (want != "") {
		e.Fatalf("Redeliver: %q %+v, %v, want %q", o.Status, o, err, want)
	}
	return o
}

// load sets the playbooks. Besides these steps they have find, which records its calls.
func (e *env) load(source string, kinds ...enrich.Kind) {
	e.Helper()
	kinds = append(kinds, enrich.KindOf(enrich.Kind{Name: "find"}, func(struct{}, time.Duration) enrich.Step {
		return enrich.StepFunc(func(ctx context.Context, _ alert.Alert) (enrich.Finding, error) {
			e.remembered = enrich.HistoryOf(ctx).Precedents
			return e.finding, e.call(ctx, "step")
		})
	}))
	// The embedded playbooks, which every file falls back to, use these.
	for _, name := range []string{"metric", "monitor", "related_events", "suspects"} {
		kinds = append(kinds, enrich.KindOf(enrich.Kind{Name: name}, func(map[string]string, time.Duration) enrich.Step { return nil }))
	}
	book, err := playbook.Load("test.yaml", []byte(source), kinds)
	if err != nil {
		e.Fatal(err)
	}
	e.Playbooks = book
}

type withText struct {
	Text string `yaml:"text"`
}

// report is a step of then that records its calls, and what it was given.
func (e *env) report(w withText, _ time.Duration) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, _ alert.Alert) (enrich.Finding, error) {
		e.reported = w.Text
		e.keys = append(e.keys, enrich.IdempotencyKey(ctx))
		return enrich.Finding{}, e.call(ctx, "follow up")
	})
}

// book has a playbook for each API and each kind of follow-up.
const book = `
playbooks:
  - name: alert
    match: alert.tags.api == "v2"
    event: {api: v2, title: "v2 of {{ .alert.title }}"}
    then: [{uses: report, with: {text: "{{ .event.id }} {{ .event.title }}"}}]
  - name: again
    match: alert.tags.again == "yes" && memory.count > 0
  - name: followed
    match: alert.tags.after == "15m"
    after: [15m, 1h]
    limit: 2
    steps: [{uses: find}]
  - name: followed-for-a-day
    match: alert.tags.after == "24h"
    after: 24h
    event: {api: v2}
  - name: informed
    match: alert.tags.after == "info"
    after: 15m
    event: {alert_type: info}
  - name: calm
    limit: 2
    event: {source: "{{ .alert.monitor_id }}{{ .steps.find.found }}"}
    steps: [{uses: find}]
    then: [{uses: report, with: {text: "{{ .event.id }} {{ .event.title }}"}}]
`
