package pipeline_test

import (
	"fmt"
	"slices"
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

// The delays of a follow-up are those of SQS, at most 15 minutes each.
func TestFollowUp_Chain(t *testing.T) {
	for after, want := range map[string]struct {
		hops  int
		times []time.Duration
	}{
		"15m": {1 + 4, []time.Duration{15 * time.Minute, time.Hour}},
		"24h": {96, []time.Duration{24 * time.Hour}},
	} {
		t.Run(after, func(t *testing.T) {
			inBubble(t, func(e *env) {
				o := e.run(firing("7", after), pipeline.Posted)
				if len(o.Warnings) > 0 || !slices.Equal(o.FollowUps, want.times) {
					e.Errorf("warnings %v, follow-ups %v", o.Warnings, o.FollowUps)
				}
				start := time.Now()
				var times []time.Duration
				e.Poster = timed{e, func() { times = append(times, time.Since(start)) }}
				outcomes := e.deliverFollowUps()
				if len(e.hops) != want.hops || slices.Max(e.hops) > queue.MaxDelay || len(outcomes) != want.hops {
					e.Errorf("%d hops, want %d: %v", len(e.hops), want.hops, e.hops)
				}
				if !slices.Equal(times, want.times) {
					e.Errorf("posted after %v, want %v", times, want.times)
				}
			})
		})
	}
}

func TestFollowUp_Event(t *testing.T) {
	inBubble(t, func(e *env) {
		three, five := 3.0, 5.0
		e.finding.Standing = enrich.Standing{State: "Alert", Failing: 1, Groups: 9, Value: &three}
		e.run(firing("7", "15m"), pipeline.Posted)
		e.finding.Standing = enrich.Standing{State: "Alert", Failing: 4, Groups: 9, Value: &five}
		e.finding.Changes = []enrich.Change{{Title: "Deployed cart 4", Time: time.Now().Add(9 * time.Minute)}}
		e.deliverFollowUps()
		if len(e.events) != 3 {
			e.Fatalf("posted %d events", len(e.events))
		}
		first, second := e.events[0].(event.Event), e.events[1].(event.Event)
		if second.Title != "Still firing after 15 min: Disk is full" || second.RelatedEventID != 1 || second.AggregationKey != first.AggregationKey {
			e.Errorf("got %+v", second)
		}
		for _, want := range []string{"still Alert; 4 of 9 groups fail, 3 more than at first; 5 now, 3 at first", "Changed meanwhile: Deployed cart 4", "15 min before"} {
			if !strings.Contains(second.Text, want) {
				e.Errorf("the event does not say %q:\n%s", want, second.Text)
			}
		}
		if third := e.events[2].Headline(); third != "Still firing after 1 h: Disk is full" {
			e.Errorf("the second follow-up is %q", third)
		}
		// Its own event comes back, and is ignored.
		e.run(alert.Alert{ID: "8", Tags: second.Tags}, pipeline.Ignored)
	})
}

// A recovery at any time before a follow-up is due cancels it, and its messages end with the
// next hop.
func TestFollowUp_Recovered(t *testing.T) {
	for _, after := range []time.Duration{0, time.Second, 14*time.Minute + 59*time.Second, 16 * time.Minute, 59 * time.Minute} {
		for _, lag := range []time.Duration{0, -time.Hour} { // The recovery may even be dated before the alert arrived.
			t.Run(fmt.Sprint(after, lag), func(t *testing.T) {
				inBubble(t, func(e *env) {
					a := firing("7", "15m")
					a.Date = a.Date.Add(lag)
					e.run(a, pipeline.Posted)
					due := 0
					if after > 15*time.Minute {
						due = 1
					}
					e.after(after+time.Millisecond, func() {
						recovery := later(a, alert.Recovered)
						recovery.Date = recovery.Date.Add(lag)
						e.run(recovery, pipeline.Posted)
					})
					start := time.Now()
					outcomes := e.deliverFollowUps()
					if got := e.followUpTitles(); len(got) != due {
						e.Errorf("%d follow-ups, want %d: %v", len(got), due, got)
					}
					if took := time.Since(start); took > after+queue.MaxDelay+time.Second {
						e.Errorf("the messages went on for %v", took)
					}
					last := outcomes[len(outcomes)-1]
					if last.Status != pipeline.Ignored || !strings.Contains(last.Detail, "recovered") {
						e.Errorf("got %+v", last)
					}
				})
			})
		}
	}
}

// A recovery that the ledger sees while the steps run counts, too.
func TestFollowUp_RecoveredDuringSteps(t *testing.T) {
	inBubble(t, func(e *env) {
		a := firing("7", "15m")
		e.run(a, pipeline.Posted)
		e.Steps = func(steps []enrich.Named) []enrich.Named {
			e.cycles["1:99"] = append(e.cycles["1:99"], notified(alert.Recovered))
			return steps
		}
		e.deliverFollowUps()
		if got := e.followUpTitles(); len(got) > 0 {
			e.Errorf("posted %v", got)
		}
	})
}

func TestFollowUp_NewerTrigger(t *testing.T) {
	type row struct {
		transition alert.Transition
		after      time.Duration
		want       []time.Duration // of the follow-ups, since the first alert
	}
	each(t, map[string]row{
		"before the first follow-up":       {alert.ReTriggered, 10 * time.Minute, []time.Duration{25 * time.Minute, 70 * time.Minute}},
		"between the two":                  {alert.Triggered, 31 * time.Minute, []time.Duration{15 * time.Minute, 91 * time.Minute}},
		"after both":                       {alert.ReTriggered, 121 * time.Minute, []time.Duration{15 * time.Minute, time.Hour}},
		"a renotification cancels nothing": {alert.Renotify, 10 * time.Minute, []time.Duration{15 * time.Minute, time.Hour}},
		"what has none cancels nothing":    {"Snoozed", 10 * time.Minute, []time.Duration{15 * time.Minute, time.Hour}},
	}, func(e *env, c row) {
		a := firing("7", "15m")
		e.run(a, pipeline.Posted)
		start := time.Now()
		var times []time.Duration
		e.Poster = timed{e, func() { times = append(times, time.Since(start)) }}
		e.after(c.after, func() { e.run(later(a, c.transition), pipeline.Posted) })
		e.deliverFollowUps()
		times = slices.DeleteFunc(times, func(at time.Duration) bool { return at == c.after })
		if !slices.Equal(times, c.want) {
			e.Errorf("follow-ups after %v, want %v", times, c.want)
		}
	})
}

func TestFollowUp_None(t *testing.T) {
	for name, change := range map[string]func(*alert.Alert){
		"no follow-up in the playbook": func(a *alert.Alert) { a.Tags = nil },
		"an event of type info":        func(a *alert.Alert) { a.Tags = alert.Tags{"after:info"} },
		"an alert of type info":        func(a *alert.Alert) { a.Type = "info" },
		"no cycle key":                 func(a *alert.Alert) { a.CycleKey = "" },
		"a recovery":                   func(a *alert.Alert) { a.Transition = alert.Recovered },
		"no transition":                func(a *alert.Alert) { a.Transition = "" },
		"an unknown transition":        func(a *alert.Alert) { a.Transition = "Snoozed" },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(e *env) {
				a := firing("7", "15m")
				change(&a)
				if o := e.run(a, pipeline.Posted); len(e.hops) > 0 || len(o.FollowUps) > 0 || len(o.Warnings) > 0 {
					e.Errorf("sent %v, outcome %+v", e.hops, o)
				}
			})
		})
	}
	t.Run("held back by the storm limit", func(t *testing.T) {
		inBubble(t, func(e *env) {
			for i := range 10_000 {
				a := firing(fmt.Sprint(i), "15m")
				a.CycleKey = a.ID
				if _, err := pipeline.New(e.Config).Run(e.Context(), a); err != nil {
					e.Fatal(err)
				}
			}
			if len(e.waiting) != 2*2 {
				e.Errorf("%d messages for two events with two follow-ups", len(e.waiting))
			}
			e.deliverFollowUps()
			if got := e.followUpTitles(); len(got) != 4 {
				e.Errorf("%d follow-ups", len(got))
			}
		})
	})
	t.Run("a dry run", func(t *testing.T) {
		e := newEnv(t)
		e.Queue, e.FollowUps = nil, nil
		o, err := pipeline.New(e.Config).DryRun(t.Context(), firing("7", "15m"))
		if err != nil || len(e.calls) > 1 || !slices.Equal(o.FollowUps, []time.Duration{15 * time.Minute, time.Hour}) || len(o.Warnings) > 0 {
			t.Errorf("calls %v, outcome %+v, %v", e.calls, o, err)
		}
	})
	t.Run("no queue for follow-ups", func(t *testing.T) {
		e := newEnv(t)
		e.FollowUps = nil
		if o := e.run(firing("7", "15m"), pipeline.Posted); len(o.Warnings) != 1 || !strings.Contains(o.Warnings[0].Error(), "FOLLOW_UP_QUEUE_URL") {
			t.Errorf("warnings %v", o.Warnings)
		}
		m := queue.Message{Alert: firing("7", "15m"), FollowUp: &queue.FollowUp{Number: 1, After: time.Minute}}
		if _, err := pipeline.New(e.Config).Redeliver(t.Context(), m); err == nil || fault.IsTemporary(err) {
			t.Errorf("got %v", err)
		}
	})
}

