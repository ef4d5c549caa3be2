package playbook

import (
	"fmt"
	"strings"
)

// Problem is one mistake in a file, its position, and how to correct it.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"` // from 1, in characters; 0 for the whole file
	Column  int    `json:"column"`
	Text    string `json:"text"`
	Warning bool   `json:"warning,omitempty"` // The file does what it says, which is probably not what is meant.
}

func (p Problem) String() string {
	text := p.Text
	if p.Warning {
		text = "warning: " + text
	}
	if p.Line == 0 {
		return p.File + ": " + text
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, text)
}

// Problems are all mistakes in a file. A file with any is not used.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// Suggest returns how to correct an unknown word: the closest known word, or all.
func Suggest(word string, known []string) string {
	switch best := Closest(word, known); {
	case best != "":
		return meant(best)
	case len(known) == 0:
		return ""
	case len(known) == 1:
		return "; use " + known[0]
	}
	return "; use one of " + strings.Join(known, ", ")
}

func meant(best string) string {
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// OneOf lists what a value can be, such as "a, b or c".
func OneOf(all []string) string {
	last := len(all) - 1
	return strings.TrimPrefix(strings.Join(all[:last], ", ")+" or "+all[last], " or ")
}

// Closest returns the known word that differs least from a word, or "" if all differ much.
func Closest(word string, known []string) string {
	best, least := "", min(2, max(1, len(word)/2))+1
	for _, candidate := range known {
		if d := difference(strings.ToLower(word), strings.ToLower(candidate)); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// difference returns the length of what differs between the equal starts and ends of two
// words: 1 for a letter too many, 2 for two that are swapped.
func difference(a, b string) int {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return max(len(a), len(b))
}
