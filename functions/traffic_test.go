package functions_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/awstest"
	"boomerang/shared/fakedatadog"
)

// whenLedgerResponds plays one round after another until the ledger responded in time
// to all calls, and reports what went wrong in that one. On a busy machine an instance
// may have to go on without it: such a round shows nothing.
func whenLedgerResponds(t *testing.T, instances []*e2e.Instance, play func(round int64) (wrong string)) {
	t.Helper()
	for round := range int64(5) {
		late := countLate(instances)
		wrong := play(round)
		if n := countLate(instances) - late; n > 0 {
			t.Logf("round %d: the ledger did not respond in time %d times", round, n)
			continue
		}
		if wrong != "" {
			t.Errorf("-want +got:\n%s", wrong)
		}
		return
	}
	t.Error("the ledger did not respond in time in any round")
}

func countLate(instances []*e2e.Instance) (n int) {
	for _, f := range instances {
		n += strings.Count(f.Output(), "processed without a claim") + strings.Count(f.Output(), "not recorded in the ledger")
	}
	return n
}

func status(t *testing.T, f *e2e.Instance, a e2e.Alert) string {
	t.Helper()
	_, status := deliver(t, f, a)
	return status
}

// postedSince counts the events about each notification of a round, whose numbers begin
// with first.
func postedSince(s *e2e.Stack, first int64) map[int64]int {
	posted := s.Posted()
	maps.DeleteFunc(posted, func(id int64, _ int) bool { return id < first })
	return posted
}

func TestDuplicates(t *testing.T) {
	s, webhook, worker := begin(t)
	another := s.Start(e2e.Webhook, nil)
	whenLedgerResponds(t, []*e2e.Instance{webhook, another, worker}, func(round int64) string {
		one, two := e2e.Alert{ID: 2*round + 1}, e2e.Alert{ID: 2*round + 2}
		got := []string{status(t, webhook, one), status(t, webhook, one), status(t, another, one)}
		// SQS delivers at least once, and a message may wait behind a repeated request.
		for range 2 {
			enqueue(t, s, one)
			enqueue(t, s, two)
		}
		mustDrain(t, s, worker)
		got = append(got, status(t, webhook, two))
		return cmp.Diff([]string{"posted", "duplicate", "duplicate", "duplicate"}, got) +
			cmp.Diff(map[int64]int{one.ID: 1, two.ID: 1}, postedSince(s, one.ID))
	})
}

func TestReordering(t *testing.T) {
	s, webhook, worker := begin(t)
	start := time.Now().Add(-20 * time.Minute)
	transitions := []e2e.Alert{
		{ID: 3, Cycle: "c", Transition: "Recovered", Date: start.Add(11 * time.Minute)},
		{ID: 1, Cycle: "c", Transition: "Triggered", Date: start},
		{ID: 2, Cycle: "c", Transition: "Renotify", Date: start.Add(10 * time.Minute)},
	}
	for _, a := range transitions {
		mustDeliver(t, webhook, a, "posted")
	}
	mustDrain(t, s, worker)
	mustPost(t, s, map[int64]int{1: 1, 2: 1, 3: 1})
	for i, p := range s.Datadog.Posted() {
		if p.Event.DateHappened != transitions[i].Date.Unix() || p.Event.AggregationKey != "c" {
			t.Errorf("%s is an event of %d in the cycle %q", transitions[i].Transition, p.Event.DateHappened, p.Event.AggregationKey)
		}
	}
}

