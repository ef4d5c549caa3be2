package event

import (
	"cmp"
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
	dropped int
}

// sectionLine is one line of a finding. A reference can be looked up elsewhere, and a page
// is nothing without its address.
type sectionLine struct {
	text                string
	isReference, isPage bool
}

func isReference(l sectionLine) bool { return l.isReference }
func isAny(sectionLine) bool         { return true }

func (s section) String() string {
	var lines []string
	for _, l := range s.lines {
		lines = append(lines, l.text)
	}
	return prefix("**"+s.title+"**\n", joinNonEmpty("\n", lines...))
}

// drop drops lines of a kind from the last on, until n characters are saved.
func (s *section) drop(n int, is func(sectionLine) bool) {
	for i, l := range slices.Backward(s.lines) {
		if n > 0 && is(l) {
			s.lines = slices.Delete(s.lines, i, i+1)
			s.dropped++
			n -= length(l.text) + len("\n")
		}
	}
}

// withoutAddresses leaves out the addresses of a line but for their hosts, and a page
// altogether.
func (l sectionLine) withoutAddresses(text string) string {
	if l.isPage {
		return ""
	}
	text = replaceLinks(text, func(found markdownLink) string { return cmp.Or(found.title, hostOf(found.address)) })
	return addresses().ReplaceAllLiteralString(text, "…") // In code.
}

func hostOf(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	return escape(host)
}

const (
	// maxLine bounds one line of a finding and leaves room for a whole address.
	maxLine = maxURL + 200
	// maxEntry is a line without the mark of a list.
	maxEntry = maxLine - len("- ")
	// maxSectionTitle bounds what the note about dropped lines repeats.
	maxSectionTitle = 100
)

// section renders the finding of a source, about an alert of a time, without what was said
// before. Lines beyond what an event can show are only counted.
func (s *said) section(source int, f enrich.Finding, about time.Time) section {
	out := section{title: escapeMentions(truncate(escape(f.Title), maxSectionTitle))}
	size := 0
	for _, block := range f.Blocks {
		reference, isReference := block.(enrich.Reference)
		if isReference {
			block = reference.Block
		}
		_, isCode := block.(enrich.Code)
		_, isLinks := block.(enrich.Links)
		_, isImage := block.(enrich.Image)
		for _, l := range s.entries(source, block, about) {
			if l == "" {
				continue
			}
			if size > MaxText {
				out.dropped++
				continue
			}
			l = escapeMentions("- " + truncate(l, maxEntry))
			if !isCode {
				l = s.finding(l)
			}
			if l != "" {
				out.lines = append(out.lines, sectionLine{l, isReference, isLinks || isImage})
				size += length(l)
			}
		}
	}
	return out
}

// entries renders a block as entries of a list, because markdown joins other lines. Every
// entry makes sense without the others.
func (s *said) entries(source int, b enrich.Block, about time.Time) (all []string) {
	switch b := b.(type) {
	case enrich.Facts:
		for _, fact := range b {
			if !s.answer(source, fact.Lead) {
				all = append(all, prefix(escape(fact.Name)+": ", escape(fact.Value)))
			}
		}
	case enrich.List:
		for _, item := range b.Items {
			if !s.answer(source, item.Lead) && !s.entry(item) {
				all = append(all, itemEntry(item, about))
			}
		}
		if b.More > 0 {
			all = append(all, fmt.Sprintf("and %d more", b.More))
		}
	case enrich.Links:
		for _, l := range b {
			kind := ""
			if l.Kind != "" && !strings.EqualFold(l.Kind, l.Title) {
				kind = " (" + escape(l.Kind) + ")"
			}
			all = append(all, link(l.Title, shortAddress(l.URL), maxEntry-length(kind))+kind)
		}
	case enrich.Paragraph:
		all = append(all, escape(string(b)))
	case enrich.Code:
		for row := range strings.Lines(clean(string(b))) {
			all = append(all, code(row, maxEntry))
		}
	case enrich.Image:
		if address := webAddress(b.URL, maxURL); address != "" {
			all = append(all, "!"+linkTo(truncate(escape(b.Title), maxEntry-length(address)-len("![]()")), address))
		}
	}
	return all
}

func itemEntry(item enrich.Item, about time.Time) string {
	before := joinNonEmpty(partBreak, moment(item.Time, about), escape(item.Tag))
	if before != "" {
		before += partBreak
	}
	return before + link(item.Text, shortAddress(item.URL), maxEntry-length(before))
}
