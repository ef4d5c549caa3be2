package sandbox

import (
	"cmp"
	"fmt"
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

// lasting is how long a story serves all like alerts, because the fake keeps what it has.
const lasting = 15 * time.Minute

// isNew reports whether the fake does not have a story or a series yet, which a live sandbox has no place for.
func (s *Sandbox) isNew(of ...any) bool {
	_, known := s.seeded.LoadOrStore(fmt.Sprint(of...), true)
	return !known && !s.Live
}

// Seed gives the fake what Datadog knows when the alert fires, so that every step finds
// something that fits.
func (s *Sandbox) Seed(a alert.Alert, now time.Time) {
	if a.IsFromBoomerang() || !s.isNew(a.MonitorID, a.Tags, a.Hostname, a.Transition, now.Truncate(lasting)) {
		return
	}
	c := newScenario(a, now)
	s.addSeries(c, c.Query)
	for _, m := range c.monitors() {
		s.Datadog.AddMonitor(m)
	}
	if id, err := strconv.ParseInt(a.ID, 10, 64); err == nil && id > 0 {
		own := c.alertEvent(a.Title, c.monitor, c.at)
		own.ID, own.Text, own.Tags = id, a.Message, a.Tags
		c.add(own)
	}
	c.firings()
	c.story()
	for _, e := range c.events {
		s.Datadog.AddEvent(e)
	}
	for _, l := range c.logs {
		s.Datadog.AddLog(l)
	}
	s.Datadog.AddTeam(c.onCall())
	if c.service != "" {
		s.Datadog.AddEntity(c.entity())
		s.Datadog.AddSLO(fakedatadog.SLO{
			Name: c.service + " answers in time", Tags: a.Tags, Target: 99.5, State: "warning", SLI: new(99.62), Budget: new(12.4),
		})
	}
	if c.host != "" {
		s.Datadog.SetHosts(c.runningOn())
	}
}

// SeedStep gives the fake what a step with this configuration is about to read.
func (s *Sandbox) SeedStep(a alert.Alert, config any, now time.Time) {
	if c, ok := config.(metric.Config); ok && c.Query != "" && s.isNew(a.MonitorID, c.Query) {
		s.addSeries(newScenario(a, now), c.Query)
	}
}

// addSeries adds the series of a query, because the fake does not evaluate queries.
func (s *Sandbox) addSeries(c *scenario, query string) {
	q, err := metric.ParseQuery(strings.TrimSpace(query))
	if err != nil {
		return
	}
	group := c.groupTags(groupsOf(q.Metric))
	s.Datadog.AddSeries(fakedatadog.Series{Query: q.Metric, Scope: strings.Join(group, ","), TagSet: group, Unit: unitOf(q.Metric), Points: c.points(q.Threshold)})
}

// scenario is the situation in which an alert fires. Each alert has a story that fits it.
type scenario struct {
	alert.Alert
	monitor                      int64 // Its id, or 0.
	tags                         alert.Tags
	at, triggered                time.Time // Of this notification, and of the first of its cycle.
	service, host, subject, team string

	events []fakedatadog.Event // What happened around the alert, and before.
	logs   []fakedatadog.Log
}

// sinceTriggered are the times from the trigger to the later notifications of a cycle, as in
// the folder events.
var sinceTriggered = map[alert.Transition]time.Duration{
	alert.Warn: -8 * time.Minute, alert.ReTriggered: 15 * time.Minute, alert.Renotify: 45 * time.Minute, alert.Recovered: 56 * time.Minute,
}

func newScenario(a alert.Alert, now time.Time) *scenario {
	c := &scenario{Alert: a, at: a.Date}
	c.monitor, _ = strconv.ParseInt(a.MonitorID, 10, 64)
	c.Query = cmp.Or(a.Query, known[c.monitor].query)
	if len(a.Tags) == 0 {
		c.Tags = known[c.monitor].tags
	}
	if c.at.IsZero() {
		c.at = now
	}
	tags := enrich.Tags(c.Alert)
	c.tags, c.service, c.host = tags, tags.Get("service"), cmp.Or(a.Hostname, a.Scopes().Get("host"), tags.Get("host"))
	c.triggered = c.at.Add(-sinceTriggered[a.Transition])
	c.subject = cmp.Or(c.service, c.host, "the fleet")
	c.team = cmp.Or(tags.Get("team"), c.service, "platform")
	return c
}

// with returns a tag and those that find the alert's events.
func (c *scenario) with(tag string) []string {
	all := []string{tag}
	for _, key := range []string{"env", "service", "host"} {
		if value := c.tags.Get(key); value != "" {
			all = append(all, key+":"+value)
		}
	}
	return all
}

// titlePrefix is what Datadog puts before a monitor's name in an alert's title.
var titlePrefix = regexp.MustCompile(`^(?:\[[^\]]*\]\s*)+`)

func (c *scenario) monitorName() string {
	return cmp.Or(titlePrefix.ReplaceAllString(cmp.Or(c.AlertTitle, c.Title), ""), "A monitor of "+c.subject)
}

// footer starts what Datadog adds to a monitor's message.
var footer = regexp.MustCompile(`(?m)^(\[!\[Metric Graph|No data has been received|More than \*\*|The monitor was last triggered|- - -)`)

// message is the monitor's, without what Datadog adds.
func (c *scenario) message() string {
	text := strings.TrimPrefix(c.Message, "%%%\n")
	if at := footer.FindStringIndex(text); at != nil {
		text = text[:at[0]]
	}
	if !strings.Contains(text, "://") {
		text += "\nRunbook: https://runbooks.example.com/" + strings.ReplaceAll(c.subject, " ", "-")
	}
	return text
}

// groupBy finds the groups of a metric's query, and of a log's or a check's.
var groupBy = regexp.MustCompile(`by *\{([^}]*)\}|\.by\(([^)]*)\)`)

func groupsOf(query string) (keys []string) {
	by := groupBy.FindStringSubmatch(query)
	if by == nil {
		return nil
	}
	for key := range strings.SplitSeq(by[1]+by[2], ",") {
		keys = append(keys, strings.Trim(key, ` "'`))
	}
	return keys
}

// groupTags returns the alert's tags among those by which a query groups.
func (c *scenario) groupTags(keys []string) (group []string) {
	for _, key := range keys {
		if value := c.tags.Get(key); value != "" {
			group = append(group, key+":"+value)
		}
	}
	return group
}

// siblings are two other groups: their last character differs.
func siblings(group string) (others []string) {
	last := len(group) - 1
	for _, alphabet := range []string{"abc", "0123456789abcdef"} {
		at := strings.IndexByte(alphabet, group[last])
		for i := 1; i <= 2 && at >= 0 && len(others) < 2; i++ {
			others = append(others, group[:last]+string(alphabet[(at+i)%len(alphabet)]))
		}
	}
	return others
}

// points are one a minute over four hours: below half the threshold, from six minutes before
// the alert's warning on a little less than it, and from six minutes before the trigger on a
// fifth above it. They fall before a recovery.
func (c *scenario) points(threshold float64) (all [][2]float64) {
	if threshold == 0 {
		threshold = 100
	}
	end := c.at.Truncate(time.Minute)
	for minute := -240; minute <= 0; minute++ {
		at := end.Add(time.Duration(minute) * time.Minute)
		part := 0.43
		switch before := c.triggered.Sub(at); {
		case c.Transition.IsRecovery() && minute > -6:
		case before <= 6*time.Minute:
			part = 1.21
		case before <= 14*time.Minute:
			part = 0.85
		}
		all = append(all, [2]float64{float64(at.UnixMilli()), rounded(part * threshold * (1 + 0.005*math.Sin(float64(minute))))})
	}
	return all
}

// units are those of metrics by a part of their name.
var units = []struct{ part, unit string }{{"trace.", "s"}, {"in_use", "fraction"}, {"cpu", "%"}, {"mem", "B"}, {"disk.", "B"}, {"net.", "B/s"}}

func unitOf(query string) string {
	for _, u := range units {
		if strings.Contains(query, u.part) {
			return u.unit
		}
	}
	return ""
}

func rounded(value float64) float64 { return math.Round(value*1000) / 1000 }
