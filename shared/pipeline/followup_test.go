package pipeline_test

import (
	"context"
	"fmt"
	"slices"
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

// followUps is the queue of the follow-ups. Its messages are JSON, as in SQS.
type followUps struct {
	*store
	waiting []delivery
	hops    []time.Duration // the delays of all messages
	dead    []string        // the reasons of the dead letters
}

// delivery is a message at the time at which SQS delivers it, or what else happens then.
type delivery struct {
	at       time.Time
	body     string
	receives int
	happens  func()
}

// after lets something happen later, between the deliveries.
func (f *followUps) after(d time.Duration, happens func()) {
	f.waiting = append(f.waiting, delivery{at: time.Now().Add(d), happens: happens})
}

func (f *followUps) Send(ctx context.Context, m queue.Message, delay time.Duration) error {
	if err := f.call(ctx, "send follow-up"); err != nil {
		return err
	}
	body, err := queue.Encode(m)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting, f.hops = append(f.waiting, delivery{at: time.Now().Add(delay), body: body, receives: 1}), append(f.hops, delay)
	return nil
}

// deliverFollowUps delivers the messages at their times until none is left. SQS delivers one that
// failed again after the visibility timeout, and the worker gives up the tenth time.
func (e *env) deliverFollowUps() (outcomes []pipeline.Outcome) {
	e.Helper()
	for len(e.waiting) > 0 {
		slices.SortStableFunc(e.waiting, func(a, b delivery) int { return a.at.Compare(b.at) })
		next := e.waiting[0]
		e.waiting = e.waiting[1:]
		time.Sleep(time.Until(next.at))
		if next.happens != nil {
			next.happens()
			continue
		}
		m, err := queue.Decode(next.body)
		if err != nil {
			e.Fatal(err)
		}
		m.MaybePosted = m.MaybePosted || next.receives > 1
		o, err := pipeline.New(e.Config).Redeliver(e.Context(), m)
		switch {
		case err == nil:
			outcomes = append(outcomes, o)
		case !fault.IsTemporary(err) || next.receives == pipeline.MaxReceives:
			e.dead = append(e.dead, fault.Public(err))
		default:
			e.waiting = append(e.waiting, delivery{at: time.Now().Add(pipeline.VisibilityTimeout), body: next.body, receives: next.receives + 1})
		}
	}
	return outcomes
}

// firing is an alert with a cycle, whose playbook has follow-ups.
func firing(id, after string) alert.Alert {
	return alert.Alert{
		ID: id, OrgID: "1", MonitorID: "4711", CycleKey: "99", Title: "[Triggered] Disk is full", Transition: alert.Triggered,
		Date: time.Now(), Tags: alert.Tags{"after:" + after},
	}
}

// later is another notification of the cycle.
func (a2 notification) of(a alert.Alert) alert.Alert {
	a.ID, a.Transition, a.Date, a.Title = "later-"+fmt.Sprint(time.Now().Unix()), alert.Transition(a2), time.Now(), "["+string(a2)+"] Disk is full"
	return a
}

type notification string

// posted returns the titles of the follow-ups and when they were posted, as time since start.
func (e *env) followUpTitles() (titles []string) {
	for _, posted := range e.events {
		if slices.ContainsFunc(tagsOf(posted), func(tag string) bool { return strings.HasPrefix(tag, "follow_up:") }) {
			titles = append(titles, posted.Headline())
		}
	}
	return titles
}

func tagsOf(r event.Request) []string {
	if v1, ok := r.(event.Event); ok {
		return v1.Tags
	}
	return r.(event.AlertEvent).Data.Attributes.Tags
}

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
			synctest.Test(t, func(t *testing.T) {
				e := newEnv(t)
				o := e.run(firing("7", after), pipeline.Posted)
				if len(o.Warnings) > 0 || !slices.Equal(o.FollowUps, want.times) {
					t.Errorf("warnings %v, follow-ups %v", o.Warnings, o.FollowUps)
				}
				start := time.Now()
				var times []time.Duration
				e.Poster = timed{e, func() { times = append(times, time.Since(start)) }}
				outcomes := e.deliverFollowUps()
				if len(e.hops) != want.hops || slices.Max(e.hops) > queue.MaxDelay || len(outcomes) != want.hops {
					t.Errorf("%d hops, want %d: %v", len(e.hops), want.hops, e.hops)
				}
				if !slices.Equal(times, want.times) {
					t.Errorf("posted after %v, want %v", times, want.times)
				}
			})
		})
	}
}

// timed calls a function with each post.
type timed struct {
	pipeline.Poster
	before func()
}

func (p timed) Create(ctx context.Context, v event.Event) (event.Posted, error) {
	p.before()
	return p.Poster.Create(ctx, v)
}

