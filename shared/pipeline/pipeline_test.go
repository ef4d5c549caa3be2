package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
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

// The doubles are functions: each test says only what matters to it.
type poster func(context.Context, event.Event) (event.Posted, error)

func (p poster) Create(ctx context.Context, e event.Event) (event.Posted, error) { return p(ctx, e) }

type sender func(context.Context, queue.Message, time.Duration) error

func (s sender) Send(ctx context.Context, m queue.Message, d time.Duration) error {
	return s(ctx, m, d)
}

type failingLedger struct{ claim, complete, release error }

func (l failingLedger) Claim(context.Context, string, time.Time) (ledger.Claim, error) {
	return ledger.Claim{State: ledger.Granted}, l.claim
}
func (l failingLedger) Complete(context.Context, string, event.Posted) error { return l.complete }
func (l failingLedger) MarkQueued(context.Context, string) error             { return l.release }
func (l failingLedger) Release(context.Context, string, bool) error          { return l.release }

var (
	a      = alert.Alert{ID: "7", OrgID: "1", Title: "x"}
	posted = event.Posted{ID: "8", URL: "https://example.com/8"}
	takes  = poster(func(context.Context, event.Event) (event.Posted, error) { return posted, nil })
	hangs  = poster(func(ctx context.Context, _ event.Event) (event.Posted, error) {
		<-ctx.Done()
		return event.Posted{}, fault.New(fault.Temporary, "Datadog did not answer", context.Cause(ctx))
	})
)

// playbooks are one playbook of these steps.
func playbooks(steps ...enrich.Step) *playbook.Book {
	source := "playbooks:\n  - name: default\n"
	var kinds []enrich.Kind
	for i, s := range steps {
		if i == 0 {
			source += "    steps:\n"
		}
		name := fmt.Sprintf("step-%d", i)
		source += "      - uses: " + name + "\n"
		kinds = append(kinds, enrich.KindOf(enrich.Kind{Name: name}, func(struct{}, time.Duration) enrich.Step { return s }))
	}
	// The embedded playbooks, which every file falls back to, use other kinds.
	for _, name := range []string{"monitor", "related_events"} {
		kinds = append(kinds, enrich.KindOf(enrich.Kind{Name: name}, func(struct{}, time.Duration) enrich.Step { return nil }))
	}
	b, err := playbook.Load("test.yaml", []byte(source), kinds)
	if err != nil {
		panic(err)
	}
	return b
}

func refuses(err error) poster {
	return func(context.Context, event.Event) (event.Posted, error) { return event.Posted{}, err }
}

func TestPipeline_answers_in_time_whatever_hangs(t *testing.T) {
	slow := enrich.StepFunc(func(ctx context.Context, _ alert.Alert) (enrich.Finding, error) {
		<-ctx.Done()
		return enrich.Finding{}, ctx.Err()
	})
	hangingQueue := sender(func(ctx context.Context, _ queue.Message, _ time.Duration) error {
		<-ctx.Done()
		return ctx.Err()
	})
	for name, c := range map[string]struct {
		poster pipeline.Poster
		queue  pipeline.Queue
		budget time.Duration
		limit  time.Duration // of the invocation; 0: none
		within time.Duration
		want   pipeline.Status // empty: an error
	}{
		"the steps":                           {takes, nil, 5 * time.Second, 14 * time.Second, 5 * time.Second, pipeline.Posted},
		"the steps, with a generous budget":   {takes, nil, time.Minute, 14 * time.Second, 8 * time.Second, pipeline.Posted},
		"the steps, without a deadline":       {takes, nil, time.Minute, 0, 8 * time.Second, pipeline.Posted},
		"the steps, when little time is left": {takes, nil, 5 * time.Second, 3 * time.Second, time.Second, pipeline.Posted},
		"the post":                            {hangs, sender(func(context.Context, queue.Message, time.Duration) error { return nil }), 5 * time.Second, 14 * time.Second, 12 * time.Second, pipeline.Queued},
		"the post, without a queue":           {hangs, nil, 5 * time.Second, 14 * time.Second, 12 * time.Second, ""},
		"the post and the queue":              {hangs, hangingQueue, 5 * time.Second, 14 * time.Second, 13500 * time.Millisecond, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := pipeline.New(pipeline.Config{Playbooks: playbooks(slow), EnrichBudget: c.budget, Poster: c.poster, Queue: c.queue})
				ctx := t.Context()
				if c.limit > 0 {
					limited, cancel := context.WithTimeout(ctx, c.limit)
					defer cancel()
					ctx = limited
				}
				start := time.Now()
				outcome, err := p.Run(ctx, a)
				if took := time.Since(start); took > c.within {
					t.Errorf("it took %v, want at most %v", took, c.within)
				}
				if outcome.Status != c.want || (err == nil) != (c.want != "") {
					t.Fatalf("got %q, %v", outcome.Status, err)
				}
				if err != nil && !fault.IsTemporary(err) {
					t.Errorf("the sender is not asked to come again: %v", err)
				}
			})
		})
	}
}

