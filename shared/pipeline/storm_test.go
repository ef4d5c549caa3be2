package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
)

// limited is one playbook without steps that lets two events a minute pass.
func limited(t *testing.T) *playbook.Book {
	t.Helper()
	var kinds []enrich.Kind
	for _, name := range []string{"monitor", "related_events"} {
		kinds = append(kinds, enrich.KindOf(enrich.Kind{Name: name}, func(struct{}, time.Duration) enrich.Step { return nil }))
	}
	book, err := playbook.Load("test.yaml", []byte("playbooks:\n  - name: calm\n    limit: 2\n"), kinds)
	if err != nil {
		t.Fatal(err)
	}
	return book
}

// storm is a pipeline, what it posted and what it queued, on a clock.
type storm struct {
	*pipeline.Pipeline
	now    time.Time
	posted []event.Event
	queued []queue.Message
	delays []time.Duration
	refuse error
}

func newStorm(t *testing.T) *storm {
	s := &storm{now: time.Date(2026, 3, 1, 3, 0, 12, 0, time.UTC)}
	clock := func() time.Time { return s.now }
	book := ledger.NewMemory(ledger.Options{Now: clock})
	s.Pipeline = pipeline.New(pipeline.Config{
		Playbooks: limited(t), Now: clock, Ledger: book, Cycles: book, Storms: book,
		Poster: poster(func(_ context.Context, e event.Event) (event.Posted, error) {
			s.posted = append(s.posted, e)
			return event.Posted{ID: fmt.Sprint(len(s.posted))}, nil
		}),
		Queue: sender(func(_ context.Context, m queue.Message, d time.Duration) error {
			if s.refuse != nil {
				return s.refuse
			}
			s.queued, s.delays = append(s.queued, m), append(s.delays, d)
			return nil
		}),
	})
	return s
}

func (s *storm) alert(i int, scope string) alert.Alert {
	return alert.Alert{ID: fmt.Sprint(i), OrgID: "1", MonitorID: "4711", Title: "[Triggered] Disk is full", Scope: scope, Date: s.now, Transition: alert.Triggered}
}

func (s *storm) run(t *testing.T, a alert.Alert, want pipeline.Status) pipeline.Outcome {
	t.Helper()
	outcome, err := s.Run(context.Background(), a)
	if err != nil || outcome.Status != want {
		t.Fatalf("alert %s: %q, %v, want %q", a.ID, outcome.Status, err, want)
	}
	return outcome
}

func TestPipeline_makes_one_summary_of_what_a_storm_holds_back(t *testing.T) {
	s := newStorm(t)
	for i := range 2 {
		s.run(t, s.alert(i, "host:web-0"), pipeline.Posted)
	}
	for i := 2; i < 40; i++ {
		s.now = s.now.Add(time.Second)
		s.run(t, s.alert(i, fmt.Sprintf("host:web-%d", i%5)), pipeline.Queued)
	}
	s.run(t, s.alert(7, "host:web-2"), pipeline.Duplicate)
	other := s.alert(99, "host:db")
	other.MonitorID = "4712"
	s.run(t, other, pipeline.Posted)
	if len(s.posted) != 3 || len(s.queued) != 1 || s.queued[0].Storm == nil {
		t.Fatalf("%d posted, queued %+v", len(s.posted), s.queued)
	}
	if due := s.now.Add(-38 * time.Second).Add(time.Second).Add(s.delays[0]); due.Before(time.Date(2026, 3, 1, 3, 1, 0, 0, time.UTC)) {
		t.Errorf("the summary is due at %v, in the middle of its minute", due)
	}

	// It crosses the queue as JSON, and may be delivered twice.
	body, err := queue.Encode(s.queued[0])
	if err != nil {
		t.Fatal(err)
	}
	m, err := queue.Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(time.Minute)
	for i, want := range []pipeline.Status{pipeline.Posted, pipeline.Duplicate} {
		if outcome, err := s.Redeliver(context.Background(), m); err != nil || outcome.Status != want {
			t.Fatalf("delivery %d: %q, %v", i+1, outcome.Status, err)
		}
	}
	if len(s.posted) != 4 {
		t.Fatalf("%d posted", len(s.posted))
	}
	summary := s.posted[3]
	for _, want := range []string{"38 more alerts", "limit of 2", "2026-03-01 03:00:13 UTC", "2026-03-01 03:00:50 UTC", "host:web-0", "host:web-4"} {
		if !strings.Contains(summary.Text, want) {
			t.Errorf("the summary does not say %q: %s", want, summary.Text)
		}
	}
	if !strings.HasPrefix(summary.Title, "38 more alerts of: Disk is full") || !alert.Tags(summary.Tags).Has("storm:true") || !alert.Tags(summary.Tags).Has("boomerang") {
		t.Errorf("title %q, tags %v", summary.Title, summary.Tags)
	}
	s.run(t, s.alert(50, "host:web-0"), pipeline.Posted)
}

