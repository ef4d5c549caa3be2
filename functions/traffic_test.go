package functions_test

import (
	"maps"
	"slices"
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
func whenLedgerResponds(t *testing.T, s *e2e.Stack, play func(round int64) (wrong string)) {
	t.Helper()
	for round := range int64(5) {
		late := lateCalls(s)
		wrong := play(round)
		if n := lateCalls(s) - late; n > 0 {
			t.Logf("round %d: the ledger did not respond in time %d times", round, n)
			continue
		}
		if wrong != "" {
			t.Errorf("-want +got:\n%s", wrong)
		}
		return
	}
	t.Skip("the ledger did not respond in time in any round")
}

// postedSince counts the events about each notification of a round, whose numbers begin
// with first.
func postedSince(s *e2e.Stack, first int64) map[int64]int {
	posted := s.Posted()
	maps.DeleteFunc(posted, func(id int64, _ int) bool { return id < first })
	return posted
}

// TestReordering delivers a cycle from its end, by a clock that differs from ours by ten minutes. The events keep
// Datadog's times.
func TestReordering(t *testing.T) {
	s, webhook, worker := begin(t)
	start := time.Now().Add(-10 * time.Minute)
	transitions := []e2e.Alert{
		{ID: 3, Cycle: "c", Transition: "Recovered", Date: start.Add(20 * time.Minute)},
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

// TestCopies gives one alert to ten instances at the same moment, and to half as many each time that the emulated
// ledger is too slow for them. Then it comes again: SQS delivers at least once, and a message may wait behind a
// repeated request.
func TestCopies(t *testing.T) {
	s, first, worker := begin(t)
	instances := []*e2e.Instance{first}
	for range 9 {
		instances = append(instances, s.Start(e2e.Webhook, nil))
	}
	mustReady(t, instances...)
	whenLedgerResponds(t, s, func(round int64) string {
		one, two := e2e.Alert{ID: 2*round + 1}, e2e.Alert{ID: 2*round + 2}
		var all sync.WaitGroup
		for _, f := range instances[:max(2, len(instances)>>round)] {
			all.Go(func() { insist(t, f, one) })
		}
		all.Wait()
		for range 2 {
			enqueue(t, s, one)
			enqueue(t, s, two)
		}
		mustDrain(t, s, worker)
		return cmp.Diff([]string{"duplicate", "duplicate"}, []string{insist(t, first, one), insist(t, instances[1], two)}) +
			cmp.Diff(map[int64]int{one.ID: 1, two.ID: 1}, postedSince(s, one.ID))
	})
}

// TestDeadLetters has an alert that Datadog never accepts, which a redrive brings back, and messages that cannot be
// read. What comes beside them is posted.
func TestDeadLetters(t *testing.T) {
	s, webhook, worker := begin(t)
	inject(t, s, isPost, fakedatadog.Status(400), 0)
	mustDeliver(t, webhook, e2e.Alert{ID: 100}, "queued")
	if err := s.Drain(worker, limit, timeout); err != nil {
		t.Error(err)
	}
	s.ClearFaults()
	refused := s.Take(s.DeadLetters)
	if len(refused) != 1 || !strings.Contains(reason(refused[0]), "400 Bad Request") {
		t.Fatalf("dead letters: %+v", refused)
	}
	s.Enqueue(*refused[0].Body) // As a redrive does.
	mustDrain(t, s, worker)

	bad := []string{"{", `{"version":99}`, `{"version":1}`, strings.Repeat("x", 1000), `{"version":1,"gzip":"eA=="}`}
	want, dead := map[int64]int{100: 1}, []string(nil)
	for i, body := range bad {
		s.Enqueue(body)
		enqueue(t, s, e2e.Alert{ID: int64(i + 1)})
		want[int64(i+1)] = 1
	}
	if err := s.Drain(worker, limit, timeout); err != nil {
		t.Error(err)
	}
	mustPost(t, s, want)
	for _, m := range s.Take(s.DeadLetters) {
		if dead = append(dead, *m.Body); reason(m) == "" {
			t.Errorf("%s is dead without a reason", *m.Body)
		}
	}
	slices.Sort(bad)
	slices.Sort(dead)
	if diff := cmp.Diff(bad, dead); diff != "" {
		t.Errorf("dead letters (-want +got):\n%s", diff)
	}
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
				insist(t, f, e2e.Alert{ID: int64(i)*each + n + 1})
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
			s.AWS.Break(awstest.Fault{Service: "SQS", Effect: awstest.DropResponse, Times: 1})
			inject(t, s, isPost, fakedatadog.Status(503), 0)
		},
		"of the post": func(t *testing.T, s *e2e.Stack) { inject(t, s, isPost, fakedatadog.DropResponse, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			s, webhook, worker := begin(t)
			lose(t, s)
			insist(t, webhook, e2e.Alert{ID: 1})
			s.ClearFaults()
			mustDrain(t, s, worker)
			mustPost(t, s, map[int64]int{1: 1})
		})
	}
}
