package event

import (
	"fmt"
	"slices"
	"strings"

	"boomerang/shared/enrich"
)

// messageFloor is how much of the alert's own message stays before any finding
// gives way: enough for what a person wrote at its top, while the rest is one
// click away in the original event.
const messageFloor = 1200

// body is the event's text before it is cut to size: parts in reading order.
type body struct {
	head     []string  // what is failing, in a few short lines
	message  string    // the monitor's own words, markdown
	findings []section // what the steps found
	tail     []string  // pages to open, and what is missing; short
}

// section is one finding, as lines that may give way one by one from the end.
type section struct {
	title  string
	weight enrich.Weight
	lines  []string
	left   int // lines that gave way
}

func (s *section) String() string {
	return "**" + s.title + "**\n" + strings.Join(s.lines, "\n")
}

// fit returns the text within limit characters, the markdown wrapper included.
// What has to give way does so in this order: the message beyond its floor, then
// the findings from the lightest and within one from its last line, then the
// rest of the message. The text says what was left out.
func (b *body) fit(limit int) string {
	limit -= length(markdownOpen) + length(markdownClose)
	shortened := 0 // characters that the message lost
	for {
		text := b.assemble(shortened)
		if fits(text, limit) {
			return markdownOpen + text + markdownClose
		}
		over, kept := length(text)-limit, length(b.message)
		switch lightest := b.lightest(); {
		case kept > messageFloor:
			b.message = shorten(b.message, max(messageFloor, kept-over-noteRoom))
		case lightest != nil:
			lightest.lines = lightest.lines[:len(lightest.lines)-1]
			lightest.left++
			continue
		case kept > 0:
			b.message = shorten(b.message, kept-over-noteRoom)
		default:
			// Head and tail are bounded where they are made; this is the last resort.
			return markdownOpen + shorten(text, limit) + markdownClose
		}
		shortened += kept - length(b.message)
	}
}

// noteRoom is what the words about a shortened message may take, and the end of the
// code in it.
const noteRoom = 80

// lightest returns the section whose line is the next to give way: of equal
// weights the last one.
func (b *body) lightest() *section {
	var found *section
	for i := range b.findings {
		s := &b.findings[i]
		if len(s.lines) > 0 && (found == nil || s.weight <= found.weight) {
			found = s
		}
	}
	return found
}

func (b *body) assemble(shortened int) string {
	var parts []string
	add := func(part string) {
		if part != "" {
			parts = append(parts, part)
		}
	}
	add(strings.Join(b.head, "\n"))
	add(closeFence(b.message))
	for i := range b.findings {
		if s := &b.findings[i]; len(s.lines) > 0 {
			add(s.String())
		}
	}
	add(strings.Join(b.tail, "\n"))
	add(b.leftOut(shortened))
	return strings.Join(parts, "\n\n")
}

// leftOut names everything that gave way.
func (b *body) leftOut(shortened int) string {
	var gone []string
	if shortened > 0 {
		gone = append(gone, fmt.Sprintf("%d characters of the message", shortened))
	}
	for i := range b.findings {
		switch s := &b.findings[i]; {
		case s.left == 0:
		case len(s.lines) == 0:
			gone = append(gone, s.title)
		default:
			gone = append(gone, fmt.Sprintf("%d of %d lines of %s", s.left, s.left+len(s.lines), s.title))
		}
	}
	if len(gone) == 0 {
		return ""
	}
	return noteLeftOut + strings.Join(gone, "; ") + noteEnd
}

// section renders a finding. What it says of people's handles notifies nobody.
func (r renderer) section(f enrich.Finding) section {
	s := section{title: neutralise(escape(f.Title)), weight: f.Weight}
	for _, block := range f.Blocks {
		s.lines = append(s.lines, r.block(block)...)
	}
	s.lines = slices.DeleteFunc(s.lines, func(l string) bool { return l == "" })
	for i, l := range s.lines {
		s.lines[i] = neutralise(shorten(l, maxLine))
	}
	return s
}

// maxLine bounds one line of a finding. A link in it keeps its address whole, or is
// none.
const maxLine = longestURL + 200
