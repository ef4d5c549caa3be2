package event

import (
	"fmt"
	"strings"
)

const (
	// headPercent of an excerpt is the message's start. Its end is longer, because Datadog
	// adds a graph and a sentence after the words of people.
	headPercent = 40
	// minExcerpt is the shortest excerpt that has an end too.
	minExcerpt = 300
	// gapRoom is the length of the note about the gap, and of the fences around it.
	gapRoom = 120
)

// excerpt shortens a message to limit characters and returns how many it leaves out. It
// keeps the start and the end, where people put the runbook and tools the cause.
func excerpt(message string, limit int) (shown string, omitted int) {
	if fits(message, limit) {
		return message, 0
	}
	whole := length(message)
	if limit < minExcerpt {
		shown = truncate(message, limit)
		return shown, whole - length(shown)
	}
	limit -= gapRoom
	head := firstRunes(message, limit*headPercent/100)
	if end := breakIn(message, len(head)/2, len(head), strings.LastIndexByte); end >= 0 {
		head = message[:end]
	}
	from := len(head)
	tail := lastRunes(message[from:], limit-length(head))
	to := len(message) - len(tail)
	if end := breakIn(message, to-1, to+len(tail)/2, strings.IndexByte); end >= 0 {
		to = end + 1
	}
	tail = message[to:]
	gap := length(message[from:to])
	omitted = whole - length(head) - length(tail)
	if message[from] != '\n' {
		head += "…"
	}
	if message[to-1] != '\n' {
		tail = "…" + escapeMentions(tail) // The cut may have ended the word before an @.
	}
	if code := openFence(message[:to]); code.marks != "" {
		tail = code.indent + code.marks + "\n" + tail
	}
	return closeFence(head) + fmt.Sprintf("\n\n_(%d characters left out)_\n\n", gap) + tail, omitted
}

// breakIn returns where a text may be cut between two positions: at the end of a line, or
// else of a word outside links, or else of a word. It is -1 if there is none.
func breakIn(text string, from, to int, index func(string, byte) int) int {
	start := max(0, from-maxLine)
	around := replaceLinks(text[start:min(len(text), to+maxLine)], func(l markdownLink) string {
		return strings.ReplaceAll(l.whole, " ", "_")
	})
	for _, at := range []int{index(text[from:to], '\n'), index(around[from-start:to-start], ' '), index(text[from:to], ' ')} {
		if at >= 0 {
			return from + at
		}
	}
	return -1
}

// maxFenceLine bounds the fences that are closed, with their indentation.
const maxFenceLine = 30

// fence is that of the block of code around a line, if marks is not empty
// (https://spec.commonmark.org/0.31.2/#fenced-code-blocks). In a list or a quotation it is
// indented.
type fence struct{ indent, marks string }

// read takes the next line, and reports whether it opens or closes a block.
func (f *fence) read(l string) bool {
	l = strings.TrimRight(l, " \t\n")
	marks := strings.TrimLeft(l, " \t>")
	if !strings.HasPrefix(marks, "```") && !strings.HasPrefix(marks, "~~~") {
		return false
	}
	info := strings.TrimLeft(marks, marks[:1])
	indent, marks := l[:len(l)-len(marks)], marks[:len(marks)-len(info)]
	switch {
	case len(indent)+len(marks) > maxFenceLine:
		return false
	case f.marks == "" && !(marks[0] == '`' && strings.Contains(info, "`")):
		*f = fence{indent, marks}
		return true
	case f.marks != "" && strings.HasPrefix(marks, f.marks) && info == "":
		f.marks = ""
		return true
	}
	return false
}

// openFence returns the fence of the block of code in which a text ends.
func openFence(markdown string) (code fence) {
	for l := range strings.Lines(markdown) {
		code.read(l)
	}
	return code
}

// closeFence closes the block of code that markdown leaves open: everything after it would
// be code as well.
func closeFence(markdown string) string {
	if code := openFence(markdown); code.marks != "" {
		return markdown + "\n" + code.indent + code.marks
	}
	return markdown
}
