package pipeline_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"boomerang/shared/event"
	"boomerang/shared/pipeline"
	"boomerang/shared/queue"
)

// A queue that fails is asked once more after the post. What it does not accept then is lost,
// and counted.
func TestFollowUp_Unsent(t *testing.T) {
	type row struct {
		err      error
		forever  bool
		warnings int
		want     int
	}
	each(t, map[string]row{
		"once":         {down, false, 0, 2},
		"twice":        {down, true, 1, 0},
		"a hang":       {errHang, true, 1, 0},
		"a hang, once": {errHang, false, 0, 2},
	}, func(e *env, c row) {
		e.fails["send follow-up"] = c.err
		if !c.forever {
			e.Poster = timed{e, func() { delete(e.fails, "send follow-up") }}
		}
		start := time.Now()
		o := e.run(firing("7", "15m"), pipeline.Posted)
		if len(o.Warnings) != c.warnings || len(e.waiting) != c.want {
			e.Errorf("warnings %v, %d messages", o.Warnings, len(e.waiting))
		}
		if c.warnings > 0 && !strings.Contains(o.Warnings[0].Error(), "2 follow-ups") {
			e.Errorf("the warning does not count: %v", o.Warnings)
		}
		if took := time.Since(start); took >= pipeline.RunTime {
			e.Errorf("took %v", took)
		}
	})
}

// A queue that hangs is asked again.
func TestFollowUp_UnsentForSeconds(t *testing.T) {
	inBubble(t, func(e *env) {
		e.fails["send follow-up"] = errHang
		time.AfterFunc(6*time.Second, e.repair)
		if e.run(firing("7", "15m"), pipeline.Posted); len(e.waiting) != 2 {
			e.Errorf("%d messages", len(e.waiting))
		}
	})
}

