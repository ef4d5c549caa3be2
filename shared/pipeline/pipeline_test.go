package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
	"boomerang/shared/pipeline"
	"boomerang/shared/telemetry/telemetrytest"
)

func TestPipeline_Order(t *testing.T) {
	e := newEnv(t)
	e.crashed(a.Key())
	e.run(alert.Alert{ID: "7", OrgID: "1", MonitorID: "4711"}, pipeline.Posted)
	if diff := cmp.Diff([]string{"claim", "search", "allow", "step", "post", "mark posted", "begin", "follow up", "act done", "complete"}, e.calls); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPipeline_API(t *testing.T) {
	for api, c := range map[string]struct{ reported, body string }{
		"v1": {"1 x", `{"title":"x",`},
		"v2": {"1 v2 of x", `{"data":{"type":"event","attributes":{"title":"v2 of x",`},
	} {
		t.Run(api, func(t *testing.T) {
			e := newEnv(t)
			a := alert.Alert{ID: "7", OrgID: "1", MonitorID: "4711", CycleKey: "c", Title: "x", Tags: alert.Tags{"api:" + api}}
			dry, err := pipeline.New(e.Config).DryRun(t.Context(), a)
			e.calls = slices.DeleteFunc(e.calls, func(name string) bool { return name == "step" })
			if err != nil || dry.Status != pipeline.DryRun || len(e.calls) > 0 {
				t.Errorf("dry run: %+v, %v; called %v", dry, err, e.calls)
			}
			e.run(a, pipeline.Posted)
			_, isV1 := e.events[0].(event.Event)
			if isV1 != (api == "v1") || e.reported != c.reported {
				t.Errorf("posted %T, and the follow-up got %q", e.events[0], e.reported)
			}
			for name, request := range map[string]event.Request{"posted": e.events[0], "dry run": dry.Event} {
				body, err := json.Marshal(request)
				if isTagged := strings.Contains(string(body), event.TagKey("1:7")); err != nil || !strings.HasPrefix(string(body), c.body) || isTagged != (name == "posted") {
					t.Errorf("%s: %s, %v", name, body, err)
				}
			}
		})
	}
}

func TestPipeline_OwnEvent(t *testing.T) {
	e := newEnv(t)
	own := alert.Alert{ID: "9", Tags: alert.Tags{"boomerang", "playbook:default", "enrichment:none"}}
	p := pipeline.New(e.Config)
	for name, run := range map[string]func(context.Context, alert.Alert) (pipeline.Outcome, error){"run": p.Run, "dry run": p.DryRun, "enqueue": p.Enqueue} {
		if o, err := run(t.Context(), own); err != nil || o.Status != pipeline.Ignored || o.Detail == "" || len(e.calls) > 0 {
			t.Errorf("%s: %+v, %v, called %v", name, o, err, e.calls)
		}
	}
}

func TestPipeline_Panic(t *testing.T) {
	inBubble(t, func(e *env) {
		e.Poster = panicking{}
		o := e.run(a, pipeline.Queued)
		log := errors.Join(o.Warnings...).Error()
		if m := e.sent[0]; strings.Contains(m.Reason, "panic") || !m.MaybePosted || !strings.Contains(log, "panic with a string") || !strings.Contains(log, "pipeline_test.go") {
			e.Errorf("queued %+v; the log says %s", m, log)
		}
		e.Poster, e.Cycles = e, panicking{}
		released := a
		released.CycleKey = "c"
		time.Sleep(visible)
		if o := e.run(released, pipeline.Posted); len(o.Warnings) != 1 {
			e.Errorf("warnings %v", o.Warnings)
		}
		e.Playbooks = nil
		if _, err := pipeline.New(e.Config).DryRun(e.Context(), a); fault.From(err).Kind != fault.Internal {
			e.Errorf("dry run: %v", err)
		}
	})
}

// The event is posted: a bug in what follows must not post it again.
func TestPipeline_FollowUpPanics(t *testing.T) {
	e := newEnv(t)
	isFollowUp := false
	e.Steps = func(steps []enrich.Named) []enrich.Named {
		if isFollowUp {
			panic("a bug")
		}
		isFollowUp = true
		return steps
	}
	if o := e.run(a, pipeline.Posted); len(o.Warnings) != 1 || len(e.sent) > 0 {
		t.Errorf("warnings %v, queued %v", o.Warnings, e.sent)
	}
	e.run(a, pipeline.Duplicate)
}

type panicking struct{ pipeline.Poster }

func (panicking) Create(context.Context, event.Event) (event.Posted, error) { panic("a bug") }

func (panicking) AddNotification(context.Context, string, ledger.Notification) (ledger.Cycle, error) {
	panic("a bug")
}

func TestPipeline_FollowUpHangs(t *testing.T) {
	inBubble(t, func(e *env) {
		e.fails["follow up"] = errHang
		start := time.Now()
		o := e.run(a, pipeline.Posted)
		if took := time.Since(start); took != 12*time.Second || o.Steps[1].Status == enrich.OK {
			e.Errorf("took %v, steps %+v", took, o.Steps)
		}
		if len(e.sent) != 1 || e.sent[0].Action == nil || len(e.events) != 1 {
			e.Errorf("queued %+v, posted %d", e.sent, len(e.events))
		}
	})
	inBubble(t, func(e *env) {
		e.fails["follow up"], e.fails["send"] = errHang, errHang
		start := time.Now()
		if _, err := pipeline.New(e.Config).Run(e.Context(), a); err == nil || time.Since(start) >= pipeline.RunTime {
			e.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestPipeline_Cycle(t *testing.T) {
	e := newEnv(t)
	start := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	for i, c := range []struct {
		transition alert.Transition
		after      time.Duration
		want       string
	}{
		{alert.Triggered, 0, ""},
		{alert.Renotify, time.Hour, "It has lasted 1 h so far; this is notification 2."},
		{alert.Renotify, 2 * time.Hour, "this is notification 3."},
		{alert.Recovered, 2*time.Hour + 5*time.Minute, "It lasted 2 h 5 min and was notified 3 times."},
	} {
		at := start.Add(c.after)
		e.Now = func() time.Time { return at }
		o := e.run(alert.Alert{ID: fmt.Sprint(i), OrgID: "1", CycleKey: "c", Title: "x", Transition: c.transition, Date: at}, pipeline.Posted)
		text := e.events[i].(event.Event).Text
		if len(o.Warnings) > 0 || !strings.Contains(text, c.want) || c.want == "" && strings.Contains(text, "lasted") {
			t.Errorf("%s after %v: %q, %v, want %q", c.transition, c.after, text, o.Warnings, c.want)
		}
		// The cycle of another organization has the same key and another trigger.
		other := e.run(alert.Alert{ID: fmt.Sprint(i), OrgID: "2", CycleKey: "c", Date: start.Add(-time.Hour)}, pipeline.Posted)
		e.events = e.events[:i+1]
		if other.Cycle.Notified != i+1 {
			t.Errorf("the other organization's cycle: %+v", other.Cycle)
		}
	}
	e.fails["add notification"] = down
	if o := e.run(alert.Alert{ID: "9", CycleKey: "c"}, pipeline.Posted); len(o.Warnings) != 1 || !errors.Is(o.Warnings[0], down) {
		t.Errorf("warnings %v", o.Warnings)
	}
}

func TestPipeline_PostedAt(t *testing.T) {
	inBubble(t, func(e *env) {
		e.fails["complete"] = errHang
		o := e.run(a, pipeline.Posted)
		if since := time.Since(o.PostedAt); since != ledgerTime {
			e.Errorf("posted %v ago, want the time before the ledger's", since)
		}
	})
}

func TestPipeline_Spans(t *testing.T) {
	env := newEnv(t)
	env.fails["step"] = refused
	e := telemetrytest.During(t, func(ctx context.Context) {
		if o, err := pipeline.New(env.Config).Run(ctx, a); err != nil || o.Status != pipeline.Posted {
			t.Errorf("got %+v, %v", o, err)
		}
	})
	spans := e.Spans(t)
	if diff := cmp.Diff([]string{telemetrytest.Root, "claim", "complete", "compose", "find", "post", "report"}, slices.Sorted(maps.Keys(spans))); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	for name, s := range spans {
		if s.Error != (name == "find") {
			t.Errorf("the span %s is %+v", name, s)
		}
	}
}
