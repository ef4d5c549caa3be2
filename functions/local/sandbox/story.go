package sandbox

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"boomerang/shared/enrich"
	"boomerang/shared/fakedatadog"
)

// story adds what happened around the alert: parts of a composite failed, a host was
// terminated, what a service depends on refused calls, or a deploy made a service slow.
func (c *scenario) story() {
	switch {
	case c.monitorType() == "composite":
		c.partsFail()
	case c.state() == "No Data":
		c.noMoreData()
	case c.monitorType() == "log alert":
		c.upstreamFails()
	case c.service != "":
		c.deployed()
	default:
		c.log(c.triggered, "systemd[1]: A job of "+c.subject+" took longer than usual")
	}
}

// firings are the earlier alerts of the monitor, and the earlier notifications of this one.
func (c *scenario) firings() {
	if c.monitor == 0 {
		return
	}
	add := func(state, kind string, at time.Time) {
		e := c.alertEvent(fmt.Sprintf("[%s] %s", state, c.monitorName()), c.monitor, at)
		e.AlertType = kind
		if group := c.groupTags(groupsOf(c.Query)); len(group) > 0 {
			e.MonitorGroups = []string{strings.Join(group, ",")}
		}
		c.add(e)
	}
	state := cmp.Or(map[string]string{"No Data": "No data", "Warn": "Warn"}[c.state()], "Triggered") // As titles have it.
	for _, ago := range []time.Duration{9 * time.Hour, 3 * time.Hour} {
		add(state, "error", c.triggered.Add(-ago))
		add("Recovered", "success", c.triggered.Add(-ago+14*time.Minute))
	}
	if c.triggered.Before(c.at) {
		add("Triggered", "error", c.triggered)
	}
}

// add leaves out what is later than the alert: a warning comes before the rest of its story.
func (c *scenario) add(e fakedatadog.Event) {
	if e.DateHappened <= c.at.Unix() {
		c.events = append(c.events, e)
	}
}

// log keeps an error line unless it is later than the alert.
func (c *scenario) log(at time.Time, message string) {
	if !at.After(c.at) {
		c.logs = append(c.logs, fakedatadog.Log{Timestamp: at, Status: "error", Service: c.service, Host: c.host, Tags: c.tags, Message: message})
	}
}

func (c *scenario) alertEvent(title string, monitor int64, at time.Time) fakedatadog.Event {
	return fakedatadog.Event{
		Title: title, Text: "as now", SourceTypeName: "alert", Tags: c.with("monitor"), DateHappened: at.Unix(), AlertType: "error", MonitorID: monitor,
	}
}

func (c *scenario) event(title, text, source, tag string, before time.Duration) fakedatadog.Event {
	return fakedatadog.Event{
		Title: title, Text: text, SourceTypeName: source, Tags: c.with(tag), DateHappened: c.triggered.Add(-before).Unix(), AlertType: "info",
	}
}

// dependencyEvent is an alert of what the service depends on.
func (c *scenario) dependencyEvent(title string, monitor int64, before time.Duration) fakedatadog.Event {
	e := c.alertEvent(title, monitor, c.triggered.Add(-before))
	e.Tags = []string{"monitor", "service:" + c.dependency()}
	if env := c.tags.Get("env"); env != "" {
		e.Tags = append(e.Tags, "env:"+env)
	}
	return e
}

func (c *scenario) deployed() {
	store := strings.Replace(c.service, "checkout", "payments", 1) + "-db"
	c.add(c.event(fmt.Sprintf("Deployed %s 4.2.1 to prod", c.service), "by the pipeline, 14 commits", "github", "deployment", 17*time.Minute))
	c.add(c.alertEvent(fmt.Sprintf("[Triggered] Connections of %s are near the limit", store), 4790, c.triggered.Add(-6*time.Minute)))
	for i := range 3 {
		c.log(c.triggered.Add(time.Duration(-10+4*i)*time.Minute), fmt.Sprintf("context deadline exceeded while waiting for a connection to %s (pool of 100 is used up)", store))
		c.log(c.triggered.Add(time.Duration(-9+3*i)*time.Minute), fmt.Sprintf("POST /%s/%d answered 500 after %d ms", c.service, 7731+9*i, 5012+i))
	}
}

// upstreamFails writes the lines of the alert's sample, as many as it counts.
func (c *scenario) upstreamFails() {
	c.add(c.dependencyEvent(fmt.Sprintf("[Triggered] %s refuses connections", c.dependency()), 4791, 7*time.Minute))
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
		c.log(c.triggered.Add(-time.Duration(i)*5*time.Minute/counted), messages[i%len(messages)])
	}
}

func (c *scenario) noMoreData() {
	if c.host == "" {
		return
	}
	terminated := noDataAfter + time.Minute
	c.add(c.event("Terminating EC2 instance: "+c.host, "An instance failed its health check, and the Auto Scaling group replaces it.", "autoscaling", "autoscaling_group:worker", terminated))
	c.log(c.triggered.Add(-terminated), "systemd-logind: System is powering down")
}

// partsFail lists the alerts of a composite's parts. The last is of what the service depends on.
func (c *scenario) partsFail() {
	ids := c.parts()
	for i, id := range ids {
		before := time.Duration(2+3*i) * time.Minute
		if i == len(ids)-1 && c.service != "" {
			c.add(c.dependencyEvent("[Triggered] "+monitorName(id), id, before))
		} else {
			c.add(c.alertEvent("[Triggered] "+monitorName(id), id, c.triggered.Add(-before)))
		}
	}
	for i := range 5 {
		c.log(c.triggered.Add(time.Duration(i-5)*time.Minute), "POST /charges of "+c.dependency()+" answered 502")
	}
}
