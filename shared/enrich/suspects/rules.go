package suspects

import (
	"cmp"
	"slices"
	"time"

	"boomerang/shared/enrich/events"
)

// rule is one reason to suspect something. It finds suspects, or it supports those that
// other rules found. A score is the rule's weight times how well its condition is met.
type rule struct {
	name    string
	weight  float64
	find    func(evidence) []candidate
	support func(evidence, candidate) (met float64, because string)
}

// candidate is a possible suspect.
type candidate struct {
	event             // Zero for a group.
	group   string    // "zone:eu-west-1b"
	since   time.Time // When the group began to fail.
	because []string
	rule    string
	score   float64
}

// changeWeights are the weights of the rules for each kind of change.
var changeWeights = map[events.Kind]float64{events.Deploy: 1, events.Flag: 1, events.Setting: 1, events.Infrastructure: 0.85, events.OtherChange: 0.3, events.Other: 0.2}

// rules are all rules, in the order of README.md, which says what each looks for, and of
// equal scores.
var rules = []rule{
	{name: "deploy", weight: changeWeights[events.Deploy], find: changes(events.Deploy)},
	{name: "flag", weight: changeWeights[events.Flag], find: changes(events.Flag)},
	{name: "config", weight: changeWeights[events.Setting], find: changes(events.Setting)},
	{name: "infrastructure", weight: changeWeights[events.Infrastructure], find: changes(events.Infrastructure)},
	{name: "other_change", weight: changeWeights[events.OtherChange], find: changes(events.OtherChange)},
	{name: "other_event", weight: changeWeights[events.Other], find: changes(events.Other)},
	{name: "dependency_change", weight: 0.8, find: dependencyChanges},
	{name: "upstream_alert", weight: 0.95, find: upstreamAlerts},
	{name: "shared_group", weight: 0.9, find: sharedGroups},
	{name: "only_group", weight: 0.5, find: onlyGroup},
	{name: "recurring", weight: 0.9, find: recurring},
	{name: "metric_move", weight: 0.3, support: metricMoved},
	{name: "precedent", weight: 0.2, support: precedent},
}

const (
	// minScore is that of a suspect.
	minScore = 0.4
	// maxSuspects are named.
	maxSuspects = 3
	// rolloutTime is how long one rollout sends events.
	rolloutTime = 10 * time.Minute
)

// suspectsOf returns what the rules suspect, the most suspect first. It depends on the
// evidence alone.
func suspectsOf(e evidence, without []string) []candidate {
	var all []candidate
	active := slices.DeleteFunc(slices.Clone(rules), func(r rule) bool { return slices.Contains(without, r.name) })
	for _, r := range active {
		if r.find == nil {
			continue
		}
		for _, c := range r.find(e) {
			c.rule, c.score = r.name, r.weight*c.score
			all = append(all, c)
		}
	}
	for i, c := range all {
		for _, r := range active {
			if r.support == nil {
				continue
			}
			if met, because := r.support(e, c); met > 0 {
				all[i].score += r.weight * met
				all[i].because = append(all[i].because, because)
			}
		}
	}
	all = slices.DeleteFunc(all, func(c candidate) bool { return c.score < minScore })
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), b.time().Compare(a.time()))
	})
	return distinct(all)
}

// distinct returns the first suspects of those that are not of one rollout.
func distinct(all []candidate) (named []candidate) {
	for _, c := range all {
		if len(named) < maxSuspects && !slices.ContainsFunc(named, c.isLike) {
			named = append(named, c)
		}
	}
	return named
}

// isLike reports whether two suspects are events of one rollout, or one event that two
// rules found.
func (c candidate) isLike(other candidate) bool {
	if c.group != "" || other.group != "" {
		return c.group == other.group
	}
	if c.Title == other.Title && c.kind == other.kind {
		return true
	}
	isRollout := c.kind == events.Deploy || c.kind == events.Infrastructure
	return isRollout && c.kind == other.kind && c.subject == other.subject && c.Happened.Sub(other.Happened).Abs() <= rolloutTime
}

func (c candidate) time() time.Time {
	if c.group != "" {
		return c.since
	}
	return c.Happened
}
