package host

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

const (
	maxApps   = 15
	maxTags   = 20
	maxChecks = 5
	// maxTextRunes keeps one value fit for a line of an event.
	maxTextRunes = 200
)

// unknown is the finding of a host that is gone: that is what "down" looks like
// after a while.
func unknown(name string) enrich.Finding {
	return enrich.Finding{
		Title: "Host", Weight: enrich.Useful, Data: Data{Name: name},
		Blocks: []enrich.Block{enrich.Facts{
			{Name: "Name", Value: enrich.Line(name, maxTextRunes)},
			{Name: "State", Value: "Datadog has not heard of it for seven days"},
		}},
	}
}

func found(a alert.Alert, h datadog.Host, now time.Time, page string) enrich.Finding {
	f := enrich.Finding{Title: "Host", Weight: enrich.Useful, Blocks: []enrich.Block{facts(a, h, now)}, Data: data(h, page)}
	if !h.Up || h.Muted || len(h.Checks) > 0 {
		f.Weight = enrich.Important
	}
	if len(h.Checks) > 0 {
		f.Blocks = append(f.Blocks, checks(h.Checks))
	}
	f.Blocks = append(f.Blocks, enrich.Links{{Kind: "resource", Title: "Host in Datadog", URL: page}})
	return f
}

func data(h datadog.Host, page string) Data {
	d := Data{
		Name: h.Name, Known: true, Up: h.Up, LastReported: h.LastReported, Muted: h.Muted, MutedUntil: h.MutedUntil,
		Apps: h.Apps, Agent: h.AgentVersion, Platform: h.Platform, OS: h.OS, CPUs: h.CPUs, CloudID: h.CloudID,
		Aliases: h.Aliases, Tags: h.Tags, URL: page,
	}
	for _, check := range h.Checks {
		d.Failing = append(d.Failing, Check(check))
	}
	return d
}

func facts(a alert.Alert, h datadog.Host, now time.Time) enrich.Facts {
	all := enrich.Facts{
		{Name: "Name", Value: h.Name},
		{Name: "State", Value: stateWords(h, now)},
		{Name: "Muted", Value: mutedWords(h)},
		{Name: "System", Value: systemWords(h)},
		{Name: "Load", Value: loadWords(h)},
		{Name: "Agent", Value: h.AgentVersion},
		{Name: "Apps", Value: some(h.Apps, maxApps)},
		{Name: "More tags", Value: some(newTags(h.Tags, enrich.Tags(a)), maxTags)},
	}
	for i := range all {
		all[i].Value = enrich.Line(all[i].Value, maxTextRunes)
	}
	return slices.DeleteFunc(all, func(f enrich.Fact) bool { return f.Value == "" })
}

func stateWords(h datadog.Host, now time.Time) string {
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
		return fmt.Sprintf("%s, last heard of %d minutes ago", state, ago/time.Minute)
	}
	return fmt.Sprintf("%s, last heard of on %s", state, clock(h.LastReported))
}

func mutedWords(h datadog.Host) string {
	switch {
	case !h.Muted:
		return ""
	case h.MutedUntil.IsZero():
		return "without end"
	}
	return "until " + clock(h.MutedUntil)
}

func clock(t time.Time) string { return t.UTC().Format("2 Jan 15:04 UTC") }

func systemWords(h datadog.Host) string {
	system := h.OS
	if system == "" {
		system = h.Platform
	}
	parts := []string{system, h.CloudID}
	if h.CPUs > 0 {
		parts = append(parts, counted(h.CPUs, "CPU"))
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func loadWords(h datadog.Host) string {
	var parts []string
	for _, one := range []struct {
		name, unit string
		value      *float64
	}{{"CPU", " %", h.CPU}, {"I/O wait", " %", h.IOWait}, {"load", "", h.Load}} {
		if one.value != nil {
			parts = append(parts, one.name+" "+strconv.FormatFloat(*one.value, 'f', 2, 64)+one.unit)
		}
	}
	return strings.Join(parts, ", ")
}

// newTags are those that the alert does not have. The tag host says nothing new.
func newTags(tags []string, known alert.Tags) []string {
	return slices.DeleteFunc(slices.Clone(tags), func(tag string) bool {
		return slices.Contains(known, tag) || strings.HasPrefix(tag, "host:")
	})
}

func some(words []string, limit int) string {
	text := strings.Join(words[:min(len(words), limit)], ", ")
	if more := len(words) - limit; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func checks(failing []datadog.AgentCheck) enrich.List {
	list := enrich.List{More: max(0, len(failing)-maxChecks)}
	for _, check := range failing[:len(failing)-list.More] {
		text := check.Name
		if check.Message != "" {
			text += ": " + check.Message
		}
		list.Items = append(list.Items, enrich.Item{Tag: check.Status, Text: enrich.Line(text, maxTextRunes)})
	}
	return list
}
