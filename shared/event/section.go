package event

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"boomerang/shared/enrich"
)

// section is one finding, as lines that can be dropped one by one.
type section struct {
	title   string
	lines   []sectionLine
	size    int // The characters of all lines.
	dropped int
}

// sectionLine is one line of a finding. A reference can be looked up elsewhere, and a page
// is nothing without its address.
type sectionLine struct {
	text                string
	isReference, isPage bool
}

func (s *section) String() string {
	if len(s.lines) == 0 {
		return ""
	}
	var out strings.Builder
	out.WriteString("**" + s.title + "**")
	for _, l := range s.lines {
		out.WriteString("\n" + l.text)
	}
	return out.String()
}

// length is that of String.
func (s *section) length() int {
	if len(s.lines) == 0 {
		return 0
	}
	return length("****") + length(s.title) + len(s.lines) + s.size
}

func (s *section) add(l sectionLine) {
	s.lines = append(s.lines, l)
	s.size += length(l.text)
}

func (s section) hasLines() bool { return len(s.lines) > 0 }

func (s section) hasReference() bool {
	return slices.ContainsFunc(s.lines, func(l sectionLine) bool { return l.isReference })
}

// dropReference drops the last line that can be looked up elsewhere.
func (s *section) dropReference() {
	for i, l := range slices.Backward(s.lines) {
		if l.isReference {
			s.lines, s.size = slices.Delete(s.lines, i, i+1), s.size-length(l.text)
			s.dropped++
			return
		}
	}
}

// unlink leaves out the addresses of a line, and a page altogether. It returns how many
// characters that saves.
func (s *section) unlink(n int) (saved int) {
	l := &s.lines[n]
	if l.isPage {
		saved = length(l.text) + len("\n")
		s.lines = slices.Delete(s.lines, n, n+1)
	} else {
		text := links().ReplaceAllString(l.text, "$5")
		saved, l.text = length(l.text)-length(text), text
	}
	s.size -= saved
	return saved
}

// drop drops lines until n characters are saved, or all of them.
func (s *section) drop(n int) {
	for ; n > 0 && len(s.lines) > 0; s.dropped++ {
		last := len(s.lines) - 1
		saved := length(s.lines[last].text)
		s.lines, s.size, n = s.lines[:last], s.size-saved, n-saved-len("\n")
	}
}

const (
	// maxLine bounds one line of a finding and leaves room for a whole address.
	maxLine = maxURL + 200
	// maxSectionTitle bounds what the note about dropped lines repeats.
	maxSectionTitle = 100
)

// newSection renders a finding of the alert of a time, without what was said before. Lines
// beyond what an event can show are only counted.
func newSection(f enrich.Finding, about time.Time, said *said, isSaid func(enrich.Answer) bool) section {
	s := section{title: escapeMentions(truncate(escape(f.Title), maxSectionTitle))}
	for _, block := range f.Blocks {
		reference, isReference := block.(enrich.Reference)
		if isReference {
			block = reference.Block
		}
		for _, l := range blockLines(block, about, said, isSaid) {
			if s.size > MaxText {
				s.dropped++
				continue
			}
			l = escapeMentions(truncate(l, maxLine))
			if _, isCode := block.(enrich.Code); !isCode {
				l = said.finding(l)
			}
			if l != "" {
				s.add(sectionLine{l, isReference, isPage(block)})
			}
		}
	}
	return s
}

func isPage(b enrich.Block) bool {
	switch b.(type) {
	case enrich.Links, enrich.Image:
		return true
	}
	return false
}

// blockLines renders a block as entries of a list, because markdown joins other lines.
// Every line makes sense without the others.
func blockLines(b enrich.Block, about time.Time, said *said, isSaid func(enrich.Answer) bool) (lines []string) {
	switch b := b.(type) {
	case enrich.Facts:
		for _, fact := range b {
			if value := escape(fact.Value); value != "" && !isSaid(fact.Lead) {
				lines = append(lines, "- "+escape(fact.Name)+": "+value)
			}
		}
	case enrich.List:
		for _, item := range b.Items {
			if !isSaid(item.Lead) && !said.entry(item) {
				lines = append(lines, itemLine(item, about))
			}
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
			lines = append(lines, "- "+link(l.Title, shortAddress(l.URL), maxLine-len("- ")-length(kind))+kind)
		}
	case enrich.Paragraph:
		if text := escape(string(b)); text != "" {
			lines = append(lines, "- "+text)
		}
	case enrich.Code:
		for row := range strings.Lines(clean(string(b))) {
			if row = code(row, maxLine-len("- ")); row != "" {
				lines = append(lines, "- "+row)
			}
		}
	case enrich.Image:
		if address := webAddress(b.URL, maxURL); address != "" {
			lines = append(lines, "- !"+linkTo(truncate(escape(b.Title), maxLine-length(address)-len("- ![]()")), address))
		}
	}
	return lines
}

func itemLine(item enrich.Item, about time.Time) string {
	entry := "- "
	if !item.Time.IsZero() {
		entry += enrich.Moment(item.Time, about) + " · "
	}
	if item.Tag != "" {
		entry += escape(item.Tag) + " · "
	}
	return entry + link(item.Text, shortAddress(item.URL), maxLine-length(entry))
}
