package functions_test

import (
	"cmp"
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
	"boomerang/functions/local/output"
	"boomerang/shared/awstest"
	"boomerang/shared/fakedatadog"
)

const (
	soakAlerts   = 60       // in make test; make soak sets SOAK to more
	longSoak     = 300      // alerts, above which looking through all items takes too long
	soakMonitors = 50       // that they are about
	webhooks     = 16       // instances, each with one alert at a time
	faultRate    = 0.05     // the share of the calls to each dependency that fail
	maxMemory    = 64 << 20 // that one instance may use
)

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

// TestSoak sends many alerts at once while one call in twenty to Secrets Manager, the
// ledger, the queue and Datadog fails, and then counts the events of each alert.
func TestSoak(t *testing.T) {
	t.Run("direct", func(t *testing.T) { runSoak(t, "direct", 2) })
	t.Run("queue", func(t *testing.T) { runSoak(t, "queue", 5) })
}

// soak is one run.
type soak struct {
	*testing.T
	*e2e.Stack
	alerts    int64
	instances []*e2e.Instance
	desk      *desk

	next                     atomic.Int64
	posted, queued, repeated atomic.Int64
	progress                 func(done, total int)
}

func runSoak(t *testing.T, intake string, workers int) {
	n, err := strconv.ParseInt(os.Getenv("SOAK"), 10, 64)
	if err != nil {
		t.Parallel()
	}
	s := &soak{T: t, Stack: e2e.New(t), alerts: cmp.Or(n, soakAlerts), progress: output.Progress(os.Stderr, "sent", "alerts")}
	s.IsLong = s.alerts > longSoak
	s.desk = newDeskOf(t, followUpPlaybooks+deskActions)
	variables := s.desk.variables
	variables["INTAKE"] = intake
	for range webhooks {
		s.instances = append(s.instances, s.Start(e2e.Webhook, variables))
	}
	for range workers {
		s.instances = append(s.instances, s.Start(e2e.Redeliver, variables))
	}
	s.begin()
	started, sent := time.Now(), make(chan struct{})
	var deliveries, redeliveries sync.WaitGroup
	for i, f := range s.instances {
		if i < webhooks {
			deliveries.Go(func() { s.deliver(f) })
		} else {
			redeliveries.Go(func() { s.redeliver(f, sent) })
		}
	}
	deliveries.Wait()
	close(sent)
	redeliveries.Wait()
	s.followUp()
	s.ClearFaults()
	s.Logf("%d alerts, %d at once, INTAKE=%s, in %.0f s; %d calls failed", s.alerts, webhooks, intake, time.Since(started).Seconds(), len(s.Datadog.Faulted())+len(s.faultedAWS()))
	s.Logf("posted %d, queued %d; 503 and repeated %d times", s.posted.Load(), s.queued.Load(), s.repeated.Load())
	s.check()
	s.checkFollowUps()
	s.checkTickets()
}

// timeout is how long the queue may take to become empty.
func (s *soak) timeout() time.Duration {
	return 5*time.Minute + time.Duration(s.alerts)*100*time.Millisecond
}

// begin waits for the instances and injects the faults.
func (s *soak) begin() {
	for id := range int64(soakMonitors) {
		s.AddMonitors(id + 1)
	}
	mustReady(s.T, s.instances...)
	datadog, aws := soakDatadog, soakAWS
	if s.alerts > soakAlerts { // A call that hangs holds its instance for as long as it may, so it is rare.
		datadog, aws = append(slices.Repeat(datadog, 2), fakedatadog.Hang), append(slices.Repeat(aws, 2), awstest.Hang)
	}
	if err := s.Datadog.InjectRandom(faultRate, 1, datadog...); err != nil {
		s.Fatal(err)
	}
	s.desk.set(false, faultRate)
	for _, effect := range aws {
		s.AWS.Break(awstest.Fault{Effect: effect, Rate: faultRate / float64(len(aws))})
	}
}

