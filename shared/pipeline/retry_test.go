package pipeline_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/queue"
)

// An alert whose event Datadog may have accepted is retried when the search can find it.
func TestRun_Retry(t *testing.T) {
	limited := fault.New(fault.Temporary, "Datadog limits the rate", nil)
	limited.RetryAfter = 42 * time.Second
	type row struct {
		fails       string
		err         error
		busy        time.Duration
		crashed     bool
		delay       time.Duration
		maybePosted bool
		cause       string
	}
	each(t, map[string]row{
		"a rate limit":            {fails: "post", err: limited, delay: 42 * time.Second, maybePosted: true, cause: "temporary"},
		"a temporary failure":     {fails: "post", err: down, delay: visible, maybePosted: true, cause: "temporary"},
		"a permanent failure":     {fails: "post", err: refused, delay: 10 * time.Second, maybePosted: true, cause: "refused"},
		"a bug":                   {fails: "post", err: fault.New(fault.Internal, "a bug", nil), delay: visible, maybePosted: true, cause: "internal"},
		"another run's claim":     {busy: 10 * time.Second, delay: 10*time.Second + visible, cause: "temporary"},
		"a search that fails":     {fails: "search", err: down, crashed: true, delay: visible, maybePosted: true, cause: "temporary"},
		"a search that hangs":     {fails: "search", err: errHang, crashed: true, delay: visible, maybePosted: true, cause: "temporary"},
		"a search that must wait": {fails: "search", err: limited, crashed: true, delay: 42 * time.Second, maybePosted: true, cause: "temporary"},
	}, func(e *env, c row) {
		e.fails[c.fails] = c.err
		if c.busy > 0 {
			e.claims[a.Key()] = claim{until: time.Now().Add(c.busy)}
		}
		if c.crashed {
			e.crashed(a.Key())
		}
		received := time.Now()
		o := e.run(a, pipeline.Queued)
		m := e.sent[0]
		if e.delays[0] != c.delay || m.MaybePosted != c.maybePosted || o.Cause != c.cause || m.Alert.ID != a.ID || !m.ReceivedAt.Equal(received) {
			e.Errorf("queued %+v after %v because of %q, want %+v", m, e.delays[0], o.Cause, c)
		}
		if c.err != nil && c.err != errHang && m.Reason != fault.Public(c.err) {
			e.Errorf("the reason is %q", m.Reason)
		}
		if e.calls[len(e.calls)-1] != "mark queued" {
			e.Errorf("called %v", e.calls)
		}
		// The run that held the claim crashed.
		time.Sleep(e.delays[0])
		clear(e.fails)
		e.redeliver(m, pipeline.Posted)
	})
}

// Without a queue the sender must retry, also what the pipeline would not.
func TestRun_NoQueue(t *testing.T) {
	for delay, cause := range map[time.Duration]*fault.Error{
		visible:          fault.NewRedacted(fault.Temporary, "there is no team ", "jane", "", nil),
		10 * time.Second: fault.NewRedacted(fault.Permanent, "there is no team ", "jane", "", nil),
	} {
		e := newEnv(t)
		e.Queue, e.fails["post"] = nil, cause
		_, err := pipeline.New(e.Config).Run(t.Context(), a)
		f := fault.From(err)
		if f.Kind != fault.Temporary || f.RetryAfter != delay || !strings.Contains(f.Public, "no team jane") || strings.Contains(err.Error(), "jane") {
			t.Errorf("got %+v", f)
		}
	}
}

func TestRun_SearchFails(t *testing.T) {
	type row struct {
		err   error
		queue bool
	}
	each(t, map[string]row{
		"permanently":                {refused, true},
		"and there is no queue":      {down, false},
		"not, and finds nothing":     {nil, true},
		"not, and there is no queue": {nil, false},
	}, func(e *env, c row) {
		e.crashed(a.Key())
		e.fails["search"] = c.err
		if !c.queue {
			e.Queue = nil
		}
		if o := e.run(a, pipeline.Posted); len(o.Warnings) > 0 != (c.err != nil) || len(e.searched) != 1 {
			e.Errorf("warnings %v after %d searches", o.Warnings, len(e.searched))
		}
	})
}

