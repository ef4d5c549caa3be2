package event

import (
	"fmt"
	"strings"
	"time"

	"boomerang/shared/enrich"
)

// section is one finding, as lines that can be dropped one by one from the end.
type section struct {
	title   string
	weight  enrich.Weight
	lines   []string
	size    int // The characters of all lines.
	dropped int
}

func (s *section) String() string {
	if len(s.lines) == 0 {
		return ""
	}
	return "**" + s.title + "**\n" + strings.Join(s.lines, "\n")
}

// length is that of String.
func (s *section) length() int {
	if len(s.lines) == 0 {
		return 0
	}
	return length("****") + length(s.title) + len(s.lines) + s.size
}

func (s *section) add(l string) {
	s.lines = append(s.lines, l)
	s.size += length(l)
}

// drop drops lines until n characters are saved, or all of them.
func (s *section) drop(n int) {
	for ; n > 0 && len(s.lines) > 0; s.dropped++ {
		last := len(s.lines) - 1
		saved := length(s.lines[last])
		s.lines, s.size, n = s.lines[:last], s.size-saved, n-saved-len("\n")
	}
}

const (
	// maxLine bounds one line of a finding and leaves room for a whole address.
	maxLine = maxURL + 200
	// maxSectionTitle bounds what the note about dropped lines repeats.
	maxSectionTitle = 100
)

// newSection renders a finding of the alert of a time. Lines beyond what an event can show
// are only counted.
func newSection(f enrich.Finding, about time.Time) section {
	s := section{title: escapeMentions(truncate(escape(f.Title), maxSectionTitle)), weight: f.Weight}
	for _, block := range f.Blocks {
		for _, l := range blockLines(block, about) {
			switch {
			case l == "":
			case s.size > MaxText:
				s.dropped++
			default:
				s.add(escapeMentions(truncate(l, maxLine)))
			}
		}
	}
	return s
}

// blockLines renders a block. Every line makes sense without the others.
func blockLines(b enrich.Block, about time.Time) (lines []string) {
	switch b := b.(type) {
	case enrich.Facts:
		for _, fact := range b {
			if value := escape(fact.Value); value != "" {
				lines = append(lines, "- "+escape(fact.Name)+": "+value)
			}
		}
	case enrich.List:
		for _, item := range b.Items {
			lines = append(lines, itemLine(item, about))
		}
		if b.More > 0 {
			lines = append(lines, fmt.Sprintf("- and %d more", b.More))
		}
	case enrich.Links:
		for _, l := range b {
			kind := ""
			if l.Kind != "" && !strings.EqualFold(l.Kind, l.Title) {
				kind = " (" + escape(l.Kind) + ")"
			}
			lines = append(lines, "- "+link(l.Title, l.URL, maxLine-len("- ")-length(kind))+kind)
		}
	case enrich.Paragraph:
		lines = append(lines, escape(string(b)))
	case enrich.Code:
		for row := range strings.Lines(clean(string(b))) {
			if row = code(row, maxLine-len("- ")); row != "" {
				lines = append(lines, "- "+row)
			}
		}
	case enrich.Image:
		if address := webAddress(b.URL, maxURL); address != "" {
			lines = append(lines, "!"+linkTo(truncate(escape(b.Title), maxLine-length(address)-len("![]()")), address))
		}
	}
	return lines
}

func itemLine(item enrich.Item, about time.Time) string {
	entry := "- "
	if !item.Time.IsZero() {
		entry += formatTime(item.Time, about) + " · "
	}
	if item.Tag != "" {
		entry += escape(item.Tag) + " · "
	}
	return entry + link(item.Text, item.URL, maxLine-length(entry))
}

// formatTime returns a time in UTC, and its distance from the alert's time.
func formatTime(t, about time.Time) string {
	layout := "15:04 UTC"
	if about.IsZero() || t.UTC().Format(time.DateOnly) != about.UTC().Format(time.DateOnly) {
		layout = "2 Jan 15:04 UTC"
	}
	text := t.UTC().Format(layout)
	d := about.Sub(t)
	switch {
	case about.IsZero():
	case d >= time.Minute:
		text += " (" + FormatDuration(d) + " before)"
	case d <= -time.Minute:
		text += " (" + FormatDuration(-d) + " after)"
	}
	return text
}