// The next attempt finds the event, and sends no follow-ups.
func TestFollowUp_UnsentByFailedRun(t *testing.T) {
	for call, want := range map[string]pipeline.Status{"post": pipeline.Queued, "send": ""} { // The queue keeps no action.
		t.Run(call, func(t *testing.T) {
			withDesk(t, "playbooks: [{name: shop, steps: [{uses: find}], after: [15m, 1h], then: [{uses: desk}]}]", func(e *env, d *desk) {
				d.fails = []error{down}
				e.fails["send follow-up"], e.fails[call] = down, errHang
				e.Poster = timed{e, func() { delete(e.fails, "send follow-up") }}
				o, err := pipeline.New(e.Config).Run(e.Context(), firing("7", "15m"))
				if o.Status != want || (err == nil) != (want != "") || len(e.waiting) != 2 {
					e.Errorf("%q, %v, %d messages", o.Status, err, len(e.waiting))
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
					inBubble(t, func(e *env) {
						e.run(firing("7", "15m"), pipeline.Posted)
						e.onlyFirst()
						time.Sleep(15 * time.Minute)
						e.fails[call] = err
						if crashes {
							e.fails["release"] = down
						}
						e.after(20*time.Second, e.repair) // The next delivery succeeds.
						e.deliverFollowUps()
						if got := e.followUpTitles(); len(got) != 1 || len(e.dead) > 0 {
							e.Errorf("posted %v, dead letters %v", got, e.dead)
						}
					})
				})
			}
		}
	}
}

// A post whose answer gets lost is found by the next attempt, in any state of the ledger.
func TestFollowUp_LostAnswer(t *testing.T) {
	type row struct {
		fails string // besides
		found bool
		want  int
	}
	each(t, map[string]row{
		"found":                               {"", true, 0},
		"found after a crash":                 {"release", true, 0},
		"not found":                           {"", false, 1},
		"the search needs a permission first": {"search", true, 0},
	}, func(e *env, c row) {
		e.run(firing("7", "15m"), pipeline.Posted)
		e.onlyFirst()
		time.Sleep(15 * time.Minute)
		e.fails["post"], e.fails[c.fails] = errHang, refused
		e.after(20*time.Second, func() {
			stillFails := e.fails["search"]
			e.repair()
			e.fails["search"] = stillFails
			if c.found {
				e.found = event.Posted{ID: "12", URL: "https://example.com/12"}
			}
		})
		e.deliverFollowUps()
		if got := e.followUpTitles(); len(got) != c.want {
			e.Errorf("posted %v", got)
		}
		last := e.searched[len(e.searched)-1]
		if last.key != "follow_up:1:99#1" || last.id != "" || last.webhook != "Shop.api" {
			e.Errorf("searched for %+v", last)
		}
		if isDead := c.fails == "search"; isDead != (len(e.dead) == 1) {
			e.Errorf("dead letters %v", e.dead)
		}
	})
}

// Without the ledger no follow-up goes out, however long it takes.
func TestFollowUp_LedgerDown(t *testing.T) {
	for _, call := range []string{"read cycle", "posted", "claim"} {
		inBubble(t, func(e *env) {
			e.run(firing("7", "15m"), pipeline.Posted)
			e.fails[call] = down
			e.deliverFollowUps()
			if got := e.followUpTitles(); len(got) > 0 || len(e.dead) != 2 {
				e.Errorf("%s: posted %v, dead letters %v", call, got, e.dead)
			}
		})
	}
}

// While Datadog takes no events, the follow-ups wait for the alert's event. Each attempt on
// the alert sends for them, and they come once.
func TestFollowUp_LatePost(t *testing.T) {
	inBubble(t, func(e *env) {
		e.fails["post"] = down
		start := time.Now()
		e.run(firing("7", "15m"), pipeline.Queued)
		var times []time.Duration
		e.Poster = timed{e, func() { times = append(times, time.Since(start).Truncate(time.Minute)) }}
		body, err := queue.Encode(e.sent[0])
		if err != nil {
			e.Fatal(err)
		}
		e.waiting = append(e.waiting, delivery{at: time.Now().Add(pipeline.VisibilityTimeout), body: body, receives: 1})
		e.after(40*time.Minute, e.repair)
		e.deliverFollowUps()
		if got, want := times[len(times)-3:], []time.Duration{42 * time.Minute, 57 * time.Minute, 102 * time.Minute}; !slices.Equal(got, want) {
			e.Errorf("posted after %v, want %v", got, want)
		}
		if got := e.followUpTitles(); len(got) != 2 {
			e.Errorf("posted %v", got)
		}
	})
}

// A follow-up that waited for the ledger says how long after the alert's event it comes.
func TestFollowUp_Late(t *testing.T) {
	inBubble(t, func(e *env) {
		e.run(firing("7", "15m"), pipeline.Posted)
		e.fails["read cycle"] = down
		late := 15*time.Minute + 3*pipeline.VisibilityTimeout
		e.after(late-2*time.Minute, e.repair)
		e.deliverFollowUps()
		if got := e.followUpTitles(); len(got) != 2 || !strings.HasPrefix(got[0], fmt.Sprintf("Not recovered after %.0f min: ", late.Minutes())) || !strings.HasPrefix(got[1], "Not recovered after 1 h: ") {
			e.Errorf("posted %q", got)
		}
	})
}

func TestFollowUp_FirstEventNotRecorded(t *testing.T) {
	type row struct {
		found event.Posted
		want  int
	}
	each(t, map[string]row{
		"found in Datadog": {event.Posted{ID: "1"}, 1},
		"never posted":     {event.Posted{}, 0},
	}, func(e *env, c row) {
		e.fails["complete"] = down
		e.run(firing("7", "15m"), pipeline.Posted)
		clear(e.fails)
		e.onlyFirst()
		e.found = c.found
		start := time.Now()
		outcomes := e.deliverFollowUps()
		if got := e.followUpTitles(); len(got) != c.want {
			e.Errorf("posted %v", got)
		}
		if last := outcomes[len(outcomes)-1]; c.want == 0 && (last.Status != pipeline.Ignored || !strings.Contains(last.Detail, "no event")) {
			e.Errorf("got %+v", last)
		}
		if took := time.Since(start); took > 3*time.Hour {
			e.Errorf("took %v", took)
		}
	})
}

func TestFollowUp_DeliveredTwice(t *testing.T) {
	inBubble(t, func(e *env) {
		e.run(firing("7", "15m"), pipeline.Posted)
		e.waiting = append(e.waiting, e.waiting...)
		e.deliverFollowUps()
		if got := e.followUpTitles(); len(got) != 2 {
			e.Errorf("posted %v", got)
		}
	})
}

// onlyFirst drops the messages of other follow-ups than the first.
func (e *env) onlyFirst() {
	e.waiting = slices.DeleteFunc(e.waiting, func(d delivery) bool { return !strings.Contains(d.body, `"follow_up":{"number":1,`) })
}

// repair lets all calls succeed from now on.
func (e *env) repair() {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.fails)
}
