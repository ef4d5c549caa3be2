package suspects_test

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich/metric"
	"boomerang/shared/fakedatadog"
)

// seed gives the fake all that Datadog knows, and returns the id of the script for each
// id in Datadog.
func (in incident) seed(s *fakedatadog.Server) map[string]string {
	scripted := map[string]string{}
	states := map[int64]fakedatadog.Monitor{}
	for _, e := range in.Events {
		for i := range max(1, e.Times) {
			scripted[s.AddEvent(e.posted(in.at(e.At+float64(i)*e.Every)))] = e.ID
		}
		if e.Monitor != 0 && e.Monitor != in.Alert.Monitor {
			states[e.Monitor] = e.monitor()
		}
	}
	for _, m := range states {
		s.AddMonitor(m)
	}
	for _, one := range in.Services {
		var refs []string
		for _, name := range one.DependsOn {
			if !strings.Contains(name, ":") {
				name = "service:" + name
			}
			refs = append(refs, name)
		}
		s.AddEntity(fakedatadog.Entity{
			Metadata: fakedatadog.EntityMetadata{Name: one.Name, Owner: one.Owner},
			Spec:     fakedatadog.EntitySpec{DependsOn: refs},
		})
	}
	in.seedOwn(s)
	in.seedMonitor(s)
	in.seedMetric(s)
	return scripted
}

// seedOwn adds the events of the alert's own monitor: of this alert and of earlier ones.
func (in incident) seedOwn(s *fakedatadog.Server) {
	n := in.Alert
	own := func(id int64, at time.Time, title string) {
		s.AddEvent(fakedatadog.Event{
			ID: id, Title: title, Text: in.monitorName(), DateHappened: at.Unix(), AlertType: status(title), Host: n.Host, AggregationKey: in.aggregation(),
			SourceTypeName: "alert", Tags: in.monitorTags(), MonitorID: n.Monitor, MonitorGroups: []string{cmp.Or(n.Scope, "*")},
		})
	}
	named := func(t alert.Transition) string {
		if n.Scope == "" {
			return fmt.Sprintf("[%s] %s", t, in.monitorName())
		}
		return fmt.Sprintf("[%s on {%s}] %s", t, n.Scope, in.monitorName())
	}
	own(in.eventID(), notified, n.Title)
	if n.Began > 0 {
		own(0, in.begin(), named(n.First))
	}
	for _, c := range in.Earlier {
		own(0, in.at(c.Began), named(alert.Triggered))
		own(0, in.at(c.Began+c.Lasted), named(alert.Recovered))
		for _, e := range c.After {
			s.AddEvent(e.posted(in.at(c.Began + e.At)))
		}
	}
}

func (in incident) monitorTags() []string { return withTag(in.Alert.Tags, "monitor") }

func withTag(tags []string, tag string) []string {
	if slices.Contains(tags, tag) {
		return slices.Clone(tags)
	}
	return append(slices.Clone(tags), tag)
}

func (in incident) seedMonitor(s *fakedatadog.Server) {
	n := in.Alert
	state := stateAfter(n.Transition)
	groups := in.Groups
	if len(groups) == 0 {
		groups = []group{{Name: "*", Status: state}}
	}
	m := fakedatadog.Monitor{
		ID: n.Monitor, Type: n.Type, Name: n.Name, Query: n.Query, Tags: in.monitorTags(), OverallState: state,
		State: &fakedatadog.MonitorState{Groups: map[string]fakedatadog.GroupState{}},
	}
	for _, g := range groups {
		one := fakedatadog.GroupState{Name: g.Name, Status: g.Status}
		at := in.at(g.Since).Unix()
		switch {
		case g.Status == "No Data":
			one.LastNodataTS, one.LastNotifiedTS = at, at
		case isFailing(g):
			one.LastTriggeredTS, one.LastNotifiedTS = at, at
		case n.Transition == alert.Recovered && (len(in.Groups) == 0 || in.isOwn(g)):
			one.LastTriggeredTS, one.LastResolvedTS, one.LastNotifiedTS = in.begin().Unix(), notified.Unix(), notified.Unix()
		case g.Since != 0:
			one.LastResolvedTS = at
		}
		if isFailing(g) && in.isOwn(g) {
			one.LastNotifiedTS = notified.Unix()
		}
		m.State.Groups[g.Name] = one
	}
	s.AddMonitor(m)
}