func TestPipeline_goes_on_without_a_ledger_that_fails(t *testing.T) {
	down := errors.New("dynamodb: connection refused")
	p := pipeline.New(pipeline.Config{Playbooks: playbooks(), Poster: takes, Ledger: failingLedger{claim: down, complete: down}})
	outcome, err := p.Run(context.Background(), a)
	if err != nil || outcome.Status != pipeline.Posted || outcome.Posted != posted {
		t.Fatalf("got %+v, %v", outcome, err)
	}
	if len(outcome.Warnings) != 2 || !errors.Is(outcome.Warnings[0], down) || !errors.Is(outcome.Warnings[1], down) {
		t.Errorf("the log learns %v", outcome.Warnings)
	}
}

// A copy of an alert that was posted must not be posted again for want of an
// answer, as long as it can wait for one.
func TestPipeline_lets_the_queue_keep_an_alert_while_the_ledger_fails(t *testing.T) {
	now := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	down := fault.New(fault.Temporary, "the ledger is down", nil)
	p := pipeline.New(pipeline.Config{
		Playbooks: playbooks(), Poster: takes, Ledger: failingLedger{claim: down}, Now: func() time.Time { return now },
	})
	for name, c := range map[string]struct {
		since time.Duration
		want  pipeline.Status // empty: it comes again
	}{
		"at first":               {0, ""},
		"for a while":            {15 * time.Minute, ""},
		"and not any longer":     {15*time.Minute + 1, pipeline.Posted},
		"a redriven one goes on": {24 * time.Hour, pipeline.Posted},
	} {
		t.Run(name, func(t *testing.T) {
			outcome, err := p.Redeliver(t.Context(), queue.Message{Alert: a, ReceivedAt: now.Add(-c.since)})
			if outcome.Status != c.want || fault.IsTemporary(err) != (c.want == "") {
				t.Errorf("got %q, %v", outcome.Status, err)
			}
		})
	}
}

func TestPipeline_comes_back_when_Datadog_says_so(t *testing.T) {
	limited := fault.New(fault.Temporary, "Datadog limits the rate", nil)
	limited.RetryAfter = 42 * time.Second
	for name, c := range map[string]struct {
		err  error
		want time.Duration
	}{
		"a rate limit":    {limited, 42 * time.Second},
		"anything else":   {fault.New(fault.Temporary, "500", nil), 45 * time.Second},
		"a refused event": {fault.New(fault.Permanent, "400: bad", nil), 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			var got time.Duration
			var message queue.Message
			keep := sender(func(_ context.Context, m queue.Message, d time.Duration) error {
				got, message = d, m
				return nil
			})
			outcome, err := pipeline.New(pipeline.Config{Playbooks: playbooks(), Poster: refuses(c.err), Queue: keep}).Run(context.Background(), a)
			if err != nil || outcome.Status != pipeline.Queued || got != c.want {
				t.Errorf("got %q after %v, %v", outcome.Status, got, err)
			}
			if message.Alert.ID != a.ID || message.Reason != fault.Public(c.err) {
				t.Errorf("the queue got %+v", message)
			}
		})
	}
}

func TestPipeline_waits_for_another_runs_claim_to_end(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		book := ledger.NewMemory(ledger.Options{})
		if _, err := book.Claim(t.Context(), a.Key(), time.Now().Add(9*time.Second)); err != nil {
			t.Fatal(err)
		}
		var delay time.Duration
		keep := sender(func(_ context.Context, _ queue.Message, d time.Duration) error {
			delay = d
			return nil
		})
		p := pipeline.New(pipeline.Config{Playbooks: playbooks(), Poster: takes, Ledger: book, Queue: keep})
		outcome, err := p.Run(t.Context(), a)
		if err != nil || outcome.Status != pipeline.Queued || delay <= 9*time.Second {
			t.Fatalf("got %q after %v, %v", outcome.Status, delay, err)
		}
		time.Sleep(delay)
		if outcome, err := p.Run(t.Context(), a); err != nil || outcome.Status != pipeline.Posted {
			t.Errorf("after the other run crashed: %q, %v", outcome.Status, err)
		}
	})
}

