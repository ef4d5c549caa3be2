package backtest

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"boomerang/functions/local/dryrun"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/playbook"
)

// The kinds of change.
const (
	kindPlaybook  = "playbook"
	kindHeld      = "held_back"
	kindFollowUp  = "follow_up"
	kindAlertType = "alert_type"
	kindPriority  = "priority"
	kindTitle     = "title"
	kindTags      = "tags"
	kindText      = "text"
	kindSteps     = "steps"
	kindSource    = "source"
	kindDevice    = "device_name"
	kindAPI       = "api"
)

// kinds are in the order of the report.
var kinds = []string{
	kindPlaybook, kindHeld, kindFollowUp, kindAlertType, kindPriority, kindTitle, kindTags, kindText, kindSteps, kindSource, kindDevice, kindAPI,
}

// outcome is what playbooks make of an alert, as far as it is known without the steps.
type outcome struct {
	fate
	texts    map[string]string   // by kind
	lists    map[string][]string // by kind
	open     map[string][]playbook.Unjudged
	unjudged []playbook.Unjudged
}

// fate is what counts of an outcome when all alerts are known.
type fate struct {
	first     string // the playbook that gives the event its tag
	playbook  string // all that are used
	limit     int
	after     []time.Duration
	isFailure bool     // as far as it is known
	isHeld    bool     // by the limit
	cut       []string // what Datadog's limits leave out at least
	warnings  []string // of templates that failed
}

// newOutcome returns what a plan makes of an alert at its time.
func newOutcome(a Alert, plan *playbook.Plan) *outcome {
	draft, _ := plan.Draft(nil, event.Cycle{})
	o := &outcome{
		fate:     fate{first: plan.Name(), playbook: nameOf(plan), limit: plan.Limit, after: plan.After, warnings: draft.Warnings},
		lists:    map[string][]string{kindTags: draft.Tags},
		open:     map[string][]playbook.Unjudged{},
		unjudged: plan.Unjudged,
	}
	for _, u := range plan.Unjudged {
		kind, _, _ := strings.Cut(strings.TrimPrefix(u.Key, "event."), "[")
		o.open[kind] = append(o.open[kind], u)
	}
	for _, step := range plan.Steps() {
		o.lists[kindSteps] = append(o.lists[kindSteps], step.Name)
	}
	e := plan.Compose(a.Alert, draft, nil, a.Date)
	c := dryrun.ContentOf(e)
	o.texts = map[string]string{
		kindPlaybook: o.playbook, kindAPI: plan.API, kindTitle: c.Title, kindText: draft.Text, kindAlertType: c.AlertType,
		kindPriority: c.Priority, kindSource: draft.Source, kindDevice: draft.Device,
	}
	o.isFailure = event.IsFailure(a.Alert, draft) && len(o.open[kindAlertType]) == 0
	const ellipsis = "…"
	if whole := cmp.Or(draft.Title, a.Title); strings.Count(c.Title, ellipsis) > strings.Count(whole, ellipsis) && len(o.open[kindTitle]) == 0 {
		o.cut = append(o.cut, "the title")
	}
	if omissions := event.Omissions(e); omissions != "" && len(o.open[kindText]) == 0 {
		o.cut = append(o.cut, omissions)
	}
	return o
}

func nameOf(plan *playbook.Plan) string { return strings.Join(plan.Names, " + ") }

// change is how one kind of text differs.
type change struct {
	kind, playbook, before, after string
	// group is what changes of many alerts have in common.
	group string
}

// changesBetween compares two outcomes. notJudged are the kinds that depend on unknown values.
func changesBetween(before, after *outcome) (found []change, notJudged []string) {
	for _, kind := range kinds {
		isJudged := slices.EqualFunc(before.open[kind], after.open[kind], isSame)
		if !isJudged {
			notJudged = append(notJudged, kind)
		}
		c := change{kind: kind, playbook: after.playbook}
		switch kind {
		case kindTags, kindSteps:
			var added, removed []string
			if isJudged || len(before.open[kind]) == 0 { // No open tag of the base can be the same.
				added = without(after.lists[kind], before.lists[kind])
			}
			if isJudged || len(after.open[kind]) == 0 {
				removed = without(before.lists[kind], after.lists[kind])
			}
			if kind == kindSteps && before.playbook != after.playbook {
				continue // Other playbooks have other steps.
			}
			c.before, c.after, c.group = strings.Join(removed, ", "), strings.Join(added, ", "), strings.TrimSpace(names("-", removed)+" "+names("+", added))
		default:
			if !isJudged {
				continue
			}
			c.before, c.after = before.texts[kind], after.texts[kind]
			if kind == kindPlaybook || kind == kindAlertType || kind == kindPriority || kind == kindAPI {
				c.group = arrow(c.before, c.after)
			}
		}
		if c.before != c.after {
			found = append(found, c)
		}
	}
	return found, notJudged
}

func changesOfFate(before, after fate) (found []change) {
	for kind, texts := range map[string][2]string{
		kindHeld:     {yesNo(before.isHeld), yesNo(after.isHeld)},
		kindFollowUp: {durations(before.after), durations(after.after)},
	} {
		if texts[0] != texts[1] {
			found = append(found, change{kind, after.playbook, texts[0], texts[1], arrow(texts[0], texts[1])})
		}
	}
	return found
}

func yesNo(is bool) string { return map[bool]string{true: "yes", false: "no"}[is] }

func durations(all []time.Duration) string {
	texts := make([]string, len(all))
	for i, d := range all {
		texts[i] = enrich.ShortDuration(d)
	}
	return strings.Join(texts, ", ")
}

// isSame reports whether two templates come out equal for all unknown values.
func isSame(a, b playbook.Unjudged) bool { return a.Source == b.Source && a.Steps == b.Steps }

func without(list, other []string) (all []string) {
	for _, one := range list {
		if !slices.Contains(other, one) {
			all = append(all, one)
		}
	}
	return all
}

// names returns the sorted names of tags or steps, each once with a sign.
func names(sign string, list []string) string {
	all := map[string]bool{}
	for _, one := range list {
		name, _, _ := strings.Cut(one, ":")
		all[sign+name] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(all)), " ")
}

func arrow(before, after string) string {
	return cmp.Or(before, "none") + " → " + cmp.Or(after, "none")
}
