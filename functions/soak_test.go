package functions_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/awstest"
	"boomerang/shared/fakedatadog"
)

const (
	// soakAlerts is how many alerts make test sends; make soak sets SOAK to more.
	soakAlerts = 200
	// atOnce is how many instances of the webhook there are, each with one alert.
	atOnce = 16
	// faultRate is the share of the calls to each dependency that go wrong.
	faultRate = 0.05
	// maxMemory is the most that one instance may need, and maxGrowth by how much it
	// may grow after the first tenth.
	maxMemory = 64 << 20
	maxGrowth = 16 << 20
	// soakTimeout is for what is left in the queue when all alerts are sent.
	soakTimeout = 3 * time.Minute
)

// workers is how many instances work on the queue: with the one intake it has what
// failed, with the other all there is.
var workers = map[string]int{"direct": 2, "queue": 5}

// The faults of the soak, all equally often.
var (
	soakDatadog = []fakedatadog.Fault{
		fakedatadog.Reset, fakedatadog.DropResponse, fakedatadog.Truncate, fakedatadog.Corrupt, fakedatadog.Empty, fakedatadog.Forbidden,
		"rate-limited:1s", fakedatadog.Status(500), fakedatadog.Status(503), "slow:50ms", "drip:50ms",
	}
	soakAWS = []awstest.Effect{
		awstest.Reset, awstest.DropResponse, awstest.Truncate, awstest.Corrupt, awstest.Empty, awstest.Error(400, "AccessDeniedException"),
		awstest.Error(400, "ThrottlingException"), awstest.Status(500), awstest.Status(503), awstest.Delay(50 * time.Millisecond), awstest.Drip(50 * time.Millisecond),
	}
)

// TestSoak sends many alerts at once through the built functions while one call
// in twenty goes wrong, Secrets Manager's, the ledger's, the queue's and Datadog's
// alike, and then looks for one event for each alert.
func TestSoak(t *testing.T) {
	alerts := soakAlerts
	if n, err := strconv.Atoi(os.Getenv("SOAK")); err == nil {
		alerts = n
	} else {
		t.Parallel()
	}
	for _, intake := range []string{"direct", "queue"} {
		t.Run(intake, func(t *testing.T) {
			if alerts == soakAlerts {
				t.Parallel()
			}
			s := newSoak(t, intake, alerts)
			started := time.Now()
			s.run()
			s.report(time.Since(started))
		})
	}
}

// soak is one run.
type soak struct {
	*testing.T
	*e2e.Stack
	intake   string
	alerts   int
	webhooks []*e2e.Instance
	workers  []*e2e.Instance
	started  memory // of the largest instance, once all are warm

	next                                 atomic.Int64
	posted, queued, repeated, unanswered atomic.Int64
}

// memory is what an instance has now, and had at its peak.
type memory struct{ now, peak int64 }