func TestPipeline_keeps_an_alert_that_breaks_it(t *testing.T) {
	panics := poster(func(context.Context, event.Event) (event.Posted, error) { panic("a mistake of ours") })
	var kept queue.Message
	keep := sender(func(_ context.Context, m queue.Message, _ time.Duration) error {
		kept = m
		return nil
	})
	book := ledger.NewMemory(ledger.Options{})
	outcome, err := pipeline.New(pipeline.Config{Playbooks: playbooks(), Poster: panics, Queue: keep, Ledger: book}).Run(context.Background(), a)
	if err != nil || outcome.Status != pipeline.Queued || kept.Alert.ID != a.ID {
		t.Fatalf("got %+v, %v", outcome, err)
	}
	log := errors.Join(outcome.Warnings...).Error()
	if strings.Contains(kept.Reason, "panic") || !strings.Contains(log, "panic with a string") || !strings.Contains(log, "pipeline_test.go") {
		t.Errorf("the queue is told %q, the log %v", kept.Reason, outcome.Warnings)
	}
	if outcome, err := pipeline.New(pipeline.Config{Playbooks: playbooks(), Poster: takes, Ledger: book}).Run(context.Background(), a); err != nil || outcome.Status != pipeline.Posted {
		t.Errorf("the claim stayed behind: %q, %v", outcome.Status, err)
	}
}

func TestPipeline_never_takes_its_own_event(t *testing.T) {
	own := alert.Alert{ID: "9", Tags: alert.Tags{"boomerang"}}
	p := pipeline.New(pipeline.Config{Playbooks: playbooks(), Poster: takes, Queue: sender(func(context.Context, queue.Message, time.Duration) error {
		t.Error("it was queued")
		return nil
	})})
	for name, run := range map[string]func(context.Context, alert.Alert) (pipeline.Outcome, error){"run": p.Run, "dry run": p.DryRun, "enqueue": p.Enqueue} {
		if outcome, err := run(context.Background(), own); err != nil || outcome.Status != pipeline.Ignored {
			t.Errorf("%s: %q, %v", name, outcome.Status, err)
		}
	}
}

func TestPipeline_tells_how_the_cycle_went(t *testing.T) {
	start := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	now := start
	clock := func() time.Time { return now }
	var text string
	keep := poster(func(_ context.Context, e event.Event) (event.Posted, error) {
		text = e.Text
		return posted, nil
	})
	p := pipeline.New(pipeline.Config{Playbooks: playbooks(), Poster: keep, Cycles: ledger.NewMemory(ledger.Options{Now: clock}), Now: clock})
	for i, c := range []struct {
		transition alert.Transition
		after      time.Duration
		says       string
	}{
		{alert.Triggered, 0, ""},
		{alert.Renotify, time.Hour, "It has lasted 1 h so far; this is notification 2."},
		{alert.Renotify, 2 * time.Hour, "this is notification 3."},
		{alert.Recovered, 2*time.Hour + 5*time.Minute, "It lasted 2 h 5 min and was notified 3 times."},
	} {
		now = start.Add(c.after)
		outcome, err := p.Run(context.Background(), alert.Alert{ID: fmt.Sprint(i + 1), CycleKey: "c", Title: "x", Transition: c.transition, Date: now})
		if err != nil || outcome.Status != pipeline.Posted || len(outcome.Warnings) > 0 {
			t.Fatalf("got %+v, %v", outcome, err)
		}
		if !strings.Contains(text, c.says) || c.says == "" && strings.Contains(text, "lasted") {
			t.Errorf("%s after %v says %q, want %q", c.transition, c.after, text, c.says)
		}
	}
}

func TestPipeline_enqueues_without_looking(t *testing.T) {
	sent := 0
	p := pipeline.New(pipeline.Config{Playbooks: playbooks(), Poster: refuses(errors.New("not asked")), Queue: sender(func(_ context.Context, m queue.Message, d time.Duration) error {
		sent++
		if m.Alert.ID != a.ID || d != 0 {
			t.Errorf("sent %+v after %v", m, d)
		}
		return nil
	})})
	if outcome, err := p.Enqueue(context.Background(), a); err != nil || outcome.Status != pipeline.Queued || sent != 1 {
		t.Errorf("got %q, %v, %d sent", outcome.Status, err, sent)
	}
}
