package handler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/scope"
)

const (
	// rulesReader is the watermark of when a rule was last seen that may notify us.
	rulesReader = "notification_rules"
	// rulesKept is how long such a rule counts as known while the list fails.
	rulesKept = 30 * 24 * time.Hour
)

// routing is what one run knows of the notification rules and of the monitors.
type routing struct {
	rules    []notifies // those that may notify us
	unread   bool       // The list failed.
	monitors map[int64]*datadog.Monitor
}

// unknown names what leaves alerts undecided.
func (r *routing) unknown() string {
	if r.unread {
		return "list"
	}
	return "rule"
}

// notifies says whether a rule notifies our webhook of an alert.
type notifies func(routable) scope.Answer

// routable is what a rule is evaluated on.
type routable struct {
	at    time.Time
	tags  []string // of monitor and group
	state []string // transition type and priority, which conditions have beside the tags
}

// readRules lists the rules once for a run. While a rule is known that may notify us, a
// failed list fails the run, which the next one repeats, or its alerts would be missed.
// Otherwise the run goes on with mentions.
func (h *Handler) readRules(ctx context.Context, entry *logEntry) (*routing, error) {
	r := &routing{monitors: map[int64]*datadog.Monitor{}}
	all, err := h.Datadog.NotificationRules(ctx)
	if err != nil {
		seen, watermarkErr := h.Ledger.Watermark(ctx, rulesReader)
		if watermarkErr != nil || h.Now().Sub(seen) < rulesKept {
			return nil, errors.Join(err, watermarkErr)
		}
		r.unread = true
		entry.warnings = append(entry.warnings, err)
		return r, nil
	}
	for _, rule := range all {
		if n := notifiesOf(rule, "webhook-"+h.WebhookName); n != nil {
			r.rules = append(r.rules, n)
		}
	}
	if len(r.rules) == 0 {
		return r, nil
	}
	return r, h.Ledger.SetWatermark(ctx, rulesReader, h.Now())
}

// notifiesOf returns nil for a rule that never notifies the recipient.
func notifiesOf(r datadog.NotificationRule, recipient string) notifies {
	to := datadog.ConditionalRecipients{Fallback: r.Recipients}
	if r.Conditional != nil {
		to = *r.Conditional
	}
	fallback := includes(to.Fallback, recipient)
	if len(to.Fallback)+len(to.Conditions) == 0 { // Datadog resolves them from tags.
		fallback = scope.Undecided
	}
	least, most, conditions := fallback, fallback, make([]scope.Scope, len(to.Conditions))
	for i, c := range to.Conditions {
		ours := includes(c.Recipients, recipient)
		least, most, conditions[i] = min(least, ours), max(most, ours), conditionOf(c.Scope)
	}
	if most == scope.No {
		return nil
	}
	if len(r.Bundle) > 0 { // What a webhook gets of a bundle is not documented.
		most = scope.Undecided
	}
	filter := filterOf(r.Filter)
	return func(n routable) scope.Answer {
		if n.at.Before(r.Created) {
			return scope.No
		}
		tags, anyMatches, notified := slices.Concat(n.tags, n.state), scope.No, least
		for i, condition := range conditions {
			matches := condition(tags)
			anyMatches, notified = max(anyMatches, matches), max(notified, min(matches, includes(to.Conditions[i].Recipients, recipient)))
		}
		notified = max(notified, min(anyMatches.Not(), fallback))
		if n.at.Before(r.Modified) { // It may have been another rule.
			return min(filter(n.tags), notified, scope.Undecided)
		}
		return min(filter(n.tags), notified, most)
	}
}

func includes(recipients []string, recipient string) scope.Answer {
	answer := scope.No
	for _, name := range recipients {
		if strings.EqualFold(name, recipient) {
			return scope.Yes
		}
		if strings.Contains(name, "{{") { // Datadog fills it in.
			answer = scope.Undecided
		}
	}
	return answer
}

// filterOf writes tags, all of which must match, as a scope.
func filterOf(f datadog.RuleFilter) scope.Scope {
	var tags []string
	for _, tag := range f.Tags {
		key, value, _ := strings.Cut(tag, ":")
		tags = append(tags, key+`:"`+value+`"`)
	}
	filter, _ := scope.Parse(cmp.Or(f.Scope, strings.Join(tags, " AND ")))
	return filter
}

// transitionType is the key of conditions on the alert's state.
const transitionType = "transition_type"

// transitionTypes are those whose transitions are certain. Datadog does not document which
// type a renotification has.
var transitionTypes = map[alert.Transition]string{
	alert.Triggered: "is_alert", alert.Warn: "is_warning", alert.NoData: "is_no_data", alert.Recovered: "is_recovery", alert.WarnRecovered: "is_recovery",
}

// conditionOf is undecided about another transition type, and about an alert without one.
func conditionOf(text string) scope.Scope {
	condition, _ := scope.Parse(text)
	_, kind, isTransition := strings.Cut(text, transitionType+":")
	isKnown := slices.Contains(slices.Collect(maps.Values(transitionTypes)), kind)
	return func(tags []string) scope.Answer {
		if isTransition && (!isKnown || alert.Tags(tags).Get(transitionType) == "") {
			return scope.Undecided
		}
		return condition(tags)
	}
}

// notified returns the events that notified our webhook by a mention or by a rule, the
// oldest first, and how many are undecided.
func (h *Handler) notified(ctx context.Context, events []datadog.Event, r *routing) (ours []datadog.Event, undecided int, err error) {
	for _, e := range events {
		answer := scope.Yes
		if !h.mention.MatchString(e.Text) {
			if answer, err = h.routed(ctx, e, r); err != nil {
				return nil, 0, err
			}
		}
		switch answer {
		case scope.Yes:
			ours = append(ours, e)
		case scope.Undecided:
			undecided++
		}
	}
	slices.SortStableFunc(ours, func(a, b datadog.Event) int { return a.Happened.Compare(b.Happened) })
	return ours, undecided, nil
}

// routed says whether a rule routed an event to us.
func (h *Handler) routed(ctx context.Context, e datadog.Event, r *routing) (scope.Answer, error) {
	if r.unread {
		return scope.Undecided, nil
	}
	if len(r.rules) == 0 {
		return scope.No, nil
	}
	a := e.Alert("")
	m, err := h.monitorOf(ctx, a, r)
	if err != nil {
		return scope.No, err
	}
	if m == nil { // An event lists tags that are not those of monitor and group.
		return scope.Undecided, nil
	}
	n := routable{at: e.Happened, tags: slices.Clone(m.Tags)}
	for _, group := range e.MonitorGroups {
		n.tags = append(n.tags, strings.Split(group, ",")...)
	}
	if m.Priority != 0 {
		n.state = append(n.state, fmt.Sprintf("priority:p%d", m.Priority))
	}
	if kind := transitionTypes[a.Transition]; kind != "" {
		n.state = append(n.state, transitionType+":"+kind)
	}
	answer := scope.No
	for _, notifies := range r.rules {
		answer = max(answer, notifies(n))
	}
	return answer, nil
}