func (p timed) CreateAlert(ctx context.Context, v event.AlertEvent) (event.Posted, error) {
	p.before()
	return p.Poster.CreateAlert(ctx, v)
}

func TestFollowUp_Event(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEnv(t)
		three, five := 3.0, 5.0
		e.finding.Standing = enrich.Standing{State: "Alert", Failing: 1, Groups: 9, Value: &three}
		e.run(firing("7", "15m"), pipeline.Posted)
		e.finding.Standing = enrich.Standing{State: "Alert", Failing: 4, Groups: 9, Value: &five}
		e.finding.Changes = []enrich.Change{{Title: "Deployed cart 4", Time: time.Now().Add(9 * time.Minute)}}
		e.deliverFollowUps()
		if len(e.events) != 3 {
			t.Fatalf("posted %d events", len(e.events))
		}
		first, second := e.events[0].(event.Event), e.events[1].(event.Event)
		if second.Title != "Still firing after 15 min: Disk is full" || second.RelatedEventID != 1 || second.AggregationKey != first.AggregationKey {
			t.Errorf("got %+v", second)
		}
		for _, want := range []string{"still Alert; 4 of 9 groups fail, 3 more than at first; 5 now, 3 at first", "Changed meanwhile: Deployed cart 4", "15 min before"} {
			if !strings.Contains(second.Text, want) {
				t.Errorf("the event does not say %q:\n%s", want, second.Text)
			}
		}
		if third := e.events[2].Headline(); third != "Still firing after 1 h: Disk is full" {
			t.Errorf("the second follow-up is %q", third)
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
				synctest.Test(t, func(t *testing.T) {
					e := newEnv(t)
					a := firing("7", "15m")
					a.Date = a.Date.Add(lag)
					e.run(a, pipeline.Posted)
					due := 0
					if after > 15*time.Minute {
						due = 1
					}
					e.after(after+time.Millisecond, func() {
						recovery := notification("Recovered").of(a)
						recovery.Date = recovery.Date.Add(lag)
						e.run(recovery, pipeline.Posted)
					})
					start := time.Now()
					outcomes := e.deliverFollowUps()
					if got := e.followUpTitles(); len(got) != due {
						t.Errorf("%d follow-ups, want %d: %v", len(got), due, got)
					}
					if took := time.Since(start); took > after+queue.MaxDelay+time.Second {
						t.Errorf("the messages went on for %v", took)
					}
					last := outcomes[len(outcomes)-1]
					if last.Status != pipeline.Ignored || !strings.Contains(last.Detail, "recovered") {
						t.Errorf("got %+v", last)
					}
				})
			})
		}
	}
}

// A recovery that the ledger sees while the steps run counts, too.
func TestFollowUp_RecoveredDuringSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEnv(t)
		a := firing("7", "15m")
		e.run(a, pipeline.Posted)
		e.Steps = func(steps []enrich.Named) []enrich.Named {
			e.cycles["1:99"] = append(e.cycles["1:99"], notified(alert.Recovered))
			return steps
		}
		e.deliverFollowUps()
		if got := e.followUpTitles(); len(got) > 0 {
			t.Errorf("posted %v", got)
		}
	})
}

