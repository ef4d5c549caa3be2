package backtest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"boomerang/shared/event"
	"boomerang/shared/playbook"
)

// The kinds of change.
const (
	kindPlaybook  = "playbook"
	kindTitle     = "title"
	kindText      = "text"
	kindTags      = "tags"
	kindAlertType = "alert_type"
	kindPriority  = "priority"
	kindSource    = "source"
	kindDevice    = "device_name"
	kindAPI       = "api"
)

// kinds are in the order of the report.
var kinds = []string{kindPlaybook, kindAlertType, kindPriority, kindTitle, kindTags, kindText, kindSource, kindDevice, kindAPI}

// outcome is what playbooks make of an alert, as far as it is known without the steps.
type outcome struct {
	plan      *playbook.Plan
	playbook  string // all that are used
	texts     map[string]string
	tags      []string
	open      map[string][]playbook.Unjudged // by kind
	isFailure bool                           // as far as it is known
	cut       []string                       // what Datadog's limits leave out at least
}

// composer composes the events of one alert. Most plans for it draft the same event.
type composer struct {
	Alert
	composed map[string]composed
}

// composed is what counts of a composed event.
type composed struct{ title, alertType, priority, omissions string }

func (c composer) outcome(plan *playbook.Plan) outcome {
	draft, _ := plan.Draft(nil, event.Cycle{})
	o := outcome{plan: plan, playbook: strings.Join(plan.Names, " + "), tags: draft.Tags, open: map[string][]playbook.Unjudged{}}
	for _, u := range plan.Unjudged {
		kind, _, _ := strings.Cut(strings.TrimPrefix(u.Key, "event."), "[")
		o.open[kind] = append(o.open[kind], u)
	}
	o.isFailure = event.IsFailure(c.Alert.Alert, draft) && len(o.open[kindAlertType]) == 0
	e := c.compose(plan.API, draft)
	o.texts = map[string]string{
		kindPlaybook: o.playbook, kindAPI: plan.API, kindTitle: e.title, kindText: draft.Text, kindAlertType: e.alertType,
		kindPriority: e.priority, kindSource: draft.Source, kindDevice: draft.Device,
	}
	const ellipsis = "…"
	if whole := cmp.Or(draft.Title, c.Title); strings.Count(e.title, ellipsis) > strings.Count(whole, ellipsis) && len(o.open[kindTitle]) == 0 {
		o.cut = append(o.cut, "the title")
	}
	if e.omissions != "" && len(o.open[kindText]) == 0 {
		o.cut = append(o.cut, e.omissions)
	}
	return o
}

// compose composes the event at the time of the alert. The playbook's name changes nothing
// but its own tag.
func (c composer) compose(api string, draft event.Draft) (out composed) {
	draft.Playbook = ""
	key := api + fmt.Sprintf("%q", []any{draft.Title, draft.Text, draft.Priority, draft.AlertType, draft.Source, draft.Device, draft.Tags, draft.Warnings})
	if known, ok := c.composed[key]; ok {
		return known
	}
	if api == playbook.APIv2 {
		e := event.ComposeAlert(c.Alert.Alert, draft, nil, c.Date)
		out = composed{e.Headline(), e.Data.Attributes.Attributes.Status, e.Data.Attributes.Attributes.Priority, event.Omissions(e)}
	} else {
		e := event.Compose(c.Alert.Alert, draft, nil, c.Date)
		out = composed{e.Title, e.AlertType, e.Priority, event.Omissions(e)}
	}
	c.composed[key] = out
	return out
}

// change is how one kind of text differs.
type change struct {
	kind, playbook, before, after string
	// group is what changes of many alerts have in common.
	group string
}

// changes compares two outcomes. notJudged are the kinds that depend on unknown values.
func changes(before, after outcome) (found []change, notJudged []string) {
	for _, kind := range kinds {
		isJudged := slices.EqualFunc(before.open[kind], after.open[kind], isSame)
		if !isJudged {
			notJudged = append(notJudged, kind)
		}
		if !isJudged && kind != kindTags {
			continue
		}
		c := change{kind: kind, playbook: after.playbook, before: before.texts[kind], after: after.texts[kind]}
		switch kind {
		case kindTags:
			var added, removed []string
			if isJudged || len(before.open[kind]) == 0 { // No open tag of the base can be the same.
				added = without(after.tags, before.tags)
			}
			if isJudged || len(after.open[kind]) == 0 {
				removed = without(before.tags, after.tags)
			}
			c.before, c.after = strings.Join(removed, ", "), strings.Join(added, ", ")
			c.group = joined(names("-", removed), names("+", added))
		case kindPlaybook, kindAlertType, kindPriority, kindAPI:
			c.group = orNone(c.before) + " → " + orNone(c.after)
		}
		if c.before != c.after {
			found = append(found, c)
		}
	}
	return found, notJudged
}

// isSame reports whether two templates come out equal, whatever the unknown values are.
func isSame(a, b playbook.Unjudged) bool { return a.Source == b.Source && a.Steps == b.Steps }

// without returns the elements of a list that another one lacks.
func without(list, other []string) (all []string) {
	for _, one := range list {
		if !slices.Contains(other, one) {
			all = append(all, one)
		}
	}
	return all
}

// names returns the sorted names of tags, each once with a sign.
func names(sign string, tags []string) string {
	all := map[string]bool{}
	for _, tag := range tags {
		name, _, _ := strings.Cut(tag, ":")
		all[sign+name] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(all)), " ")
}

func joined(a, b string) string { return strings.TrimSpace(a + " " + b) }

func orNone(text string) string { return cmp.Or(text, "none") }
