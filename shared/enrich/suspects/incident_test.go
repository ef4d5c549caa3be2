// Package suspects_test reads the scripted incidents of testdata/incidents, which say of an
// alert and of what Datadog knew around it what a person would suspect first.
package suspects_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"boomerang/shared/alert"
	"boomerang/shared/enrich/metric"
	"boomerang/shared/fakedatadog"
)

// notified is when every incident's notification is sent.
var notified = time.Date(2026, time.March, 12, 14, 30, 0, 0, time.UTC)

// The two folders: one to tune rules with, one to measure them with.
const (
	tuning = "tuning"
	held   = "held"
)

// incident is one file. All minutes count from the begin of the alert; those before it are
// negative. README.md beside the files describes the keys.
type incident struct {
	file string

	Name     string    `yaml:"name"`
	Why      string    `yaml:"why"`
	Kind     string    `yaml:"kind"`
	Signal   string    `yaml:"signal"`
	Alert    notice    `yaml:"alert"`
	Services []service `yaml:"services"`
	Events   []event   `yaml:"events"`
	Groups   []group   `yaml:"groups"`
	Metric   *series   `yaml:"metric"`
	Earlier  []cycle   `yaml:"earlier"`
	Want     []suspect `yaml:"want"`
}

// notice has the fields of the webhook's payload.
type notice struct {
	Monitor    int64            `yaml:"monitor"`
	Type       string           `yaml:"type"`
	Name       string           `yaml:"name"`
	Query      string           `yaml:"query"`
	Scope      string           `yaml:"scope"`
	Tags       alert.Tags       `yaml:"tags"`
	Host       string           `yaml:"host"`
	Transition alert.Transition `yaml:"transition"`
	Title      string           `yaml:"title"`
	// Began is how many minutes before the notification the alert began.
	Began float64 `yaml:"began"`
	// First is the transition with which the alert began, if this notification is a later one.
	First alert.Transition `yaml:"first"`
}

type service struct {
	Name      string   `yaml:"name"`
	DependsOn []string `yaml:"depends_on"`
	Owner     string   `yaml:"owner"`
}

type event struct {
	ID     string     `yaml:"id"`
	At     float64    `yaml:"at"`
	Every  float64    `yaml:"every"` // Minutes between repetitions.
	Times  int        `yaml:"times"`
	Source string     `yaml:"source"`
	Title  string     `yaml:"title"`
	Text   string     `yaml:"text"`
	Tags   alert.Tags `yaml:"tags"`
	Host   string     `yaml:"host"`
	Status string     `yaml:"status"`
	Author string     `yaml:"author"`
	// Monitor is that of an event which a monitor sent.
	Monitor int64   `yaml:"monitor"`
	Change  *change `yaml:"change"`
}

// change is what an event of the category "change" has besides.
type change struct {
	Type string         `yaml:"type"`
	Name string         `yaml:"name"`
	From map[string]any `yaml:"from"`
	To   map[string]any `yaml:"to"`
}

type group struct {
	Name   string  `yaml:"name"`
	Status string  `yaml:"status"`
	Since  float64 `yaml:"since"`
}

// series is a metric in words: a level, and at most one of jump, ramp and values.
type series struct {
	Query  string       `yaml:"query"`
	Level  float64      `yaml:"level"`
	Jump   *move        `yaml:"jump"`
	Ramp   *move        `yaml:"ramp"`
	Values [][2]float64 `yaml:"values"` // Minute and value.
}

type move struct {
	At float64 `yaml:"at"`
	To float64 `yaml:"to"`
}

// cycle is an earlier alert of the same monitor.
type cycle struct {
	Began  float64 `yaml:"began"`
	Lasted float64 `yaml:"lasted"`
	After  []event `yaml:"after"` // Minutes count from the begin of the cycle.
}

// suspect is the id of an event, or a tag of the monitor's groups.
type suspect struct {
	Event string `yaml:"event"`
	Group string `yaml:"group"`
}

