package sandbox

import (
	"cmp"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/metric"
	"boomerang/shared/fakedatadog"
)

// Seed gives the fake what Datadog knows when the alert fires, so that every step finds
// something. A live sandbox has no fake to seed.
func (s *Sandbox) Seed(a alert.Alert, now time.Time) {
	if s.Live {
		return
	}
	c := newScenario(a, now)
	if id, err := strconv.ParseInt(a.MonitorID, 10, 64); err == nil {
		s.Datadog.AddMonitor(c.monitor(id))
		s.Datadog.AddEvent(c.earlierAlert(id, 3*time.Hour))
		s.Datadog.AddEvent(c.earlierAlert(id, 9*time.Hour))
	}
	s.Datadog.AddEvent(fakedatadog.Event{
		Title: "Deployed " + c.subject + " 4.2.1 to prod", Text: "by the pipeline, 14 commits", SourceTypeName: "github",
		Tags: append([]string{"deployment"}, c.tags...), DateHappened: c.unix(-17 * time.Minute), AlertType: "info",
	})
	s.Datadog.AddEvent(fakedatadog.Event{
		Title: "[Triggered] Connections of payments-db are near the limit", Text: "97 of 100 connections", SourceTypeName: "alert",
		Tags: append([]string{"monitor"}, c.tags...), DateHappened: c.unix(-6 * time.Minute), AlertType: "error", MonitorID: 4790,
	})
	s.SeedMetric(a, "", now)
	if c.host != "" {
		s.Datadog.SetHosts(c.agentHost())
	}
	for _, l := range c.logs() {
		s.Datadog.AddLog(l)
	}
	s.Datadog.AddTeam(fakedatadog.Team{
		Handle: c.team, Name: "Team " + strings.ToUpper(c.team[:1]) + c.team[1:],
		OnCall:      []fakedatadog.Person{{Name: "Ada Marsh", Email: "ada.marsh@example.com"}},
		Escalations: [][]fakedatadog.Person{{{Name: "Bob Quill", Email: "bob.quill@example.com"}}},
	})
	if c.service != "" {
		s.Datadog.AddEntity(c.catalogEntry())
		sli, budget := 99.62, 12.4
		s.Datadog.AddSLO(fakedatadog.SLO{Name: c.service + " answers in time", Tags: c.tags, Target: 99.5, State: "warning", SLI: &sli, Budget: &budget, HistoryBudget: &budget})
	}
}

// SeedMetric adds the series of a query, or of the alert's own query. The fake does not
// evaluate queries.
func (s *Sandbox) SeedMetric(a alert.Alert, query string, now time.Time) {
	q, err := metric.ParseQuery(cmp.Or(strings.TrimSpace(query), a.Query))
	if err != nil || s.Live {
		return
	}
	group := groupOf(q.Metric, enrich.Tags(a))
	s.Datadog.AddSeries(fakedatadog.Series{Query: q.Metric, Scope: strings.Join(group, ","), TagSet: group, Points: newScenario(a, now).points(q.Threshold)})
}

var groupBy = regexp.MustCompile(`by *\{([^}]*)\}`)

// groupOf returns the alert's tags among those by which a query groups.
func groupOf(query string, tags alert.Tags) (group []string) {
	by := groupBy.FindStringSubmatch(query)
	if by == nil {
		return nil
	}
	for key := range strings.SplitSeq(by[1], ",") {
		if value := tags.Get(strings.TrimSpace(key)); value != "" {
			group = append(group, strings.TrimSpace(key)+":"+value)
		}
	}
	return group
}

// scenario is a deploy that makes a service slow, around an alert.
type scenario struct {
	alert.Alert
	at                           time.Time
	service, host, subject, team string
	tags                         []string
}

func newScenario(a alert.Alert, now time.Time) scenario {
	tags := enrich.Tags(a)
	c := scenario{Alert: a, at: a.Date, service: tags.Get("service"), host: cmp.Or(a.Hostname, a.Scopes().Get("host"), tags.Get("host"))}
	if c.at.IsZero() {
		c.at = now
	}
	c.subject = cmp.Or(c.service, c.host, "the fleet")
	c.team = cmp.Or(tags.Get("team"), c.service, "platform")
	for _, key := range []string{"env", "service", "host"} {
		if value := tags.Get(key); value != "" {
			c.tags = append(c.tags, key+":"+value)
		}
	}
	return c
}

func (c scenario) unix(offset time.Duration) int64 { return c.at.Add(offset).Unix() }

// titlePrefix is what Datadog puts before a monitor's name in an alert's title.
var titlePrefix = regexp.MustCompile(`^(?:\[[^\]]*\]\s*)+`)

func (c scenario) monitorName() string {
	return cmp.Or(titlePrefix.ReplaceAllString(cmp.Or(c.AlertTitle, c.Title), ""), "A monitor of "+c.subject)
}

