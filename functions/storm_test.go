package functions_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/awstest"
	"boomerang/shared/event"
)

// TestStorm_RefusedSummary queues a summary whose alert gets an event of its own, because the
// queue answered late. Datadog then limits the rate. The second delivery of the summary must
// not take the alert's event for the summary.
func TestStorm_RefusedSummary(t *testing.T) {
	file := writePlaybooks(t, "playbooks:\n  - name: calm\n    limit: 1\n    steps: [{uses: monitor}]\n")
	s, webhook, worker := beginWith(t, map[string]string{"PLAYBOOKS_FILE": file})
	mustReady(t, webhook)
	if left := time.Until(time.Now().Truncate(time.Minute).Add(time.Minute)); left < 20*time.Second {
		time.Sleep(left) // A storm's alerts are those of one minute.
	}
	mustDeliver(t, webhook, e2e.Alert{ID: 1}, "posted")
	breakSQS(s, func(_ http.ResponseWriter, r *http.Request, forward func() awstest.Response) {
		forward()
		<-r.Context().Done()
	}, 0)
	mustDeliver(t, webhook, e2e.Alert{ID: 2}, "posted")
	s.ClearFaults()
	for id := int64(3); id <= 22; id++ {
		mustDeliver(t, webhook, e2e.Alert{ID: id}, "queued")
	}
	inject(t, s, isPost, "rate-limited:1s", 0)
	if b := s.Poll(worker, limit); b.Failed == 0 {
		t.Errorf("the first delivery: %+v", b)
	}
	s.ClearFaults()
	mustDrain(t, s, worker)
	var summaries []string
	for _, p := range s.Datadog.Posted() {
		if slices.Contains(p.Event.Tags, event.TagStorm) {
			summaries = append(summaries, p.Event.Title)
		}
	}
	if len(summaries) != 1 || !strings.HasPrefix(summaries[0], "21 more alerts of: ") {
		t.Errorf("the summaries are %q", summaries)
	}
	if posted := len(s.Datadog.Posted()); posted != 3 {
		t.Errorf("%d events", posted)
	}
}