func load(t *testing.T, folder string) (all []incident) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "incidents", folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no incidents in %s: %v", folder, err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		in := incident{file: folder + "/" + filepath.Base(file)}
		if err := yaml.NewDecoder(bytes.NewReader(raw), yaml.Strict()).Decode(&in); err != nil {
			t.Errorf("%s: %v", in.file, err)
			continue
		}
		all = append(all, in)
	}
	return all
}

func (in incident) begin() time.Time { return notified.Add(-minutes(in.Alert.Began)) }

// at returns the time of a minute of the incident.
func (in incident) at(minute float64) time.Time { return in.begin().Add(minutes(minute)) }

func minutes(n float64) time.Duration { return time.Duration(n * float64(time.Minute)) }

// alert returns what the webhook gets.
func (in incident) alert() alert.Alert {
	n := in.Alert
	return alert.Alert{
		ID: strconv.FormatInt(in.eventID(), 10), CycleKey: fmt.Sprintf("%d-cycle", n.Monitor), AggregKey: in.aggregation(),
		MonitorID: strconv.FormatInt(n.Monitor, 10), Query: n.Query, Scope: n.Scope, Tags: slices.Clone(n.Tags), Hostname: n.Host,
		Transition: n.Transition, Title: n.Title, AlertTitle: n.Title, Type: status(n.Title),
		Date: notified, LastUpdated: notified,
	}
}

var variable = regexp.MustCompile(`{{(\w+)\.name}}`)

// monitorName is the monitor's name as titles have it, with the values of the group.
func (in incident) monitorName() string {
	return variable.ReplaceAllStringFunc(in.Alert.Name, func(text string) string {
		return in.scopes().Get(variable.FindStringSubmatch(text)[1])
	})
}

func (in incident) eventID() int64      { return 7_000_000_000_000_000_001 + 2*in.Alert.Monitor }
func (in incident) aggregation() string { return fmt.Sprintf("monitor-%d", in.Alert.Monitor) }

// status is what Datadog derives from a monitor's transition.
func status(title string) string {
	for _, one := range []struct{ word, status string }{{"Recovered", "success"}, {"Warn", "warning"}} {
		if strings.Contains(title, one.word) {
			return one.status
		}
	}
	return "error"
}

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

// mix is how many incidents of each kind a folder has at least. Those of the first map have
// a cause that can be named.
var mix = struct{ cause, none map[string]int }{
	cause: map[string]int{
		"deploy": 5, "dependency deploy": 4, "upstream": 4, "group": 4, "config": 3, "flag": 3, "infrastructure": 3, "two": 2, "recurring": 2,
	},
	none: map[string]int{"unrelated": 4, "noise": 3, "later": 2, "even": 2, "nothing": 1, "renotify": 1, "recovery": 1},
}

var signals = []string{"latency", "errors", "host", "disk", "queue", "pods", "synthetic", "slo", "logs", "resource", "traffic"}

func TestIncidents(t *testing.T) {
	for _, folder := range []string{tuning, held} {
		for _, in := range load(t, folder) {
			for _, problem := range in.problems() {
				t.Errorf("%s: %s", in.file, problem)
			}
		}
	}
}