func TestRedeliver(t *testing.T) {
	const window = 15 * time.Minute
	type row struct {
		message  queue.Message
		age      time.Duration // 0: it is unknown when the message was received
		crashed  bool
		found    event.Posted
		fails    string
		err      error
		noStream bool
		want     pipeline.Status // empty: SQS delivers it again
		searches int
		warnings int
	}
	each(t, map[string]row{
		"first attempt":            {found: earlier, want: pipeline.Posted},
		"maybe posted, found":      {message: queue.Message{MaybePosted: true}, found: earlier, want: pipeline.Duplicate, searches: 1},
		"redriven, found":          {message: queue.Message{Attempt: 1}, found: earlier, want: pipeline.Duplicate, searches: 1},
		"crashed, found":           {crashed: true, found: earlier, want: pipeline.Duplicate, searches: 1},
		"maybe posted, not found":  {message: queue.Message{MaybePosted: true}, want: pipeline.Posted, searches: 1},
		"no stream":                {message: queue.Message{MaybePosted: true}, noStream: true, want: pipeline.Posted},
		"search refused":           {crashed: true, age: 1, fails: "search", err: refused, want: pipeline.Posted, searches: 1, warnings: 1},
		"search down, at first":    {crashed: true, age: 1, fails: "search", err: down, searches: 1},
		"search down, in window":   {crashed: true, age: window, fails: "search", err: down, searches: 1},
		"search hangs, in window":  {crashed: true, age: window - 2*time.Second, fails: "search", err: errHang, searches: 1},
		"search down, later":       {crashed: true, age: window + 1, fails: "search", err: down, want: pipeline.Posted, searches: 1, warnings: 1},
		"search hangs, later":      {crashed: true, age: window + 1, fails: "search", err: errHang, want: pipeline.Posted, searches: 1, warnings: 1},
		"search down, age unknown": {crashed: true, fails: "search", err: down, want: pipeline.Posted, searches: 1, warnings: 1},
		"ledger down, at first":    {age: 1, fails: "claim", err: down},
		"ledger down, in window":   {age: window, fails: "claim", err: down},
		"ledger down, later":       {age: window + 1, fails: "claim", err: down, want: pipeline.Posted, warnings: 1},
		"ledger down, next day":    {age: 24 * time.Hour, fails: "claim", err: down, want: pipeline.Posted, warnings: 1},
		"ledger down, age unknown": {fails: "claim", err: down, want: pipeline.Posted, warnings: 1},
	}, func(e *env, c row) {
		e.found, e.fails[c.fails] = c.found, c.err
		if c.crashed {
			e.crashed(a.Key())
		}
		if c.noStream {
			e.Stream = nil
		}
		if c.age > 0 {
			c.message.ReceivedAt = time.Now().Add(-c.age)
		}
		c.message.Alert = a
		o := e.redeliver(c.message, c.want)
		if len(e.searched) != c.searches || len(o.Warnings) != c.warnings || c.want == pipeline.Duplicate && o.Posted != earlier {
			e.Errorf("%d searches, got %+v", len(e.searched), o)
		}
		if known := e.claims[a.Key()]; known.done != (c.want != "") || known.posted != o.Posted {
			e.Errorf("the ledger has %+v", known)
		}
	})
}

// The first run's answer got lost and the second cannot search: the third must still search.
func TestPipeline_MaybePostedIsKept(t *testing.T) {
	inBubble(t, func(e *env) {
		e.fails["post"] = down
		e.redeliver(queue.Message{Alert: a, ReceivedAt: time.Now()}, "")
		clear(e.fails)
		time.Sleep(visible)
		e.fails["search"] = down
		e.redeliver(queue.Message{Alert: a, ReceivedAt: time.Now()}, "")
		clear(e.fails)
		time.Sleep(visible)
		e.found = earlier
		if o := e.run(a, pipeline.Duplicate); o.Posted != earlier {
			e.Errorf("got %+v", o)
		}
	})
}

func TestPipeline_SearchWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for name, c := range map[string]struct{ receivedAt, date, from time.Time }{
			"no date":        {now, time.Time{}, now.Add(-time.Hour)},
			"received first": {now.Add(-48 * time.Hour), now.Add(time.Hour), now.Add(-48 * time.Hour)},
			"happened first": {now.Add(-2 * time.Hour), now.Add(-20 * time.Hour), now.Add(-20 * time.Hour)},
		} {
			e := newEnv(t)
			e.redeliver(queue.Message{Alert: alert.Alert{ID: "7", Date: c.date}, ReceivedAt: c.receivedAt, MaybePosted: true}, pipeline.Posted)
			// The margin is for clocks that differ.
			want := searchArgs{":7", "7", "Shop.api", c.from.Add(-time.Minute), now.Add(event.MaxAhead)}
			if e.searched[0] != want {
				t.Errorf("%s: searched %+v, want %+v", name, e.searched[0], want)
			}
			// Two stacks may enrich one alert: the search must not find the other one's event.
			if tags := e.events[0].(event.Event).Tags; !slices.Contains(tags, "webhook:shop.api") {
				t.Errorf("%s: posted with %q", name, tags)
			}
		}
	})
}

func TestEnqueue(t *testing.T) {
	inBubble(t, func(e *env) {
		o, err := pipeline.New(e.Config).Enqueue(e.Context(), a)
		if err != nil || o.Status != pipeline.Queued || o.Cause != "intake" || o.Detail == "" {
			e.Fatalf("got %+v, %v", o, err)
		}
		if m := e.sent[0]; m.Alert.ID != a.ID || e.delays[0] != 0 || m.MaybePosted || !m.ReceivedAt.Equal(time.Now()) {
			e.Errorf("queued %+v after %v", m, e.delays[0])
		}
		if len(e.calls) != 2 || e.calls[1] != "mark queued" {
			e.Errorf("called %v", e.calls)
		}
	})
}
