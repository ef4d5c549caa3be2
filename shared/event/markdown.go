package event

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The wrapper that makes Datadog render a text as markdown
// (https://docs.datadoghq.com/events/guides/email/).
const (
	wrapperMark   = "%%%"
	markdownOpen  = wrapperMark + " \n"
	markdownClose = "\n " + wrapperMark
)

// escape makes plain text show as it is where markdown is expected. It escapes only
// what has an effect where it stands, so that the source stays readable in an e-mail.
func escape(text string) string {
	text = breakWrapper(line(text))
	var out strings.Builder
	for i := range len(text) {
		if hasEffect(text, i) {
			out.WriteByte('\\')
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

// hasEffect reports whether the byte at i means something to markdown where it stands.
func hasEffect(text string, i int) bool {
	before := func() rune { r, _ := utf8.DecodeLastRuneInString(text[:i]); return r }
	after := func() rune { r, _ := utf8.DecodeRuneInString(text[i+1:]); return r }
	switch text[i] {
	case '\\', '`', '*':
		return true
	case '<': // A tag or an address, and not a comparison.
		return after() == '/' || after() == '!' || after() == '?' || isWord(after())
	case '_':
		return !isWord(before()) || !isWord(after())
	case ']':
		return strings.ContainsRune("([:", after())
	case '~':
		return before() == '~' || after() == '~'
	case '&':
		return after() == '#' || isWord(after())
	case '#', '>':
		return i == 0
	}
	return false
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// breakWrapper changes marks that would end the markdown. A second pass finds those that
// the first one made.
func breakWrapper(text string) string {
	for strings.Contains(text, wrapperMark) {
		text = strings.ReplaceAll(text, wrapperMark, "%% %")
	}
	return text
}

// WithoutWrapper removes all wrapper marks, because one inside would end our own.
func WithoutWrapper(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, wrapperMark, ""))
}

// maxFence is how many backticks may enclose code.
const maxFence = 10

// code shows text as it is, in a fixed-width font. The fence is longer than any run of
// backticks inside, which become apostrophes if they are too many.
func code(text string, limit int) string {
	text = truncate(line(text), limit-2*maxFence-len("  "))
	if text == "" {
		return ""
	}
	if strings.Contains(text, strings.Repeat("`", maxFence)) {
		text = strings.ReplaceAll(text, "`", "'")
	}
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		text = " " + text + " "
	}
	return fence + breakWrapper(text) + fence
}