func newSoak(t *testing.T, intake string, alerts int) *soak {
	s := &soak{T: t, Stack: e2e.New(t), intake: intake, alerts: alerts}
	for id := range int64(monitors) {
		s.AddMonitors(id + 1)
	}
	for _, r := range s.Datadog.Routes() {
		if isRead(r) {
			// Datadog's own limits would keep most of the reads from being made at all.
			if err := s.Datadog.Limit(r, 1_000_000, time.Minute); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range atOnce {
		s.webhooks = append(s.webhooks, s.Start(e2e.Webhook, map[string]string{"INTAKE": intake}))
	}
	for range workers[intake] {
		s.workers = append(s.workers, s.Start(e2e.Redeliver, nil))
	}
	for _, i := range slices.Concat(s.webhooks, s.workers) {
		if err := i.Ready(); err != nil {
			t.Fatalf("%v; it wrote %s", err, i.Output())
		}
	}
	datadog, aws := soakDatadog, soakAWS
	if alerts > soakAlerts {
		// A call that hangs holds its instance for as long as it may, so here it is rare.
		datadog, aws = append(slices.Repeat(datadog, 2), fakedatadog.Hang), append(slices.Repeat(aws, 2), awstest.Hang)
	}
	if err := s.Datadog.InjectRandom(faultRate, 1, datadog...); err != nil {
		t.Fatal(err)
	}
	s.AWS.Break(awstest.Fault{Effect: awstest.AnyOf(aws...), Rate: faultRate})
	return s
}

// run delivers all alerts, and leaves the queue empty.
func (s *soak) run() {
	over, empty := make(chan struct{}), make(chan struct{})
	var deliveries, redeliveries, watch sync.WaitGroup
	for _, f := range s.webhooks {
		deliveries.Go(func() { s.deliver(f) })
	}
	for _, f := range s.workers {
		redeliveries.Go(func() { s.redeliver(f, over) })
	}
	watch.Go(func() { s.watch(empty) })
	deliveries.Wait()
	close(over)
	redeliveries.Wait()
	close(empty)
	watch.Wait()
	for _, m := range s.Take(s.DeadLetters) {
		s.Errorf("a dead letter: %s", reason(m))
	}
}

const monitors = 50

// alert is the one with a number, as of a day on which every minute had its
// share, each about a service of its own: an event stream is no list of one thing.
func (s *soak) alert(n int64) e2e.Alert {
	const day = 10 * time.Hour
	return e2e.Alert{
		ID: n, Monitor: n%monitors + 1, Service: "service-" + strconv.FormatInt(n, 10),
		Date: time.Now().Add(-day + time.Duration(n)*day/time.Duration(s.alerts)),
	}
}

// deliver is Datadog: it repeats what was answered with a 5xx, or not at all.
func (s *soak) deliver(f *e2e.Instance) {
	for {
		n := s.next.Add(1)
		if n > int64(s.alerts) {
			return
		}
		for status := 0; status != 200 && status != 202; {
			r, err := f.Deliver(s.alert(n), limit)
			status = r.StatusCode
			switch {
			case err != nil:
				s.unanswered.Add(1)
				s.Errorf("alert %d was not answered: %v; the function wrote %s", n, err, f.Output())
				return
			case status == 200:
				s.posted.Add(1)
			case status == 202:
				s.queued.Add(1)
			case status == 503:
				s.repeated.Add(1)
				time.Sleep(100 * time.Millisecond)
			default:
				s.Errorf("alert %d was answered %d %s", n, status, r.Body)
				return
			}
		}
	}
}

// redeliver works on what is due in the queue until over is closed, and then on
// all that is left.
func (s *soak) redeliver(f *e2e.Instance, over <-chan struct{}) {
	for {
		select {
		case <-over:
			if err := s.Drain(f, limit, soakTimeout); err != nil {
				s.Errorf("%v; the worker wrote %s", err, f.Output())
			}
			return
		default:
		}
		if b := s.Poll(f, limit); b.Received == 0 {
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// watch says now and then how far it is, and takes the memory of the start when
// each instance has had some work, or at the end if it was over before it looked.
func (s *soak) watch(over <-chan struct{}) {
	often, seldom := time.NewTicker(100*time.Millisecond), time.NewTicker(15*time.Second)
	defer often.Stop()
	defer seldom.Stop()
	for {
		select {
		case <-over:
			if s.started.now == 0 {
				s.started = s.memory()
			}
			return
		case <-often.C:
			if s.started.now == 0 && s.sent() >= s.alerts/10 {
				s.started = s.memory()
			}
		case <-seldom.C:
			s.Logf("%d of %d alerts sent, %d messages in the queue, %s", s.sent(), s.alerts,
				s.Length(s.Queue), megabytes(s.memory().now))
		}
	}
}

func (s *soak) sent() int { return min(int(s.next.Load()), s.alerts) }

// memory is that of the instance which has the most.
func (s *soak) memory() memory {
	var most memory
	for _, i := range slices.Concat(s.webhooks, s.workers) {
		now, peak := i.Memory()
		most = memory{max(most.now, now), max(most.peak, peak)}
	}
	return most
}

// report says how it went.
func (s *soak) report(took time.Duration) {
	s.Datadog.ClearFaults()
	ended, n := s.memory(), s.count()
	var b strings.Builder
	fmt.Fprintf(&b, "%d alerts, %d at once, INTAKE=%s, in %.0f s: %.0f a second; %d calls to the dependencies went wrong\n",
		s.alerts, atOnce, s.intake, took.Seconds(), float64(s.alerts)/took.Seconds(), len(s.Datadog.Faulted()))
	fmt.Fprintf(&b, "answered: posted %d, queued %d; 503 and repeated %d times; not answered in time %d\n",
		s.posted.Load(), s.queued.Load(), s.repeated.Load(), s.unanswered.Load())
	fmt.Fprintf(&b, "events:   exactly one for %d of %d alerts; lost %d, doubled for no known reason %d\n", n.one, s.alerts, n.lost, n.doubled)
	fmt.Fprintf(&b, "          doubled because Datadog took the event and the answer was lost: %d\n", n.answerLost)
	fmt.Fprintf(&b, "          doubled because the ledger failed, with a copy on its way: %d\n", n.ledgerFailed)
	fmt.Fprintf(&b, "memory:   the largest of %d instances had %s at the start, %s at the end, %s at the peak",
		len(s.webhooks)+len(s.workers), megabytes(s.started.now), megabytes(ended.now), megabytes(ended.peak))
	s.Log("\n" + b.String())
	if n.lost > 0 || n.doubled > 0 {
		s.Errorf("%d alerts are lost and %d doubled", n.lost, n.doubled)
	}
	if ended.peak > maxMemory || ended.now > s.started.now+maxGrowth {
		s.Errorf("an instance may need %s and grow by %s", megabytes(maxMemory), megabytes(maxGrowth))
	}
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20)) }

// counts are alerts by what became of them. There are two reasons for a second
// event, both because a double beats a loss: an alert whose post was not answered
// is posted again where Datadog cannot be searched for the first one, and so is an
// alert that the ledger cannot tell from a copy.
type counts struct{ one, lost, doubled, answerLost, ledgerFailed int }

func (s *soak) count() counts {
	events, unseen := map[int64]int{}, map[int64]int{}
	for _, p := range s.Datadog.Posted() {
		events[p.Event.RelatedEventID]++
		if p.Fault == fakedatadog.DropResponse {
			unseen[p.Event.RelatedEventID]++
		}
	}
	untold := s.ledgerFailures()
	var n counts
	for id := range int64(s.alerts) {
		id++
		switch got := events[id]; {
		case got == 0:
			n.lost++
			s.Logf("alert %d has no event", id)
		case got == 1:
			n.one++
		case got <= 1+unseen[id]:
			n.answerLost++
		case untold[id]:
			n.ledgerFailed++
		default:
			n.doubled++
			s.Logf("alert %d has %d events", id, got)
		}
	}
	return n
}

func (s *soak) faultedAWS() []awstest.Call {
	return slices.DeleteFunc(s.AWS.Calls("", ""), func(c awstest.Call) bool { return !c.Faulted })
}

// ledgerFailures are the alerts whose claim or completion failed.
func (s *soak) ledgerFailures() map[int64]bool {
	failed := map[int64]bool{}
	for _, c := range s.faultedAWS() {
		if key := alertKey.FindSubmatch(c.Body); key != nil && c.Operation == "PutItem" {
			id, _ := strconv.ParseInt(string(key[1]), 10, 64) // The expression takes digits only.
			failed[id] = true
		}
	}
	return failed
}

// alertKey is the key of an alert's item.
var alertKey = regexp.MustCompile(`"alert#\d+:(\d+)"`)
