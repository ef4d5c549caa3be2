package handler

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/scope"
)

// Rules lists the notification rules of the organisation. It needs the permission
// monitors_read.
type Rules interface {
	NotificationRules(ctx context.Context) ([]datadog.NotificationRule, error)
}

const (
	// rulesReader is the watermark of when a rule was last seen that may notify us.
	rulesReader = "notification_rules"
	// rulesKept is how long such a rule counts as known while the list fails.
	rulesKept = 30 * 24 * time.Hour
)

// routing is what one run knows of the notification rules.
type routing struct {
	rules    []notifies // those that may notify us
	unread   bool       // The list failed.
	monitors map[int64]*datadog.Monitor
}

// notifies says whether a rule notifies our webhook of an alert with these tags of monitor
// and group. Conditions have the alert's state and priority beside them.
type notifies func(tags, state []string) scope.Answer

// readRules lists the rules once for a run. While a rule is known that may notify us, a
// failed list fails the run, which the next one repeats, or its alerts would be missed.
// Otherwise the run goes on with mentions.
func (h *Handler) readRules(ctx context.Context, entry *logEntry) (*routing, error) {
	r := &routing{monitors: map[int64]*datadog.Monitor{}}
	all, err := h.Rules.NotificationRules(ctx)
	if err != nil {
		seen, watermarkErr := h.Watermarks.Watermark(ctx, rulesReader)
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
	return r, h.Watermarks.SetWatermark(ctx, rulesReader, h.Now())
}

// notifiesOf returns nil for a rule that never notifies the recipient.
func notifiesOf(r datadog.NotificationRule, recipient string) notifies {
	names := func(recipients []string) scope.Answer {
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
	byState := func([]string) scope.Answer { return names(r.Recipients) }
	most := names(r.Recipients)
	switch {
	case r.Conditional != nil:
		byState, most = conditional(*r.Conditional, names)
	case len(r.Recipients) == 0: // Datadog resolves them from tags.
		byState, most = scope.Unknown, scope.Undecided
	}
	if most == scope.No {
		return nil
	}
	filter, atMost := filterOf(r.Filter), scope.Yes
	if len(r.Bundle) > 0 { // What a webhook gets of a bundle is not documented.
		atMost = scope.Undecided
	}
	return func(tags, state []string) scope.Answer {
		return min(filter(tags), byState(slices.Concat(tags, state)), atMost)
	}
}

// conditional returns whether the conditions that match, or the fallback, have the
// recipient, and the most that they can answer.
func conditional(c datadog.ConditionalRecipients, names func([]string) scope.Answer) (byState scope.Scope, most scope.Answer) {
	most = names(c.Fallback)
	conditions := make([]scope.Scope, len(c.Conditions))
	for i, condition := range c.Conditions {
		conditions[i], most = conditionOf(condition.Scope), max(most, names(condition.Recipients))
	}
	return func(tags []string) scope.Answer {
		anyMatches, notified := scope.No, scope.No
		for i, matches := range conditions {
			answer := matches(tags)
			anyMatches, notified = max(anyMatches, answer), max(notified, min(answer, names(c.Conditions[i].Recipients)))
		}
		return max(notified, min(anyMatches.Not(), names(c.Fallback)))
	}, most
}

func filterOf(f datadog.RuleFilter) scope.Scope {
	if f.Scope != "" {
		return parsed(f.Scope)
	}
	var tags []scope.Scope
	for _, tag := range f.Tags {
		if strings.ContainsAny(tag, "*?") {
			return scope.Unknown
		}
		tags = append(tags, scope.Tag(tag))
	}
	return scope.All(tags...)
}

func parsed(text string) scope.Scope {
	s, err := scope.Parse(text)
	if err != nil {
		return scope.Unknown
	}
	return s
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
	condition := parsed(text)
	_, kind, isTransition := strings.Cut(text, transitionType+":")
	if !isTransition {
		return condition
	}
	if !slices.Contains(slices.Collect(maps.Values(transitionTypes)), kind) {
		return scope.Unknown
	}
	known := parsed(transitionType + ":*")
	return func(tags []string) scope.Answer {
		if known(tags) == scope.No {
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
	a := alertOf(e, "")
	m, err := h.monitorOf(ctx, a, r)
	if err != nil {
		return scope.No, err
	}
	if m == nil { // An event lists tags that are not those of monitor and group.
		return scope.Undecided, nil
	}
	tags, state := slices.Clone(m.Tags), []string{}
	for _, group := range e.MonitorGroups {
		tags = append(tags, strings.Split(group, ",")...)
	}
	if m.Priority != 0 {
		state = append(state, fmt.Sprintf("priority:p%d", m.Priority))
	}
	if kind := transitionTypes[a.Transition]; kind != "" {
		state = append(state, transitionType+":"+kind)
	}
	answer := scope.No
	for _, notifies := range r.rules {
		answer = max(answer, notifies(tags, state))
	}
	return answer, nil
}

// monitorOf reads each monitor once in a run. It returns nil if there is none.
func (h *Handler) monitorOf(ctx context.Context, a alert.Alert, r *routing) (*datadog.Monitor, error) {
	id, _ := strconv.ParseInt(a.MonitorID, 10, 64) // 0 without a monitor.
	if m, read := r.monitors[id]; read || id == 0 {
		return m, nil
	}
	m, err := h.Datadog.Monitor(ctx, id, datadog.MonitorQuery{})
	switch {
	case isNotFound(err):
		r.monitors[id] = nil
	case err != nil:
		return nil, err
	default:
		r.monitors[id] = &m
	}
	return r.monitors[id], nil
}