func TestPipeline_lets_pass_what_it_cannot_summarise(t *testing.T) {
	s := newStorm(t)
	s.refuse = errors.New("the queue is down")
	for i := range 5 {
		outcome := s.run(t, s.alert(i, "host:a"), pipeline.Posted)
		if (len(outcome.Warnings) > 0) != (i >= 2) {
			t.Errorf("alert %d: warnings %v", i, outcome.Warnings)
		}
	}
}

func TestPipeline_holds_back_what_a_summary_will_miss_rather_than_let_a_storm_through(t *testing.T) {
	s := newStorm(t)
	refused := errors.New("DynamoDB throttled the write")
	for name, c := range map[string]struct {
		held ledger.Decision
		want pipeline.Status
	}{
		"a summary follows":    {ledger.Decision{SummaryQueued: true}, pipeline.Queued},
		"nobody announced one": {ledger.Decision{}, pipeline.Posted},
	} {
		t.Run(name, func(t *testing.T) {
			config := s.Config
			config.Storms = uncounted{s.Storms, c.held, refused}
			outcome, err := pipeline.New(config).Run(t.Context(), s.alert(100+len(name), "host:a"))
			if err != nil || outcome.Status != c.want || len(outcome.Warnings) != 1 || !errors.Is(outcome.Warnings[0], refused) {
				t.Errorf("got %q, %v, warnings %v", outcome.Status, err, outcome.Warnings)
			}
		})
	}
}

// uncounted fails to count an alert that is over the limit.
type uncounted struct {
	pipeline.Storms
	held ledger.Decision
	err  error
}

func (u uncounted) Allow(context.Context, ledger.Window, int, ledger.Occurrence) (ledger.Decision, error) {
	return u.held, u.err
}

func TestPipeline_looks_for_a_summary_whose_answer_was_lost(t *testing.T) {
	s := newStorm(t)
	for i := range 3 {
		s.run(t, s.alert(i, "host:a"), map[bool]pipeline.Status{true: pipeline.Posted, false: pipeline.Queued}[i < 2])
	}
	config, before := s.Config, len(s.posted)
	config.Poster = poster(func(ctx context.Context, e event.Event) (event.Posted, error) {
		_, _ = s.Poster.Create(ctx, e)
		return event.Posted{}, fault.New(fault.Temporary, "the answer got lost", nil)
	})
	config.Stream = stream(func(context.Context, time.Time, time.Time) (event.Posted, error) {
		if len(s.posted) == before {
			return event.Posted{}, nil
		}
		return event.Posted{ID: "9"}, nil
	})
	loses := pipeline.New(config)
	if outcome, err := loses.Redeliver(t.Context(), s.queued[0]); err == nil {
		t.Fatalf("got %+v", outcome)
	}
	// Another delivery, which does not know of the first but by the ledger.
	outcome, err := loses.Redeliver(t.Context(), s.queued[0])
	if err != nil || outcome.Status != pipeline.Duplicate || outcome.Posted.ID != "9" || len(s.posted) != before+1 {
		t.Errorf("got %q %+v, %v; %d summaries", outcome.Status, outcome.Posted, err, len(s.posted)-before)
	}
}

// The trigger is held back, the recovery comes through.
func TestPipeline_remembers_the_cycle_of_what_a_storm_holds_back(t *testing.T) {
	s := newStorm(t)
	for i := range 2 {
		s.run(t, s.alert(i, "host:a"), pipeline.Posted)
	}
	trigger := s.alert(3, "host:b")
	trigger.CycleKey = "77"
	s.run(t, trigger, pipeline.Queued)
	s.now = s.now.Add(65 * time.Minute)
	recovery := s.alert(4, "host:b")
	recovery.CycleKey, recovery.Transition = "77", alert.Recovered
	if outcome := s.run(t, recovery, pipeline.Posted); outcome.Cycle.Lasted != 65*time.Minute {
		t.Errorf("it lasted %v", outcome.Cycle.Lasted)
	}
}
