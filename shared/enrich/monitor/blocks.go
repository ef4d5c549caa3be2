package monitor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

func blocks(a alert.Alert, m datadog.Monitor, failing []Group, pages enrich.Links) []enrich.Block {
	all := []enrich.Block{facts(a, m, failing), pages}
	if len(failing) > 0 {
		all = append(all, groupList(failing))
	}
	if m.Query != "" {
		all = append(all, enrich.Code(m.Query))
	}
	return all
}

func facts(a alert.Alert, m datadog.Monitor, failing []Group) enrich.Facts {
	all := enrich.Facts{
		{Name: "Name", Value: m.Name},
		{Name: "Type", Value: m.Type},
		{Name: "State", Value: m.OverallState},
		{Name: "Failing", Value: failingWords(failing)},
		{Name: "Thresholds", Value: thresholdWords(m.Thresholds)},
		{Name: "Muted", Value: mutedWords(m.Downtimes)},
		{Name: "Priority", Value: priority(m.Priority)},
	}
	known := enrich.Tags(a)
	for _, key := range []string{"service", "team", "env"} {
		if known.Get(key) == "" {
			all = append(all, enrich.Fact{Name: strings.ToUpper(key[:1]) + key[1:], Value: strings.Join(alert.Tags(m.Tags).All(key), ", ")})
		}
	}
	return slices.DeleteFunc(all, func(f enrich.Fact) bool { return f.Value == "" })
}

// failingWords counts the groups by state: "3 groups (2 Alert, 1 No Data)".
func failingWords(failing []Group) string {
	if len(failing) == 0 || len(failing) == 1 && failing[0].Name == "*" {
		return ""
	}
	var counts []string
	for _, state := range []string{"Alert", "Warn", "No Data"} {
		n := 0
		for _, g := range failing {
			if g.State == state {
				n++
			}
		}
		if n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, state))
		}
	}
	noun := "groups"
	if len(failing) == 1 {
		noun = "group"
	}
	return fmt.Sprintf("%d %s (%s)", len(failing), noun, strings.Join(counts, ", "))
}

func groupList(failing []Group) enrich.List {
	list := enrich.List{More: max(0, len(failing)-maxGroups)}
	for _, g := range failing[:len(failing)-list.More] {
		text := g.Name
		if text == "*" {
			text = "the monitor as a whole"
		}
		list.Items = append(list.Items, enrich.Item{Time: g.Since, Tag: g.State, Text: text})
	}
	return list
}

type threshold struct {
	name  string
	value float64
}

// thresholds returns those that are set, the most severe first, by Datadog's names.
func thresholds(t datadog.Thresholds) []threshold {
	var set []threshold
	for _, one := range []struct {
		name  string
		value *float64
	}{
		{"critical", t.Critical},
		{"warning", t.Warning},
		{"critical_recovery", t.CriticalRecovery},
		{"warning_recovery", t.WarningRecovery},
		{"ok", t.OK},
		{"unknown", t.Unknown},
	} {
		if one.value != nil {
			set = append(set, threshold{one.name, *one.value})
		}
	}
	return set
}

func thresholdWords(t datadog.Thresholds) string {
	var words []string
	for _, one := range thresholds(t) {
		words = append(words, strings.ReplaceAll(one.name, "_", " ")+" "+strconv.FormatFloat(one.value, 'f', -1, 64))
	}
	return strings.Join(words, ", ")
}

// mutedWords tells each downtime: "until 21 Nov 16:00 UTC for env:dev".
func mutedWords(downtimes []datadog.Downtime) string {
	var words []string
	for _, d := range downtimes {
		word := "without end"
		if !d.End.IsZero() {
			word = "until " + clock(d.End)
		}
		if scope := strings.Join(d.Scope, ", "); scope != "" && scope != "*" {
			word += " for " + scope
		}
		words = append(words, word)
	}
	return strings.Join(words, "; ")
}

func clock(t time.Time) string { return t.UTC().Format("2 Jan 15:04 UTC") }
