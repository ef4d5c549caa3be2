package sandbox

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/metric"
	"boomerang/shared/fakedatadog"
)

// scenarioJSON is a template of the JSON of seeds.
//
//go:embed scenario.json.tmpl
var scenarioJSON string

var scenarioTemplate = template.Must(template.New("scenario").Funcs(template.FuncMap{"json": encode}).Parse(scenarioJSON))

func encode(v any) (string, error) {
	raw, err := json.Marshal(v)
	return string(raw), err
}

// Seed gives the fake what Datadog knows when the alert fires, so that every step finds
// something. A live sandbox has no fake to seed.
func (s *Sandbox) Seed(a alert.Alert, now time.Time) error {
	if s.Live {
		return nil
	}
	s.SeedMetric(a, "", now)
	var rendered bytes.Buffer
	if err := scenarioTemplate.Execute(&rendered, newScenario(a, now)); err != nil {
		return err
	}
	var known seeds
	decoder := json.NewDecoder(&rendered)
	decoder.DisallowUnknownFields() // A key that the fake renamed would be lost.
	if err := decoder.Decode(&known); err != nil {
		return err
	}
	for _, monitor := range known.Monitors {
		s.Datadog.AddMonitor(monitor)
	}
	for _, event := range known.Events {
		s.Datadog.AddEvent(event)
	}
	for _, log := range known.Logs {
		s.Datadog.AddLog(log)
	}
	for _, slo := range known.SLOs {
		s.Datadog.AddSLO(slo)
	}
	for _, team := range known.Teams {
		s.Datadog.AddTeam(team)
	}
	for _, entity := range known.Entities {
		s.Datadog.AddEntity(entity)
	}
	s.Datadog.SetHosts(known.Hosts...)
	return nil
}

// seeds are what the template has.
type seeds struct {
	Monitors []fakedatadog.Monitor
	Events   []fakedatadog.Event
	Hosts    []fakedatadog.Host
	Logs     []fakedatadog.Log
	Entities []fakedatadog.Entity
	SLOs     []fakedatadog.SLO
	Teams    []fakedatadog.Team
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
	Service, Host, Subject, Team string
	Tags                         []string
}

func newScenario(a alert.Alert, now time.Time) scenario {
	tags := enrich.Tags(a)
	c := scenario{Alert: a, at: a.Date, Service: tags.Get("service"), Host: cmp.Or(a.Hostname, a.Scopes().Get("host"), tags.Get("host"))}
	if c.at.IsZero() {
		c.at = now
	}
	c.Subject = cmp.Or(c.Service, c.Host, "the fleet")
	c.Team = cmp.Or(tags.Get("team"), c.Service, "platform")
	for _, key := range []string{"env", "service", "host"} {
		if value := tags.Get(key); value != "" {
			c.Tags = append(c.Tags, key+":"+value)
		}
	}
	return c
}

// With returns a tag and those of the scenario.
func (c scenario) With(tag string) []string { return append([]string{tag}, c.Tags...) }

// At returns the time after an offset from the alert.
func (c scenario) At(offset string) (time.Time, error) {
	d, err := time.ParseDuration(offset)
	return c.at.Add(d), err
}

// Monitor returns the id of the alert's monitor, or 0.
func (c scenario) Monitor() int64 {
	id, _ := strconv.ParseInt(c.MonitorID, 10, 64)
	return id
}

// titlePrefix is what Datadog puts before a monitor's name in an alert's title.
var titlePrefix = regexp.MustCompile(`^(?:\[[^\]]*\]\s*)+`)

// MonitorName returns the name that the alert's title has.
func (c scenario) MonitorName() string {
	return cmp.Or(titlePrefix.ReplaceAllString(cmp.Or(c.AlertTitle, c.Title), ""), "A monitor of "+c.Subject)
}

// Thresholds returns those of the alert's query.
func (c scenario) Thresholds() map[string]float64 {
	q, err := metric.ParseQuery(c.Query)
	if err != nil || q.Operator == "" {
		return nil
	}
	return map[string]float64{"critical": q.Threshold, "warning": rounded(0.75 * q.Threshold)}
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
