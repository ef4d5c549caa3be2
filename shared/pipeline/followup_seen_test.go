package pipeline_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
)

// soonBook has a follow-up that comes with the first hop, and says what it knows of the cycle.
const soonBook = `
playbooks:
  - name: soon
    after: 5m
    steps: [{uses: see}]
    event: {title: "{{ .alert.transition }}, {{ .cycle.notified }} times in {{ .cycle.lasted }}"}
`

// The steps see the alert as a notification of now would have it, and the texts as it came. The
// cycle begins with its first notification.
func TestFollowUp_Sees(t *testing.T) {
	inBubble(t, func(e *env) {
		var seen []string
		keys := map[string]bool{}
		e.load(soonBook, enrich.KindOf(enrich.Kind{Name: "see"}, func(struct{}, time.Duration) enrich.Step {
			return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
				seen = append(seen, fmt.Sprint(a.Transition, time.Since(a.Date), " since ", time.Since(enrich.HistoryOf(ctx).Began())))
				keys[enrich.IdempotencyKey(ctx)] = true
				return e.finding, nil
			})
		}))
		first := firing("7", "5m")
		e.run(first, pipeline.Posted)
		time.Sleep(2 * time.Minute)
		again := later(first, alert.Triggered)
		time.Sleep(time.Minute) // It arrives late.
		e.finding.Changes = []enrich.Change{{Title: "before", Time: time.Now().Add(-2 * time.Minute)}, {Title: "meanwhile", Time: time.Now().Add(-30 * time.Second)}}
		e.run(again, pipeline.Posted)
		e.deliverFollowUps()
		want := []string{"Triggered1m0s since 3m0s", "Re-Triggered0s since 8m0s"}
		if !slices.Equal(seen[1:], want) || len(keys) != 3 || keys[""] {
			t.Errorf("the steps saw %q with %d keys, want %q", seen, len(keys), want)
		}
		posted := e.events[2].(event.Event)
		if want := "Not recovered after 5 min: Triggered, 2 times in 480"; len(e.events) != 3 || posted.Title != want {
			t.Errorf("got %q, want %q", posted.Title, want)
		}
		if !strings.Contains(posted.Text, "Changed meanwhile: meanwhile") || strings.Contains(posted.Text, "meanwhile: before") {
			t.Errorf("got %s", posted.Text)
		}
	})
}

// A message that waits for less than a hop is not sent again, also if the post took a while.
func TestFollowUp_OneHop(t *testing.T) {
	inBubble(t, func(e *env) {
		e.load(strings.Replace(soonBook, "see", "find", 1))
		e.Poster = timed{e, func() { time.Sleep(3 * time.Second) }}
		e.run(firing("7", "5m"), pipeline.Posted)
		if e.deliverFollowUps(); !slices.Equal(e.hops, []time.Duration{5 * time.Minute}) || len(e.followUpTitles()) != 1 {
			e.Errorf("hops %v, posted %v", e.hops, e.followUpTitles())
		}
	})
}

// A trigger without a date is not older than the one before it.
func TestFollowUp_NoDate(t *testing.T) {
	inBubble(t, func(e *env) {
		a := firing("7", "15m")
		e.run(a, pipeline.Posted)
		e.waiting = nil
		time.Sleep(time.Minute)
		again := later(a, alert.ReTriggered)
		again.Date = time.Time{}
		e.run(again, pipeline.Posted)
		if e.deliverFollowUps(); len(e.followUpTitles()) != 2 {
			e.Errorf("posted %v", e.followUpTitles())
		}
	})
}

// A follow-up that its cycle ends while the steps run has posted nothing: that of the newer trigger
// needs no search.
func TestFollowUp_NewerTriggerDuringSteps(t *testing.T) {
	inBubble(t, func(e *env) {
		a := firing("7", "15m")
		e.run(a, pipeline.Posted)
		e.onlyFirst()
		e.Steps = func(steps []enrich.Named) []enrich.Named {
			e.Steps = func(steps []enrich.Named) []enrich.Named { return steps }
			e.run(later(a, alert.ReTriggered), pipeline.Posted)
			return steps
		}
		e.deliverFollowUps()
		if got := e.followUpTitles(); len(got) != 2 || len(e.searched) > 0 {
			e.Errorf("posted %v, searched %v", got, e.searched)
		}
	})
}

// The limit of follow-ups counts cycles: of one organization, and also without a monitor.
func TestFollowUp_StormCounts(t *testing.T) {
	inBubble(t, func(e *env) {
		followed := func(tag, monitor string, n int) bool {
			a := firing(fmt.Sprint(tag, monitor, n), tag)
			a.MonitorID, a.CycleKey = monitor, fmt.Sprint(monitor, n)
			return len(e.run(a, pipeline.Posted).FollowUps) > 0
		}
		for n := range playbook.MaxFollowed {
			if !followed("24h", "1", n) || !followed("15m", "", n) {
				t.Errorf("alert %d has no follow-up", n)
			}
		}
		if followed("24h", "1", 99) || followed("15m", "", 99) {
			t.Error("nothing limits the follow-ups")
		}
		a := firing("x", "24h")
		a.MonitorID, a.CycleKey, a.Transition = "1", "13", alert.ReTriggered
		if o := e.run(a, pipeline.Posted); len(o.FollowUps) != 1 {
			t.Error("another trigger of a cycle that is followed has no follow-up")
		}
		a.OrgID, a.CycleKey = "2", "99"
		if o := e.run(a, pipeline.Posted); len(o.FollowUps) != 1 {
			t.Error("another organization has no follow-up")
		}
	})
}

func TestFollowUp_RenotifiedFirst(t *testing.T) {
	inBubble(t, func(e *env) {
		a := firing("7", "15m")
		a.Transition, a.Type = alert.Renotify, "error"
		if e.run(a, pipeline.Posted); len(e.waiting) != 2 {
			e.Errorf("%d messages wait", len(e.waiting))
		}
	})
}