// TestCopies gives one alert to 20 instances at the same moment, and to half as many each time
// that the emulated ledger is too slow for them.
func TestCopies(t *testing.T) {
	s, first, worker := begin(t)
	instances := []*e2e.Instance{first}
	for range 19 {
		instances = append(instances, s.Start(e2e.Webhook, nil))
	}
	want := map[int64]int{}
	for i, f := range instances {
		mustDeliver(t, f, e2e.Alert{ID: int64(100 + i)}, "posted")
		want[int64(100+i)] = 1
	}
	mustPost(t, s, want)
	whenLedgerResponds(t, append(instances, worker), func(round int64) string {
		a := e2e.Alert{ID: 1000 + round}
		copies := instances[:max(2, len(instances)>>round)]
		answers := make([]string, len(copies))
		var all sync.WaitGroup
		for i, f := range copies {
			all.Go(func() {
				r, err := f.Deliver(a, limit)
				// Datadog delivers again what neither the ledger nor the queue took in time.
				for range 3 {
					if r.StatusCode == http.StatusServiceUnavailable {
						r, err = f.Deliver(a, limit)
					}
				}
				answers[i] = fmt.Sprintf("%d %v", r.StatusCode, err)
			})
		}
		all.Wait()
		for _, answer := range answers {
			if answer != "200 <nil>" && answer != "202 <nil>" {
				t.Errorf("a copy was answered %s", answer)
			}
		}
		mustDrain(t, s, worker)
		return cmp.Diff(map[int64]int{a.ID: 1}, postedSince(s, a.ID))
	})
}

// TestClockSkew has clocks of Datadog that differ from ours. The events keep Datadog's times.
func TestClockSkew(t *testing.T) {
	s, webhook, worker := begin(t)
	now := time.Now()
	whenLedgerResponds(t, []*e2e.Instance{webhook, worker}, func(round int64) string {
		first, want, answers := 2*round+1, map[int64]int64{}, []string(nil)
		for i, skew := range []time.Duration{-10 * time.Minute, 10 * time.Minute} {
			a := e2e.Alert{ID: first + int64(i), Date: now.Add(skew)}
			answers = append(answers, status(t, webhook, a), status(t, webhook, a))
			want[a.ID] = a.Date.Unix()
		}
		mustDrain(t, s, worker)
		got := map[int64]int64{}
		for _, p := range s.Datadog.Posted() {
			if n := e2e.Number(p.Event); n >= first {
				got[n] = p.Event.DateHappened
			}
		}
		return cmp.Diff([]string{"posted", "duplicate", "posted", "duplicate"}, answers) + cmp.Diff(want, got) +
			cmp.Diff(map[int64]int{first: 1, first + 1: 1}, postedSince(s, first))
	})
}

func TestUnreadableMessages(t *testing.T) {
	s, _, worker := begin(t)
	bad := []string{"{", `{"version":99}`, `{"version":1}`, strings.Repeat("x", 1000), `{"version":1,"gzip":"eA=="}`}
	want, dead := map[int64]int{}, map[string]bool{}
	for i, body := range bad {
		s.Enqueue(body)
		enqueue(t, s, e2e.Alert{ID: int64(i + 1)})
		want[int64(i+1)] = 1
	}
	if b := s.Poll(worker, limit); b.Received != 10 || b.Err != nil {
		t.Errorf("the batch: %+v", b)
	}
	if err := s.Drain(worker, limit, timeout); err != nil { // Where the machine is busy, some alerts need another attempt.
		t.Error(err)
	}
	mustPost(t, s, want)
	for _, m := range s.Take(s.DeadLetters) {
		dead[*m.Body] = true
		if reason(m) == "" {
			t.Errorf("%s is dead without a reason", *m.Body)
		}
	}
	for _, body := range bad {
		if !dead[body] {
			t.Errorf("%.40s is not among the dead letters", body)
		}
	}
	if left := s.Length(s.Queue); left > 0 || len(dead) != len(bad) {
		t.Errorf("%d messages are left, and %d are dead", left, len(dead))
	}
}

// TestRejectedEvent has an alert that Datadog never accepts, and the next one is posted.
func TestRejectedEvent(t *testing.T) {
	s, webhook, worker := begin(t)
	inject(t, s, isPost, fakedatadog.Status(400), 0)
	mustDeliver(t, webhook, e2e.Alert{ID: 1}, "queued")
	if b := s.Poll(worker, limit); b.Received != 1 || b.Failed != 0 || b.Err != nil {
		t.Errorf("the batch: %+v", b)
	}
	s.ClearFaults()
	dead := s.Take(s.DeadLetters)
	if len(dead) != 1 || !strings.Contains(reason(dead[0]), "400 Bad Request") {
		t.Fatalf("dead letters: %+v", dead)
	}
	mustDeliver(t, webhook, e2e.Alert{ID: 2}, "posted")
	s.Enqueue(*dead[0].Body) // As a redrive does.
	mustDrain(t, s, worker)
	mustPost(t, s, map[int64]int{1: 1, 2: 1})
}

