package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
	"boomerang/shared/pipeline"
	"boomerang/shared/queue"
)

// stormAlert is an alert of one monitor; its playbook has a limit of two a minute.
func stormAlert(i int, scope string) alert.Alert {
	return alert.Alert{ID: fmt.Sprint(i), OrgID: "1", MonitorID: "4711", Title: "[Triggered] Disk is full", Scope: scope, Date: time.Now(), Transition: alert.Triggered}
}

// storm runs alerts, two of which pass.
func (e *env) storm(alerts int) {
	e.Helper()
	for i := range alerts {
		e.run(stormAlert(i, fmt.Sprintf("host:web-%d", i%5)), map[bool]pipeline.Status{true: pipeline.Posted, false: pipeline.Queued}[i < 2])
	}
}

func TestPipeline_StormSummary(t *testing.T) {
	inBubble(t, func(e *env) {
		start := time.Now()
		time.Sleep(12 * time.Second)
		e.storm(40)
		e.run(stormAlert(7, "host:web-2"), pipeline.Duplicate)
		e.events = nil
		if len(e.sent) != 1 || e.sent[0].Storm == nil || e.sent[0].Reason == "" || !e.sent[0].ReceivedAt.Equal(time.Now()) {
			e.Fatalf("queued %+v", e.sent)
		}
		// The rest of the minute, and 5 s for the runs that still count.
		if e.delays[0] != 48*time.Second+5*time.Second {
			e.Errorf("the summary has a delay of %v", e.delays[0])
		}
		// Alerts of another monitor, or of another organization's, are not part of the storm.
		other, foreign := stormAlert(98, "host:db"), stormAlert(99, "host:db")
		other.MonitorID, foreign.OrgID = "4712", "2"
		e.run(other, pipeline.Posted)
		e.run(foreign, pipeline.Posted)

		// The message is JSON in the queue, and SQS may deliver it twice.
		body, err := queue.Encode(e.sent[0])
		if err != nil {
			e.Fatal(err)
		}
		m, err := queue.Decode(body)
		if err != nil {
			e.Fatal(err)
		}
		time.Sleep(e.delays[0])
		e.events = nil
		e.redeliver(m, pipeline.Posted)
		e.redeliver(m, pipeline.Duplicate)
		if len(e.searched) > 0 {
			e.Errorf("%d searches for a summary that no attempt can have posted before", len(e.searched))
		}
		summary := e.events[0].(event.Event)
		for _, want := range []string{"38 more alerts", "limit of 2", start.Add(12 * time.Second).UTC().Format("2006-01-02 15:04:05 UTC"), "host:web-0", "host:web-4"} {
			if !strings.Contains(summary.Text, want) {
				e.Errorf("the summary does not say %q: %s", want, summary.Text)
			}
		}
		if summary.SourceTypeName != "4711" {
			e.Errorf("the source is %q, unlike that of the alerts", summary.SourceTypeName)
		}
		if !strings.HasPrefix(summary.Title, "38 more alerts of: Disk is full") {
			e.Errorf("title %q", summary.Title)
		}
		for _, tag := range []string{"storm:true", "boomerang", "webhook:shop.api", "playbook:calm"} {
			if !slices.Contains(summary.Tags, tag) {
				e.Errorf("no tag %s in %v", tag, summary.Tags)
			}
		}

		// The next minute has a limit and a summary of its own.
		for i, want := range []pipeline.Status{pipeline.Posted, pipeline.Posted, pipeline.Queued} {
			e.run(stormAlert(50+i, "host:a"), want)
		}
		e.events = nil
		e.redeliver(e.sent[1], pipeline.Posted)
		if !strings.HasPrefix(e.events[0].Headline(), "1 more alert of") {
			e.Errorf("the second summary is %q", e.events[0].Headline())
		}
	})
}

func TestPipeline_StormFailures(t *testing.T) {
	type row struct {
		fails         string
		summaryQueued bool
		want          pipeline.Status
	}
	each(t, map[string]row{
		"the summary cannot be queued":              {"send", false, pipeline.Posted},
		"the count fails, and a summary is queued":  {"allow", true, pipeline.Queued},
		"the count fails, and no summary is queued": {"allow", false, pipeline.Posted},
		"the mark of the summary fails":             {"mark summary", false, pipeline.Queued},
	}, func(e *env, c row) {
		e.storm(2)
		e.window(ledger.WindowAt("1:4711", time.Now())).summaryQueued = c.summaryQueued
		e.fails[c.fails] = down
		o := e.run(stormAlert(3, "host:a"), c.want)
		if len(o.Warnings) != 1 || !errors.Is(o.Warnings[0], down) {
			e.Errorf("warnings %v", o.Warnings)
		}
	})
}

