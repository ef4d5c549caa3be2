package scale

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"boomerang/functions/local/sandbox"
	"boomerang/functions/redeliver/handler"
	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
	"boomerang/shared/site"
)

// What an invocation takes besides waiting: `make bench` measures 9 ms of a whole CPU, of
// which 256 MB get a seventh.
const (
	coldStart = 250 * time.Millisecond
	ownTime   = 60 * time.Millisecond
	readTime  = 120 * time.Millisecond // an assumed latency of Datadog
	postTime  = 80 * time.Millisecond
	logBytes  = 900 // of an alert's record and Lambda's own lines

	secretsTTL  = 5 * time.Minute
	secretCalls = 3 // of an instance in this time
	batchSize   = 10

	firstID      = 8391473610920000000
	firstMonitor = 4000
)

// api is the fake of Datadog, which has Datadog's rate limits, with a latency.
type api struct {
	*fakedatadog.Server

	mu      sync.Mutex
	reads   int
	refused map[fakedatadog.Route]int // by 429
	posted  map[int64]time.Time       // by the alert's id
}

func (a *api) RoundTrip(r *http.Request) (*http.Response, error) {
	route, latency := a.Route(r), readTime
	if route == fakedatadog.EventsCreate {
		latency = postTime
	}
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	if err := sleep(r.Context(), latency); err != nil {
		return nil, err
	}
	request, recorder := r.Clone(r.Context()), httptest.NewRecorder()
	request.Body = io.NopCloser(bytes.NewReader(body))
	a.ServeHTTP(recorder, request)

	a.mu.Lock()
	defer a.mu.Unlock()
	var e struct {
		ID int64 `json:"related_event_id"`
	}
	switch {
	case recorder.Code == http.StatusTooManyRequests:
		a.refused[route]++
	case route == fakedatadog.EventsCreate && json.Unmarshal(body, &e) == nil:
		a.posted[e.ID] = time.Now()
	}
	if route != fakedatadog.EventsCreate {
		a.reads++
	}
	return recorder.Result(), nil
}

// scenario is a storm.
type scenario struct {
	name     string
	rate     int // alerts a second
	lasts    time.Duration
	monitors int
	limit    int // events a minute of a monitor; 0: none
	queued   bool
	workers  int
}

// stack is what a storm meets.
type stack struct {
	scenario
	api      *api
	table    *table
	queue    *messages
	webhook  *fleet
	start    time.Time
	finished time.Time

	mu      sync.Mutex
	usage   Usage
	answers map[pipeline.Status]int
	errors  int
}

// instance has its own Datadog client, which has its own cache.
type instance struct {
	*pipeline.Pipeline
	fetched time.Time // when it read its secrets
}

func newStack(t *testing.T, s scenario) *stack {
	k := &stack{scenario: s, table: newTable(), queue: &messages{}, answers: map[pipeline.Status]int{}, start: time.Now()}
	k.api = &api{Server: fakedatadog.New(fakedatadog.Options{VisibleAfter: -1}), refused: map[fakedatadog.Route]int{}, posted: map[int64]time.Time{}}
	for m := range s.monitors {
		k.api.AddMonitor(fakedatadog.Monitor{ID: int64(firstMonitor + m), Name: "Latency", Type: "query alert", Query: "avg(last_5m):avg:latency{*} > 1"})
	}
	k.webhook = &fleet{start: func() *instance { return &instance{Pipeline: k.pipeline(t)} }}
	return k
}

func (k *stack) pipeline(t *testing.T) *pipeline.Pipeline {
	keys := sandbox.Keys{API: fakedatadog.DefaultAPIKey, App: fakedatadog.DefaultAppKey}
	client, err := datadog.New(datadog.Config{Site: site.US1, HTTPClient: &http.Client{Transport: k.api}}, keys)
	if err != nil {
		t.Error(err)
	}
	source := "playbooks:\n  - name: default\n    steps: [{uses: monitor}, {uses: related_events}]\n"
	if k.limit > 0 {
		source += "    limit: " + strconv.Itoa(k.limit) + "\n"
	}
	book, err := playbook.Load("storm.yaml", []byte(source), registry.Kinds(registry.Deps{Datadog: client, Site: site.US1}))
	if err != nil {
		t.Error(err)
	}
	return pipeline.New(pipeline.Config{
		Playbooks: book, EnrichBudget: 5 * time.Second, Poster: client, Stream: client, Ledger: k.table, Storms: k.table, Queue: k.queue,
	})
}

