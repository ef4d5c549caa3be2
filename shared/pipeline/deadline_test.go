package pipeline_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
	"boomerang/shared/pipeline"
	"boomerang/shared/queue"
)

func TestRun_Deadlines(t *testing.T) {
	type row struct {
		budget time.Duration // for the steps, which hang
		limit  time.Duration // of the caller's context; 0: none
		hangs  []string
		queue  bool
		want   pipeline.Status // empty: an error
		took   time.Duration
	}
	each(t, map[string]row{
		"the steps":                           {5 * time.Second, 14 * time.Second, nil, false, pipeline.Posted, 5 * time.Second},
		"the steps, with a generous budget":   {time.Minute, 14 * time.Second, nil, false, pipeline.Posted, 8 * time.Second},
		"the steps, without a deadline":       {time.Minute, 0, nil, false, pipeline.Posted, 8 * time.Second},
		"the steps, with a later deadline":    {time.Minute, time.Minute, nil, false, pipeline.Posted, 8 * time.Second},
		"the steps, when little time is left": {5 * time.Second, 3 * time.Second, nil, false, pipeline.Posted, 0},
		"the post":                            {5 * time.Second, 14 * time.Second, []string{"post"}, true, pipeline.Queued, 12 * time.Second},
		"the post, without a deadline":        {5 * time.Second, 0, []string{"post"}, true, pipeline.Queued, 12 * time.Second},
		"the post, without a queue":           {5 * time.Second, 14 * time.Second, []string{"post"}, false, "", 12 * time.Second},
		"the post and the queue":              {5 * time.Second, 14 * time.Second, []string{"post", "send"}, true, "", 13500 * time.Millisecond},
	}, func(e *env, c row) {
		e.EnrichBudget, e.fails["step"] = c.budget, errHang
		if !c.queue {
			e.Queue = nil
		}
		for _, call := range c.hangs {
			e.fails[call] = errHang
		}
		ctx := e.Context()
		if c.limit > 0 {
			limited, cancel := context.WithTimeout(ctx, c.limit)
			defer cancel()
			ctx = limited
		}
		start := time.Now()
		o, err := pipeline.New(e.Config).Run(ctx, a)
		if o.Status != c.want || (err == nil) != (c.want != "") || err != nil && !fault.IsTemporary(err) {
			e.Errorf("got %q, %v", o.Status, err)
		}
		if took := time.Since(start); took != c.took {
			e.Errorf("took %v, want %v", took, c.took)
		}
	})
}

// Work that no context stops is abandoned in time to queue the alert, which the worker gives
// back to the queue. What it finds later is dropped.
func TestPipeline_SlowWork(t *testing.T) {
	const toPostAndQueue = 12 * time.Second
	slow := func(e *env, call int) {
		e.Now = func() time.Time {
			now := time.Now()
			if call--; call == 0 {
				time.Sleep(time.Minute)
			}
			return now
		}
	}
	storm := &queue.Storm{Source: "1:4711", Start: time.Now(), Limit: 2}
	type row struct {
		call   int // of the clock: the one that composes
		run    func(*env) (pipeline.Outcome, error)
		queued bool
	}
	each(t, map[string]row{
		"run":     {2, func(e *env) (pipeline.Outcome, error) { return pipeline.New(e.Config).Run(e.Context(), a) }, true},
		"dry run": {1, func(e *env) (pipeline.Outcome, error) { return pipeline.New(e.Config).DryRun(e.Context(), a) }, false},
		"redeliver": {2, func(e *env) (pipeline.Outcome, error) {
			return pipeline.New(e.Config).Redeliver(e.Context(), queue.Message{Alert: a})
		}, false},
		"summary": {2, func(e *env) (pipeline.Outcome, error) {
			return pipeline.New(e.Config).Redeliver(e.Context(), queue.Message{Alert: a, Storm: storm})
		}, false},
	}, func(e *env, c row) {
		slow(e, c.call)
		start := time.Now()
		o, err := c.run(e)
		if took := time.Since(start); took != toPostAndQueue {
			e.Errorf("took %v", took)
		}
		time.Sleep(time.Hour)
		if len(e.events) > 0 || len(e.sent) > 0 != c.queued {
			e.Errorf("posted %v, queued %v", e.events, e.sent)
		}
		switch reason := "it took too long to compose the "; {
		case c.queued && (o.Status != pipeline.Queued || !strings.HasPrefix(e.sent[0].Reason, reason) || e.sent[0].MaybePosted):
			e.Errorf("got %+v", o)
		case !c.queued && (!fault.IsTemporary(err) || !strings.HasPrefix(fault.Public(err), reason)):
			e.Errorf("got %v", err)
		}
		if len(e.claims) > 0 {
			e.Errorf("the claim is not released: %v", e.claims)
		}
	})
}

