package output

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"boomerang/functions/local/dryrun"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
)

// A screen of this size shows what became of most alerts.
const (
	screenRows    = 24
	screenColumns = 100
	// leastText is how many lines of an event's text a long list of steps leaves.
	leastText = 5
)

// Screen is what became of an alert, or would.
type Screen struct {
	Heading string
	Entries []Entry
	Event   event.Request // nil if there is none
	// The rest is JSON, and shown in full only.
	Answer  any // of the function
	Request any // to Datadog
}

// Screen writes all of a screen, or what fits a terminal of common size.
func (p *Printer) Screen(s Screen, full bool) {
	if full {
		p.Show("screen", s)
		return
	}
	if s.Heading != "" {
		p.Line("%s", p.paint(bold, cut(s.Heading, screenColumns)))
	}
	for _, one := range s.Entries {
		text := cut(one.Text, screenColumns-4)
		if s.Event == nil { // The entries say why, and have the room for it.
			text = strings.Join(wrap(one.Text, screenColumns-4), "\n    ")
		}
		p.Line("  %s %s", p.mark(one), text)
	}
	if s.Event == nil {
		return
	}
	c := dryrun.ContentOf(s.Event)
	about := slices.DeleteFunc([]string{c.AlertType, c.Priority, c.Host}, func(text string) bool { return text == "" })
	title, tags := wrap(c.Title, screenColumns), wrap(strings.Join(c.Tags, ", "), screenColumns-6)
	if len(c.Tags) == 0 {
		tags = nil
	}
	var text []string
	for l := range strings.Lines(readable(event.Text(s.Event))) {
		text = append(text, wrap(strings.TrimRight(l, "\r\n"), screenColumns-4)...)
	}
	room := max(leastText, screenRows-len(s.Entries)-len(title)-len(tags)-4)

	p.Line("")
	for _, l := range title {
		p.Line("%s", p.paint(bold, l))
	}
	p.Line("%s", p.paint(dim, strings.Join(about, " · ")))
	for _, l := range text[:min(room, len(text))] {
		p.Line("  %s %s", p.paint(dim, "│"), l)
	}
	for i, l := range tags {
		p.Line("%s %s", p.paint(dim, fmt.Sprintf("%-5s", []string{"tags", ""}[min(i, 1)])), l)
	}
	hint := "-v shows everything"
	if hidden := len(text) - room; hidden > 0 {
		hint = enrich.Count(hidden, "more line") + " of text; " + hint
	}
	p.Line("%s", p.paint(dim, hint))
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

// wrap breaks a line between words, and a word that is longer than a line anywhere.
func wrap(line string, width int) []string {
	var lines []string
	for utf8.RuneCountInString(line) > width {
		first := string([]rune(line)[:width+1])
		at := strings.LastIndexByte(first, ' ')
		if at <= 0 || strings.TrimSpace(first[:at]) == "" {
			at = len(string([]rune(line)[:width]))
		}
		lines = append(lines, strings.TrimRight(line[:at], " "))
		line = strings.TrimLeft(line[at:], " ")
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
