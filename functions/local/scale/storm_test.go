package scale

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/redeliver/handler"
	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/event"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/ledger"
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
	logged    = 900 // bytes of an alert's record and Lambda's own lines

	secretsTTL  = 5 * time.Minute
	secretsRead = 3 // of an instance in this time
	batchSize   = 10
	// accountConcurrency is what an account has by default
	// (https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html).
	accountConcurrency = 1000

	firstID      = 8391473610920000000
	firstMonitor = 4000
)

// scenario is a storm, or a calm day.
type scenario struct {
	name    string
	rate    int // alerts a second
	lasts   time.Duration
	limit   int // events a minute of a monitor; 0: none
	queued  bool
	workers int

	monitors int
}

// storm simulates a scenario: the webhook's instances and Datadog around the account.
type storm struct {
	scenario
	account
	datadog  *fakedatadog.Server // with Datadog's rate limits
	start    time.Time
	finished time.Time

	instances          chan *instance // idle
	started, throttled int
	answers            map[pipeline.Status]int
	errors, refused    int                 // refused by Datadog: 429
	posted             map[int64]time.Time // by the alert's id
	sent               *atomic.Int64       // of all storms, for the progress
}

// instance takes one invocation at a time. Its Datadog client has its own cache.
type instance struct {
	*pipeline.Pipeline
	fetched time.Time // when it read its secrets
}

func newStorm(s scenario) *storm {
	k := &storm{
		scenario: s, account: account{used: usage{}, windows: map[string]*window{}, cycles: map[string]ledger.Cycle{}}, start: time.Now(), instances: make(chan *instance, accountConcurrency),
		datadog: fakedatadog.New(fakedatadog.Options{VisibleAfter: -1}), answers: map[pipeline.Status]int{}, posted: map[int64]time.Time{},
	}
	for m := range s.monitors {
		k.datadog.AddMonitor(fakedatadog.Monitor{ID: int64(firstMonitor + m), Name: "Latency", Type: "query alert", Query: "avg(last_5m):avg:latency{*} > 1"})
	}
	return k
}

// RoundTrip calls the fake of Datadog after a latency.
func (k *storm) RoundTrip(r *http.Request) (*http.Response, error) {
	isPost, latency := k.datadog.Route(r) == fakedatadog.EventsCreate, readTime
	if isPost {
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
	k.datadog.ServeHTTP(recorder, request)

	k.mu.Lock()
	defer k.mu.Unlock()
	var e event.Event
	if recorder.Code == http.StatusTooManyRequests {
		k.refused++
	} else if isPost && json.Unmarshal(body, &e) == nil {
		k.posted[e.RelatedEventID] = time.Now()
	}
	return recorder.Result(), nil
}

func (k *storm) pipeline(t *testing.T) *pipeline.Pipeline {
	keys := datadog.FixedKeys{API: fakedatadog.DefaultAPIKey, App: fakedatadog.DefaultAppKey}
	client, err := datadog.New(datadog.Config{Site: site.US1, HTTPClient: &http.Client{Transport: k}}, keys)
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
		Playbooks: book, EnrichBudget: 5 * time.Second, Poster: client, Stream: client, Ledger: &k.account, Cycles: &k.account, History: &k.account, Storms: &k.account, Queue: &k.account,
	})
}

func (k *storm) alerts() int { return int(k.lasts.Seconds() * float64(k.rate)) }

func (k *storm) sentAt(i int) time.Time {
	return k.start.Add(time.Duration(i) * time.Second / time.Duration(k.rate))
}

// take returns an idle instance, or starts one. It returns nil if it is throttled.
func (k *storm) take(t *testing.T) *instance {
	select {
	case idle := <-k.instances:
		return idle
	default:
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.started == accountConcurrency {
		k.throttled++
		return nil
	}
	k.started++
	return &instance{Pipeline: k.pipeline(t)}
}

// deliver is one delivery of the webhook.
func (k *storm) deliver(t *testing.T, i int) {
	p := k.take(t)
	if p == nil {
		return
	}
	start, used := time.Now(), usage{invocations: 1, logBytes: logged}
	if p.fetched.IsZero() {
		time.Sleep(coldStart)
	}
	if start.Sub(p.fetched) > secretsTTL {
		p.fetched, used[secretCalls] = start, secretsRead
	}
	time.Sleep(ownTime)
	ctx, cancel := context.WithTimeout(t.Context(), pipeline.RunTime)
	defer cancel()
	run := p.Run
	if k.queued {
		run = p.Enqueue
	}
	// Every other alert is the recovery of the one before.
	group, transition := i/2, []alert.Transition{alert.Triggered, alert.Recovered}[i%2]
	monitor := strconv.Itoa(firstMonitor + group%k.monitors)
	outcome, err := run(ctx, alert.Alert{
		ID: strconv.FormatInt(firstID+int64(i), 10), OrgID: "1", MonitorID: monitor, Title: "[" + string(transition) + "] Latency of service-" + monitor,
		Transition: transition, Date: time.Now(), CycleKey: strconv.Itoa(group), Tags: alert.Tags{"service:service-" + monitor, "env:prod"},
		Scope: "host:" + strconv.Itoa(group),
	})
	used[seconds] = time.Since(start).Seconds()
	k.count(used)
	k.instances <- p
	k.mu.Lock()
	defer k.mu.Unlock()
	k.answers[outcome.Status]++
	if err != nil {
		k.errors++
	}
}

// work is one of the concurrent batches of the event source mapping. It ends when the
// deliveries are done and the queue is empty.
func (k *storm) work(t *testing.T, done <-chan struct{}) {
	h := &handler.Handler{Redeliver: k.pipeline(t).Redeliver, Logger: slog.New(slog.DiscardHandler)}
	for {
		batch := k.receive()
		if len(batch) == 0 {
			select {
			case <-done:
				if k.pending() == 0 {
					return
				}
			default:
			}
			time.Sleep(100 * time.Millisecond)
			continue
		}
		start := time.Now()
		time.Sleep(ownTime)
		ctx, cancel := context.WithTimeout(t.Context(), pipeline.WorkerTimeout)
		answer, err := h.Handle(ctx, events.SQSEvent{Records: batch})
		cancel()
		if err != nil {
			t.Error(err)
		}
		k.delete(batch, answer.BatchItemFailures)
		k.count(usage{invocations: 1, seconds: time.Since(start).Seconds(), logBytes: float64(logged * len(batch))})
	}
}

// run simulates the storm until the queue is empty.
func (k *storm) run(t *testing.T) {
	done := make(chan struct{})
	var deliveries, workers sync.WaitGroup
	for range k.workers {
		workers.Go(func() { k.work(t, done) })
	}
	for i := range k.alerts() {
		time.Sleep(time.Until(k.sentAt(i)))
		deliveries.Go(func() { k.deliver(t, i) })
		k.sent.Add(1)
	}
	deliveries.Wait()
	close(done)
	workers.Wait()
	k.finished = time.Now()
}