func (k *stack) alerts() int { return int(k.lasts.Seconds() * float64(k.rate)) }

func (k *stack) sentAt(i int) time.Time {
	return k.start.Add(time.Duration(i) * time.Second / time.Duration(k.rate))
}

// deliver is one delivery of the webhook.
func (k *stack) deliver(t *testing.T, i int) {
	p, cold := k.webhook.take()
	if p == nil {
		return
	}
	defer k.webhook.put(p)
	billed := time.Now()
	if cold {
		time.Sleep(coldStart)
	}
	ctx, cancel := context.WithTimeout(t.Context(), pipeline.RunTime)
	defer cancel()
	time.Sleep(ownTime)
	run := p.Run
	if k.queued {
		run = p.Enqueue
	}
	monitor := strconv.Itoa(firstMonitor + i%k.monitors)
	outcome, err := run(ctx, alert.Alert{
		ID: strconv.FormatInt(firstID+int64(i), 10), OrgID: "1", MonitorID: monitor, Title: "[Triggered] Latency of service-" + monitor,
		Transition: alert.Triggered, Date: time.Now(), CycleKey: strconv.Itoa(i), Tags: alert.Tags{"service:service-" + monitor, "env:prod"},
		Scope: "host:" + strconv.Itoa(i),
	})
	k.mu.Lock()
	defer k.mu.Unlock()
	k.bill(billed, 1)
	if billed.Sub(p.fetched) > secretsTTL {
		p.fetched = billed
		k.usage.SecretCalls += secretCalls
	}
	k.answers[outcome.Status]++
	if err != nil {
		k.errors++
	}
}

// bill counts an invocation. The caller holds the lock.
func (k *stack) bill(start time.Time, alerts int) {
	k.usage.Invocations++
	k.usage.Seconds += time.Since(start).Seconds()
	k.usage.LogBytes += logBytes * alerts
	k.finished = time.Now()
}

// work is one of the concurrent batches of the event source mapping.
func (k *stack) work(t *testing.T, done <-chan struct{}) {
	h := handler.New(handler.Config{Redeliver: k.pipeline(t).Redeliver})
	for {
		if batch := k.queue.receive(batchSize); len(batch) > 0 {
			k.redeliver(t, h, batch)
			continue
		}
		select {
		case <-done:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (k *stack) redeliver(t *testing.T, h *handler.Handler, batch []waiting) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), pipeline.WorkerTimeout)
	defer cancel()
	time.Sleep(ownTime)
	var event events.SQSEvent
	for _, w := range batch {
		event.Records = append(event.Records, w.SQSMessage)
	}
	answer, err := h.Handle(ctx, event)
	if err != nil {
		t.Error(err)
	}
	for _, w := range batch {
		if slices.Contains(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: w.MessageId}) {
			k.queue.retry(w, pipeline.VisibilityTimeout)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.bill(start, len(batch))
	k.usage.SQSRequests += 2
}

// run simulates the storm until the queue is empty.
func (k *stack) run(t *testing.T) {
	done := make(chan struct{})
	var deliveries, workers sync.WaitGroup
	for range k.workers {
		workers.Go(func() { k.work(t, done) })
	}
	for i := range k.alerts() {
		time.Sleep(time.Until(k.sentAt(i)))
		deliveries.Go(func() { k.deliver(t, i) })
	}
	deliveries.Wait()
	for k.queue.len() > 0 {
		time.Sleep(time.Second)
	}
	close(done)
	workers.Wait()
	k.usage.SQSRequests += k.queue.sent
	k.usage.WriteUnits = k.table.units
}

// TestStorm simulates a calm day, for its cost, and storms. STORM sets their seconds.
func TestStorm(t *testing.T) {
	lasts, monitors := 100*time.Millisecond, 4
	if seconds, err := strconv.Atoi(os.Getenv("STORM")); err == nil {
		lasts, monitors = time.Duration(seconds)*time.Second, 200
	}
	var stacks []*stack
	for _, s := range []scenario{
		{name: "1 a second, direct", rate: 1, lasts: 10 * lasts, workers: 5},
		{name: "1,000 a second, direct", rate: 1000, lasts: lasts, workers: 5},
		{name: "with limit: 10", rate: 1000, lasts: lasts, workers: 5, limit: 10},
		{name: "INTAKE=queue, 5 batches", rate: 1000, lasts: lasts, workers: 5, queued: true},
		{name: "INTAKE=queue, 50 batches", rate: 1000, lasts: lasts, workers: 50, queued: true},
	} {
		s.monitors = monitors
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newStack(t, s)
				k.run(t)
				k.check(t)
				stacks = append(stacks, k)
			})
		})
	}
	t.Log("\n" + summary(stacks))
}

