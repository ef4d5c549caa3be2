package stage

import (
	"cmp"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/metric"
	"boomerang/shared/fakedatadog"
)

// Tell puts into the stand-in what Datadog would know when an alert fires: the
// monitor with its groups, its metric, what happened around it and how often it
// fired before, whose the service is and who is on call for it, which host it runs
// on, what it logged and what it promised. It follows the alert in the request, so that any event file
// has a story; a request without an alert has none.
func (s *Stage) Tell(request events.LambdaFunctionURLRequest, now time.Time) {
	a, err := handler.Decode(request)
	if err != nil || s.Live {
		return
	}
	t := newStory(a, now)
	if id, err := strconv.ParseInt(a.MonitorID, 10, 64); err == nil {
		for _, e := range t.alertsBefore(id) {
			s.Server.AddEvent(e)
		}
	}
	for _, e := range t.changes() {
		s.Server.AddEvent(e)
	}
	s.TellState(request, now)
}

// TellState is Tell without the events: what Datadog knows at the moment of the
// alert, and not what happened before.
func (s *Stage) TellState(request events.LambdaFunctionURLRequest, now time.Time) {
	a, err := handler.Decode(request)
	if err != nil || s.Live {
		return
	}
	t := newStory(a, now)
	if id, err := strconv.ParseInt(a.MonitorID, 10, 64); err == nil {
		s.Server.AddMonitor(t.monitor(id))
	}
	s.TellMetric(a, "", now)
	t.tellHost(s.Server)
	t.tellLogs(s.Server)
	t.tellPeople(s.Server)
}

// TellMetric makes the stand-in know the metric that a query asks for, or the one
// of the alert's monitor: calm for an hour, and over the threshold since a jump.
// It evaluates no query, so it must be told of each.
func (s *Stage) TellMetric(a alert.Alert, query string, now time.Time) {
	if s.Live {
		return
	}
	q, err := metric.ParseQuery(cmp.Or(strings.TrimSpace(query), a.Query))
	if err != nil {
		return
	}
	group := groupOf(q.Metric, enrich.Tags(a))
	s.Server.AddSeries(fakedatadog.Series{
		Query: q.Metric, Scope: strings.Join(group, ","), TagSet: group, Points: newStory(a, now).points(q.Threshold),
	})
}

var grouping = regexp.MustCompile(`by *\{([^}]*)\}`)

// groupOf returns the tags of the group that alerted, of those by which a query
// groups its series.
func groupOf(query string, tags alert.Tags) []string {
	by := grouping.FindStringSubmatch(query)
	if by == nil {
		return nil
	}
	var group []string
	for key := range strings.SplitSeq(by[1], ",") {
		key = strings.TrimSpace(key)
		if value := tags.Get(key); value != "" {
			group = append(group, key+":"+value)
		}
	}
	return group
}

// story is what happened around an alert.
type story struct {
	alert.Alert
	at      time.Time
	about   string // The service, or else the host.
	service string
	team    string
	tags    []string // Of what the alert is about.
}

func newStory(a alert.Alert, now time.Time) story {
	tags := enrich.Tags(a)
	t := story{Alert: a, at: a.Date, service: tags.Get("service"), team: tags.Get("team")}
	if t.at.IsZero() {
		t.at = now
	}
	t.about = cmp.Or(t.service, a.Hostname, tags.Get("host"), "the fleet")
	t.team = cmp.Or(t.team, t.service, "platform")
	for _, key := range []string{"env", "service", "host"} {
		if value := tags.Get(key); value != "" {
			t.tags = append(t.tags, key+":"+value)
		}
	}
	return t
}

// marks are what Datadog puts before a monitor's name in an alert's title.
var marks = regexp.MustCompile(`^(?:\[[^\]]*\]\s*)+`)

func (t story) monitorName() string {
	return cmp.Or(marks.ReplaceAllString(cmp.Or(t.AlertTitle, t.Title), ""), "A monitor of "+t.about)
}

func (t story) monitor(id int64) fakedatadog.Monitor {
	priority := int64(2)
	state := "Alert"
	if t.Transition.IsRecovery() {
		state = "OK"
	}
	scope := cmp.Or(t.Scope, "*")
	groups := map[string]fakedatadog.GroupState{
		scope: {
			Name: scope, Status: state,
			LastTriggeredTS: t.at.Add(-11 * time.Minute).Unix(), LastNotifiedTS: t.at.Unix(),
		},
		"availability-zone:eu-west-1c": {
			Name: "availability-zone:eu-west-1c", Status: "Alert",
			LastTriggeredTS: t.at.Add(-4 * time.Minute).Unix(), LastNotifiedTS: t.at.Add(-4 * time.Minute).Unix(),
		},
	}
	options := map[string]any{"notify_no_data": false, "renotify_interval": 30}
	if q, err := metric.ParseQuery(t.Query); err == nil && q.Operator != "" {
		options["thresholds"] = map[string]any{"critical": q.Threshold, "warning": rounded(0.75 * q.Threshold)}
	}
	return fakedatadog.Monitor{
		ID: id, Name: t.monitorName(), Type: "query alert", Query: t.Query, Tags: t.Tags, Multi: true,
		Message:  "Runbook: https://runbooks.example.com/" + t.about + "/latency and [service dashboard](https://app.datadoghq.com/dashboard/abc-d3f-gh1/" + t.about + ") @slack-" + t.team + "-alerts",
		Priority: &priority, OverallState: state,
		Options: options,
		State:   &fakedatadog.MonitorState{Groups: groups},
	}
}

// changes are what came before the alert: a deploy that may be its cause, and
// another alert nearby.
func (t story) changes() []fakedatadog.Event {
	return []fakedatadog.Event{
		{
			Title: "Deployed " + t.about + " 4.2.1 to prod", Text: "by the pipeline, 14 commits", SourceTypeName: "github",
			Tags: append([]string{"deployment"}, t.tags...), DateHappened: t.at.Add(-17 * time.Minute).Unix(), AlertType: "info",
		},
		{
			Title: "[Triggered] Connections of payments-db are near the limit", Text: "97 of 100 connections", SourceTypeName: "alert",
			Tags: append([]string{"monitor"}, t.tags...), DateHappened: t.at.Add(-6 * time.Minute).Unix(), AlertType: "error", MonitorID: 4790,
		},
	}
}

func (t story) alertsBefore(id int64) []fakedatadog.Event {
	var all []fakedatadog.Event
	for _, before := range []time.Duration{3 * time.Hour, 9 * time.Hour} {
		all = append(all, fakedatadog.Event{
			Title: "[Triggered] " + t.monitorName(), Text: "as now", SourceTypeName: "alert",
			Tags: append([]string{"monitor"}, t.tags...), DateHappened: t.at.Add(-before).Unix(), AlertType: "error", MonitorID: id,
		})
	}
	return all
}

// points are one a minute over four hours: at half the threshold, and a fifth
// beyond it since the deploy. Where nobody says which threshold, it is 100.
func (t story) points(threshold float64) [][2]float64 {
	if threshold == 0 {
		threshold = 100
	}
	var all [][2]float64
	for minute := -240; minute <= 0; minute++ {
		at := t.at.Truncate(time.Minute).Add(time.Duration(minute) * time.Minute)
		wave := 1 + 0.05*math.Sin(float64(minute)/9)
		value := 0.5 * threshold * wave
		if minute >= -15 && !t.Transition.IsRecovery() {
			value = 1.2 * threshold * wave
		}
		all = append(all, [2]float64{float64(at.UnixMilli()), rounded(value)})
	}
	return all
}

func rounded(value float64) float64 { return math.Round(value*1000) / 1000 }