// TestRotation revokes Datadog's keys under load, a moment before Secrets Manager has
// the new ones.
func TestRotation(t *testing.T) {
	s, first, worker := begin(t)
	const each = 20
	instances := []*e2e.Instance{first, s.Start(e2e.Webhook, nil), s.Start(e2e.Webhook, nil)}
	want := map[int64]int{}
	var all sync.WaitGroup
	for i, f := range instances {
		for n := range int64(each) {
			want[int64(i)*each+n+1] = 1
		}
		all.Go(func() {
			for n := range int64(each) {
				r, err := f.Deliver(e2e.Alert{ID: int64(i)*each + n + 1}, limit)
				if err != nil || r.StatusCode != 200 && r.StatusCode != 202 {
					t.Errorf("got %d %s, %v", r.StatusCode, r.Body, err)
				}
			}
		})
	}
	for began := time.Now(); len(s.Posted()) < each; time.Sleep(5 * time.Millisecond) {
		if t.Failed() || time.Since(began) > timeout {
			t.Errorf("there are %d events, and the keys are revoked after %d", len(s.Posted()), each)
			break
		}
	}
	s.Datadog.SetKeys("new-api-key", "new-app-key")
	time.Sleep(100 * time.Millisecond)
	s.SetSecret(s.DatadogSecret, `{"api_key":"new-api-key","app_key":"new-app-key"}`)
	all.Wait()
	mustDrain(t, s, worker)
	mustPost(t, s, want)
}

// TestLostResponses lets a call take effect and drops its response. A post without a
// response leaves an event that only a search finds.
func TestLostResponses(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*testing.T, *e2e.Stack){
		"of Secrets Manager": func(_ *testing.T, s *e2e.Stack) {
			s.AWS.Break(awstest.Fault{Service: "SecretsManager", Effect: awstest.DropResponse, Times: 1})
		},
		"of the ledger": func(_ *testing.T, s *e2e.Stack) {
			for _, operation := range []string{"PutItem", "UpdateItem", "GetItem", "BatchGetItem"} {
				s.AWS.Break(awstest.Fault{Service: "DynamoDB", Operation: operation, Effect: awstest.DropResponse, Times: 1})
			}
		},
		"of the reads": func(t *testing.T, s *e2e.Stack) { inject(t, s, isRead, fakedatadog.DropResponse, 1) },
		"of the queue": func(t *testing.T, s *e2e.Stack) {
			breakSQS(s, awstest.DropResponse, 1)
			inject(t, s, isPost, fakedatadog.Status(503), 0)
		},
		"of the post": func(t *testing.T, s *e2e.Stack) { inject(t, s, isPost, fakedatadog.DropResponse, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			s, webhook, worker := begin(t)
			lose(t, s)
			if code, status := deliver(t, webhook, e2e.Alert{ID: 1}); code != 200 && code != 202 {
				t.Fatalf("got %d %s", code, status)
			}
			s.ClearFaults()
			mustDrain(t, s, worker)
			mustPost(t, s, map[int64]int{1: 1})
		})
	}
}

// TestLostResponse_WithoutQueue drops the response of a post while there is no queue to
// note that in: only the ledger can, and the repetition waits until the search shows the event.
func TestLostResponse_WithoutQueue(t *testing.T) {
	s, webhook, worker := begin(t)
	inject(t, s, func(r fakedatadog.Route) bool { return r == fakedatadog.EventsCreate }, fakedatadog.DropResponse, 1)
	breakSQS(s, awstest.Status(503), 0)
	for _, want := range []int{503, 202} {
		if code, status := deliver(t, webhook, e2e.Alert{ID: 1}); code != want {
			t.Fatalf("got %d %s, want %d", code, status, want)
		}
		s.ClearFaults()
	}
	mustDrain(t, s, worker)
	mustPost(t, s, map[int64]int{1: 1})
}
