package sandbox

import (
	"fmt"
	"strings"
	"time"

	"boomerang/shared/enrich"
	"boomerang/shared/fakedatadog"
)

// story is what happened around the alert.
type story struct {
	events []fakedatadog.Event
	logs   []fakedatadog.Log
}

// story is one that fits the alert: parts of a composite fail, a host is terminated, what a
// service depends on refuses calls, or a deploy made a service slow.
func (c scenario) story() story {
	switch {
	case c.monitorType() == "composite":
		return c.partsFail()
	case c.state() == "No Data":
		return c.noMoreData()
	case c.monitorType() == "log alert":
		return c.upstreamFails()
	case c.service != "":
		return c.deployed()
	}
	return story{logs: c.lines(0, c.triggered, time.Minute, "systemd[1]: A job of "+c.subject+" took longer than usual")}
}

// firings are the earlier alerts of the monitor, and the earlier notifications of this one.
func (c scenario) firings() (all []fakedatadog.Event) {
	if c.monitorID() == 0 {
		return nil
	}
	add := func(state, kind string, at time.Time) {
		e := c.alertEvent(fmt.Sprintf("[%s] %s", state, c.monitorName()), c.monitorID(), at)
		e.AlertType = kind
		if group := c.groupTags(groupsOf(c.Query)); len(group) > 0 {
			e.MonitorGroups = []string{strings.Join(group, ",")}
		}
		all = append(all, e)
	}
	for _, ago := range []time.Duration{9 * time.Hour, 3 * time.Hour} {
		add(titleState(c.state()), "error", c.triggered.Add(-ago))
		add("Recovered", "success", c.triggered.Add(-ago+14*time.Minute))
	}
	if c.triggered.Before(c.at) {
		add("Triggered", "error", c.triggered)
	}
	return all
}

// titleState is how Datadog names a state in a title.
func titleState(state string) string {
	switch state {
	case "No Data":
		return "No data"
	case "Warn":
		return "Warn"
	}
	return "Triggered"
}

func (c scenario) alertEvent(title string, monitor int64, at time.Time) fakedatadog.Event {
	return fakedatadog.Event{
		Title: title, Text: "as now", SourceTypeName: "alert", Tags: c.with("monitor"), DateHappened: at.Unix(), AlertType: "error", MonitorID: monitor,
	}
}

func (c scenario) event(title, text, source, tag string, before time.Duration) fakedatadog.Event {
	return fakedatadog.Event{
		Title: title, Text: text, SourceTypeName: source, Tags: c.with(tag), DateHappened: c.triggered.Add(-before).Unix(), AlertType: "info",
	}
}

func (c scenario) deployed() story {
	pool := fmt.Sprintf("context deadline exceeded while waiting for a connection to %s-db (pool of 100 is used up)", c.dependencyStem())
	s := story{
		events: []fakedatadog.Event{
			c.event(fmt.Sprintf("Deployed %s 4.2.1 to prod", c.service), "by the pipeline, 14 commits", "github", "deployment", 17*time.Minute),
			c.alertEvent(fmt.Sprintf("[Triggered] Connections of %s-db are near the limit", c.dependencyStem()), 4790, c.triggered.Add(-6*time.Minute)),
		},
		logs: c.lines(2, c.triggered.Add(-10*time.Minute), 4*time.Minute, pool),
	}
	for i := range 3 {
		s.logs = append(s.logs, c.lines(0, c.triggered.Add(time.Duration(-9+3*i)*time.Minute), time.Minute, fmt.Sprintf("POST /%s/%d answered 500 after %d ms", c.service, 7731+9*i, 5012+i))...)
	}
	return s
}

// dependencyStem is the dependency's name without its kind: "payments".
func (c scenario) dependencyStem() string {
	if c.service == "checkout" {
		return "payments"
	}
	return c.service
}

// upstreamFails writes the lines of the alert's sample, as many as it counts.
func (c scenario) upstreamFails() story {
	s := story{events: []fakedatadog.Event{c.dependencyEvent(fmt.Sprintf("[Triggered] %s refuses connections", c.dependency()), 4791, 7*time.Minute)}}
	rows, _ := enrich.SampleLogs(c.Alert)
	messages := []string{}
	for _, row := range rows {
		if text, ok := row.Message.(string); ok {
			messages = append(messages, text)
		}
	}
	if len(messages) == 0 {
		messages = []string{"dial tcp 198.51.100.7:443: connect: connection refused by " + c.dependency()}
	}
	const counted = 163
	for i := range counted {
		at := c.triggered.Add(-time.Duration(i) * 5 * time.Minute / counted)
		s.logs = append(s.logs, c.lines(0, at, time.Minute, messages[i%len(messages)])...)
	}
	return s
}

func (c scenario) noMoreData() story {
	if c.host == "" {
		return story{}
	}
	terminated := noDataAfter + time.Minute
	return story{
		events: []fakedatadog.Event{
			c.event("Terminating EC2 instance: "+c.host, "An instance failed its health check, and the Auto Scaling group replaces it.", "autoscaling", "autoscaling_group:worker", terminated),
		},
		logs: c.lines(0, c.triggered.Add(-terminated), time.Second, "systemd-logind: System is powering down"),
	}
}

// partsFail lists the alerts of a composite's parts, which came first. The last is of what the
// service depends on.
func (c scenario) partsFail() (s story) {
	ids := c.parts()
	for i, id := range ids {
		before := time.Duration(2+3*i) * time.Minute
		if i == len(ids)-1 && c.service != "" {
			s.events = append(s.events, c.dependencyEvent("[Triggered] "+monitorName(id), id, before))
		} else {
			s.events = append(s.events, c.alertEvent("[Triggered] "+monitorName(id), id, c.triggered.Add(-before)))
		}
	}
	s.logs = c.lines(4, c.triggered.Add(-5*time.Minute), time.Minute, "POST /charges of "+c.dependency()+" answered 502")
	return s
}

// dependencyEvent is an alert of what the service depends on.
func (c scenario) dependencyEvent(title string, monitor int64, before time.Duration) fakedatadog.Event {
	e := c.alertEvent(title, monitor, c.triggered.Add(-before))
	e.Tags = []string{"monitor", "service:" + c.dependency()}
	if env := c.tags.Get("env"); env != "" {
		e.Tags = append(e.Tags, "env:"+env)
	}
	return e
}

// lines are an error line and n more of it.
func (c scenario) lines(n int, at time.Time, apart time.Duration, message string) (all []fakedatadog.Log) {
	for i := range n + 1 {
		all = append(all, fakedatadog.Log{
			Timestamp: at.Add(time.Duration(i) * apart), Status: "error", Service: c.service, Host: c.host, Tags: c.tags, Message: message,
		})
	}
	return all
}