// stream finds the events of an env by what the pipeline searches for.
type stream struct{ *env }

func (s stream) FindPosted(_ context.Context, key string, a alert.Alert, _ string, _, _ time.Time) (event.Posted, error) {
	for i, e := range s.events {
		e := e.(event.Event)
		if slices.Contains(e.Tags, event.TagKey(key)) || a.ID != "" && a.Certain() && fmt.Sprint(e.RelatedEventID) == a.ID {
			return event.Posted{ID: fmt.Sprint(i + 1), URL: "https://example.com"}, nil
		}
	}
	return event.Posted{}, nil
}

// lateQueue takes messages, and answers too late.
type lateQueue struct{ *env }

func (q lateQueue) Send(ctx context.Context, m queue.Message, delay time.Duration) error {
	return errors.Join(q.env.Send(ctx, m, delay), down)
}

// The alert whose storm is summarized has an event of its own, and so has another summary:
// neither is the summary that was refused at first.
func TestPipeline_StormSummaryRefused(t *testing.T) {
	inBubble(t, func(e *env) {
		e.Stream = stream{e}
		limited := fault.New(fault.Temporary, "Datadog limits the rate", nil)
		summarize := func(m queue.Message, headline string) {
			e.Helper()
			e.fails["post"] = limited
			e.redeliver(m, "")
			clear(e.fails)
			time.Sleep(pipeline.VisibilityTimeout)
			m.MaybePosted = true // As the worker says of a second delivery.
			posted := e.redeliver(m, pipeline.Posted)
			if got := e.events[len(e.events)-1].Headline(); got != headline {
				e.Errorf("posted %q, want %q", got, headline)
			}
			// It is found again if the answer to the post is lost.
			delete(e.claims, "storm:1:4711#"+fmt.Sprint(m.Storm.Start.Unix()))
			if again := e.redeliver(m, pipeline.Duplicate); again.Posted != posted.Posted {
				e.Errorf("found %v, want %v", again.Posted, posted.Posted)
			}
		}
		e.storm(2)
		e.Queue = lateQueue{e}
		like := stormAlert(2, "host:web-2")
		e.run(like, pipeline.Posted)
		e.Queue = e
		for i := range 20 {
			e.run(stormAlert(3+i, "host:web-2"), pipeline.Queued)
		}
		time.Sleep(time.Minute)
		summarize(e.sent[0], "21 more alerts of: Disk is full")

		// The next window's storm is like the same alert.
		for i := range 2 {
			e.run(stormAlert(30+i, "host:a"), pipeline.Posted)
		}
		e.run(stormAlert(40, "host:a"), pipeline.Queued)
		next := e.sent[len(e.sent)-1]
		next.Alert = like
		summarize(next, "1 more alert of: Disk is full")
	})
}

func TestPipeline_StormWithoutLedger(t *testing.T) {
	e := newEnv(t)
	e.Storms = nil
	_, err := pipeline.New(e.Config).Redeliver(t.Context(), queue.Message{Alert: a, Storm: &queue.Storm{}})
	if fault.From(err).Kind != fault.Permanent {
		t.Errorf("got %v", err)
	}
}

// The trigger is suppressed and the recovery is not.
func TestPipeline_StormCycle(t *testing.T) {
	inBubble(t, func(e *env) {
		e.storm(2)
		trigger := stormAlert(3, "host:b")
		trigger.CycleKey = "77"
		e.run(trigger, pipeline.Queued)
		time.Sleep(65 * time.Minute)
		recovery := stormAlert(4, "host:b")
		recovery.CycleKey, recovery.Transition = "77", alert.Recovered
		if o := e.run(recovery, pipeline.Posted); o.Cycle.Lasted != 65*time.Minute {
			e.Errorf("it lasted %v", o.Cycle.Lasted)
		}
	})
}