// Each use of the ledger and the search has a timeout of its own.
func TestPipeline_Timeouts(t *testing.T) {
	monitor := alert.Alert{ID: "7", OrgID: "1", MonitorID: "4711", CycleKey: "c"}
	for name, c := range map[string]struct {
		maybePosted bool
		passed      int // alerts of the monitor before this one
		fails       string
		want        pipeline.Status
		took        time.Duration
	}{
		"claim":            {want: pipeline.Posted, took: ledgerTime},
		"search":           {maybePosted: true, want: pipeline.Posted, took: 2 * time.Second},
		"add notification": {want: pipeline.Posted, took: ledgerTime},
		"allow":            {want: pipeline.Posted, took: ledgerTime},
		"mark summary":     {passed: 2, want: pipeline.Queued, took: ledgerTime},
		"complete":         {want: pipeline.Posted, took: ledgerTime},
		"release":          {fails: "post", took: ledgerTime},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(e *env) {
				w := e.window(ledger.WindowAt("1:4711", time.Now()))
				for i := range c.passed {
					w.passed[string(rune('a'+i))] = true
				}
				e.fails[name], e.fails[c.fails] = errHang, down
				start := time.Now()
				o := e.redeliver(queue.Message{Alert: monitor, MaybePosted: c.maybePosted}, c.want)
				if took := time.Since(start); took != c.took || c.want != "" && len(o.Warnings) == 0 {
					e.Errorf("took %v, want %v; warnings %v", took, c.took, o.Warnings)
				}
			})
		})
	}
	for name, c := range map[string]struct {
		run  func(*env) (pipeline.Outcome, error)
		took time.Duration
	}{
		"mark queued": {func(e *env) (pipeline.Outcome, error) { return pipeline.New(e.Config).Enqueue(e.Context(), a) }, ledgerTime},
		"suppressed": {func(e *env) (pipeline.Outcome, error) {
			storm := &queue.Storm{Source: "1:4711", Start: time.Now(), Limit: 2}
			return pipeline.New(e.Config).Redeliver(e.Context(), queue.Message{Alert: monitor, Storm: storm})
		}, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(e *env) {
				e.fails[name] = errHang
				start := time.Now()
				o, err := c.run(e)
				if took := time.Since(start); took != c.took || err == nil && len(o.Warnings) != 1 {
					e.Errorf("got %+v, %v after %v", o, err, took)
				}
			})
		})
	}
}

// So has each use of the ledger for an action and for a follow-up.
func TestPipeline_Timeouts_Staged(t *testing.T) {
	hangs := func(e *env, call string, run func()) {
		e.fails[call] = errHang
		start := time.Now()
		run()
		if took := time.Since(start); took != ledgerTime {
			e.Errorf("%s: took %v", call, took)
		}
	}
	for call, fails := range map[string][]error{"begin": nil, "expect": nil, "keep": nil, "release action": {refused}} {
		withDesk(t, deskBook, func(e *env, d *desk) {
			d.fails = fails
			hangs(e, call, func() { e.run(opening, pipeline.Posted) })
		})
	}
	inBubble(t, func(e *env) { hangs(e, "is full", func() { e.run(firing("7", "24h"), pipeline.Posted) }) })
	for _, call := range []string{"read cycle", "posted"} {
		inBubble(t, func(e *env) {
			e.run(firing("7", "15m"), pipeline.Posted)
			m, err := queue.Decode(e.waiting[0].body)
			if err != nil {
				e.Fatal(err)
			}
			time.Sleep(15 * time.Minute)
			hangs(e, call, func() { e.redeliver(m, "") })
		})
	}
}
