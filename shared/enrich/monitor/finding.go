package monitor

import (
	"fmt"
	"strconv"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/stepkit"
)

const (
	maxFact = 500 // Characters of a fact's value.
	// maxGroups bounds the failing groups that are named.
	maxGroups = 5
)

func newFinding(a alert.Alert, m datadog.Monitor, page string) enrich.Finding {
	failing := failingGroups(m.Groups, a.Scope)
	pages := links(m, enrich.Tags(a))
	d := newData(m, failing, pages, page)
	f := enrich.Finding{
		Title: "Monitor", Weight: enrich.Essential, Data: d,
		Blocks: []enrich.Block{facts(a, d, failing), append(pages, enrich.Link{Title: "Monitor in Datadog", URL: page})},
	}
	if len(failing) > 0 {
		f.Blocks = append(f.Blocks, groupList(d))
	}
	if m.Query != "" {
		f.Blocks = append(f.Blocks, enrich.Code(m.Query))
	}
	return f
}

func facts(a alert.Alert, d Data, failing []Group) enrich.Facts {
	all := enrich.Facts{
		{Name: "Name", Value: d.Name},
		{Name: "Type", Value: d.Type},
		{Name: "State", Value: d.State},
		{Name: "Failing", Value: failingSummary(failing)},
		{Name: "Thresholds", Value: thresholdSummary(d.Thresholds)},
		{Name: "Muted", Value: mutedSummary(d.Downtimes)},
		{Name: "Priority", Value: d.Priority},
	}
	known, tags := enrich.Tags(a), alert.Tags(d.Tags)
	for _, one := range []struct{ key, name string }{{"service", "Service"}, {"team", "Team"}, {"env", "Env"}} {
		if known.Get(one.key) == "" {
			all = append(all, enrich.Fact{Name: one.name, Value: strings.Join(tags.All(one.key), ", ")})
		}
	}
	return all.Known(maxFact)
}

// failingSummary counts the groups by state: "3 groups (2 Alert, 1 No Data)".
func failingSummary(failing []Group) string {
	if len(failing) == 0 || len(failing) == 1 && failing[0].Name == "*" {
		return ""
	}
	counts := make(map[string]int)
	for _, g := range failing {
		counts[g.State]++
	}
	var states []string
	for _, state := range []string{"Alert", "Warn", "No Data"} {
		if counts[state] > 0 {
			states = append(states, fmt.Sprintf("%d %s", counts[state], state))
		}
	}
	return fmt.Sprintf("%s (%s)", enrich.Count(len(failing), "group"), strings.Join(states, ", "))
}

func groupList(d Data) enrich.List {
	list := enrich.List{More: d.Failing - len(d.Groups)}
	for _, g := range d.Groups {
		text := g.Name
		if text == "*" {
			text = "the whole monitor"
		}
		list.Items = append(list.Items, enrich.Item{Time: g.Since, Tag: g.State, Text: text})
	}
	return list
}

// thresholdNames are Datadog's names, the most severe first.
var thresholdNames = []string{"critical", "warning", "critical_recovery", "warning_recovery", "ok", "unknown"}

func thresholdSummary(thresholds map[string]float64) string {
	var texts []string
	for _, name := range thresholdNames {
		if value, ok := thresholds[name]; ok {
			texts = append(texts, strings.ReplaceAll(name, "_", " ")+" "+strconv.FormatFloat(value, 'f', -1, 64))
		}
	}
	return strings.Join(texts, ", ")
}

// mutedSummary lists the downtimes: "until 21 Nov 16:00 UTC for env:dev".
func mutedSummary(downtimes []Downtime) string {
	var texts []string
	for _, d := range downtimes {
		text := stepkit.Until(d.Until)
		if scope := strings.Join(d.Scope, ", "); scope != "" && scope != "*" {
			text += " for " + scope
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}
