package suspects

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/events"
)

// The delays from a change to the alert at which it counts in full, and no more. The move
// of the metric says better when it began than the alert does.
const (
	fullDelay, noDelay           = 20 * time.Minute, 90 * time.Minute
	fullMoveDelay, noMoveDelay   = 10 * time.Minute, 60 * time.Minute
	fullAlertDelay, noAlertDelay = 30 * time.Minute, 2 * time.Hour
	// detectionDelay is how long after what it is about an alert begins.
	detectionDelay = 10 * time.Minute
	// How exactly a metric's points say when it moved: a climb has no clear begin.
	jumpTolerance, climbTolerance = 2 * time.Minute, 5 * time.Minute
)

// closeness is 1 up to a full delay, and falls to 0 at the other.
func closeness(delay, full, none time.Duration) float64 {
	return min(1, max(0, float64(none-delay)/float64(none-full)))
}

// closeness returns how well the time of a change fits the begin of the alert.
func (e evidence) closeness(at time.Time) float64 {
	if e.moved.At.IsZero() {
		return closeness(e.began.Sub(at), fullDelay, noDelay)
	}
	delay := e.moved.At.Sub(at)
	if delay < -e.tolerance() {
		return 0 // The metric had moved already.
	}
	return closeness(delay, fullMoveDelay, noMoveDelay)
}

func (e evidence) tolerance() time.Duration {
	if e.moved.Sudden {
		return jumpTolerance
	}
	return climbTolerance
}

// changes returns the rule for one kind of change.
func changes(kind events.Kind) func(evidence) []candidate {
	if kind == events.Infrastructure {
		return func(e evidence) []candidate { return e.changes(kind, own, place) }
	}
	return func(e evidence) []candidate { return e.changes(kind, own) }
}

func dependencyChanges(e evidence) (all []candidate) {
	for _, kind := range []events.Kind{events.Deploy, events.Flag, events.Setting, events.Infrastructure, events.OtherChange, events.Other} {
		for _, c := range e.changes(kind, dependency) {
			c.score *= changeWeights[kind]
			c.because = []string{fmt.Sprintf("%s depends on %s", e.service, c.subject)}
			all = append(all, c)
		}
	}
	return all
}

// placePart is what remains of the score of a change of what many services run on.
const placePart = 0.6

func (e evidence) changes(kind events.Kind, relations ...relation) (all []candidate) {
	for _, one := range e.events {
		score := e.closeness(one.Happened)
		if one.kind != kind || !slices.Contains(relations, one.relation) || score == 0 || one.routine || one.isSymptom() || changedNothing(one.Event) || e.isScaling(one) {
			continue
		}
		if one.relation == place {
			score *= placePart
		}
		all = append(all, candidate{event: one, score: score})
	}
	return all
}

// isSymptom reports whether an event says what fails, and not what was done.
func (one event) isSymptom() bool {
	return one.kind == events.Other && (events.Source(one.Event) == "kubernetes" || one.AlertType == "error" || one.AlertType == "warn" || one.AlertType == "warning")
}

// isScaling reports whether an event is about automatic scaling, which follows the load,
// of others than the alert's host.
func (e evidence) isScaling(one event) bool {
	if host := e.places.Get("host"); host != "" && (one.Host == host || slices.Contains(one.Tags, "host:"+host)) {
		return false
	}
	return events.Source(one.Event) == "autoscaling" || scaling().MatchString(one.Title) || scaling().MatchString(one.Text)
}

var scaling = alert.Pattern(`(?i)\bauto-?scal(er|ing)\b|horizontalpodautoscaler|successfulrescale`)

func upstreamAlerts(e evidence) (all []candidate) {
	for _, one := range e.alerts {
		if !e.moved.At.IsZero() && one.Happened.Sub(e.moved.At) > detectionDelay {
			continue
		}
		if score := closeness(e.began.Sub(one.Happened), fullAlertDelay, noAlertDelay); score > 0 {
			all = append(all, candidate{event: one, score: score, because: []string{fmt.Sprintf("%s depends on %s", e.service, one.subject)}})
		}
	}
	return all
}

