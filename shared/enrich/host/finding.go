package host

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/stepkit"
)

const (
	maxApps       = 15
	maxTags       = 20
	maxChecks     = 5
	maxValueRunes = 200
)

// unknownHost is a finding and not an error, because a host that is down for long
// looks like this.
func unknownHost(name string) enrich.Finding {
	facts := enrich.Facts{{Name: "Name", Value: name}, {Name: "State", Value: "Datadog has no data of it for seven days"}}
	return enrich.Finding{Title: "Host", Weight: enrich.Useful, Data: Data{Name: name}, Blocks: []enrich.Block{facts.Known(maxValueRunes)}}
}

func newFinding(a alert.Alert, h datadog.Host, now time.Time, page string) enrich.Finding {
	d := Data{
		Name: h.Name, Known: true, Up: h.Up, LastReported: h.LastReported, Muted: h.Muted, MutedUntil: h.MutedUntil,
		Apps: h.Apps, Agent: h.AgentVersion, Platform: h.Platform, OS: h.OS, CPUs: h.CPUs, CloudID: h.CloudID,
		Aliases: h.Aliases, Tags: h.Tags, URL: page,
	}
	for _, check := range h.Checks {
		d.Failing = append(d.Failing, Check(check))
	}
	facts := enrich.Facts{
		{Name: "Name", Value: h.Name},
		{Name: "State", Value: state(h, now)},
		{Name: "Muted", Value: muted(h)},
		{Name: "System", Value: system(h)},
		{Name: "Load", Value: load(h)},
		{Name: "Agent", Value: h.AgentVersion},
		{Name: "Apps", Value: enrich.Join(h.Apps, ", ", maxApps)},
		{Name: "More tags", Value: enrich.Join(enrich.NewTags(h.Tags, a, "host:"), ", ", maxTags)},
	}
	f := enrich.Finding{Title: "Host", Weight: enrich.Useful, Blocks: []enrich.Block{facts.Known(maxValueRunes)}, Data: d}
	if !h.Up || h.Muted || len(h.Checks) > 0 {
		f.Weight = enrich.Important
	}
	if len(h.Checks) > 0 {
		f.Blocks = append(f.Blocks, checks(h.Checks))
	}
	f.Blocks = append(f.Blocks, enrich.Links{{Kind: "resource", Title: "Host in Datadog", URL: page}})
	return f
}

func state(h datadog.Host, now time.Time) string {
	state := "down"
	if h.Up {
		state = "up"
	}
	if h.LastReported.IsZero() {
		return state
	}
	ago := max(0, now.Sub(h.LastReported))
	switch {
	case h.Up && ago < 2*time.Minute:
		return state
	case ago < time.Hour:
		return fmt.Sprintf("%s, last report %d minutes ago", state, ago/time.Minute)
	}
	return state + ", last report on " + stepkit.FormatTime(h.LastReported)
}

func muted(h datadog.Host) string {
	if !h.Muted {
		return ""
	}
	return stepkit.Until(h.MutedUntil)
}

func system(h datadog.Host) string {
	parts := []string{cmp.Or(h.OS, h.Platform), h.CloudID}
	if h.CPUs > 0 {
		parts = append(parts, enrich.Count(h.CPUs, "CPU"))
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

func load(h datadog.Host) string {
	var parts []string
	for _, one := range []struct {
		format string
		value  *float64
	}{{"CPU %.2f %%", h.CPU}, {"I/O wait %.2f %%", h.IOWait}, {"load %.2f", h.Load}} {
		if one.value != nil {
			parts = append(parts, fmt.Sprintf(one.format, *one.value))
		}
	}
	return strings.Join(parts, ", ")
}

func checks(failing []datadog.AgentCheck) enrich.List {
	list := enrich.List{More: max(0, len(failing)-maxChecks)}
	for _, check := range failing[:len(failing)-list.More] {
		text := check.Name
		if check.Message != "" {
			text += ": " + check.Message
		}
		list.Items = append(list.Items, enrich.Item{Tag: check.Status, Text: enrich.Line(text, maxValueRunes)})
	}
	return list
}
