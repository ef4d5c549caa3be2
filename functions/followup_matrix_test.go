package functions_test

import (
	"slices"
	"testing"

	"boomerang/functions/internal/e2e"
)

// TestMatrix_FollowUps breaks each dependency in every way while a follow-up is due, in a
// worker that starts then. Once the fault is over there is one follow-up.
func TestMatrix_FollowUps(t *testing.T) {
	// A follow-up that is due sends nothing to the queue.
	others := slices.DeleteFunc(slices.Clone(targets), func(on target) bool { return on.name == "queue" })
	forEachOutage(t, others, func(t *testing.T, c *cell) {
		variables := withFollowUps(t)
		mustDeliver(t, c.s.Start(e2e.Webhook, variables), e2e.Alert{ID: delivered}, "posted")
		c.s.LetPass(followUpAfter)
		c.inject()
		worker := c.s.Start(e2e.Redeliver, variables)
		if b := c.s.PollFollowUps(worker, limit); b.Received == 0 || b.Err != nil {
			t.Errorf("the worker: %+v; it wrote %s", b, worker.Output())
		}
		c.mustHaveFailed()
		if n := len(followUpsIn(c.s)); c.target.name == "ledger" && n > 0 {
			t.Errorf("%d follow-ups without the ledger", n)
		}
		c.s.ClearFaults()
		mustFollowUp(t, c.s, worker, timeout)
		mustLogJSON(t, worker)
		if n := len(followUpsIn(c.s)); n != 1 {
			t.Errorf("%d follow-ups; the worker wrote %s", n, worker.Output())
		}
	})
}
