package e2e

import (
	"cmp"
	"encoding/json"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/shared/fakedatadog"
)

// firstEventID makes ids with as many digits as Datadog's of the small numbers in tests.
const firstEventID = 8_306_000_000_000_000_000

// Number returns the number of the notification that an event is about.
func Number(e fakedatadog.Event) int64 {
	if n := e.RelatedEventID - firstEventID; 0 < n && n < 1e12 {
		return n
	}
	return e.RelatedEventID
}

// Alert is one delivery of Datadog's webhook. Request fills in what is zero.
type Alert struct {
	ID         int64 // of the notification: a small number, or an id of Datadog
	Monitor    int64
	Cycle      string
	Transition string
	Date       time.Time
	Service    string
}

// Request is the delivery as Lambda hands it to the function.
func (a Alert) Request() events.LambdaFunctionURLRequest {
	if a.Date.IsZero() {
		a.Date = time.Now()
	}
	a.Transition, a.Cycle = cmp.Or(a.Transition, "Triggered"), cmp.Or(a.Cycle, "cycle-"+strconv.FormatInt(a.ID, 10))
	a.Monitor, a.Service = cmp.Or(a.Monitor, 4711), cmp.Or(a.Service, "checkout")
	id := a.ID
	if id < firstEventID {
		id += firstEventID
	}
	payload, _ := json.Marshal(map[string]any{ // Texts and numbers always marshal.
		"id": strconv.FormatInt(id, 10), "link": "https://app.datadoghq.com/event/event?id=" + strconv.FormatInt(id, 10), "date": a.Date.UnixMilli(), "org_id": "352001",
		"event_title": "[P2] [" + a.Transition + " on {availability-zone:eu-west-1b}] Checkout p95 latency is high",
		"event_msg":   "%%%\nShoppers in eu-west-1b wait **0.97 s** for checkout (p95).\n\n@slack-checkout-alerts @webhook-boomerang\n%%%",
		"alert_id":    strconv.FormatInt(a.Monitor, 10), "alert_transition": a.Transition, "alert_type": "error",
		"alert_scope": "availability-zone:eu-west-1b,env:prod,service:" + a.Service, "alert_cycle_key": a.Cycle,
		"alert_query": "avg(last_5m):p95:trace.http.request{env:prod,service:checkout} by {availability-zone} > 0.8",
		"tags":        "availability-zone:eu-west-1b,env:prod,service:" + a.Service + ",team:checkout",
	})
	request := events.LambdaFunctionURLRequest{
		Version: "2.0", RawPath: "/", Body: string(payload),
		Headers: map[string]string{"content-type": "application/json", "user-agent": "Datadog", "x-webhook-token": Token},
	}
	request.RequestContext.TimeEpoch = time.Now().UnixMilli()
	request.RequestContext.HTTP.Method, request.RequestContext.HTTP.Path = "POST", "/"
	return request
}

// Deliver sends an alert to the webhook once, as Datadog does.
func (i *Instance) Deliver(a Alert, limit time.Duration) (events.LambdaFunctionURLResponse, error) {
	return i.Send(a.Request(), limit)
}

// Send sends any request to the webhook.
func (i *Instance) Send(request events.LambdaFunctionURLRequest, limit time.Duration) (events.LambdaFunctionURLResponse, error) {
	var response events.LambdaFunctionURLResponse
	raw, err := i.Invoke(request, limit)
	if err == nil {
		err = json.Unmarshal(raw, &response)
	}
	return response, err
}

// AddMonitors adds the monitors that alerts are about.
func (s *Stack) AddMonitors(ids ...int64) {
	for _, id := range ids {
		s.Datadog.AddMonitor(fakedatadog.Monitor{
			ID: id, Name: "Checkout p95 latency is high", Type: "query alert", Multi: true,
			Query:   "avg(last_5m):p95:trace.http.request{env:prod,service:checkout} by {availability-zone} > 0.8",
			Options: map[string]any{"thresholds": map[string]any{"critical": 0.8}},
		})
	}
}

// AddAlert puts an alert of the monitor 4711 into Datadog's event stream, and returns its id.
// No webhook is called.
func (s *Stack) AddAlert(text string, at time.Time) int64 {
	s.t.Helper()
	id, err := strconv.ParseInt(s.Datadog.AddEvent(fakedatadog.Event{
		Title: "[Triggered] Checkout is slow", Text: text, AlertType: "error", DateHappened: at.Unix(),
		Tags: []string{"monitor", "service:checkout"}, MonitorID: 4711, MonitorGroups: []string{"host:a,env:prod"}, SourceTypeName: "alert",
	}), 10, 64)
	s.check(err)
	return id
}

// Posted returns how many events there are about each notification.
func (s *Stack) Posted() map[int64]int {
	posted := map[int64]int{}
	for _, p := range s.Datadog.Posted() {
		posted[Number(p.Event)]++
	}
	return posted
}
