package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
	"boomerang/shared/memory"
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

// visible is how long Datadog's search may take to show an event.
const visible = 45 * time.Second

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
		Playbooks: e.playbooks(), EnrichBudget: 5 * time.Second, WebhookName: "Shop.api",
		Poster: e, Stream: e, Ledger: &e.store, Cycles: &e.store, History: &e.store, Storms: &e.store, Actions: &e.store, Kept: &e.store, Queue: e,
		Progress: &e.store, FollowUps: &e.followUps,
	}
	return e
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

// store is a ledger in memory.
type store struct {
	mu      sync.Mutex
	fails   map[string]error
	calls   []string
	claims  map[string]claim
	cycles  map[string][]ledger.Notification
	past    map[string][]memory.Cycle
	windows map[string]*window
	known   []string // keys that are done or queued
	actions map[string]action
	kept    map[string]ledger.Kept // by cycle
}

type action struct {
	alert string
	done  bool
}

type claim struct {
	until, receivedAt time.Time
	done              bool
	posted            event.Posted // of a claim that is not done, too
	doneAt            time.Time
}

type window struct {
	passed        map[string]bool
	summaryQueued bool
	event.Suppressed
}

func newStore() store {
	return store{fails: map[string]error{}, claims: map[string]claim{}, cycles: map[string][]ledger.Notification{}, past: map[string][]memory.Cycle{}, windows: map[string]*window{}, actions: map[string]action{}, kept: map[string]ledger.Kept{}}
}

func (s *store) call(ctx context.Context, name string) error {
	s.mu.Lock()
	s.calls = append(s.calls, name)
	s.mu.Unlock()
	return s.callBeside(ctx, name)
}

// callBeside is a call that others run beside, so that its place is not recorded.
func (s *store) callBeside(ctx context.Context, name string) error {
	s.mu.Lock()
	err := s.fails[name]
	s.mu.Unlock()
	if errors.Is(err, errHang) {
		<-ctx.Done()
		return fault.New(fault.Temporary, name+" did not answer", context.Cause(ctx))
	}
	return err
}

// crashed leaves the claim of a run that ended without a word, so long ago that the search
// finds what it posted.
func (s *store) crashed(key string) { s.claims[key] = claim{until: time.Now().Add(-time.Minute)} }

func (s *store) Claim(ctx context.Context, d ledger.Delivery, until time.Time) (ledger.Claim, error) {
	if err := s.call(ctx, "claim"); err != nil {
		return ledger.Claim{}, err
	}
	c, exists := s.claims[d.Key]
	same := exists && (d.Window == 0 || d.ReceivedAt.Sub(c.receivedAt).Abs() <= d.Window)
	switch {
	case c.done && same:
		return ledger.Claim{State: ledger.Done, Posted: c.posted}, nil
	case exists && !c.done && time.Now().Before(c.until):
		return ledger.Claim{State: ledger.Busy, Until: c.until}, nil
	}
	s.claims[d.Key] = claim{until: until, receivedAt: d.ReceivedAt}
	granted := ledger.Claim{State: ledger.Granted}
	if same && !c.done {
		granted.Earlier = &ledger.Run{ReceivedAt: c.receivedAt, EndedAt: c.until, Posted: c.posted}
	}
	return granted, nil
}

func (s *store) Complete(ctx context.Context, d ledger.Delivery, posted event.Posted) error {
	if err := s.call(ctx, "complete"); err != nil {
		return err
	}
	s.claims[d.Key] = claim{done: true, posted: posted, receivedAt: d.ReceivedAt, doneAt: time.Now()}
	s.known = append(s.known, d.Alias)
	return nil
}

func (s *store) Release(ctx context.Context, d ledger.Delivery, maybePosted bool) error {
	if err := s.call(ctx, "release"); err != nil {
		return err
	}
	posted := s.claims[d.Key].posted
	delete(s.claims, d.Key)
	if maybePosted {
		s.claims[d.Key] = claim{until: time.Now(), receivedAt: d.ReceivedAt, posted: posted}
	}
	return nil
}