func TestFollowUp_NewerTrigger(t *testing.T) {
	for name, c := range map[string]struct {
		transition alert.Transition
		after      time.Duration
		want       []time.Duration // of the follow-ups, since the first alert
	}{
		"before the first follow-up":       {alert.ReTriggered, 10 * time.Minute, []time.Duration{25 * time.Minute, 70 * time.Minute}},
		"between the two":                  {alert.Triggered, 31 * time.Minute, []time.Duration{15 * time.Minute, 91 * time.Minute}},
		"after both":                       {alert.ReTriggered, 121 * time.Minute, []time.Duration{15 * time.Minute, time.Hour}},
		"a renotification cancels nothing": {alert.Renotify, 10 * time.Minute, []time.Duration{15 * time.Minute, time.Hour}},
		"what has none cancels nothing":    {"Snoozed", 10 * time.Minute, []time.Duration{15 * time.Minute, time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEnv(t)
				a := firing("7", "15m")
				e.run(a, pipeline.Posted)
				start := time.Now()
				var times []time.Duration
				e.Poster = timed{e, func() { times = append(times, time.Since(start)) }}
				e.after(c.after, func() { e.run(notification(c.transition).of(a), pipeline.Posted) })
				e.deliverFollowUps()
				times = slices.DeleteFunc(times, func(at time.Duration) bool { return at == c.after })
				if !slices.Equal(times, c.want) {
					t.Errorf("follow-ups after %v, want %v", times, c.want)
				}
			})
		})
	}
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
			synctest.Test(t, func(t *testing.T) {
				e := newEnv(t)
				a := firing("7", "15m")
				change(&a)
				if o := e.run(a, pipeline.Posted); len(e.hops) > 0 || len(o.FollowUps) > 0 || len(o.Warnings) > 0 {
					t.Errorf("sent %v, outcome %+v", e.hops, o)
				}
			})
		})
	}
	t.Run("held back by the storm limit", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			e := newEnv(t)
			for i := range 10_000 {
				a := firing(fmt.Sprint(i), "15m")
				a.CycleKey = a.ID
				if _, err := pipeline.New(e.Config).Run(t.Context(), a); err != nil {
					t.Fatal(err)
				}
			}
			if len(e.waiting) != 2*2 {
				t.Errorf("%d messages for two events with two follow-ups", len(e.waiting))
			}
			e.deliverFollowUps()
			if got := e.followUpTitles(); len(got) != 4 {
				t.Errorf("%d follow-ups", len(got))
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

// A queue that fails is asked once more after the post. What it does not accept then is lost,
// and counted.
// A storm of alerts makes no storm of follow-ups, and keeps no other monitor from having its own.
func TestFollowUp_Storm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEnv(t)
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
			t.Errorf("%d without follow-ups, want %d; %d messages", limited, want, len(e.waiting))
		}
		e.run(group("1", 3), pipeline.Duplicate)
		e.run(group("2", 1), pipeline.Posted)
		none := group("", 1)
		e.run(none, pipeline.Posted)
		e.fails["is full"] = down
		if o := e.run(group("1", storm), pipeline.Posted); len(o.FollowUps) != 1 {
			t.Errorf("without the ledger: %+v", o)
		}
		clear(e.fails)
		time.Sleep(time.Minute)
		e.run(group("1", storm+1), pipeline.Posted)
		if got, want := len(e.waiting), playbook.MaxFollowed+4; got != want {
			t.Errorf("%d messages, want %d", got, want)
		}
	})
}

func TestFollowUp_Unsent(t *testing.T) {
	for name, c := range map[string]struct {
		err      error
		forever  bool
		warnings int
		want     int
	}{
		"once":         {down, false, 0, 2},
		"twice":        {down, true, 1, 0},
		"a hang":       {errHang, true, 1, 0},
		"a hang, once": {errHang, false, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEnv(t)
				e.fails["send follow-up"] = c.err
				if !c.forever {
					e.Poster = timed{e, func() { delete(e.fails, "send follow-up") }}
				}
				start := time.Now()
				o := e.run(firing("7", "15m"), pipeline.Posted)
				if len(o.Warnings) != c.warnings || len(e.waiting) != c.want {
					t.Errorf("warnings %v, %d messages", o.Warnings, len(e.waiting))
				}
				if c.warnings > 0 && !strings.Contains(o.Warnings[0].Error(), "2 follow-ups") {
					t.Errorf("the warning does not count: %v", o.Warnings)
				}
				if took := time.Since(start); took >= pipeline.RunTime {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// A follow-up comes once, also where a call fails, hangs or crashes: after the
// next delivery. A run that crashes leaves its claim and gives its message back.
func TestFollowUp_Failures(t *testing.T) {
	for _, call := range []string{"read cycle", "posted", "send follow-up", "claim", "step", "post", "complete", "search"} {
		for name, err := range map[string]error{"fails": down, "hangs": errHang} {
			for _, crashes := range []bool{false, true} {
				t.Run(fmt.Sprint(call, " ", name, " ", crashes), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						e := newEnv(t)
						e.run(firing("7", "15m"), pipeline.Posted)
						e.onlyFirst()
						time.Sleep(15 * time.Minute)
						e.fails[call] = err
						if crashes {
							e.fails["release"] = down
						}
						e.after(20*time.Second, e.mend) // The next delivery succeeds.
						e.deliverFollowUps()
						if got := e.followUpTitles(); len(got) != 1 || len(e.dead) > 0 {
							t.Errorf("posted %v, dead letters %v", got, e.dead)
						}
					})
				})
			}
		}
	}
}

// A post whose answer gets lost is found by the next attempt, in any state of the ledger.
func TestFollowUp_LostAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		fails string // besides
		found bool
		want  int
	}{
		"found":                               {"", true, 0},
		"found after a crash":                 {"release", true, 0},
		"not found":                           {"", false, 1},
		"the search needs a permission first": {"search", true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEnv(t)
				e.run(firing("7", "15m"), pipeline.Posted)
				e.onlyFirst()
				time.Sleep(15 * time.Minute)
				e.fails["post"], e.fails[c.fails] = errHang, refused
				e.after(20*time.Second, func() {
					stillFails := e.fails["search"]
					e.mend()
					e.fails["search"] = stillFails
					if c.found {
						e.found = event.Posted{ID: "12", URL: "https://example.com/12"}
					}
				})
				e.deliverFollowUps()
				if got := e.followUpTitles(); len(got) != c.want {
					t.Errorf("posted %v", got)
				}
				last := e.searched[len(e.searched)-1]
				if last.key != "follow_up:1:99#1" || last.id != "" || last.webhook != "Shop.api" {
					t.Errorf("searched for %+v", last)
				}
				if isDead := c.fails == "search"; isDead != (len(e.dead) == 1) {
					t.Errorf("dead letters %v", e.dead)
				}
			})
		})
	}
}

