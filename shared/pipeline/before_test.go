package pipeline_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
	"boomerang/shared/pipeline"
	"boomerang/shared/queue"
)

// stream is an event stream in which the search for an event ends so.
type stream func(ctx context.Context, from, to time.Time) (event.Posted, error)

func (s stream) PostedAbout(ctx context.Context, _ alert.Alert, _ string, from, to time.Time) (event.Posted, error) {
	return s(ctx, from, to)
}

func TestPipeline_looks_before_it_posts_again(t *testing.T) {
	earlier := event.Posted{ID: "5", URL: "https://example.com/5"}
	holds := stream(func(context.Context, time.Time, time.Time) (event.Posted, error) { return earlier, nil })
	lacks := stream(func(context.Context, time.Time, time.Time) (event.Posted, error) { return event.Posted{}, nil })
	fails := stream(func(context.Context, time.Time, time.Time) (event.Posted, error) {
		return event.Posted{}, fault.New(fault.Permanent, "the application key lacks events_read", nil)
	})
	down := stream(func(context.Context, time.Time, time.Time) (event.Posted, error) {
		return event.Posted{}, fault.New(fault.Temporary, "Datadog answered 500", nil)
	})
	hangs := stream(func(ctx context.Context, _, _ time.Time) (event.Posted, error) {
		<-ctx.Done()
		return event.Posted{}, context.Cause(ctx)
	})
	for name, c := range map[string]struct {
		stream   pipeline.Stream
		message  queue.Message
		crashed  bool // a run before this one never said how it went
		want     event.Posted
		warnings int
	}{
		"an event of an earlier try is found":        {holds, queue.Message{MaybePosted: true}, false, earlier, 0},
		"so is that of a dead letter":                {holds, queue.Message{Attempt: 1}, false, earlier, 0},
		"so is that of a run that crashed":           {holds, queue.Message{}, true, earlier, 0},
		"the first try need not look":                {fails, queue.Message{}, false, posted, 0},
		"what was never posted is posted":            {lacks, queue.Message{MaybePosted: true}, false, posted, 0},
		"what nobody can tell is posted":             {fails, queue.Message{MaybePosted: true}, false, posted, 1},
		"what nobody tells in time is posted":        {hangs, queue.Message{MaybePosted: true}, false, posted, 1},
		"what may be told later waits":               {down, queue.Message{MaybePosted: true, ReceivedAt: time.Now()}, false, event.Posted{}, 0},
		"and so does what is not told in time":       {hangs, queue.Message{MaybePosted: true, ReceivedAt: time.Now()}, false, event.Posted{}, 0},
		"what has waited for long is posted":         {down, queue.Message{MaybePosted: true}, false, posted, 1},
		"without a stream it is posted all the same": {nil, queue.Message{MaybePosted: true}, false, posted, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				table := ledger.NewMemory(ledger.Options{})
				if c.crashed {
					if _, err := table.Peer().Claim(t.Context(), a.Key(), time.Now().Add(time.Second)); err != nil {
						t.Fatal(err)
					}
					time.Sleep(2 * time.Second)
				}
				p := pipeline.New(pipeline.Config{Playbooks: playbooks(), Poster: takes, Stream: c.stream, Ledger: table})
				c.message.Alert = a
				outcome, err := p.Redeliver(t.Context(), c.message)
				if (err == nil) != (c.want != event.Posted{}) || outcome.Posted != c.want || len(outcome.Warnings) != c.warnings {
					t.Fatalf("got %+v, %v", outcome, err)
				}
				if known, err := table.Claim(t.Context(), a.Key(), time.Now().Add(time.Second)); err != nil || known.Posted != c.want {
					t.Errorf("the ledger knows %+v, %v", known, err)
				}
			})
		})
	}
}

// A run that crashed may have posted the event, Datadog delivers the alert again, and
// its search fails.
func TestPipeline_waits_for_the_search_where_a_queue_keeps_the_alert(t *testing.T) {
	down := fault.New(fault.Temporary, "Datadog answered 500", nil)
	slow := fault.New(fault.Temporary, "Datadog answered 429", nil)
	slow.RetryAfter = 90 * time.Second
	refused := fault.New(fault.Permanent, "the application key lacks events_read", nil)
	for name, c := range map[string]struct {
		searched error
		queue    bool
		want     pipeline.Status
		delay    time.Duration
	}{
		"a search that fails":               {down, true, pipeline.Queued, 45 * time.Second},
		"a search that Datadog limits":      {slow, true, pipeline.Queued, 90 * time.Second},
		"a search that will never do":       {refused, true, pipeline.Posted, 0},
		"a search that fails, and no queue": {down, false, pipeline.Posted, 0},
		"a search that finds nothing":       {nil, true, pipeline.Posted, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				table := ledger.NewMemory(ledger.Options{})
				if _, err := table.Peer().Claim(t.Context(), a.Key(), time.Now().Add(time.Second)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Second)
				var sent queue.Message
				var delay time.Duration
				config := pipeline.Config{Playbooks: playbooks(), Poster: takes, Ledger: table, Stream: stream(func(context.Context, time.Time, time.Time) (event.Posted, error) {
					return event.Posted{}, c.searched
				})}
				if c.queue {
					config.Queue = sender(func(_ context.Context, m queue.Message, d time.Duration) error { sent, delay = m, d; return nil })
				}
				outcome, err := pipeline.New(config).Run(t.Context(), a)
				if err != nil || outcome.Status != c.want || delay != c.delay || sent.MaybePosted != (c.want == pipeline.Queued) {
					t.Errorf("got %+v, %v; sent %+v after %v", outcome, err, sent, delay)
				}
			})
		})
	}
}

