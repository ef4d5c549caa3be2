package pipeline_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/event"
	"boomerang/shared/pipeline"
)

// An alert that an attempt could not post, and that the limit holds back at the next one, has no
// follow-up.
func TestFollowUp_HeldBackLater(t *testing.T) {
	inBubble(t, func(e *env) {
		e.fails["post"] = down
		e.run(firing("7", "15m"), pipeline.Queued)
		clear(e.fails)
		time.Sleep(pipeline.VisibilityTimeout)
		for _, id := range []string{"8", "9"} {
			other := firing(id, "15m")
			other.CycleKey = id
			e.run(other, pipeline.Posted)
		}
		e.redeliver(e.sent[0], pipeline.Queued)
		outcomes := e.deliverFollowUps()
		if got := e.followUpTitles(); len(got) != 4 {
			e.Errorf("%d follow-ups: %v", len(got), got)
		}
		if first := outcomes[0]; first.Status != pipeline.Ignored || first.Cause != "no_event" || !strings.Contains(first.Detail, "limit") {
			e.Errorf("got %+v", first)
		}
	})
}

// A newer trigger that the limit holds back has no follow-ups, so those of the older one go on.
func TestFollowUp_NewerHeldBack(t *testing.T) {
	inBubble(t, func(e *env) {
		a := firing("7", "15m")
		e.run(a, pipeline.Posted)
		e.after(10*time.Minute, func() {
			for _, id := range []string{"8", "9"} {
				other := firing(id, "")
				other.CycleKey = id
				e.run(other, pipeline.Posted)
			}
			e.run(later(a, alert.ReTriggered), pipeline.Queued)
		})
		e.deliverFollowUps()
		if got := e.followUpTitles(); len(got) != 2 {
			e.Errorf("follow-ups: %v", got)
		}
	})
}

// The search finds an event whose post had an unreadable answer.
func TestFollowUp_UnreadableAnswer(t *testing.T) {
	each(t, map[string]struct{ searchFails bool }{"found": {false}, "the search fails": {true}}, func(e *env, c struct{ searchFails bool }) {
		e.Poster = unreadable{e}
		e.run(firing("7", "15m"), pipeline.Posted)
		e.Poster, e.found = e, event.Posted{ID: "1"}
		if c.searchFails {
			e.fails["search"] = refused
		}
		e.deliverFollowUps()
		if got := e.followUpTitles(); len(got)+len(e.dead) != 2 || c.searchFails != (len(e.dead) == 2) {
			e.Errorf("posted %v, dead letters %v", got, e.dead)
		}
		if !c.searchFails && e.events[1].(event.Event).RelatedEventID != 1 {
			e.Errorf("got %+v", e.events[1])
		}
	})
}

// unreadable posts, and does not know the event's id.
type unreadable struct{ pipeline.Poster }

func (p unreadable) Create(ctx context.Context, v event.Event) (event.Posted, error) {
	_, err := p.Poster.Create(ctx, v)
	return event.Posted{}, err
}