// problems returns what is wrong with a file.
func (in incident) problems() (all []string) {
	check := func(ok bool, format string, args ...any) {
		if !ok {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	check(in.Name != "", "name is missing")
	check(strings.HasSuffix(in.Why, ".") && !strings.Contains(in.Why, "\n"), "why is not one sentence")
	_, hasCause := mix.cause[in.Kind]
	_, hasNone := mix.none[in.Kind]
	check(hasCause || hasNone, "unknown kind %q", in.Kind)
	check(slices.Contains(signals, in.Signal), "unknown signal %q", in.Signal)
	check(in.Want != nil, "want is missing: [] is none")
	check(hasCause == (len(in.Want) > 0), "kind %q with %d suspects", in.Kind, len(in.Want))
	in.checkAlert(check)
	in.checkEvents(check)
	in.checkGroups(check)
	for _, c := range in.Earlier {
		check(c.Lasted > 0 && c.Began+c.Lasted < 0, "the earlier cycle %v is not over before the alert", c.Began)
		for _, e := range c.After {
			check(e.At <= 0 && e.ID == "" && e.Title != "", "an event of the earlier cycle %v is after its begin, has an id or has no title", c.Began)
		}
	}
	if m := in.Metric; m != nil {
		_, err := metric.ParseQuery(cmp.Or(m.Query, in.Alert.Query))
		check(err == nil, "metric: %v", err)
		check(m.Jump == nil || m.Ramp == nil, "metric has a jump and a ramp")
		for _, one := range []*move{m.Jump, m.Ramp} {
			check(one == nil || one.At > -history && one.At <= in.Alert.Began, "the metric moves outside of what is known")
		}
	}
	return all
}

type checker func(ok bool, format string, args ...any)

func (in incident) checkAlert(check checker) {
	n := in.Alert
	check(n.Monitor > 0 && n.Type != "" && n.Name != "" && n.Query != "" && n.Title != "", "the alert lacks monitor, type, name, query or title")
	check(strings.HasSuffix(n.Title, " "+in.monitorName()), "the alert's title does not end with the monitor's name")
	later := []alert.Transition{alert.Renotify, alert.Recovered, alert.ReTriggered, alert.WarnRecovered}
	known := append([]alert.Transition{alert.Triggered, alert.Warn, alert.NoData}, later...)
	check(slices.Contains(known, n.Transition) && strings.Contains(n.Title, string(n.Transition)), "transition %q is unknown or not in the title", n.Transition)
	check((n.Began > 0) == (n.First != "") && n.Began >= 0, "an alert that began earlier, and no other, says how it began")
	check(n.Began > 0 || !slices.Contains(later, n.Transition), "%s without a begin before", n.Transition)
	for _, tag := range in.scopes() {
		check(slices.Contains(n.Tags, tag), "the alert's tags lack %s of its scope", tag)
	}
	for _, one := range in.Services {
		check(one.Name != "" && !slices.Contains(one.DependsOn, one.Name), "a service has no name or depends on itself")
	}
}

func (in incident) checkEvents(check checker) {
	byID := map[string]event{}
	for _, e := range in.Events {
		_, seen := byID[e.ID]
		check(e.ID != "" && !seen, "the id %q is missing or not unique", e.ID)
		byID[e.ID] = e
		check(e.At+float64(max(0, e.Times-1))*e.Every <= in.Alert.Began, "%s happens after the notification", e.ID)
		check((e.Times > 1) == (e.Every > 0), "%s has times or every alone", e.ID)
		check(e.Title != "" && (e.Source != "" || e.Monitor != 0 || e.Change != nil), "%s has no title or no source", e.ID)
		check(e.Monitor == 0 || strings.HasPrefix(e.Title, "[") && e.Monitor != in.Alert.Monitor, "%s is no alert of another monitor", e.ID)
		check(e.Change == nil || e.Change.Type != "" && e.Change.Name != "", "%s changes nothing", e.ID)
	}
	for _, w := range in.Want {
		check((w.Event == "") != (w.Group == ""), "a suspect is an event or a group")
		e, exists := byID[w.Event]
		check(w.Event == "" || exists && e.At < 0 && e.Times <= 1, "the suspect %s must be a single event before the alert", w.Event)
		check((in.Kind == "group") == (w.Group != ""), "a group is suspected in the kind %q", in.Kind)
		check(in.Kind == "two" || (in.Kind == "upstream") == (e.Monitor != 0), "an alert is suspected in the kind %q, or none is", in.Kind)
	}
}

func (in incident) checkGroups(check checker) {
	names, keys, failing, own := map[string]bool{}, "", 0, false
	for _, g := range in.Groups {
		check(!names[g.Name], "the group %s is there twice", g.Name)
		names[g.Name] = true
		check(slices.Contains([]string{"Alert", "Warn", "No Data", "OK"}, g.Status), "the group %s is %q", g.Name, g.Status)
		check(g.Since <= in.Alert.Began, "the group %s changes after the notification", g.Name)
		var found []string
		for _, tag := range g.tags() {
			key, value, _ := strings.Cut(tag, ":")
			check(value != "", "the group %s has no tags", g.Name)
			found = append(found, key)
		}
		check(keys == "" || keys == strings.Join(found, ","), "the group %s has other keys", g.Name)
		keys = strings.Join(found, ",")
		if isFailing(g) {
			failing++
		}
		if in.isOwn(g) {
			own = true
			check(g.Since == 0 || !isFailing(g), "the alert's group %s fails since %v and not since its begin", g.Name, g.Since)
			check(isFailing(g) == (stateAfter(in.Alert.Transition) != "OK"), "the alert's group %s is %s", g.Name, g.Status)
		}
	}
	check(len(in.Groups) == 0 || own, "the alert's scope names none of the groups")
	check(len(in.Groups) == 0 || failing > 0 || stateAfter(in.Alert.Transition) == "OK", "no group fails")
	for _, w := range in.Want {
		if w.Group == "" {
			continue
		}
		for _, g := range in.Groups {
			check(!isFailing(g) || slices.Contains(g.tags(), w.Group), "the failing group %s has no %s", g.Name, w.Group)
			check(isFailing(g) || !slices.Contains(g.tags(), w.Group), "the healthy group %s has %s, too", g.Name, w.Group)
		}
	}
}

func TestIncidents_Mix(t *testing.T) {
	counts := map[string]map[string]int{}
	for _, folder := range []string{tuning, held} {
		kinds, seen := map[string]int{}, map[string]int{}
		all, distracted := load(t, folder), 0
		for _, in := range all {
			kinds[in.Kind]++
			seen[in.Signal]++
			if len(in.Events) > len(in.Want) {
				distracted++
			}
		}
		counts[folder] = kinds
		if 3*distracted < 2*len(all) {
			t.Errorf("%s has %d incidents of %d with other events than the suspects", folder, distracted, len(all))
		}
		for _, want := range []map[string]int{mix.cause, mix.none} {
			for kind, n := range want {
				if kinds[kind] < n {
					t.Errorf("%s has %d incidents of the kind %q, want %d", folder, kinds[kind], kind, n)
				}
			}
		}
		for _, signal := range signals {
			if seen[signal] == 0 {
				t.Errorf("%s has no alert about %s", folder, signal)
			}
		}
	}
	if fmt.Sprint(counts[tuning]) != fmt.Sprint(counts[held]) {
		t.Errorf("the folders have another mix: %v and %v", counts[tuning], counts[held])
	}
}

var digits = regexp.MustCompile(`[0-9]+`)

// TestIncidents_Apart holds the folders apart: what rules were tuned with must not come
// again where they are measured.
func TestIncidents_Apart(t *testing.T) {
	from, names := map[string]string{}, map[string]string{}
	for _, folder := range []string{tuning, held} {
		for _, in := range load(t, folder) {
			for _, unique := range []string{"name " + in.Name, "why " + in.Why, fmt.Sprint("monitor ", in.Alert.Monitor), "monitor's name " + in.Alert.Name} {
				if other, seen := names[unique]; seen {
					t.Errorf("%s has the same %s as %s", in.file, unique, other)
				}
				names[unique] = in.file
			}
			once := func(what string) {
				if other, seen := from[what]; seen && filepath.Dir(other) != folder {
					t.Errorf("%s has the %s, as %s", in.file, what, other)
				}
				from[what] = in.file
			}
			for _, one := range in.Services {
				once("service " + one.Name)
			}
			for _, e := range in.Events {
				once("title " + digits.ReplaceAllString(strings.ToLower(e.Title), "0"))
			}
		}
	}
}