// The first run's answer got lost; the second cannot search, and must not take along
// what is known of the first when it gives the alert back.
func TestPipeline_does_not_forget_an_earlier_try_that_it_could_not_look_for(t *testing.T) {
	earlier := event.Posted{ID: "5", URL: "https://example.com/5"}
	var found event.Posted
	var searched error
	stream := stream(func(context.Context, time.Time, time.Time) (event.Posted, error) { return found, searched })
	table := ledger.NewMemory(ledger.Options{})
	lost := pipeline.New(pipeline.Config{Playbooks: playbooks(), Poster: refuses(fault.New(fault.Temporary, "no answer", nil)), Stream: stream, Ledger: table})
	if outcome, err := lost.Run(t.Context(), a); err == nil {
		t.Fatalf("the first run: %+v", outcome)
	}
	p := pipeline.New(pipeline.Config{Playbooks: playbooks(), Poster: takes, Stream: stream, Ledger: table})
	searched = fault.New(fault.Temporary, "Datadog answered 500", nil)
	if outcome, err := p.Redeliver(t.Context(), queue.Message{Alert: a, ReceivedAt: time.Now()}); err == nil {
		t.Fatalf("the second run: %+v", outcome)
	}
	found, searched = earlier, nil
	if outcome, err := p.Run(t.Context(), a); err != nil || outcome.Posted != earlier {
		t.Errorf("the third run: %+v, %v", outcome, err)
	}
}

// Two stacks enrich one alert: what the other one posted is not what this one owes.
func TestPipeline_marks_its_events_with_its_webhook_and_looks_for_no_others(t *testing.T) {
	searched := &asked{}
	var tags []string
	p := pipeline.New(pipeline.Config{Playbooks: playbooks(), WebhookName: "Shop.api", Stream: searched, Poster: poster(func(_ context.Context, e event.Event) (event.Posted, error) {
		tags = e.Tags
		return posted, nil
	})})
	if _, err := p.Redeliver(t.Context(), queue.Message{Alert: a, MaybePosted: true}); err != nil {
		t.Fatal(err)
	}
	if searched.webhook != "Shop.api" || !slices.Contains(tags, "webhook:shop.api") {
		t.Errorf("it searched for %q and posted with %q", searched.webhook, tags)
	}
}

// asked is an event stream that holds nothing and notes whose events are looked for.
type asked struct{ webhook string }

func (s *asked) PostedAbout(_ context.Context, _ alert.Alert, webhook string, _, _ time.Time) (event.Posted, error) {
	s.webhook = webhook
	return event.Posted{}, nil
}

func TestPipeline_looks_as_far_back_as_the_first_try(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		var from, to time.Time
		p := pipeline.New(pipeline.Config{Playbooks: playbooks(), Poster: takes, Stream: stream(func(_ context.Context, f, u time.Time) (event.Posted, error) {
			from, to = f, u
			return event.Posted{}, nil
		})})
		for _, c := range []struct{ received, date, want time.Time }{
			{now, time.Time{}, now.Add(-time.Hour)},
			{now.Add(-48 * time.Hour), now.Add(time.Hour), now.Add(-48 * time.Hour)},
			{now.Add(-2 * time.Hour), now.Add(-20 * time.Hour), now.Add(-20 * time.Hour)},
		} {
			late := a
			late.Date = c.date
			if _, err := p.Redeliver(t.Context(), queue.Message{Alert: late, ReceivedAt: c.received, MaybePosted: true}); err != nil {
				t.Fatal(err)
			}
			if from.After(c.want) || from.Before(c.want.Add(-5*time.Minute)) || to.Before(now.Add(event.MaxAhead)) {
				t.Errorf("received %v before, it looked from %v before until %v after", now.Sub(c.received), now.Sub(from), to.Sub(now))
			}
		}
	})
}

// An alert whose event Datadog may have taken comes back when it can be found there.
func TestPipeline_notes_in_the_message_that_it_tried(t *testing.T) {
	down := fault.New(fault.Temporary, "Datadog answered 503", nil)
	limited := fault.New(fault.Temporary, "Datadog answered 429", nil)
	limited.RetryAfter = 12 * time.Second
	for name, c := range map[string]struct {
		ledger pipeline.Ledger
		err    error
		tried  bool
		delay  time.Duration
	}{
		"a post that failed":                   {nil, down, true, 45 * time.Second},
		"a post that is to wait":               {nil, limited, true, 12 * time.Second},
		"an alert that is worked on elsewhere": {busyLedger{}, down, false, 55 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sent queue.Message
				var delay time.Duration
				keeps := sender(func(_ context.Context, m queue.Message, d time.Duration) error { sent, delay = m, d; return nil })
				p := pipeline.New(pipeline.Config{Playbooks: playbooks(), Poster: refuses(c.err), Ledger: c.ledger, Queue: keeps})
				if _, err := p.Run(t.Context(), a); err != nil || sent.MaybePosted != c.tried || delay != c.delay {
					t.Errorf("got %v, tried %v, after %v", err, sent.MaybePosted, delay)
				}
			})
		})
	}
}

// busyLedger says that somebody else is at every alert.
type busyLedger struct{ failingLedger }

func (busyLedger) Claim(context.Context, string, time.Time) (ledger.Claim, error) {
	return ledger.Claim{State: ledger.Busy, Until: time.Now().Add(10 * time.Second)}, nil
}
