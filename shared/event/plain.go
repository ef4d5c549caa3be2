package event

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const ellipsis = "…"

// clean removes what has no place in a text for people: broken UTF-8, control
// characters other than line feed and tab, and the invisible characters that
// reorder what is read.
func clean(text string) string {
	if isClean(text) {
		return text
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if hasNoPlace(r) {
			return -1
		}
		return r
	}, text)
}

// isClean reports that clean has nothing to do, as with most texts.
func isClean(text string) bool {
	for _, r := range text {
		if hasNoPlace(r) {
			return false
		}
	}
	return true
}

func hasNoPlace(r rune) bool {
	switch {
	case r >= ' ' && r <= '~', r == '\n', r == '\t':
		return false
	}
	return unicode.IsControl(r) || isBidiControl(r) || r == utf8.RuneError
}

func isBidiControl(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x200E || r == 0x200F
}

// line is clean text on one line.
func line(text string) string {
	if isLine(text) {
		return text
	}
	return strings.Join(strings.Fields(clean(text)), " ")
}

// isLine reports, for the text that most texts are, that line has nothing to do.
func isLine(text string) bool {
	before := byte(' ')
	for i := range len(text) {
		b := text[i]
		if b < ' ' || b > '~' || b == ' ' && before == ' ' {
			return false
		}
		before = b
	}
	return before != ' ' || text == ""
}

// shorten cuts text to at most limit characters, never inside one, and shows
// that it did.
func shorten(text string, limit int) string {
	if fits(text, limit) {
		return text
	}
	if limit <= 0 {
		return ""
	}
	kept := 0
	for at := range text {
		if kept == limit-1 {
			return strings.TrimRightFunc(text[:at], unicode.IsSpace) + ellipsis
		}
		kept++
	}
	return text
}

// fits reports whether text has at most limit characters.
func fits(text string, limit int) bool { return len(text) <= limit || length(text) <= limit }

func length(text string) int { return utf8.RuneCountInString(text) }