// splitGroups returns the groups of a monitor that fail and those that are healthy.
func splitGroups(groups []datadog.MonitorGroup) (failing, healthy []datadog.MonitorGroup) {
	for _, g := range groups {
		switch g.Status {
		case "Alert", "Warn", "No Data":
			failing = append(failing, g)
		case "OK":
			healthy = append(healthy, g)
		}
	}
	return failing, healthy
}

// onlyIn returns the tags that all failing groups have and no healthy one has.
func onlyIn(failing, healthy []datadog.MonitorGroup) []string {
	only := groupTags(failing[0])
	for _, g := range failing[1:] {
		tags := groupTags(g)
		only = slices.DeleteFunc(only, func(tag string) bool { return !slices.Contains(tags, tag) })
	}
	for _, g := range healthy {
		tags := groupTags(g)
		only = slices.DeleteFunc(only, func(tag string) bool { return slices.Contains(tags, tag) })
	}
	return only
}

func groupTags(g datadog.MonitorGroup) alert.Tags { return alert.Alert{Scope: g.Name}.Scopes() }

// subjectKeys say what a group is, and not where or how it runs.
var subjectKeys = append([]string{"env", "team"}, enrich.NameKeys...)

func sharedGroups(e evidence) []candidate {
	failing, healthy := splitGroups(e.groups)
	if len(failing) < 2 || len(healthy) < 2 {
		return nil
	}
	return groupCandidates(failing, healthy, func(key string) bool { return !slices.Contains(subjectKeys, key) })
}

// singleKeys are the tags that single out one thing that can be bad.
var singleKeys = []string{"host", "kube_node", "node", "pod_name", "instance", "instance-id", "container_name", "version", "image_tag"}

func onlyGroup(e evidence) []candidate {
	failing, healthy := splitGroups(e.groups)
	if len(failing) != 1 || len(healthy) < 3 {
		return nil
	}
	return groupCandidates(failing, healthy, func(key string) bool { return slices.Contains(singleKeys, key) })
}

// groupCandidates returns the first tag that only the failing groups have.
func groupCandidates(failing, healthy []datadog.MonitorGroup, counts func(key string) bool) []candidate {
	only := onlyIn(failing, healthy)
	slices.SortStableFunc(only, func(a, b string) int { return cmp.Compare(narrowness(a), narrowness(b)) })
	for _, tag := range only {
		if key, value, _ := strings.Cut(tag, ":"); value == "" || !counts(key) {
			continue
		}
		c := candidate{group: tag, score: 1, because: []string{
			fmt.Sprintf("%s with it fail, and none of %s without it does", enrich.Count(len(failing), "group"), enrich.Count(len(healthy), "group")),
		}}
		for _, g := range failing {
			if since := g.LastTriggered; !since.IsZero() && (c.since.IsZero() || since.Before(c.since)) {
				c.since = since
			}
		}
		return []candidate{c}
	}
	return nil
}

// narrowness ranks the tags of groups, those that say most first.
func narrowness(tag string) int {
	key, _, _ := strings.Cut(tag, ":")
	switch {
	case key == "version" || key == "image_tag":
		return 0
	case slices.Contains(singleKeys, key):
		return 1
	}
	return 2
}

func metricMoved(e evidence, c candidate) (met float64, because string) {
	later := e.moved.At.Sub(c.Happened)
	if e.moved.At.IsZero() || c.group != "" || later < -e.tolerance() || later > fullMoveDelay {
		return 0, ""
	}
	verb, when := "began to move", enrich.FormatDuration(later)+" later"
	if e.moved.Sudden {
		verb = "jumped"
	}
	if later < time.Minute {
		when = "at the same time"
	}
	return 1, fmt.Sprintf("the metric %s %s", verb, when)
}

func precedent(e evidence, c candidate) (met float64, because string) {
	for _, p := range e.precedents {
		if p.Kind == string(c.kind) && p.Times >= 2 && strings.EqualFold(p.Service, c.subject) {
			return 1, fmt.Sprintf("%d of %d earlier alerts followed a %s of %s", p.Times, p.Of, p.Kind, p.Service)
		}
	}
	return 0, ""
}
