package event

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"boomerang/shared/alert"
)

// escapeMentions replaces the @ of every @mention by the full-width one. Datadog notifies
// the people that an event mentions (https://docs.datadoghq.com/events/explorer/notifications/):
// the alert's own mentions would page them again, and @webhook-… would call us again.
//
// An @ inside a word stays, because a mention needs a space before it
// (https://docs.datadoghq.com/monitors/notify/) and people paste commands such as
// ssh deploy@web-1. In a URL the @ becomes %40.
func escapeMentions(text string) string {
	text = entity().ReplaceAllLiteralString(text, "＠")
	var out strings.Builder
	from, inURL := 0, false
	for n := strings.IndexByte(text, '@'); n >= 0; n = strings.IndexByte(text[from:], '@') {
		at := from + n
		inURL = endsInURL(text[from:at], inURL)
		out.WriteString(text[from:at])
		from = at + 1
		switch {
		case endsInWord(text[:at]):
			out.WriteByte('@')
		case inURL && !strings.HasSuffix(text[:at], "%%"): // %%%40 would end the markdown.
			out.WriteString("%40")
		default:
			out.WriteRune('＠')
		}
	}
	out.WriteString(text[from:])
	return out.String()
}

// entity is an @ as HTML writes it, which markdown shows as one.
var entity = alert.Pattern(`(?i)&(?:#0*64|#x0*40|commat);`)

// endsInWord reports whether an @ after text continues a word of ASCII letters and digits.
// Any other character could be one that Datadog skips, and so could an escaped one, as in
// %28@all and \n@all. The local part of an address may end in one of three marks:
// ops+@example.com.
func endsInWord(text string) bool {
	last := len(text) - 1
	if last > 0 && strings.IndexByte("_+-", text[last]) >= 0 {
		last--
	}
	isEscaped := last >= 1 && text[last-1] == '\\' || last >= 2 && text[last-2] == '%'
	return last >= 0 && !isEscaped && text[last] < utf8.RuneSelf && isWord(rune(text[last]))
}

// endsInURL reports whether a text ends inside an http(s) URL, which goes on until a
// character that no URL contains. The text may begin inside one.
func endsInURL(text string, inURL bool) bool {
	isEnd := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`<>()[]"'`, r) }
	if end := strings.LastIndexFunc(text, isEnd); end >= 0 {
		text, inURL = text[end:], false
	}
	return inURL || strings.Contains(text, "http://") || strings.Contains(text, "https://")
}
