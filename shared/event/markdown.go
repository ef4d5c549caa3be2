package event

import (
	"cmp"
	"net/url"
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

// maxURL keeps one long link from filling the event.
const maxURL = 1000

// escape makes plain text show as it is where markdown is expected. It escapes only
// what has an effect where it stands, so that the source stays readable in an e-mail.
func escape(text string) string {
	text = line(text)
	if !strings.ContainsAny(text, "\\`*_]<>#~%&") {
		return text
	}
	text = breakWrapper(text)
	var out strings.Builder
	out.Grow(len(text) + 8)
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

// withoutWrapper removes all wrapper marks, because one inside would end our own.
func withoutWrapper(text string) string {
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

// link renders a page in at most limit characters, or only its title if the address is
// unusable or has no room. The title is truncated and never the address.
func link(title, address string, limit int) string {
	address = webAddress(address, maxURL)
	room := limit - length(address) - len("[]()")
	if address == "" || room < len(untitled) {
		return escape(title)
	}
	return linkTo(truncate(linkTitle(title), room), address)
}

// linkTo renders a link from the results of linkTitle and webAddress.
func linkTo(title, address string) string { return "[" + title + "](" + address + ")" }

// untitled is the title of a page without one.
const untitled = "open"

func linkTitle(title string) string { return brackets.Replace(cmp.Or(escape(title), untitled)) }

// brackets would end a link's title early. Some are escaped already.
var brackets = strings.NewReplacer("[", "\\[", "]", "\\]", "\\]", "\\]")

// webAddress returns an address in the form that markdown and Datadog need, or nothing
// if it is not an http(s) address of at most limit bytes.
func webAddress(address string, limit int) string {
	if address = strings.TrimSpace(address); len(address) > limit {
		return ""
	}
	parsed, err := url.Parse(strings.TrimSpace(clean(address)))
	if err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Host == "" {
		return ""
	}
	// Two percent signs escape nothing, and with the one of an escape they make a mark.
	encoded := reserved.Replace(strings.ReplaceAll(parsed.String(), "%%", "%25%25"))
	if len(encoded) > limit {
		return ""
	}
	return encoded
}

// reserved are the characters of a URL that mean something to markdown.
var reserved = strings.NewReplacer("(", "%28", ")", "%29", "|", "%7C")
