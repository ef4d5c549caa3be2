package functions_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/awstest"
)

// TestMatrix_Actions breaks each dependency in every way while an alert has an action. Once the
// fault is over there are one event and one ticket, which the recovery closes. What the action's
// service refuses for good has a record in the log.
func TestMatrix_Actions(t *testing.T) {
	service := target{name: "the action's service"}
	forEachOutage(t, []target{targetNamed("ledger"), targetNamed("queue"), targetNamed("Datadog events"), service}, func(t *testing.T, c *cell) {
		d := newDesk(t)
		webhook, worker := c.s.Start(e2e.Webhook, d.variables), c.s.Start(e2e.Redeliver, d.variables)
		mustReady(t, webhook)
		d.set(c.target.name == "queue", 0) // The queue is used only for what fails.
		if c.target.name == service.name {
			d.mu.Lock()
			d.effect = c.fault.aws
			d.mu.Unlock()
		}
		c.inject()
		code, _ := deliver(t, webhook, opens)
		if c.target.name != service.name {
			c.mustHaveFailed()
		}
		c.s.ClearFaults()
		d.set(false, 0)
		if code > http.StatusAccepted {
			insist(t, webhook, opens)
		}
		mustDrain(t, c.s, worker)
		mustDeliver(t, webhook, closes, "posted")
		mustDrain(t, c.s, worker)
		mustPost(t, c.s, map[int64]int{1: 1, 2: 1})
		if c.target.name == service.name && strings.Contains(webhook.Output()+worker.Output(), `"step":"open","result":"refused"`) {
			return
		}
		d.mustHave(t, "OPS-1")
		if t.Failed() {
			t.Logf("the webhook wrote %s, the worker %s", webhook.Output(), worker.Output())
		}
	})
}

// TestMatrix_Rules breaks each dependency in every way while reconcile looks for an alert that a
// notification rule routed and that never arrived. A later run queues it, once.
func TestMatrix_Rules(t *testing.T) {
	forEachOutage(t, []target{targetNamed("ledger"), targetNamed("queue"), targetNamed("Datadog reads")}, func(t *testing.T, c *cell) {
		c.s.Datadog.AddNotificationRule(`{"name":"a","filter":{"scope":"env:(prod OR staging)"},"recipients":["webhook-boomerang"]}`)
		first := c.s.Start(e2e.Reconcile, nil)
		if _, err := first.Invoke(e2e.Scheduled, timeout); err != nil { // It has seen the rule.
			t.Fatalf("%v; it wrote %s", err, first.Output())
		}
		id := c.s.AddAlert("", time.Now().Add(-5*time.Minute))
		c.inject()
		broken := c.s.Start(e2e.Reconcile, nil)
		_, _ = broken.Invoke(e2e.Scheduled, limit) // It may fail.
		c.mustHaveFailed()
		c.s.ClearFaults()
		worker := c.s.Start(e2e.Redeliver, nil)
		for range 2 {
			again := c.s.Start(e2e.Reconcile, nil)
			if _, err := again.Invoke(e2e.Scheduled, timeout); err != nil {
				t.Fatalf("%v; it wrote %s", err, again.Output())
			}
			mustDrain(t, c.s, worker)
		}
		if got := c.s.Posted(); got[id] != 1 || len(got) != 1 {
			t.Errorf("posted %v, want one event for %d; the broken run wrote %s", got, id, broken.Output())
		}
	})
}

// forEachOutage plays a test with a stack for each way to break each target for a time: all but
// refused connections, which last.
func forEachOutage(t *testing.T, of []target, play func(t *testing.T, c *cell)) {
	t.Helper()
	t.Parallel()
	for _, f := range faults {
		for _, on := range of {
			if f.aws == nil {
				continue
			}
			t.Run(strings.ReplaceAll(on.name+"/"+f.name, " ", "_"), func(t *testing.T) {
				t.Parallel()
				c := cell{T: t, target: on, fault: f, s: e2e.New(t)}
				c.s.AddMonitors(4711)
				play(t, &c)
			})
		}
	}
}

func targetNamed(name string) target {
	for _, on := range targets {
		if on.name == name {
			return on
		}
	}
	panic("no target " + name)
}

// inject breaks the cell's target for running functions. Only a service of AWS or Datadog breaks.
func (c *cell) inject() {
	c.Helper()
	switch {
	case c.target.service != "":
		c.s.AWS.Break(awstest.Fault{Service: c.target.service, Effect: c.fault.aws})
	case c.target.routes != nil:
		inject(c.T, c.s, c.target.routes, c.fault.datadog, 0)
	}
}
