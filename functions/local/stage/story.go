package stage

import (
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/standin"
)

// Tell puts into the stand-in what Datadog would know when an alert fires: the
// monitor with its groups, what happened around it, and how often it fired
// before. It follows the alert in the request, so that any event file has a
// story; a request without an alert has none.
func (s *Stage) Tell(request events.LambdaFunctionURLRequest, now time.Time) {
	a, err := handler.Decode(request)
	if err != nil {
		return
	}
	id, err := strconv.ParseInt(a.MonitorID, 10, 64)
	if err != nil || s.Live {
		return
	}
	at := a.Date
	if at.IsZero() {
		at = now
	}
	s.Server.AddMonitor(monitorOf(a, id, at))
	for _, e := range eventsAround(a, id, at) {
		s.Server.AddEvent(e)
	}
}

func monitorOf(a alert.Alert, id int64, at time.Time) standin.Monitor {
	service := a.Tags.Get("service")
	priority := int64(2)
	scope := a.Scope
	if scope == "" {
		scope = "*"
	}
	state, overall := "Alert", "Alert"
	if a.Transition.IsRecovery() {
		state, overall = "OK", "OK"
	}
	groups := map[string]standin.GroupState{
		scope: {
			Name: scope, Status: state,
			LastTriggeredTS: at.Add(-11 * time.Minute).Unix(), LastNotifiedTS: at.Unix(),
		},
		"availability-zone:eu-west-1c": {
			Name: "availability-zone:eu-west-1c", Status: "Alert",
			LastTriggeredTS: at.Add(-4 * time.Minute).Unix(), LastNotifiedTS: at.Add(-4 * time.Minute).Unix(),
		},
	}
	return standin.Monitor{
		ID: id, Name: "Checkout p95 latency is high", Type: "query alert", Query: a.Query, Tags: a.Tags, Multi: true,
		Message:  "Runbook: https://runbooks.example.com/" + service + "/latency and [service dashboard](https://app.datadoghq.com/dashboard/abc-d3f-gh1/checkout) @slack-checkout-alerts",
		Priority: &priority, OverallState: overall,
		Options: map[string]any{"thresholds": map[string]any{"critical": 0.8, "warning": 0.6}, "notify_no_data": false, "renotify_interval": 30},
		State:   &standin.MonitorState{Groups: groups},
	}
}

func eventsAround(a alert.Alert, id int64, at time.Time) []standin.Event {
	service := a.Tags.Get("service")
	tags := []string{"env:prod", "service:" + service}
	story := []standin.Event{
		{
			Title: "Deployed " + service + " 4.2.1 to prod", Text: "by the pipeline, 14 commits", SourceTypeName: "github",
			Tags: append([]string{"deployment"}, tags...), DateHappened: at.Add(-17 * time.Minute).Unix(), AlertType: "info",
		},
		{
			Title: "[Triggered] Connections of payments-db are near the limit", Text: "97 of 100 connections", SourceTypeName: "alert",
			Tags: append([]string{"monitor"}, tags...), DateHappened: at.Add(-6 * time.Minute).Unix(), AlertType: "error", MonitorID: id + 1,
		},
	}
	for _, before := range []time.Duration{3 * time.Hour, 9 * time.Hour} {
		story = append(story, standin.Event{
			Title: "[Triggered] Checkout p95 latency is high", Text: "p95 was high", SourceTypeName: "alert",
			Tags: append([]string{"monitor"}, tags...), DateHappened: at.Add(-before).Unix(), AlertType: "error", MonitorID: id,
		})
	}
	return story
}