func (s *store) MarkPosted(ctx context.Context, d ledger.Delivery, posted event.Posted) error {
	if err := s.call(ctx, "mark posted"); err != nil {
		return err
	}
	c := s.claims[d.Key]
	c.posted = posted
	s.claims[d.Key] = c
	return nil
}

func (s *store) actionKey(a ledger.Action) string {
	if a.Cycle != "" {
		return a.Cycle + " " + a.Step
	}
	return a.Alert + " " + a.Step
}

func (s *store) BeginAction(ctx context.Context, a ledger.Action) (ledger.State, error) {
	if err := s.call(ctx, "begin"); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known, exists := s.actions[s.actionKey(a)]
	switch {
	case known.done:
		return ledger.Done, nil
	case exists && known.alert != a.Alert:
		return ledger.Busy, nil
	}
	s.actions[s.actionKey(a)] = action{alert: a.Alert}
	return ledger.Granted, nil
}

func (s *store) CompleteAction(ctx context.Context, a ledger.Action) error {
	if err := s.call(ctx, "act done"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.actions[s.actionKey(a)] = action{a.Alert, true}
	return nil
}

func (s *store) ReleaseAction(ctx context.Context, a ledger.Action) error {
	if err := s.call(ctx, "release action"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.actions[s.actionKey(a)]; known.alert == a.Alert && !known.done {
		delete(s.actions, s.actionKey(a))
	}
	return nil
}

// Expect names the alert in the text of a name that is pending.
func (s *store) Expect(ctx context.Context, cycleKey, alert string, names []string, _ time.Time) (k ledger.Kept, err error) {
	if err := s.callBeside(ctx, "expect"); err != nil {
		return ledger.Kept{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.keptOf(cycleKey).Texts
	for _, name := range names {
		if all["pending "+name] == "" {
			all["pending "+name] = alert
		}
	}
	k.Texts = map[string]string{}
	for name, text := range all {
		if pending, ok := strings.CutPrefix(name, "pending "); !ok {
			k.Texts[name] = text
		} else if text != alert && all[pending] == "" {
			k.Pending = append(k.Pending, pending)
		}
	}
	return k, nil
}

func (s *store) Keep(ctx context.Context, cycleKey, alert string, texts map[string]string, names []string) error {
	if err := s.call(ctx, "keep"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keptOf(cycleKey)
	maps.Copy(k.Texts, texts)
	for _, name := range names {
		if texts[name] != "" || k.Texts["pending "+name] == alert {
			delete(k.Texts, "pending "+name)
		}
	}
	return nil
}

func (s *store) keptOf(cycleKey string) ledger.Kept {
	if s.kept[cycleKey].Texts == nil {
		s.kept[cycleKey] = ledger.Kept{Texts: map[string]string{}}
	}
	return s.kept[cycleKey]
}

func (s *store) MarkQueued(ctx context.Context, key string) error {
	s.known = append(s.known, key)
	return s.call(ctx, "mark queued")
}

func (s *store) AddNotification(ctx context.Context, key string, n ledger.Notification) (ledger.Cycle, error) {
	if err := s.call(ctx, "add notification"); err != nil {
		return ledger.Cycle{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cycles[key] = append(s.cycles[key], n)
	return ledger.Cycle{FirstSeen: s.cycles[key][0].At, LastSeen: n.At, Notified: len(s.cycles[key])}, nil
}

func (s *store) Posted(ctx context.Context, d ledger.Delivery) (event.Posted, time.Time, error) {
	if err := s.call(ctx, "posted"); err != nil {
		return event.Posted{}, time.Time{}, err
	}
	c := s.claims[d.Key]
	return c.posted, c.doneAt, nil
}

func (s *store) ReadCycle(ctx context.Context, key string, n ledger.Notification) (c ledger.Cycle, later []ledger.Notification, err error) {
	if err := s.call(ctx, "read cycle"); err != nil {
		return c, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.cycles[key] {
		if c.Notified++; c.FirstSeen.IsZero() || one.At.Before(c.FirstSeen) {
			c.FirstSeen = one.At
		}
		if one.At.After(n.At) {
			later = append(later, one)
		}
	}
	return c, later, nil
}

func (s *store) History(ctx context.Context, key string) ([]memory.Cycle, error) {
	if err := s.callBeside(ctx, "history"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.past[key], nil
}

func (s *store) AddToHistory(ctx context.Context, key string, _ []memory.Cycle, more ...memory.Cycle) error {
	if err := s.call(ctx, "add to history"); err != nil {
		return err
	}
	s.past[key] = memory.Add(s.past[key], more...)
	return nil
}

func (s *store) window(w ledger.Window) *window {
	if s.windows[w.Key()] == nil {
		s.windows[w.Key()] = &window{passed: map[string]bool{}}
	}
	return s.windows[w.Key()]
}

func (s *store) Allow(ctx context.Context, w ledger.Window, limit int, o ledger.Occurrence) (ledger.Decision, error) {
	err := s.call(ctx, "allow")
	win := s.window(w)
	if err != nil {
		return ledger.Decision{SummaryQueued: win.summaryQueued}, err
	}
	if win.passed[o.Key] || len(win.passed) < limit {
		win.passed[o.Key] = true
		return ledger.Decision{Allowed: true}, nil
	}
	win.Count++
	win.Groups = slices.Compact(slices.Sorted(slices.Values(append(win.Groups, o.Group))))
	win.Transitions, win.Last = []string{o.Transition}, o.At
	if win.First.IsZero() {
		win.First = o.At
	}
	return ledger.Decision{SummaryQueued: win.summaryQueued}, nil
}

func (s *store) IsFull(ctx context.Context, w ledger.Window, limit int, key string) (bool, error) {
	if err := s.call(ctx, "is full"); err != nil {
		return false, err
	}
	passed := s.window(w).passed
	if passed[key] || len(passed) < limit {
		passed[key] = true
		return false, nil
	}
	return true, nil
}

func (s *store) MarkSummaryQueued(ctx context.Context, w ledger.Window) error {
	if err := s.call(ctx, "mark summary"); err != nil {
		return err
	}
	s.window(w).summaryQueued = true
	return nil
}

func (s *store) Suppressed(ctx context.Context, w ledger.Window) (event.Suppressed, error) {
	if err := s.call(ctx, "suppressed"); err != nil {
		return event.Suppressed{}, err
	}
	return s.window(w).Suppressed, nil
}

// playbooks has a playbook for each API. The step and the follow-up record their calls, and
// the follow-up the event.
func (e *env) playbooks() *playbook.Book {
	e.Helper()
	type with struct {
		Text string `yaml:"text"`
	}
	find := func(struct{}, time.Duration) enrich.Step {
		return enrich.StepFunc(func(ctx context.Context, _ alert.Alert) (enrich.Finding, error) {
			e.remembered = enrich.Precedents(ctx)
			return e.finding, e.call(ctx, "step")
		})
	}
	report := func(w with, _ time.Duration) enrich.Step {
		return enrich.StepFunc(func(ctx context.Context, _ alert.Alert) (enrich.Finding, error) {
			e.reported = w.Text
			e.keys = append(e.keys, enrich.IdempotencyKey(ctx))
			return enrich.Finding{}, e.call(ctx, "follow up")
		})
	}
	kinds := []enrich.Kind{enrich.KindOf(enrich.Kind{Name: "find"}, find), enrich.KindOf(enrich.Kind{Name: "report"}, report)}
	// The embedded playbooks, which every file falls back to, use these.
	for _, name := range []string{"metric", "monitor", "related_events", "suspects"} {
		kinds = append(kinds, enrich.KindOf(enrich.Kind{Name: name}, func(map[string]string, time.Duration) enrich.Step { return nil }))
	}
	book, err := playbook.Load("test.yaml", []byte(`
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
`), kinds)
	if err != nil {
		e.Fatal(err)
	}
	return book
}