// deliver sends alerts as Datadog does, which repeats what is answered 5xx. They are
// spread over ten hours and many services, as an event stream is.
func (s *soak) deliver(f *e2e.Instance) {
	for n := s.next.Add(1); n <= s.alerts; n = s.next.Add(1) {
		ago := 10 * time.Hour * time.Duration(s.alerts-n) / time.Duration(s.alerts)
		a := e2e.Alert{ID: n, Monitor: n%soakMonitors + 1, Service: "service-" + strconv.FormatInt(n, 10), Date: time.Now().Add(-ago)}
		for code := 503; code == 503; {
			r, err := f.Deliver(a, limit)
			code = r.StatusCode
			switch {
			case err != nil || code != 200 && code != 202 && code != 503:
				s.Errorf("alert %d was answered %d %s, %v; the function wrote %s", n, code, r.Body, err, f.Output())
				return
			case code == 200:
				s.posted.Add(1)
			case code == 202:
				s.queued.Add(1)
			default:
				s.repeated.Add(1)
				time.Sleep(100 * time.Millisecond)
			}
		}
		s.progress(int(s.posted.Load()+s.queued.Load()), int(s.alerts))
	}
}

// redeliver works on the queue until all alerts are sent, and then until it is empty.
func (s *soak) redeliver(f *e2e.Instance, sent <-chan struct{}) {
	for {
		select {
		case <-sent:
			s.drain(f)
			return
		default:
		}
		if b := s.Poll(f, limit); b.Received == 0 {
			time.Sleep(100 * time.Millisecond)
		}
	}
}

func (s *soak) drain(f *e2e.Instance) {
	if err := s.Drain(f, limit, s.timeout()); err != nil {
		s.Errorf("%v; the worker wrote %s", err, f.Output())
	}
}

// check counts the events. A second one has two reasons, because a duplicate is better
// than a lost alert: the response to a post was lost and Datadog could not be searched
// for the first event, or the ledger could not tell the alert from a copy.
func (s *soak) check() {
	events, unseen, unclaimed := map[int64]int{}, map[int64]int{}, map[int64]bool{}
	for _, p := range s.Datadog.Posted() {
		if slices.Contains(p.Event.Tags, followUpTag) {
			continue
		}
		events[e2e.Number(p.Event)]++
		if p.Fault == fakedatadog.DropResponse {
			unseen[e2e.Number(p.Event)]++
		}
	}
	for _, c := range s.faultedAWS() {
		if key := alertKey.FindSubmatch(c.Body); key != nil && c.Operation == "PutItem" {
			unclaimed[numberOf(string(key[1]))] = true
		}
	}
	for n := range s.late() {
		unclaimed[n] = true
	}
	var lost, doubled, unseenPosts, ledgerFailures int
	for id := int64(1); id <= s.alerts; id++ {
		switch n := events[id]; {
		case n == 1:
		case n == 0:
			lost++
			s.Errorf("alert %d has no event", id)
		case n <= 1+unseen[id]:
			unseenPosts++
		case unclaimed[id]:
			ledgerFailures++
		default:
			doubled++
			s.Errorf("alert %d has %d events", id, n)
		}
	}
	s.Logf("lost %d, doubled %d; a second event because a response was lost: %d, because the ledger failed: %d", lost, doubled, unseenPosts, ledgerFailures)
	for _, i := range s.instances {
		if peak := i.PeakMemory(); peak > maxMemory {
			s.Errorf("an instance used %d MB of memory, and may use %d MB", peak>>20, maxMemory>>20)
		}
	}
	for _, m := range s.Take(s.DeadLetters) {
		s.Errorf("a dead letter: %s", reason(m))
	}
}

// late returns the numbers of the alerts of which a ledger call came too late: a busy machine is a
// fault, too.
func (s *soak) late() map[int64]bool {
	late := map[int64]bool{}
	for line := range strings.Lines(s.Output()) {
		if id := alertID.FindStringSubmatch(line); id != nil && lateCall.MatchString(line) {
			late[numberOf(id[1])] = true
		}
	}
	return late
}

// numberOf returns the number of the alert that has an id.
func numberOf(id string) int64 {
	digits, _ := strconv.ParseInt(id, 10, 64) // The expressions take digits only.
	return e2e.Number(fakedatadog.Event{RelatedEventID: digits})
}

func (s *soak) faultedAWS() []awstest.Call {
	return slices.DeleteFunc(s.AWS.Calls("", ""), func(c awstest.Call) bool { return !c.Faulted })
}

var (
	// alertKey is the key of an alert's item.
	alertKey = regexp.MustCompile(`"alert#\d+:(\d+)"`)
	// alertID is that of a log record.
	alertID = regexp.MustCompile(`"alert_id":"(\d+)"`)
)
