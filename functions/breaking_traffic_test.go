package functions_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/fakedatadog"
)

func mustDeliver(t *testing.T, f *e2e.Instance, a e2e.Alert, says string) {
	t.Helper()
	r, err := f.Deliver(a, limit)
	if err != nil || !strings.Contains(r.Body, `"status":"`+says+`"`) {
		t.Errorf("got %d %s, %v, want %s; the function wrote %s", r.StatusCode, r.Body, err, says, f.Output())
	}
}

// begin returns a stack with a webhook and a redelivery.
func begin(t *testing.T) (s *e2e.Stack, webhook, worker *e2e.Instance) {
	t.Helper()
	t.Parallel()
	s = e2e.New(t)
	s.Monitors(4711)
	return s, s.Start(e2e.Webhook, nil), s.Start(e2e.Redelivery, nil)
}

// heard plays one round after another until the ledger has answered everybody in time,
// and reports what went wrong in that one. On a machine that is busy enough an instance
// may not hear from it in time, and must go on without it: such a round says nothing.
func heard(t *testing.T, instances []*e2e.Instance, play func(round int64) (wrong string)) {
	t.Helper()
	for round := range int64(5) {
		late := countLate(instances)
		wrong := play(round)
		if n := countLate(instances) - late; n > 0 {
			t.Logf("round %d: the ledger did not answer in time %d times", round, n)
			continue
		}
		if wrong != "" {
			t.Errorf("-want +got:\n%s", wrong)
		}
		return
	}
	t.Error("in none of the rounds did the ledger answer everybody in time")
}

func countLate(instances []*e2e.Instance) (n int) {
	for _, f := range instances {
		n += strings.Count(f.Output(), "go on without the ledger") + strings.Count(f.Output(), "but the ledger does not know")
	}
	return n
}

// status is what a webhook says has become of an alert.
func status(t *testing.T, f *e2e.Instance, a e2e.Alert) string {
	t.Helper()
	r, err := f.Deliver(a, limit)
	if err != nil {
		t.Fatalf("%v; the function wrote %s", err, f.Output())
	}
	var said struct{ Status any }
	_ = json.Unmarshal([]byte(r.Body), &said) // Then it says nothing.
	return fmt.Sprint(said.Status)
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
	heard(t, []*e2e.Instance{webhook, another, worker}, func(round int64) string {
		one, two := e2e.Alert{ID: 2*round + 1}, e2e.Alert{ID: 2*round + 2}
		said := []string{status(t, webhook, one), status(t, webhook, one), status(t, another, one)}
		// SQS delivers at least once, and a message may wait behind a repeated request.
		for range 2 {
			enqueue(t, s, one)
			enqueue(t, s, two)
		}
		mustDrain(t, s, worker)
		said = append(said, status(t, webhook, two))
		return cmp.Diff([]string{"posted", "duplicate", "duplicate", "duplicate"}, said) +
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
	for i, p := range s.Standin.Posted() {
		if p.Event.DateHappened != transitions[i].Date.Unix() || p.Event.AggregationKey != "c" {
			t.Errorf("%s is an event of %d in the cycle %q", transitions[i].Transition, p.Event.DateHappened, p.Event.AggregationKey)
		}
	}
}

// TestCopies gives one alert to 20 instances at the same moment.
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
	heard(t, append(instances, worker), func(round int64) string {
		a := e2e.Alert{ID: 1000 + round}
		deliverCopies(t, instances, a)
		mustDrain(t, s, worker)
		return cmp.Diff(map[int64]int{a.ID: 1}, postedSince(s, a.ID))
	})
}

func deliverCopies(t *testing.T, instances []*e2e.Instance, a e2e.Alert) {
	t.Helper()
	answers := make([]string, len(instances))
	var all sync.WaitGroup
	for i, f := range instances {
		all.Go(func() {
			r, err := f.Deliver(a, limit)
			answers[i] = fmt.Sprintf("%d %v", r.StatusCode, err)
		})
	}
	all.Wait()
	for _, answer := range answers {
		if answer != "200 <nil>" && answer != "202 <nil>" {
			t.Errorf("a copy was answered %s", answer)
		}
	}
}

// Datadog's clock and ours differ, and so do those of two functions: the events
// keep Datadog's times.
func TestClockSkew(t *testing.T) {
	s, webhook, worker := begin(t)
	now := time.Now()
	heard(t, []*e2e.Instance{webhook, worker}, func(round int64) (wrong string) {
		first, want, said := 2*round+1, map[int64]int64{}, []string(nil)
		for i, skew := range []time.Duration{-10 * time.Minute, 10 * time.Minute} {
			a := e2e.Alert{ID: first + int64(i), Date: now.Add(skew)}
			said = append(said, status(t, webhook, a), status(t, webhook, a))
			want[a.ID] = a.Date.Unix()
		}
		mustDrain(t, s, worker)
		got := map[int64]int64{}
		for _, p := range s.Standin.Posted() {
			if p.Event.RelatedEventID >= first {
				got[p.Event.RelatedEventID] = p.Event.DateHappened
			}
		}
		return cmp.Diff([]string{"posted", "duplicate", "posted", "duplicate"}, said) + cmp.Diff(want, got) +
			cmp.Diff(map[int64]int{first: 1, first + 1: 1}, postedSince(s, first))
	})
}

func TestPoison(t *testing.T) {
	s, _, worker := begin(t)
	poison := []string{"{", `{"version":99}`, `{"version":1}`, strings.Repeat("x", 1000), `{"version":1,"gzip":"eA=="}`}
	want := map[int64]int{}
	for i, body := range poison {
		s.Enqueue(body)
		enqueue(t, s, e2e.Alert{ID: int64(i + 1)})
		want[int64(i+1)] = 1
	}
	if b := s.Redeliver(worker, limit); b.Received != 10 || b.Failed != 0 || b.Err != nil {
		t.Errorf("the batch: %+v", b)
	}
	mustPost(t, s, want)
	dead := map[string]bool{}
	for _, m := range s.Standin.Messages(fakedatadog.DeadLetterQueue) {
		if m.Attributes["reason"] == "" {
			t.Errorf("%s is dead without a reason", m.Body)
		}
		dead[m.Body] = true
	}
	for _, body := range poison {
		if !dead[body] {
			t.Errorf("%.40s is not among the dead letters", body)
		}
	}
	if left := s.Standin.Messages(fakedatadog.RedeliveryQueue); len(left) > 0 || len(dead) != len(poison) {
		t.Errorf("%d messages are left, and %d are dead", len(left), len(dead))
	}
}

// An alert that Datadog will never take is no reason to lose the next one.
func TestRefusedEvent(t *testing.T) {
	s, webhook, worker := begin(t)
	misbehave(t, s, fakedatadog.Status(400), startsWith("events.create"))
	mustDeliver(t, webhook, e2e.Alert{ID: 1}, "queued")
	s.Skip(time.Minute)
	if b := s.Redeliver(worker, limit); b.Received != 1 || b.Failed != 0 || b.Err != nil {
		t.Errorf("the batch: %+v", b)
	}
	s.Standin.ClearFaults()
	dead := s.Standin.Messages(fakedatadog.DeadLetterQueue)
	if len(dead) != 1 || !strings.Contains(dead[0].Attributes["reason"], "400 Bad Request") {
		t.Fatalf("dead letters: %+v", dead)
	}
	mustDeliver(t, webhook, e2e.Alert{ID: 2}, "posted")
	if n := s.Redrive(); n != 1 {
		t.Errorf("%d dead letters were put back", n)
	}
	mustDrain(t, s, worker)
	mustPost(t, s, map[int64]int{1: 1, 2: 1})
}

// TestRotation revokes Datadog's keys in the middle of a load, a moment before
// Secrets Manager has the new ones.
func TestRotation(t *testing.T) {
	s, first, worker := begin(t)
	const each = 40
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
		if t.Failed() || time.Since(began) > patience {
			t.Errorf("there are %d events, and the keys are to be revoked after %d", len(s.Posted()), each)
			break
		}
	}
	s.Standin.SetKeys("new-api-key", "new-app-key")
	time.Sleep(100 * time.Millisecond)
	s.Standin.SetSecret(fakedatadog.DefaultDatadogSecret, `{"api_key":"new-api-key","app_key":"new-app-key"}`)
	all.Wait()
	mustDrain(t, s, worker)
	mustPost(t, s, want)
}

