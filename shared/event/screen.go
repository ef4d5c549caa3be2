package event

import (
	"slices"
	"strings"

	"boomerang/shared/enrich"
)

// MaxScreen bounds the first screen: the lines that people read before anything else, on a
// phone or in a chat.
const MaxScreen = 600

// maxWhat bounds the line that says what fails, because the others need room as well.
const maxWhat = 240

// order is that of the first screen. A chat shows three lines, so they come first.
var order = []enrich.Answer{enrich.What, enrich.Since, enrich.Suspect, enrich.Owner, enrich.OnCall, enrich.Runbook, enrich.Monitor}

// screen is the first screen: what is known for each answer, and how much room is left.
type screen struct {
	known map[enrich.Answer][]*entry
	room  int
}

// entry is a line as markdown, or one of several parts of the line that says what fails.
type entry struct {
	text    string
	linked  string // The same with its page, if it has one that is not shown.
	sources []int  // The findings that it comes from, or alertItself.
	shown   bool
}

const alertItself = -1

// newScreen shows the first entry of each answer, then what is known of the past, then the
// pages of the suspects, then what else has room.
func newScreen(known map[enrich.Answer][]*entry) screen {
	s := screen{known, MaxScreen}
	s.show(enrich.What, 2) // The first may be only the state.
	for _, answer := range order {
		s.show(answer, 1)
	}
	s.show(enrich.Since, len(known[enrich.Since]))
	for _, e := range known[enrich.Suspect] {
		if more := length(e.linked) - length(e.text); e.shown && e.linked != "" && more <= s.room {
			e.text, e.linked, s.room = e.linked, "", s.room-more
		}
	}
	s.show(enrich.What, len(known[enrich.What]))
	s.show(enrich.Suspect, len(known[enrich.Suspect]))
	return s
}

// show shows the first n entries of an answer, as far as they have room.
func (s *screen) show(answer enrich.Answer, n int) {
	used := 0
	for _, e := range s.known[answer][:min(n, len(s.known[answer]))] {
		size := length(e.text) + len("- \n")
		if !e.shown && size <= s.room && (answer != enrich.What || used+size <= maxWhat) {
			e.shown, s.room = true, s.room-size
		}
		if e.shown {
			used += size
		}
	}
}

// String is the screen as a list, so that markdown and plain text have the same lines.
func (s screen) String() string {
	var lines []string
	for _, answer := range order {
		separator := "\n- "
		if answer == enrich.What {
			separator = partBreak
		}
		var texts []string
		for _, e := range s.known[answer] {
			if e.shown {
				texts = append(texts, e.text)
			}
		}
		if len(texts) > 0 {
			lines = append(lines, "- "+strings.Join(texts, separator))
		}
	}
	return strings.Join(lines, "\n")
}

// partBreak separates the parts of a line.
const partBreak = " · "

// says reports whether the screen shows all that a finding knows of an answer, with its pages.
func (s screen) says(source int, answer enrich.Answer) (all bool) {
	for _, e := range s.known[answer] {
		if slices.Contains(e.sources, source) {
			if all = e.shown && e.linked == ""; !all {
				return false
			}
		}
	}
	return all
}
