package pipeline_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/queue"
)

// guessed is an alert whose id may be another alert's.
var guessed = alert.Alert{ID: "4712", OrgID: "1", Title: "x", Digest: "5e"}

// The idempotency key of a step is that of the alert, in all its attempts.
func TestPipeline_IdempotencyKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guessed := alert.Alert{Digest: "d", Title: "x"}
		for name, c := range map[string]struct {
			first, next alert.Alert
			same        bool
		}{
			"another attempt":                     {a, a, true},
			"another alert":                       {a, alert.Alert{ID: "8", OrgID: "1", Title: "x"}, false},
			"another attempt without an id":       {guessed, guessed, true},
			"the same id in another organization": {a, alert.Alert{ID: "7", OrgID: "2", Title: "x"}, false},
		} {
			e := newEnv(t)
			e.run(c.first, pipeline.Posted)
			if c.same { // The run ended without a word.
				received := e.claims[c.first.Key()].receivedAt
				e.claims[c.first.Key()] = claim{until: time.Now().Add(-time.Minute), receivedAt: received}
				clear(e.actions)
				time.Sleep(time.Second)
			}
			e.run(c.next, pipeline.Posted)
			if len(e.keys) != 2 || e.keys[0] == "" || (e.keys[0] == e.keys[1]) != c.same {
				t.Errorf("%s: the keys are %q", name, e.keys)
			}
		}
		e := newEnv(t)
		e.run(guessed, pipeline.Posted)
		time.Sleep(time.Hour)
		e.run(guessed, pipeline.Posted)
		if len(e.keys) != 2 || e.keys[0] == e.keys[1] {
			t.Errorf("the next alert with the same payload: the keys are %q", e.keys)
		}
	})
}

// A message is judged by when its alert was received, however late it is delivered.
func TestRedeliver_RepeatWindow(t *testing.T) {
	inBubble(t, func(e *env) {
		e.fails["post"] = refused
		e.run(guessed, pipeline.Queued)
		time.Sleep(10 * time.Minute)
		clear(e.fails)
		e.run(guessed, pipeline.Posted)
		e.redeliver(e.sent[0], pipeline.Posted)
		e.redeliver(e.sent[0], pipeline.Duplicate)
		time.Sleep(time.Hour)
		e.redeliver(e.sent[0], pipeline.Duplicate)
		repeated := queue.Message{Alert: guessed, ReceivedAt: e.sent[0].ReceivedAt.Add(16 * time.Second)}
		e.redeliver(repeated, pipeline.Duplicate)
	})
}

// Reconcile knows alerts by their event ids, also where the ledger has another key.
func TestPipeline_Alias(t *testing.T) {
	type row struct {
		alert alert.Alert
		fails string
		want  pipeline.Status
		known []string
	}
	each(t, map[string]row{
		"posted, a certain id": {alert: a, want: pipeline.Posted, known: []string{""}},
		"posted, a guessed id": {alert: guessed, want: pipeline.Posted, known: []string{"1:4712"}},
		"posted, no id":        {alert: alert.Alert{OrgID: "1", Digest: "5e"}, want: pipeline.Posted, known: []string{""}},
		"queued, a certain id": {alert: a, fails: "post", want: pipeline.Queued, known: []string{"1:7"}},
		"queued, a guessed id": {alert: guessed, fails: "post", want: pipeline.Queued, known: []string{"1:4712"}},
		"queued, no id":        {alert: alert.Alert{OrgID: "1", Digest: "5e"}, fails: "post", want: pipeline.Queued, known: []string{"1:sha256:5e"}},
		"queued by the intake": {alert: guessed, want: "", known: []string{"1:4712"}},
	}, func(e *env, c row) {
		e.fails[c.fails] = down
		if c.want == "" {
			if _, err := pipeline.New(e.Config).Enqueue(e.Context(), c.alert); err != nil {
				e.Fatal(err)
			}
		} else {
			e.run(c.alert, c.want)
		}
		if !slices.Equal(e.known, c.known) {
			e.Errorf("known are %q, want %q", e.known, c.known)
		}
	})
}

// The cycle counts each notification, also those that share an id.
func TestPipeline_CycleOfGuessedID(t *testing.T) {
	inBubble(t, func(e *env) {
		again := guessed
		again.CycleKey = "c"
		e.run(again, pipeline.Posted)
		time.Sleep(time.Hour)
		e.run(again, pipeline.Posted)
		if seen := e.cycles["1:c"]; len(seen) != 2 || seen[0].ID+seen[1].ID != "" || seen[1].At.Sub(seen[0].At) != time.Hour {
			e.Errorf("the cycle has %+v", seen)
		}
	})
}

