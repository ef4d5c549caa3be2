package scale

import (
	"context"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/redeliver/handler"
	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/ledger"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
	"boomerang/shared/site"
)

// What an invocation takes besides waiting for others. `make bench` says how much
// of a processor it needs, 9 ms on a slow machine, and 256 MB get a seventh of one
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html). A start
// has a whole one, and what Lambda itself does before it is not billed.
const (
	coldStart = 250 * time.Millisecond
	ownTime   = 60 * time.Millisecond
)

// How often each instance reads its secrets, and by how many calls.
const (
	secretsTTL  = 5 * time.Minute
	secretCalls = 3
)

// What SQS and Lambda do, as template.yaml has it.
const (
	batchSize  = 10
	visibility = 6 * time.Minute
)

// story is one storm.
type story struct {
	name     string
	rate     int // alerts a second
	lasts    time.Duration
	monitors int
	limit    int // events a minute for each monitor; 0: none
	queued   bool
	workers  int
}

// stack is everything that a story happens to.
type stack struct {
	story
	api     *api
	ledger  *ledger.Memory
	queue   messages
	units   atomic.Int64
	sent    time.Time // when the first alert was
	webhook *fleet[*instance]

	mu       sync.Mutex
	usage    Usage
	answers  map[pipeline.Status]int
	errors   int
	backlog  int
	finished time.Time
}

// instance is one of the webhook function.
type instance struct {
	*pipeline.Pipeline
	fetched time.Time // when it last read its secrets
}

func newStack(t *testing.T, s story) *stack {
	t.Helper()
	k := &stack{
		story: s, api: newAPI(s.monitors), ledger: ledger.NewMemory(ledger.Options{}),
		queue: messages{queue.NewMemory(nil), new(atomic.Int64)}, answers: map[pipeline.Status]int{}, sent: time.Now(),
	}
	k.webhook = &fleet[*instance]{make: func() *instance { return &instance{Pipeline: k.pipeline(t)} }}
	return k
}

// pipeline is what one instance has: its own Datadog client, with its own cache
// and its own knowledge of rate limits.
func (k *stack) pipeline(t *testing.T) *pipeline.Pipeline {
	client, err := datadog.New(datadog.Config{Site: site.US1, HTTPClient: &http.Client{Transport: k.api}}, keys{})
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
	own := table{k.ledger.Peer(), &k.units}
	return pipeline.New(pipeline.Config{
		Playbooks: book, EnrichBudget: 5 * time.Second, Poster: client, Stream: client, Ledger: own, Storms: own, Queue: k.queue,
	})
}

func (k *stack) alert(i int) alert.Alert {
	service := "service-" + monitorOf(i, k.monitors)
	return alert.Alert{
		ID: strconv.FormatInt(firstID+int64(i), 10), OrgID: "1", MonitorID: monitorOf(i, k.monitors), Title: "[Triggered] Latency of " + service,
		Transition: alert.Triggered, Date: time.Now(), CycleKey: strconv.Itoa(i), Tags: alert.Tags{"service:" + service, "env:prod"},
		Scope: "host:" + strconv.Itoa(i),
	}
}

// logBytes is what an alert's log record and Lambda's own lines take.
const logBytes = 900

// deliver is one delivery of the webhook.
func (k *stack) deliver(t *testing.T, i int) {
	p, cold, ok := k.webhook.take()
	if !ok {
		return
	}
	defer k.webhook.give(p)
	if cold {
		time.Sleep(coldStart)
	}
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 14*time.Second)
	defer cancel()
	time.Sleep(ownTime)
	run := p.Run
	if k.queued {
		run = p.Enqueue
	}
	outcome, err := run(ctx, k.alert(i))
	k.mu.Lock()
	defer k.mu.Unlock()
	k.usage.add(Usage{Invocations: 1, Seconds: time.Since(start).Seconds(), LogBytes: logBytes})
	if cold {
		k.usage.add(Usage{Seconds: coldStart.Seconds()})
	}
	if start.Sub(p.fetched) > secretsTTL {
		p.fetched = start
		k.usage.add(Usage{SecretCalls: secretCalls})
	}
	k.answers[outcome.Status]++
	if err != nil {
		k.errors++
	}
}

func (u *Usage) add(more Usage) {
	u.Invocations += more.Invocations
	u.Seconds += more.Seconds
	u.SQSRequests += more.SQSRequests
	u.SecretCalls += more.SecretCalls
	u.LogBytes += more.LogBytes
}

// work is one of the batches that the event source mapping has under way.
func (k *stack) work(t *testing.T, done <-chan struct{}) {
	h := handler.New(handler.Config{Redeliver: k.pipeline(t).Redeliver})
	const poll = 100 * time.Millisecond
	for {
		batch := k.queue.Receive(batchSize)
		if len(batch) == 0 {
			select {
			case <-done:
				return
			case <-time.After(poll):
				continue
			}
		}
		k.redeliver(t, h, batch)
	}
}