// A storm of alerts makes no storm of follow-ups, and keeps no other monitor from having its own.
func TestFollowUp_Storm(t *testing.T) {
	inBubble(t, func(e *env) {
		time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute)))
		group := func(monitor string, n int) alert.Alert {
			a := firing(fmt.Sprint(monitor, n), "24h")
			a.MonitorID, a.CycleKey = monitor, a.ID
			return a
		}
		const storm = 10_000
		limited := 0
		for n := range storm {
			if o := e.run(group("1", n), pipeline.Posted); len(o.FollowUps) == 0 && len(o.Warnings) == 1 {
				limited++
			}
		}
		if want := storm - playbook.MaxFollowed; limited != want || len(e.waiting) != playbook.MaxFollowed {
			e.Errorf("%d without follow-ups, want %d; %d messages", limited, want, len(e.waiting))
		}
		e.run(group("1", 3), pipeline.Duplicate)
		e.run(group("2", 1), pipeline.Posted)
		none := group("", 1)
		e.run(none, pipeline.Posted)
		e.fails["is full"] = down
		if o := e.run(group("1", storm), pipeline.Posted); len(o.FollowUps) != 1 {
			e.Errorf("without the ledger: %+v", o)
		}
		clear(e.fails)
		time.Sleep(time.Minute)
		e.run(group("1", storm+1), pipeline.Posted)
		if got, want := len(e.waiting), playbook.MaxFollowed+4; got != want {
			e.Errorf("%d messages, want %d", got, want)
		}
	})
}

