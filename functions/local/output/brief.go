package output

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"boomerang/functions/local/dryrun"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

// A screen of this size shows what became of most alerts.
const (
	screenRows    = 24
	screenColumns = 100
	// leastText is how many lines of an event's text a long list of steps leaves.
	leastText = 5
)

// Entry is a line about a playbook or a step: a mark, and a text that is cut at the
// screen's edge.
type Entry struct {
	Good, Bad bool
	Text      string
}

// Brief writes what became of an alert on one screen: the lines, and the beginning of the
// event. hint says how to see the rest.
func (p *Printer) Brief(heading string, entries []Entry, e event.Request, hint string) {
	if heading != "" {
		p.Line("%s", p.paint(bold, cut(heading, screenColumns)))
	}
	for _, one := range entries {
		mark := p.paint(dim, "·")
		if one.Good {
			mark = p.paint(green, "✓")
		} else if one.Bad {
			mark = p.paint(red, "✗")
		}
		p.Line("  %s %s", mark, cut(one.Text, screenColumns-4))
	}
	if e == nil {
		return
	}
	c := dryrun.ContentOf(e)
	attributes := slices.DeleteFunc([]string{c.AlertType, c.Priority, c.Host}, func(text string) bool { return text == "" })
	title, tags := wrap(c.Title, screenColumns), wrap(strings.Join(c.Tags, ", "), screenColumns-6)
	if len(c.Tags) == 0 {
		tags = nil
	}
	text := wrapLines(readable(event.Text(e)), screenColumns-4)
	room := max(leastText, screenRows-len(entries)-len(title)-len(tags)-4)

	p.Line("")
	for _, l := range title {
		p.Line("%s", p.paint(bold, l))
	}
	p.Line("%s", p.paint(dim, strings.Join(attributes, " · ")))
	for _, l := range text[:min(room, len(text))] {
		p.Line("  %s %s", p.paint(dim, "│"), l)
	}
	for i, l := range tags {
		p.Line("%s %s", p.paint(dim, fmt.Sprintf("%-5s", []string{"tags", ""}[min(i, 1)])), l)
	}
	if hidden := len(text) - room; hidden > 0 {
		hint = enrich.Count(hidden, "more line") + " of text; " + hint
	}
	p.Line("%s", p.paint(dim, hint))
}

// VerdictEntries say which playbooks are used, and which part of the others' match is false.
func VerdictEntries(r dryrun.Report) []Entry {
	var entries []Entry
	var unreached []string
	for _, v := range r.Verdicts {
		switch {
		case v.Unreached:
			unreached = append(unreached, v.Playbook)
		case v.Err != nil:
			entries = append(entries, Entry{Bad: true, Text: v.Playbook + " not used, because its condition failed: " + fault.Public(v.Err)})
		case v.Matched:
			entries = append(entries, Entry{Good: true, Text: v.Playbook + " matches"})
		default:
			entries = append(entries, Entry{Bad: true, Text: v.Playbook + " does not match: false is " + v.False})
		}
	}
	if len(unreached) > 0 {
		entries = append(entries, Entry{Text: "not reached, because the playbook above does not continue: " + strings.Join(unreached, ", ")})
	}
	if !slices.ContainsFunc(entries, func(e Entry) bool { return e.Good }) {
		entries = append(entries, Entry{Good: true, Text: strings.Join(r.Playbooks, ", ") + " is used, because no playbook matches"})
	}
	return entries
}

// StepEntry says how a step ended, after how long, and why.
func StepEntry(name string, status enrich.Status, took time.Duration, why string) Entry {
	entry := Entry{Good: status == enrich.OK, Bad: status != enrich.OK && status != enrich.Skipped}
	text := fmt.Sprintf("%-20s %8s", name, Rounded(took))
	if !entry.Good {
		text = fmt.Sprintf("%s  %s", text, status)
	}
	if why != "" {
		text += ": " + why
	}
	entry.Text = text
	return entry
}

// StepEntries say how steps ended.
func StepEntries(steps []dryrun.StepRun) []Entry {
	entries := make([]Entry, len(steps))
	for i, s := range steps {
		why := ""
		switch {
		case s.Status != enrich.OK:
			why = fault.Public(s.Err)
		case s.Finding.PartialReason != nil:
			why = "lacks " + fault.Public(s.Finding.PartialReason)
		}
		entries[i] = StepEntry(stepName(s), s.Status, s.Duration, why)
	}
	return entries
}

var (
	image   = regexp.MustCompile(`!\[([^\]]*)\]\([^()\s]*\)`)
	link    = regexp.MustCompile(`\[((?:\\.|[^\]\\])*)\]\([^()\s]*\)`)
	escaped = regexp.MustCompile(`\\([\\\[\]()*_#|<>` + "`" + `~-])`)
)

// readable shows Markdown without addresses and escapes, as one reads it in Datadog.
func readable(markdown string) string {
	text := image.ReplaceAllString(markdown, "(image: $1)")
	text = link.ReplaceAllString(text, "$1")
	return escaped.ReplaceAllString(text, "$1")
}

func wrapLines(text string, width int) (lines []string) {
	for l := range strings.Lines(text) {
		lines = append(lines, wrap(strings.TrimRight(l, "\r\n"), width)...)
	}
	return lines
}

// wrap breaks a line between words, and a word that is longer than a line anywhere.
func wrap(line string, width int) []string {
	var lines []string
	for utf8.RuneCountInString(line) > width {
		runes := []rune(line)
		at := width
		if space := strings.LastIndexByte(string(runes[:width+1]), ' '); space > 0 && strings.TrimSpace(string(runes[:width+1])[:space]) != "" {
			at = utf8.RuneCountInString(string(runes[:width+1])[:space])
		}
		lines = append(lines, strings.TrimRight(string(runes[:at]), " "))
		line = strings.TrimLeft(string(runes[at:]), " ")
	}
	return append(lines, strings.TrimRight(line, " "))
}

// cut shortens a text to one line of a width.
func cut(text string, width int) string {
	text = strings.ReplaceAll(strings.TrimSpace(text), "\n", " ")
	if runes := []rune(text); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return text
}
