package pipeline_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
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
	if err := cmp.Or(f.call(ctx, "send follow-up"), ctx.Err()); err != nil {
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

// later is another notification of an alert's cycle, of now.
func later(a alert.Alert, transition alert.Transition) alert.Alert {
	a.ID, a.Transition, a.Date, a.Title = "later-"+fmt.Sprint(time.Now().Unix()), transition, time.Now(), "["+string(transition)+"] Disk is full"
	return a
}

// followUpTitles are the titles of the posted follow-ups.
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
