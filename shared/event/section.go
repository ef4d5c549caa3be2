package event

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"boomerang/shared/enrich"
)

// section is one finding, as lines that can be dropped one by one from the end.
type section struct {
	title   string
	weight  enrich.Weight
	lines   []string
	dropped int
}

func (s *section) String() string { return "**" + s.title + "**\n" + strings.Join(s.lines, "\n") }

// maxLine bounds one line of a finding and leaves room for a whole address.
const maxLine = maxURL + 200

// newSection renders a finding of the alert of a time.
func newSection(f enrich.Finding, about time.Time) section {
	s := section{title: escapeMentions(escape(f.Title)), weight: f.Weight}
	for _, block := range f.Blocks {
		for _, l := range blockLines(block, about) {
			s.lines = append(s.lines, escapeMentions(truncate(l, maxLine)))
		}
	}
	s.lines = slices.DeleteFunc(s.lines, func(l string) bool { return l == "" })
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
			if row = code(row); row != "" {
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
