package event

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"boomerang/shared/alert"
)

// terminal matches what colors a text on a terminal, as many logs have it.
var terminal = alert.Pattern(`\x1b\[[\d;]*[A-Za-z]`)

// clean removes what people cannot read: broken UTF-8, control characters other than
// line feed and tab, and the invisible characters that reorder text.
func clean(text string) string {
	if strings.Contains(text, "\x1b") {
		text = terminal().ReplaceAllLiteralString(text, "")
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == utf8.RuneError:
			return -1
		}
		return r
	}, text)
}

// line returns clean text on one line.
func line(text string) string { return strings.Join(strings.Fields(clean(text)), " ") }

// truncate shortens text to limit characters. The last one is then an ellipsis.
func truncate(text string, limit int) string {
	if fits(text, limit) {
		return text
	}
	if limit <= 0 {
		return ""
	}
	return strings.TrimRightFunc(firstRunes(text, limit-1), unicode.IsSpace) + "…"
}

// firstRunes returns the first n characters of a text, or all of it.
func firstRunes(text string, n int) string {
	runes := []rune(text)
	return string(runes[:min(max(0, n), len(runes))])
}

// lastRunes returns the last n characters of a text, or all of it.
func lastRunes(text string, n int) string {
	runes := []rune(text)
	return string(runes[max(0, len(runes)-max(0, n)):])
}

// fits reports whether text has at most limit characters.
func fits(text string, limit int) bool { return len(text) <= limit || length(text) <= limit }

func length(text string) int { return utf8.RuneCountInString(text) }

// prefix returns a text with its name before it, unless it is empty.
func prefix(name, text string) string {
	if text == "" {
		return ""
	}
	return name + text
}

func joinNonEmpty(separator string, parts ...string) string {
	var kept []string
	for _, part := range parts {
		if part != "" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, separator)
}