// Without the ledger no follow-up goes out, however long it takes.
func TestFollowUp_LedgerDown(t *testing.T) {
	for _, call := range []string{"read cycle", "posted", "claim"} {
		synctest.Test(t, func(t *testing.T) {
			e := newEnv(t)
			e.run(firing("7", "15m"), pipeline.Posted)
			e.fails[call] = down
			e.deliverFollowUps()
			if got := e.followUpTitles(); len(got) > 0 || len(e.dead) != 2 {
				t.Errorf("%s: posted %v, dead letters %v", call, got, e.dead)
			}
		})
	}
}

// While Datadog takes no events, the follow-ups wait for the alert's event. Each attempt on
// the alert sends for them, and they come once.
func TestFollowUp_LatePost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEnv(t)
		e.fails["post"] = down
		start := time.Now()
		e.run(firing("7", "15m"), pipeline.Queued)
		var times []time.Duration
		e.Poster = timed{e, func() { times = append(times, time.Since(start).Truncate(time.Minute)) }}
		body, err := queue.Encode(e.sent[0])
		if err != nil {
			t.Fatal(err)
		}
		e.waiting = append(e.waiting, delivery{at: time.Now().Add(pipeline.VisibilityTimeout), body: body, receives: 1})
		e.after(40*time.Minute, e.mend)
		e.deliverFollowUps()
		if got, want := times[len(times)-3:], []time.Duration{42 * time.Minute, 57 * time.Minute, 102 * time.Minute}; !slices.Equal(got, want) {
			t.Errorf("posted after %v, want %v", got, want)
		}
		if got := e.followUpTitles(); len(got) != 2 {
			t.Errorf("posted %v", got)
		}
	})
}

func TestFollowUp_FirstEventNotRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		found event.Posted
		want  int
	}{
		"found in Datadog": {event.Posted{ID: "1"}, 1},
		"never posted":     {event.Posted{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEnv(t)
				e.fails["complete"] = down
				e.run(firing("7", "15m"), pipeline.Posted)
				clear(e.fails)
				e.onlyFirst()
				e.found = c.found
				start := time.Now()
				outcomes := e.deliverFollowUps()
				if got := e.followUpTitles(); len(got) != c.want {
					t.Errorf("posted %v", got)
				}
				if last := outcomes[len(outcomes)-1]; c.want == 0 && (last.Status != pipeline.Ignored || !strings.Contains(last.Detail, "no event")) {
					t.Errorf("got %+v", last)
				}
				if took := time.Since(start); took > 3*time.Hour {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

func TestFollowUp_DeliveredTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEnv(t)
		e.run(firing("7", "15m"), pipeline.Posted)
		e.waiting = append(e.waiting, e.waiting...)
		e.deliverFollowUps()
		if got := e.followUpTitles(); len(got) != 2 {
			t.Errorf("posted %v", got)
		}
	})
}

func TestFollowUp_Log(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEnv(t)
		a := firing("7", "15m")
		e.run(a, pipeline.Posted)
		for _, o := range e.deliverFollowUps() {
			attrs := fmt.Sprint(o.Report(t.Context(), a))
			if !strings.Contains(attrs, "follow_up=15m") && !strings.Contains(attrs, "follow_up=1h") || o.Status == pipeline.Queued && !strings.Contains(attrs, "waits for its time") {
				t.Errorf("the log says %s", attrs)
			}
		}
	})
}

// onlyFirst drops the messages of other follow-ups than the first.
func (e *env) onlyFirst() {
	e.waiting = slices.DeleteFunc(e.waiting, func(d delivery) bool { return !strings.Contains(d.body, `"follow_up":{"number":1,`) })
}

// mend lets all calls succeed from now on.
func (e *env) mend() {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.fails)
}

// notified is a notification of now.
func notified(t alert.Transition) ledger.Notification {
	return ledger.Notification{At: time.Now(), Transition: string(t), ID: "recovery"}
}

// A follow-up reads what the cycle keeps, and its actions do not run again.
func TestFollowUp_Kept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, d := newDeskEnv(t, strings.Replace(deskBook, "name: shop", "name: shop\n    after: 15m", 1))
		e.run(opening, pipeline.Posted)
		e.deliverFollowUps()
		if got := e.followUpTitles(); len(got) != 1 || got[0] != "Not recovered after 15 min: x1 OPS-1" {
			t.Errorf("posted %v", got)
		}
		e.wantCalls(d, "open for x1")
	})
}