func (k *stack) redeliver(t *testing.T, h *handler.Handler, batch []queue.Delivery) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	time.Sleep(ownTime)
	var event events.SQSEvent
	for _, d := range batch {
		event.Records = append(event.Records, events.SQSMessage{
			MessageId: d.ID, Body: d.Body, Attributes: map[string]string{"ApproximateReceiveCount": strconv.Itoa(d.ReceiveCount)},
		})
	}
	answer, err := h.Handle(ctx, event)
	if err != nil {
		t.Error(err)
	}
	failed := map[string]bool{}
	for _, f := range answer.BatchItemFailures {
		failed[f.ItemIdentifier] = true
	}
	for _, d := range batch {
		if failed[d.ID] {
			k.queue.Return(d, visibility)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.usage.add(Usage{Invocations: 1, Seconds: time.Since(start).Seconds(), SQSRequests: 2, LogBytes: logBytes * len(batch)})
	k.finished = time.Now()
}

// run lets the storm happen, and waits until the queue is empty and nobody works.
func (k *stack) run(t *testing.T) {
	alerts := int(k.lasts.Seconds() * float64(k.rate))
	done := make(chan struct{})
	var deliveries, workers sync.WaitGroup
	for range k.workers {
		workers.Go(func() { k.work(t, done) })
	}
	for i := range alerts {
		time.Sleep(time.Until(k.sent.Add(time.Duration(i) * time.Second / time.Duration(k.rate))))
		deliveries.Go(func() { k.deliver(t, i) })
		k.backlog = max(k.backlog, k.queue.Len())
	}
	deliveries.Wait()
	for k.queue.Len() > 0 {
		time.Sleep(time.Second)
	}
	close(done)
	workers.Wait()
	k.usage.SQSRequests += int(k.queue.sent.Load())
	k.usage.WriteUnits = int(k.units.Load())
}

// stories are a calm day, for what it costs, and a storm of 1,000 alerts a second.
func stories(lasts time.Duration, monitors int) []story {
	calm := story{name: "1 a second, direct", rate: 1, lasts: 10 * lasts, monitors: monitors, workers: 5}
	base := story{rate: 1000, lasts: lasts, monitors: monitors, workers: 5}
	direct, limited, queued, wide := base, base, base, base
	direct.name = "1,000 a second, direct"
	limited.name, limited.limit = "with limit: 10", 10
	queued.name, queued.queued = "INTAKE=queue, 5 batches", true
	wide.name, wide.queued, wide.workers = "INTAKE=queue, 50 batches", true, 50
	return []story{calm, direct, limited, queued, wide}
}

func TestStorm(t *testing.T) {
	lasts, monitors := 100*time.Millisecond, 4 // Enough to see that nothing is lost, and that the limit holds back.
	if seconds, err := strconv.Atoi(os.Getenv("STORM")); err == nil {
		lasts, monitors = time.Duration(seconds)*time.Second, 200
	}
	var stacks []*stack
	for _, s := range stories(lasts, monitors) {
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newStack(t, s)
				k.run(t)
				k.check(t)
				stacks = append(stacks, k)
			})
		})
	}
	t.Log("\n" + show(stacks))
}

// check compares what went in with what came out.
func (k *stack) check(t *testing.T) {
	t.Helper()
	alerts := int(k.lasts.Seconds() * float64(k.rate))
	taken := alerts - k.webhook.throttled
	if k.errors > 0 {
		t.Errorf("%d of %d alerts were neither posted nor queued", k.errors, alerts)
	}
	if k.limit == 0 && len(k.api.posted) != taken {
		t.Errorf("%d alerts were taken, and %d have an event", taken, len(k.api.posted))
	}
	// Every monitor has its limit, and one summary, in each minute that the storm touched.
	if most := k.monitors * (k.limit + 1) * (2 + int(k.lasts/time.Minute)); k.limit > 0 && (len(k.api.server.Posted()) > most || k.answers[pipeline.Queued] == 0) {
		t.Errorf("%d events of %d monitors, at most %d were to be expected; %d alerts were held back", len(k.api.server.Posted()), k.monitors, most, k.answers[pipeline.Queued])
	}
	if left := k.queue.Len(); left > 0 {
		t.Errorf("%d messages are left", left)
	}
}

func TestFleet_grows_no_faster_and_no_larger_than_Lambda_lets_it(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fleet[int]{make: func() int { return 0 }}
		f.period = time.Now()
		take := func(n int) (taken, cold int) {
			for range n {
				_, isCold, ok := f.take()
				if ok {
					taken++
				}
				if isCold {
					cold++
				}
			}
			return taken, cold
		}
		if taken, cold := take(scalingStep); taken != scalingStep || cold != scalingStep {
			t.Fatalf("%d of the first were taken, %d by a new instance", taken, cold)
		}
		if taken, _ := take(1); taken != 0 || f.throttled != 1 {
			t.Errorf("beyond the account's concurrency %d were taken, %d throttled", taken, f.throttled)
		}
		f.give(0)
		if taken, cold := take(2); taken != 1 || cold != 0 {
			t.Errorf("with one instance idle %d were taken, %d by a new one", taken, cold)
		}
		for range 10 {
			f.busy-- // Ten instances that ended.
		}
		if taken, _ := take(1); taken != 0 {
			t.Error("more new instances in ten seconds than Lambda starts")
		}
		time.Sleep(scalingPeriod)
		if taken, cold := take(11); taken != 10 || cold != 10 {
			t.Errorf("ten seconds later %d were taken, %d by a new instance", taken, cold)
		}
	})
}