// A run that was killed may have posted: the alert waits until the search shows it.
func TestPipeline_KilledRun(t *testing.T) {
	const runTime = pipeline.RunTime
	type row struct {
		alert alert.Alert
		after time.Duration // the killed run's start
		queue bool
		want  pipeline.Status
		delay time.Duration
	}
	each(t, map[string]row{
		"in the run's time":              {a, 10 * time.Second, true, pipeline.Queued, 4*time.Second + visible},
		"soon after":                     {a, 16 * time.Second, true, pipeline.Queued, runTime + visible - 16*time.Second},
		"later":                          {a, 30 * time.Second, true, pipeline.Queued, runTime + visible - 30*time.Second},
		"later, a guessed id":            {guessed, 30 * time.Second, true, pipeline.Queued, runTime + visible - 30*time.Second},
		"as soon as the search shows it": {a, runTime + visible, true, pipeline.Posted, 0},
		"without a queue":                {a, 16 * time.Second, false, pipeline.Posted, 0},
	}, func(e *env, c row) {
		start := time.Now()
		e.claims[c.alert.Key()] = claim{until: start.Add(runTime), receivedAt: start}
		time.Sleep(c.after)
		if !c.queue {
			e.Queue = nil
		}
		e.run(c.alert, c.want)
		if c.want != pipeline.Queued {
			return
		}
		if e.delays[0] != c.delay || len(e.searched) > 0 {
			e.Fatalf("queued for %v, after %d searches", e.delays[0], len(e.searched))
		}
		// A repetition while it waits is queued too, and all of them are one event.
		time.Sleep(5 * time.Second)
		e.run(c.alert, pipeline.Queued)
		for i, m := range e.sent {
			time.Sleep(e.delays[i])
			e.found = earlier
			if o := e.redeliver(m, pipeline.Duplicate); o.Posted != earlier {
				e.Errorf("got %+v", o)
			}
		}
	})
}

// Alerts that share a key differ in when they were received first: the event of one
// is not that of the next, and a repetition finds the event of the run that was killed.
func TestPipeline_KilledRunOfGuessedID(t *testing.T) {
	inBubble(t, func(e *env) {
		e.Stream = stream{e}
		kill := func() {
			e.fails["mark posted"], e.fails["complete"] = down, down // Nothing but the event and the claim is left.
			o := e.run(guessed, pipeline.Posted)
			clear(e.fails)
			if len(o.Warnings) != 2 {
				e.Errorf("warnings %v", o.Warnings)
			}
		}
		kill()
		time.Sleep(16 * time.Second)
		e.run(guessed, pipeline.Queued)
		time.Sleep(e.delays[0])
		e.redeliver(e.sent[0], pipeline.Duplicate)
		time.Sleep(5 * time.Minute)
		kill()
		time.Sleep(16 * time.Second)
		e.run(guessed, pipeline.Queued)
		time.Sleep(e.delays[1])
		if o := e.redeliver(e.sent[1], pipeline.Duplicate); o.Posted.ID != "2" {
			e.Errorf("found %v", o.Posted)
		}
		// A third is only maybe posted, and is not.
		time.Sleep(5 * time.Minute)
		e.redeliver(queue.Message{Alert: guessed, ReceivedAt: time.Now(), MaybePosted: true}, pipeline.Posted)
	})
}

// An answer that was lost says nothing, and the search does not show the event for a while.
func TestPipeline_LostAnswer(t *testing.T) {
	inBubble(t, func(e *env) {
		e.fails["post"], e.fails["send"] = down, down
		if _, err := pipeline.New(e.Config).Run(e.Context(), a); !fault.IsTemporary(err) || !errors.Is(err, down) {
			e.Fatalf("got %v", err)
		}
		clear(e.fails)
		time.Sleep(20 * time.Second)
		e.run(a, pipeline.Queued)
		if e.delays[0] != visible-20*time.Second {
			e.Errorf("queued for %v", e.delays[0])
		}
		time.Sleep(e.delays[0])
		e.found = earlier
		e.redeliver(e.sent[0], pipeline.Duplicate)
	})
}