// check compares the events with the alerts.
func (k *stack) check(t *testing.T) {
	taken, events := k.alerts()-k.webhook.throttled, len(k.api.Posted())
	if k.errors > 0 {
		t.Errorf("%d of %d alerts were neither posted nor queued", k.errors, k.alerts())
	}
	if k.limit == 0 && len(k.api.posted) != taken {
		t.Errorf("%d alerts were taken, and %d have an event", taken, len(k.api.posted))
	}
	// A monitor has its limit and one summary in each minute that the storm touches.
	if most := k.monitors * (k.limit + 1) * (2 + int(k.lasts/time.Minute)); k.limit > 0 && (events > most || k.answers[pipeline.Queued] == 0) {
		t.Errorf("%d events of %d monitors, want at most %d; %d alerts were suppressed", events, k.monitors, most, k.answers[pipeline.Queued])
	}
}

// summary shows what becomes of the alerts, and the cost of a million.
func summary(stacks []*stack) string {
	var out strings.Builder
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, value func(k *stack) string) {
		fmt.Fprint(t, name)
		for _, k := range stacks {
			fmt.Fprint(t, "\t", value(k))
		}
		fmt.Fprintln(t, "\t")
	}
	number := func(name string, value func(k *stack) int) {
		row(name, func(k *stack) string { return strconv.Itoa(value(k)) })
	}
	row("Alerts", func(k *stack) string { return k.name })
	number("throttled (429)", func(k *stack) int { return k.webhook.throttled })
	number("instances at once", func(k *stack) int { return k.webhook.most })
	number("answered posted", func(k *stack) int { return k.answers[pipeline.Posted] })
	number("answered queued", func(k *stack) int { return k.answers[pipeline.Queued] })
	number("events", func(k *stack) int { return len(k.api.Posted()) })
	row("alert to event, median", func(k *stack) string { return k.delay(0.5) })
	row("alert to event, p99", func(k *stack) string { return k.delay(0.99) })
	number("longest queue", func(k *stack) int { return k.queue.longest })
	row("finished after", func(k *stack) string { return k.finished.Sub(k.start).Round(time.Second).String() })
	row("reads per alert", func(k *stack) string { return fmt.Sprintf("%.2f", float64(k.api.reads)/float64(k.alerts())) })
	row("refused by Datadog (429)", func(k *stack) string { return fmt.Sprint(k.api.refused)[len("map"):] })
	cost := func(name string, part func(Cost) float64) {
		row(name, func(k *stack) string { return fmt.Sprintf("%.2f", 1e6*part(k.usage.Cost())/float64(k.alerts())) })
	}
	cost("$ per million: Lambda", func(c Cost) float64 { return c.Lambda })
	cost("SQS", func(c Cost) float64 { return c.SQS })
	cost("DynamoDB", func(c Cost) float64 { return c.DynamoDB })
	cost("Secrets Manager", func(c Cost) float64 { return c.Secrets })
	cost("logs", func(c Cost) float64 { return c.Logs })
	cost("total", Cost.Total)
	_ = t.Flush()
	return out.String()
}

// delay is a quantile of the times from an alert to its event.
func (k *stack) delay(quantile float64) string {
	var delays []time.Duration
	for id, at := range k.api.posted {
		if i := int(id - firstID); i >= 0 {
			delays = append(delays, at.Sub(k.sentAt(i)))
		}
	}
	slices.Sort(delays)
	return delays[int(quantile*float64(len(delays)-1))].Round(10 * time.Millisecond).String()
}

func TestUsage_Cost(t *testing.T) {
	got := Usage{Invocations: 1e6, Seconds: 4e6, SQSRequests: 1e6, WriteUnits: 1e6, SecretCalls: 10_000, LogBytes: 1e9}.Cost()
	want := Cost{Lambda: 0.20 + 13.3334, SQS: 0.40, DynamoDB: 0.625, Secrets: 0.05, Logs: 0.50}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" || math.Abs(got.Total()-15.1084) > 1e-9 {
		t.Errorf("total %v (-want +got):\n%s", got.Total(), diff)
	}
}
