package sandbox

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich/metric"
	"boomerang/shared/fakedatadog"
)

var (
	checkQuery     = regexp.MustCompile(`^"[^"]*"\.over\(`)
	compositeQuery = regexp.MustCompile(`^[!( ]*\d+[) ]*(&&|\|\|)`)
)

func (c *scenario) monitorType() string {
	switch {
	case strings.HasPrefix(c.Query, "logs("):
		return "log alert"
	case checkQuery.MatchString(c.Query):
		return "service check"
	case compositeQuery.MatchString(c.Query):
		return "composite"
	}
	return "query alert"
}

// states are those of the group that alerted after a notification.
var states = map[alert.Transition]string{
	alert.Warn: "Warn", alert.ReWarn: "Warn", alert.NoData: "No Data", alert.ReNoData: "No Data", alert.Recovered: "OK", alert.WarnRecovered: "OK",
}

func (c *scenario) state() string { return cmp.Or(states[c.Transition], "Alert") }

// monitors are the alert's monitor, and the parts of a composite one.
func (c *scenario) monitors() (all []fakedatadog.Monitor) {
	if c.monitor == 0 {
		return nil
	}
	m := fakedatadog.Monitor{
		ID: c.monitor, Name: c.monitorName(), Type: c.monitorType(), Query: c.Query, Message: c.message(), OverallState: c.state(), Multi: true,
		Options: map[string]any{"notify_no_data": c.state() == "No Data", "renotify_interval": 30, "thresholds": c.thresholds()},
		State:   &fakedatadog.MonitorState{Groups: c.groups()},
	}
	for _, tag := range c.Tags {
		if tag != "monitor" && !strings.HasPrefix(tag, "host:") && !strings.HasPrefix(tag, "availability-zone:") {
			m.Tags = append(m.Tags, tag)
		}
	}
	if digit, err := strconv.ParseInt(strings.TrimPrefix(c.Priority, "P"), 10, 64); err == nil {
		m.Priority = &digit
	}
	if m.Type == "composite" {
		for _, id := range c.parts() {
			all = append(all, fakedatadog.Monitor{ID: id, Name: monitorName(id), Type: "query alert", OverallState: c.state()})
		}
	}
	return append(all, m) // The fake knows the parts first.
}

// thresholds are those of the alert's query.
func (c *scenario) thresholds() map[string]any {
	if q, err := metric.ParseQuery(c.Query); err == nil && q.Operator != "" {
		return map[string]any{"critical": q.Threshold, "warning": rounded(0.75 * q.Threshold)}
	}
	if found := comparedNumber.FindStringSubmatch(c.Query); found != nil {
		critical, _ := strconv.ParseFloat(found[1], 64) // The pattern matches numbers only.
		return map[string]any{"critical": critical}
	}
	return map[string]any{}
}

var (
	comparedNumber = regexp.MustCompile(`[<>]=?\s*([0-9.]+)$`)
	number         = regexp.MustCompile(`\d+`)
)

// groups are the one that alerted and two others, the second of which fails less or later.
func (c *scenario) groups() map[string]fakedatadog.GroupState {
	all := map[string]fakedatadog.GroupState{}
	add := func(name, status string, since time.Time) {
		g := fakedatadog.GroupState{Name: name, Status: status, LastTriggeredTS: since.Unix(), LastNotifiedTS: c.at.Unix()}
		if status == "No Data" {
			g.LastNodataTS = since.Unix()
		}
		all[name] = g
	}
	since := c.at
	if c.Transition == alert.Renotify || c.Transition.IsRecovery() {
		since = c.triggered.Add(sinceTriggered[alert.ReTriggered]) // The last notification but reminders.
	}
	own := strings.Join(c.groupTags(groupsOf(c.Query)), ",")
	if own == "" {
		add("*", c.state(), since)
		return all
	}
	add(own, c.state(), since)
	for i, name := range siblings(own) {
		status := "OK"
		if i == 1 && c.host == "" && c.state() == "Alert" && c.monitorType() == "query alert" {
			status = "Warn"
		}
		add(name, status, c.triggered.Add(-2*time.Minute))
	}
	return all
}

func (c *scenario) parts() (ids []int64) {
	for _, text := range number.FindAllString(c.Query, -1) {
		id, _ := strconv.ParseInt(text, 10, 64) // The pattern matches numbers only.
		ids = append(ids, id)
	}
	return ids
}

// known are the monitors of the folder events, because a payload may lack what Datadog knows.
var known = map[int64]struct {
	name, query string
	tags        alert.Tags
}{
	4711: {
		"Checkout p95 latency is high", "avg(last_5m):p95:trace.http.request{env:prod,service:checkout} by {availability-zone} > 0.8",
		alert.Tags{"env:prod", "service:checkout", "team:checkout"},
	},
	4712: {
		"Payments API logs many errors", `logs("status:error service:payments-api env:prod").index("main").rollup("count").by("service").last("5m") > 100`,
		alert.Tags{"env:prod", "service:payments-api", "team:payments"},
	},
}

func monitorName(id int64) string {
	return cmp.Or(known[id].name, "Monitor "+strconv.FormatInt(id, 10))
}

func (c *scenario) onCall() fakedatadog.Team {
	return fakedatadog.Team{
		Handle: c.team, Name: "Team " + c.team,
		OnCall:      []fakedatadog.Person{{Name: "Ada Marsh", Email: "ada.marsh@example.com"}},
		Escalations: [][]fakedatadog.Person{{{Name: "Bob Quill", Email: "bob.quill@example.com"}}},
	}
}

func (c *scenario) entity() fakedatadog.Entity {
	return fakedatadog.Entity{
		Metadata: fakedatadog.EntityMetadata{
			Name: c.service, DisplayName: c.service, Owner: c.team, Description: "An example. Your Software Catalog has the real entry.",
			Contacts: []fakedatadog.Contact{
				{Type: "slack", Name: "Channel", Contact: "https://example.slack.com/archives/" + c.team}, {Type: "email", Name: "Team", Contact: c.team + "@example.com"},
			},
			Links: []fakedatadog.Link{
				{Name: "Runbook", Type: "runbook", URL: "https://runbooks.example.com/" + c.service}, {Name: "Source", Type: "repo", URL: "https://github.com/example/" + c.service},
			},
		},
		Spec: fakedatadog.EntitySpec{Type: "web", Tier: "1", Lifecycle: "production", DependsOn: []string{"service:" + c.dependency()}},
	}
}

// dependencies are what the services of the folder events depend on.
var dependencies = map[string]string{"checkout": "payments-api", "payments-api": "psp"}

func (c *scenario) dependency() string { return cmp.Or(dependencies[c.service], c.service+"-db") }

func (c *scenario) runningOn() fakedatadog.Host {
	h := fakedatadog.Host{
		Name: c.host, Up: true, LastReportedTime: c.at.Unix(), Apps: []string{"agent", "nginx"}, Sources: []string{"agent", "aws"},
		TagsBySource: map[string][]string{"Datadog": c.with("host:" + c.host)},
		Meta:         map[string]any{"agent_version": "7.62.0", "platform": "linux", "cpuCores": 4},
	}
	if c.state() == "No Data" {
		h.Up, h.LastReportedTime = false, c.at.Add(-noDataAfter).Unix()
	}
	return h
}

// noDataAfter is how long a host does not report before it alerts.
const noDataAfter = 10 * time.Minute
