package bench

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/local/stage"
	"boomerang/shared/fakedatadog"
)

// alert is one delivery of Datadog's webhook.
type alert struct {
	id      int64
	service string
	at      time.Time
	request events.LambdaFunctionURLRequest
}

// deploy is the title of the event before each alert, which the event about it has
// to tell of.
func (a alert) deploy() string { return "Deployed " + a.service + " 4.2.1 to prod" }

// answeredBy finds out whether the events about the alert are the one that there
// should be.
func (a alert) answeredBy(events []fakedatadog.Event, sh shape) error {
	if len(events) != 1 {
		return fmt.Errorf("the double of Datadog has %d events about the alert %d, and should have one: look what was posted, and with which related_event_id", len(events), a.id)
	}
	if sh.has(relatedEvents) && !strings.Contains(events[0].Text, a.deploy()) {
		return fmt.Errorf("the event about the alert %d does not tell of %q: look whether the double of Datadog was told of that (world.go), and what became of the step %s", a.id, a.deploy(), relatedEvents)
	}
	return nil
}

// newAlerts returns n alerts with bodies of so many bytes. Each is of its own monitor
// and service, so that what was read for one serves no other; the events of all
// monitors alone, of which the webhook asks how often one fired, serve all.
func newAlerts(n, size int, now time.Time) []alert {
	alerts := make([]alert, n)
	for i := range alerts {
		alerts[i] = newAlert(i, size, now)
	}
	return alerts
}

const firstID = 8391473610920841000

func newAlert(i, size int, now time.Time) alert {
	service := "checkout-" + strconv.Itoa(i)
	payload := map[string]any{
		"id": strconv.FormatInt(firstID+int64(i), 10), "date": strconv.FormatInt(now.UnixMilli(), 10), "org_id": "352001",
		"event_title": "[P2] [Triggered on {availability-zone:eu-west-1b}] Latency of " + service + " is high",
		"alert_id":    strconv.Itoa(4000 + i), "alert_transition": "Triggered", "alert_type": "error", "alert_priority": "P2",
		"alert_scope": "availability-zone:eu-west-1b,env:prod,service:" + service, "alert_cycle_key": "87625569509118" + strconv.Itoa(i),
		"alert_query": "avg(last_5m):p95:trace.http.request{env:prod,service:" + service + "} by {availability-zone} > 0.8",
		"tags":        "availability-zone:eu-west-1b,env:prod,service:" + service + ",team:team-" + strconv.Itoa(i),
	}
	bare, _ := json.Marshal(payload) // Texts always marshal.
	payload["event_msg"] = message(size - len(bare) - len(`"event_msg":"",`))
	body, _ := json.Marshal(payload)
	request := events.LambdaFunctionURLRequest{
		Version: "2.0", RawPath: "/", Body: string(body),
		Headers: map[string]string{"content-type": "application/json", "user-agent": "Datadog", "x-webhook-token": stage.Token},
	}
	request.RequestContext.TimeEpoch = now.UnixMilli()
	request.RequestContext.HTTP.Method, request.RequestContext.HTTP.Path = "POST", "/"
	return alert{id: firstID + int64(i), service: service, at: now, request: request}
}

// message is a monitor's message of so many bytes.
func message(size int) string {
	var text strings.Builder
	for line := 1; text.Len() < size; line++ {
		fmt.Fprintf(&text, "%d. Shoppers wait **0.97 s** for [checkout](https://example.com/%d), @slack-checkout-alerts. ", line, line)
	}
	return text.String()[:max(0, size)]
}
