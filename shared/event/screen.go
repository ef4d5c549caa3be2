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

// screen is the first screen: what is known for each answer, and how much of it has room.
type screen struct {
	known map[enrich.Answer][]entry
	room  int
}

// entry is a line as markdown, or one of several parts of the line that says what fails.
type entry struct {
	text   string
	linked string // The same with its page, if it has one.
	source int    // The result that it comes from, or alertItself.
	shown  bool
}

const alertItself = -1

// newScreen shows the first entry of each answer, then what is known of the past, then the
// pages of the suspects, then what else has room.
func newScreen(known map[enrich.Answer][]entry) screen {
	s := screen{known, MaxScreen}
	s.show(enrich.What, 2) // The first may be only the state.
	for _, answer := range order {
		s.show(answer, 1)
	}
	s.show(enrich.Since, len(known[enrich.Since]))
	for i, e := range known[enrich.Suspect] {
		if more := length(e.linked) - length(e.text); e.shown && e.linked != "" && more <= s.room {
			known[enrich.Suspect][i].text, s.room = e.linked, s.room-more
		}
	}
	s.show(enrich.What, len(known[enrich.What]))
	s.show(enrich.Suspect, len(known[enrich.Suspect]))
	return s
}

// show shows the first n entries of an answer, as far as they have room.
func (s *screen) show(answer enrich.Answer, n int) {
	used := 0
	for i, e := range s.known[answer][:min(n, len(s.known[answer]))] {
		size := length(e.text) + len("- \n")
		if !e.shown && s.isSaid(answer, e.text) { // By another step.
			s.known[answer][i].shown = true
			continue
		}
		if isTooLong := answer == enrich.What && used+size > maxWhat; !e.shown && (size > s.room || isTooLong) {
			continue
		}
		if used += size; !e.shown {
			s.known[answer][i].shown, s.room = true, s.room-size
		}
	}
}

func (s *screen) isSaid(answer enrich.Answer, text string) bool {
	return slices.ContainsFunc(s.known[answer], func(e entry) bool { return e.shown && e.text == text })
}

// lines returns the screen as a list, so that markdown and plain text have the same lines.
func (s *screen) lines() (lines []string) {
	for _, answer := range order {
		var texts []string
		for _, e := range s.known[answer] {
			if e.shown && !slices.Contains(texts, e.text) {
				texts = append(texts, e.text)
			}
		}
		if answer == enrich.What && len(texts) > 0 {
			texts = []string{strings.Join(texts, " · ")}
		}
		for _, text := range texts {
			lines = append(lines, "- "+text)
		}
	}
	return lines
}

// says reports whether the screen shows all that a result knows of an answer, with its pages.
func (s *screen) says(source int, answer enrich.Answer) bool {
	isOf := func(e entry) bool { return e.source == source }
	isHidden := func(e entry) bool {
		return e.source == source && (!e.shown || e.linked != "" && e.text != e.linked)
	}
	return slices.ContainsFunc(s.known[answer], isOf) && !slices.ContainsFunc(s.known[answer], isHidden)
}