func TestFollowUp_Log(t *testing.T) {
	inBubble(t, func(e *env) {
		a := firing("7", "15m")
		e.run(a, pipeline.Posted)
		for _, o := range e.deliverFollowUps() {
			attrs := fmt.Sprint(o.Report(e.Context(), a))
			if !strings.Contains(attrs, "follow_up=15m") && !strings.Contains(attrs, "follow_up=1h") || o.Status == pipeline.Queued && !strings.Contains(attrs, "waits for its time") {
				e.Errorf("the log says %s", attrs)
			}
		}
	})
}

// notified is a notification of now.
func notified(t alert.Transition) ledger.Notification {
	return ledger.Notification{At: time.Now(), Transition: string(t), ID: "recovery"}
}

// A follow-up reads what the cycle keeps, and its actions do not run again.
func TestFollowUp_Kept(t *testing.T) {
	withDesk(t, strings.Replace(deskBook, "name: shop", "name: shop\n    after: 15m", 1), func(e *env, d *desk) {
		e.run(opening, pipeline.Posted)
		e.deliverFollowUps()
		if got := e.followUpTitles(); len(got) != 1 || got[0] != "Not recovered after 15 min: x1 OPS-1" {
			e.Errorf("posted %v", got)
		}
		e.wantCalls(d, "open for x1")
	})
	withDesk(t, strings.Replace(deskBook, "name: shop", "name: shop\n    after: 15m", 1), func(e *env, d *desk) {
		d.fails = []error{refused}
		e.run(opening, pipeline.Posted)
		e.deliverFollowUps()
		e.run(closing, pipeline.Posted)
		e.wantCalls(d, "open for x1", "close ") // It waits for nothing that the follow-up keeps.
	})
}