// TestLostAnswers lets a call take effect and loses the answer to it. That of a
// post leaves an event that nobody knows of, until it is searched for.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lost func(fakedatadog.Route) bool
		down func(fakedatadog.Route) bool
	}{
		"of Secrets Manager": {startsWith("secrets."), nil},
		"of the ledger":      {startsWith("dynamodb."), nil},
		"of the reads":       {isRead, nil},
		"of the queue":       {startsWith("sqs.send"), startsWith("events.create")},
		"of the post":        {startsWith("events.create"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, webhook, worker := begin(t)
			for _, r := range s.Standin.Routes() {
				if c.lost(r) {
					if err := s.Standin.Inject(r, fakedatadog.DropResponse, 1); err != nil {
						t.Fatal(err)
					}
				}
			}
			if c.down != nil {
				misbehave(t, s, fakedatadog.Status(503), c.down)
			}
			r, err := webhook.Deliver(e2e.Alert{ID: 1}, limit)
			if err != nil || r.StatusCode != 200 && r.StatusCode != 202 {
				t.Fatalf("got %d %s, %v", r.StatusCode, r.Body, err)
			}
			s.Standin.ClearFaults()
			mustDrain(t, s, worker)
			mustPost(t, s, map[int64]int{1: 1})
		})
	}
}

// TestLostAnswer_is_looked_for_when_Datadog_sends_the_alert_again loses the answer to
// a post while there is no queue to note that in: only the ledger can.
func TestLostAnswer_is_looked_for_when_Datadog_sends_the_alert_again(t *testing.T) {
	s, webhook, _ := begin(t)
	if err := s.Standin.Inject(fakedatadog.EventsCreate, fakedatadog.DropResponse, 1); err != nil {
		t.Fatal(err)
	}
	misbehave(t, s, fakedatadog.Status(503), startsWith("sqs."))
	for _, want := range []int{503, 200} {
		r, err := webhook.Deliver(e2e.Alert{ID: 1}, limit)
		if err != nil || r.StatusCode != want {
			t.Fatalf("got %d %s, %v, want %d", r.StatusCode, r.Body, err, want)
		}
		s.Standin.ClearFaults()
	}
	mustPost(t, s, map[int64]int{1: 1})
}
