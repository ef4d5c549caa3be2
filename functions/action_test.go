package functions_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/pipeline"
)

var (
	opens  = e2e.Alert{ID: 1, Cycle: "cycle-1"}
	closes = e2e.Alert{ID: 2, Cycle: "cycle-1", Transition: "Recovered"}
)

// TestAction_Waits has a ticket opened and closed by actions that wait in the queue. Its number mentions, fills
// templates and has control characters: the recovery's action sends it as it came, and the event shows it.
func TestAction_Waits(t *testing.T) {
	const hostile = "@slack-all @webhook-boomerang {{ .alert.title }} ${x}: \"a\"\n- b: *c\t\x00\x1b[31m\u202e%%%\n#"
	d := newDeskOf(t, strings.Replace(deskPlaybooks, "    then:", "    event: {text: \"kept: {{ .cycle.kept.ticket }}\", tags: [\"ticket:{{ .cycle.kept.ticket }}\"]}\n    then:", 1))
	d.named = hostile
	ticket := strings.TrimSpace(hostile) + "1"
	s, webhook, worker := beginWith(t, d.variables)
	d.set(true, 0)
	mustDeliver(t, webhook, opens, "posted")
	mustDeliver(t, webhook, closes, "posted")
	if n := s.Length(s.Queue); n != 2 {
		t.Fatalf("%d messages wait; the webhook wrote %s", n, webhook.Output())
	}
	if b := s.Poll(worker, limit); b.Failed == 0 {
		t.Errorf("while the function fails: %+v", b)
	}
	mustDeliver(t, webhook, opens, "duplicate")
	d.set(false, 0)
	mustDrain(t, s, worker)
	d.mustHave(t, ticket)
	mustPost(t, s, map[int64]int{1: 1, 2: 1})
	mustDeliver(t, webhook, e2e.Alert{ID: 3, Cycle: "cycle-1", Transition: "Renotify"}, "posted")
	d.mustHave(t, ticket)
	text := lastText(s)
	if _, shown, ok := strings.Cut(text, "kept: "); !ok || !strings.Contains(shown, "{{ .alert.title }}") || strings.Contains(text, "@slack-all") || strings.ContainsAny(text, "\x00\x1b\u202e") {
		t.Errorf("the event says %q", text)
	}
	logs := webhook.Output() + worker.Output()
	mustSay(t, "a log", logs, `"actions":[{"playbook":"desk","step":"open","result":"queued"`, `"result":"done"`, `"outcome":"acted"`, "it waits for ticket")
	mustLack(t, "the logs", logs, "Checkout p95 latency is high", "slack-all")
	mustLogJSON(t, worker)
}

// TestAction_DeadLetter gives an action up after its tries, and redrives it.
func TestAction_DeadLetter(t *testing.T) {
	d, s, webhook, worker := beginDesk(t)
	d.set(true, 0)
	mustDeliver(t, webhook, opens, "posted")
	if err := s.Drain(worker, limit, timeout); err != nil {
		t.Fatal(err)
	}
	dead := s.Take(s.DeadLetters)
	if len(dead) != 1 || !strings.HasPrefix(reason(dead[0]), "the step open of the playbook desk: AWS Lambda could not run the function desk") {
		t.Fatalf("%d dead letters; the worker wrote %s", len(dead), worker.Output())
	}
	d.set(false, 0)
	mustDeliver(t, webhook, closes, "posted") // It waits no longer.
	d.mu.Lock()
	if !slices.Equal(d.closed, []string{""}) {
		t.Errorf("closed %q", d.closed)
	}
	d.closed = nil
	d.mu.Unlock()
	s.Enqueue(*dead[0].Body)
	mustDrain(t, s, worker)
	d.mustHave(t)
	s.Enqueue(*dead[0].Body)
	mustDrain(t, s, worker)
	d.mustHave(t)
	mustPost(t, s, map[int64]int{1: 1, 2: 1})
}

// actionCrashes are before and after the ticket, and after as many calls of each of the ledger's operations. A kill
// before a call leaves what one after the call before it leaves.
func actionCrashes(ledger map[string]int) map[string]crash {
	points := map[string]crash{"before the ticket": {}, "after the ticket": {after: true}}
	for operation, calls := range ledger {
		for nth := 1; nth <= calls; nth++ {
			points[fmt.Sprint("after ", operation, " ", nth)] = crash{service: "DynamoDB", operation: operation, nth: nth, after: true}
		}
	}
	return points
}

// TestAction_Crash kills the webhook at every call that it makes about an alert with an
// action. The alert comes again, and has one event and one ticket, which its recovery closes.
func TestAction_Crash(t *testing.T) {
	t.Parallel()
	points := actionCrashes(map[string]int{"PutItem": 4, "UpdateItem": 4, "GetItem": 1})
	points["before the post"], points["after the post"] = crashes["before the post"], crashes["after the post"]
	points["before the queue"], points["after the queue"] = queueCrashes["before the queue"], queueCrashes["after the queue"]
	for name, c := range points {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			s, webhook := c.start(t, e2e.Webhook, d.variables, nil)
			d.set(c.service == "SQS", 0) // The queue is for what fails.
			if c.service == "" && c.datadog == "" {
				d.killAtTicket(webhook, c.after)
			}
			mustDie(t, s, webhook, opens, pipeline.RunTime)
			d.set(false, 0)
			d.spare()
			again, worker := s.Start(e2e.Webhook, d.variables), s.Start(e2e.Redeliver, d.variables)
			insist(t, again, opens)
			mustDrain(t, s, worker)
			mustDeliver(t, again, closes, "posted")
			mustDrain(t, s, worker)
			d.mustHave(t, "OPS-1")
			mustPost(t, s, map[int64]int{1: 1, 2: 1})
		})
	}
}

// TestAction_WorkerCrash kills the worker at every call that it makes about an action.
func TestAction_WorkerCrash(t *testing.T) {
	t.Parallel()
	for name, c := range actionCrashes(map[string]int{"PutItem": 2, "UpdateItem": 1}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			s, worker := c.start(t, e2e.Redeliver, d.variables, func(s *e2e.Stack) {
				d.set(true, 0)
				mustDeliver(t, s.Start(e2e.Webhook, d.variables), opens, "posted")
				d.set(false, 0)
			})
			if c.service == "" {
				d.killAtTicket(worker, c.after)
			}
			mustDieOf(t, s, s.Poll(worker, pipeline.RunTime))
			d.spare()
			again := s.Start(e2e.Redeliver, d.variables)
			mustDrain(t, s, again)
			mustDeliver(t, s.Start(e2e.Webhook, d.variables), closes, "posted")
			mustDrain(t, s, again)
			d.mustHave(t, "OPS-1")
			mustPost(t, s, map[int64]int{1: 1, 2: 1})
		})
	}
}
