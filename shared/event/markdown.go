package event

import (
	"cmp"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"boomerang/shared/enrich"
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
	case '\\', '`', '*', '<':
		return true
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

// breakWrapper changes marks that would end the markdown.
func breakWrapper(text string) string {
	for strings.Contains(text, wrapperMark) {
		text = strings.ReplaceAll(text, wrapperMark, "%% %")
	}
	return text
}

// withoutWrapper removes all wrapper marks, because one inside would end our own.
func withoutWrapper(text string) string {
	for strings.Contains(text, wrapperMark) {
		text = strings.ReplaceAll(text, wrapperMark, "")
	}
	return strings.TrimSpace(text)
}

// code shows text as it is, in a fixed-width font. The fence is longer than any run of
// backticks inside.
func code(text string) string {
	text = line(text)
	if text == "" {
		return ""
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

// codeFence is a line that may begin or end a block of code, with its indentation in a
// list or a quotation (https://spec.commonmark.org/0.31.2/#fenced-code-blocks).
var codeFence = enrich.Pattern("^([ \t>]*)(`{3,}|~{3,})(.*)$")

// escapeMarkdownFence closes the block of code that markdown leaves open, such as a
// truncated message: everything after it would be code as well.
func escapeMarkdownFence(markdown string) string {
	if !strings.Contains(markdown, "```") && !strings.Contains(markdown, "~~~") {
		return markdown
	}
	indent, open := "", ""
	for l := range strings.Lines(markdown) {
		part := codeFence().FindStringSubmatch(strings.TrimRight(l, " \t\n"))
		switch {
		case part == nil:
		case open == "" && !(part[2][0] == '`' && strings.Contains(part[3], "`")):
			indent, open = part[1], part[2]
		case open != "" && strings.HasPrefix(part[2], open) && part[3] == "":
			open = ""
		}
	}
	if open == "" {
		return markdown
	}
	return markdown + "\n" + indent + open
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

// mailDomain is what follows the @ of an e-mail address.
var mailDomain = enrich.Pattern(`^@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+`)

// escapeMentions replaces the @ of every @mention by the full-width one. Datadog notifies
// the people that an event mentions (https://docs.datadoghq.com/events/explorer/notifications/):
// the alert's own mentions would page them again, and @webhook-… would call us again. An
// e-mail address is not a mention and stays; inside a URL the @ becomes %40.
func escapeMentions(text string) string {
	if !strings.Contains(text, "@") {
		return text
	}
	var out strings.Builder
	out.Grow(len(text) + 32)
	from := 0
	for at := range len(text) {
		if text[at] != '@' {
			continue
		}
		out.WriteString(text[from:at])
		from = at + 1
		switch {
		case isInURL(text[:at]) && !strings.HasSuffix(text[:at], "%%"): // %%%40 would end the markdown.
			out.WriteString("%40")
		case isMailAddress(text, at):
			out.WriteByte('@')
		default:
			out.WriteRune('＠')
		}
	}
	out.WriteString(text[from:])
	return out.String()
}

// isMailAddress reports whether the @ at index at is inside an address such as
// ops@example.com, because no mention starts in the middle of a word.
func isMailAddress(text string, at int) bool {
	if at == 0 {
		return false
	}
	b := text[at-1]
	isLocalPart := 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '_' || b == '-' || b == '+'
	return isLocalPart && mailDomain().MatchString(text[at:])
}

// isInURL reports whether text ends inside an http(s) URL, which goes on until a
// character that no URL contains.
func isInURL(text string) bool {
	start := strings.LastIndexFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`<>()[]"'`, r) }) + 1
	return strings.Contains(text[start:], "http://") || strings.Contains(text[start:], "https://")
}
