package enrich

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns text that somebody else wrote, such as a log line, fit to stand in
// a finding: on one line, without characters that show nothing, and at most limit
// characters long, with an ellipsis for what was cut.
func Line(text string, limit int) string {
	// What is cut in the end need not be cleaned: a line may have megabytes.
	const widest = 8 * utf8.UTFMax
	if len(text) > limit*widest {
		text = text[:limit*widest]
	}
	visible := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == utf8.RuneError:
			return -1
		}
		return r
	}, text)
	line := []rune(strings.Join(strings.Fields(visible), " "))
	if len(line) <= limit {
		return string(line)
	}
	return strings.TrimRight(string(line[:max(0, limit-1)]), " ") + "…"
}