func (c scenario) monitor(id int64) fakedatadog.Monitor {
	state := "Alert"
	if c.Transition.IsRecovery() {
		state = "OK"
	}
	const otherGroup = "availability-zone:eu-west-1c"
	scope := cmp.Or(c.Scope, "*")
	options := map[string]any{"notify_no_data": false, "renotify_interval": 30}
	if q, err := metric.ParseQuery(c.Query); err == nil && q.Operator != "" {
		options["thresholds"] = map[string]any{"critical": q.Threshold, "warning": rounded(0.75 * q.Threshold)}
	}
	return fakedatadog.Monitor{
		ID: id, Name: c.monitorName(), Type: "query alert", Query: c.Query, Tags: c.Tags, Multi: true,
		Message:  "Runbook: https://runbooks.example.com/" + c.subject + "/latency and [service dashboard](https://app.datadoghq.com/dashboard/abc-d3f-gh1/" + c.subject + ") @slack-" + c.team + "-alerts",
		Priority: new(int64(2)), OverallState: state, Options: options,
		State: &fakedatadog.MonitorState{Groups: map[string]fakedatadog.GroupState{
			scope:      {Name: scope, Status: state, LastTriggeredTS: c.unix(-11 * time.Minute), LastNotifiedTS: c.unix(0)},
			otherGroup: {Name: otherGroup, Status: "Alert", LastTriggeredTS: c.unix(-4 * time.Minute), LastNotifiedTS: c.unix(-4 * time.Minute)},
		}},
	}
}

func (c scenario) earlierAlert(monitorID int64, before time.Duration) fakedatadog.Event {
	return fakedatadog.Event{
		Title: "[Triggered] " + c.monitorName(), Text: "as now", SourceTypeName: "alert",
		Tags: append([]string{"monitor"}, c.tags...), DateHappened: c.unix(-before), AlertType: "error", MonitorID: monitorID,
	}
}

// points are one a minute over four hours: half the threshold, and a fifth above it in
// the last 15 minutes.
func (c scenario) points(threshold float64) (all [][2]float64) {
	if threshold == 0 {
		threshold = 100
	}
	for minute := -240; minute <= 0; minute++ {
		value := 0.5 * threshold
		if minute >= -15 && !c.Transition.IsRecovery() {
			value = 1.2 * threshold
		}
		at := c.at.Truncate(time.Minute).Add(time.Duration(minute) * time.Minute)
		all = append(all, [2]float64{float64(at.UnixMilli()), rounded(value * (1 + 0.05*math.Sin(float64(minute)/9)))})
	}
	return all
}

func rounded(value float64) float64 { return math.Round(value*1000) / 1000 }

// agentHost is down if its data is missing.
func (c scenario) agentHost() fakedatadog.Host {
	h := fakedatadog.Host{
		Name: c.host, Up: true, LastReportedTime: c.unix(0), Apps: []string{"agent", "nginx"}, Sources: []string{"agent", "aws"},
		TagsBySource: map[string][]string{"Datadog": append([]string{"host:" + c.host}, c.tags...)},
		Meta:         map[string]any{"agent_version": "7.62.0", "platform": "linux", "cpuCores": 4},
	}
	if c.Transition == alert.NoData || c.Transition == alert.ReNoData {
		h.Up, h.LastReportedTime = false, c.unix(-20*time.Minute)
	}
	return h
}

func (c scenario) logs() (all []fakedatadog.Log) {
	const poolExhausted = "context deadline exceeded while waiting for a connection to payments-db (pool of 100 is used up)"
	for _, l := range []struct {
		before  time.Duration
		message string
	}{
		{13 * time.Minute, poolExhausted},
		{9 * time.Minute, "POST /checkout/7731 answered 500 after 5012 ms"},
		{8 * time.Minute, "POST /checkout/7740 answered 500 after 5009 ms"},
		{5 * time.Minute, poolExhausted},
		{2 * time.Minute, "POST /checkout/7802 answered 500 after 5011 ms"},
	} {
		all = append(all, fakedatadog.Log{Timestamp: c.at.Add(-l.before), Status: "error", Service: c.service, Host: c.Hostname, Message: l.message, Tags: c.tags})
	}
	return all
}

func (c scenario) catalogEntry() fakedatadog.Entity {
	return fakedatadog.Entity{
		Metadata: fakedatadog.EntityMetadata{
			Name: c.service, DisplayName: c.service, Owner: c.team,
			Description: "An example. Your Software Catalog has the real entry.",
			Contacts: []fakedatadog.Contact{
				{Type: "slack", Name: "Channel", Contact: "https://example.slack.com/archives/" + c.team},
				{Type: "email", Name: "Team", Contact: c.team + "@example.com"},
			},
			Links: []fakedatadog.Link{
				{Name: "Runbook", Type: "runbook", URL: "https://runbooks.example.com/" + c.service},
				{Name: "Source", Type: "repo", URL: "https://github.com/example/" + c.service},
			},
		},
		Spec: fakedatadog.EntitySpec{Type: "web", Tier: "1", Lifecycle: "production", DependsOn: []string{"service:payments"}},
	}
}
