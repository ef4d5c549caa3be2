package event

import (
	"fmt"
	"iter"
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
	from := headEnd(message, limit*headPercent/100)
	head := message[:from]
	to := from + tailStart(message[from:], limit-length(head))
	tail := message[to:]
	gap := length(message[from:to])
	omitted = whole - length(head) - length(tail)
	if message[from] != '\n' {
		head += "…"
	}
	if message[to-1] != '\n' {
		tail = "…" + escapeMentions(tail) // The cut may have ended the word before an @.
	}
	if indent, fence := openFence(message[:to]); fence != "" {
		tail = indent + fence + "\n" + tail
	}
	return closeFence(head) + fmt.Sprintf("\n\n_(%d characters left out)_\n\n", gap) + tail, omitted
}

// headEnd returns where to cut a text of which n characters have room: after a line, or
// else after a word, unless that would cost half of the room.
func headEnd(text string, n int) int {
	head := firstRunes(text, n)
	start := strings.LastIndexByte(head, '\n') + 1
	if start > len(head)/2 {
		return start - 1
	}
	end := strings.LastIndexByte(head, ' ')
	for gap := range gaps(head[start:]) {
		if start+gap > len(head)/2 {
			end = start + gap
		}
	}
	if end > len(head)/2 {
		return end
	}
	return len(head)
}

// tailStart is headEnd for the end of a text.
func tailStart(text string, n int) int {
	tail := lastRunes(text, n)
	at := len(text) - len(tail)
	if at == 0 || text[at-1] == '\n' {
		return at
	}
	if end := strings.IndexByte(tail, '\n'); end >= 0 && end < len(tail)/2 {
		return at + end + 1
	}
	start := strings.LastIndexByte(text[:at], '\n') + 1
	for gap := range gaps(text[start:]) {
		if skipped := start + gap - at; skipped >= 0 && skipped < len(tail)/2 {
			return start + gap + 1
		}
	}
	if end := strings.IndexByte(tail, ' '); end >= 0 && end < len(tail)/2 {
		return at + end + 1
	}
	return at
}

// gaps returns the positions of the spaces in a text's first line that are outside links.
func gaps(text string) iter.Seq[int] {
	return func(yield func(int) bool) {
		var open []byte // The brackets of the links around the position, innermost last.
		for i := range len(text) {
			last := len(open) - 1
			switch c := text[i]; {
			case c == '\n', c == ' ' && last < 0 && !yield(i):
				return
			case c == '[':
				open = append(open, c)
			case c == ']' && last >= 0 && open[last] == '[':
				open = open[:last]
				if strings.HasPrefix(text[i+1:], "(") {
					open = append(open, '(')
				}
			case c == ')' && last >= 0 && open[last] == '(':
				open = open[:last]
			}
		}
	}
}

// maxFenceLine bounds the fences that are closed, with their indentation.
const maxFenceLine = 30

// openFence returns the fence of the block of code in which a text ends, with its
// indentation in a list or a quotation.
func openFence(markdown string) (indent, open string) {
	if !strings.Contains(markdown, "```") && !strings.Contains(markdown, "~~~") {
		return "", ""
	}
	var code fence
	for l := range strings.Lines(markdown) {
		code.read(l)
	}
	return code.indent, code.marks
}

// fence is that of the block of code around a line, if marks is not empty
// (https://spec.commonmark.org/0.31.2/#fenced-code-blocks).
type fence struct{ indent, marks string }

// read takes the next line, and reports whether it opens or closes a block.
func (f *fence) read(l string) bool {
	l = strings.TrimRight(l, " \t\n")
	marks := strings.TrimLeft(l, " \t>")
	if marks == "" || marks[0] != '`' && marks[0] != '~' {
		return false
	}
	info := strings.TrimLeft(marks, marks[:1])
	before := l[:len(l)-len(marks)]
	marks = marks[:len(marks)-len(info)]
	switch {
	case len(marks) < 3 || len(before)+len(marks) > maxFenceLine:
	case f.marks == "" && !(marks[0] == '`' && strings.Contains(info, "`")):
		f.indent, f.marks = before, marks
		return true
	case f.marks != "" && strings.HasPrefix(marks, f.marks) && info == "":
		f.marks = ""
		return true
	}
	return false
}

// closeFence closes the block of code that markdown leaves open: everything after it would
// be code as well.
func closeFence(markdown string) string {
	indent, open := openFence(markdown)
	if open == "" {
		return markdown
	}
	return markdown + "\n" + indent + open
}
