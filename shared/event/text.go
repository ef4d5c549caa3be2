package event

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean removes what people cannot read: broken UTF-8, control characters other than
// line feed and tab, and the invisible characters that reorder text.
func clean(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if !strings.ContainsFunc(text[len(plainStart(text)):], isUnprintable) {
		return text // Most texts.
	}
	return strings.Map(func(r rune) rune {
		if isUnprintable(r) {
			return -1
		}
		return r
	}, text)
}

// plainStart returns the start of a text up to the first character that is not plain ASCII.
func plainStart(text string) string {
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\n' || c > '~' {
			return text[:i]
		}
	}
	return text
}

func isUnprintable(r rune) bool {
	switch {
	case r >= ' ' && r <= '~', r == '\n', r == '\t':
		return false
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError
}

// line returns clean text on one line.
func line(text string) string {
	isPlain := plainStart(text) == text && !strings.Contains(text, "\n")
	if isPlain && !strings.Contains(text, "  ") && strings.TrimSpace(text) == text {
		return text // Most texts.
	}
	return strings.Join(strings.Fields(clean(text)), " ")
}

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
	for at := range text {
		if n <= 0 {
			return text[:at]
		}
		n--
	}
	return text
}

// lastRunes returns the last n characters of a text, or all of it.
func lastRunes(text string, n int) string {
	at := len(text)
	for ; n > 0 && at > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(text[:at])
		at -= size
	}
	return text[at:]
}

// fits reports whether text has at most limit characters.
func fits(text string, limit int) bool { return len(text) <= limit || length(text) <= limit }

func length(text string) int { return utf8.RuneCountInString(text) }