func stateAfter(t alert.Transition) string {
	switch t {
	case alert.Recovered, alert.WarnRecovered:
		return "OK"
	case alert.Warn, alert.ReWarn:
		return "Warn"
	case alert.NoData, alert.ReNoData:
		return "No Data"
	}
	return "Alert"
}

func isFailing(g group) bool { return g.Status != "OK" }

// isOwn reports whether the notification is about the group.
func (in incident) isOwn(g group) bool {
	return !slices.ContainsFunc(g.tags(), func(tag string) bool { return !slices.Contains(in.scopes(), tag) })
}

func (in incident) scopes() alert.Tags { return alert.Alert{Scope: in.Alert.Scope}.Scopes() }

func (g group) tags() []string { return strings.Split(g.Name, ",") }

// posted returns the event as its sender posts it.
func (e event) posted(at time.Time) fakedatadog.Event {
	out := fakedatadog.Event{
		Title: e.Title, Text: cmp.Or(e.Text, e.Title), DateHappened: at.Unix(), AlertType: e.Status, Host: e.Host, SourceTypeName: e.Source,
		Tags: slices.Clone(e.Tags),
	}
	switch {
	case e.Monitor != 0:
		out.SourceTypeName, out.AlertType = cmp.Or(e.Source, "alert"), cmp.Or(e.Status, status(e.Title))
		out.MonitorID, out.Tags = e.Monitor, withTag(out.Tags, "monitor")
	case e.Change != nil:
		out.Change = &fakedatadog.ChangeEvent{
			ChangedResource: &fakedatadog.NamedType{Name: e.Change.Name, Type: e.Change.Type}, PrevValue: e.Change.From, NewValue: e.Change.To,
		}
		if e.Author != "" {
			out.Change.Author = &fakedatadog.NamedType{Name: e.Author, Type: "user"}
		}
	case e.Author != "":
		out.Tags = append(out.Tags, "author:"+e.Author)
	}
	return out
}

// monitor returns the monitor that sent the event, as the event left it.
func (e event) monitor() fakedatadog.Monitor {
	state := map[string]string{"success": "OK", "warning": "Warn", "error": "Alert"}[cmp.Or(e.Status, status(e.Title))]
	name := strings.TrimSpace(titlePrefix.ReplaceAllString(e.Title, ""))
	return fakedatadog.Monitor{ID: e.Monitor, Name: name, Query: "avg(last_5m):avg:unknown{*} > 0", Tags: slices.Clone(e.Tags), OverallState: state}
}

var titlePrefix = regexp.MustCompile(`^(?:\[[^\]]*\]\s*)+`)

// history is how long before the begin the metric is known.
const history = 180

func (in incident) seedMetric(s *fakedatadog.Server) {
	if in.Metric == nil {
		return
	}
	var points [][2]float64
	for minute := -float64(history); minute <= in.Alert.Began; minute++ {
		value := in.Metric.value(minute, in.Alert.Began)
		value *= 1 + 0.02*math.Sin(minute*1.7) // As no metric is flat.
		points = append(points, [2]float64{float64(in.at(minute).UnixMilli()), value})
	}
	s.AddSeries(fakedatadog.Series{Query: in.metricQuery(), Scope: in.Alert.Scope, Points: points})
}

// metricQuery is what a graph of the monitor's metric asks for.
func (in incident) metricQuery() string {
	q, _ := metric.ParseQuery(cmp.Or(in.Metric.Query, in.Alert.Query)) // TestIncidents parses it, too.
	return q.Metric
}

func (m series) value(minute, last float64) float64 {
	value := m.Level
	switch {
	case m.Jump != nil && minute >= m.Jump.At:
		value = m.Jump.To
	case m.Ramp != nil && minute > m.Ramp.At:
		value += (m.Ramp.To - m.Level) * (minute - m.Ramp.At) / (last - m.Ramp.At)
	}
	for _, one := range m.Values {
		if minute >= one[0] {
			value = one[1]
		}
	}
	return value
}
