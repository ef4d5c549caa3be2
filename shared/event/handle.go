package event

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fullWidthAt stands where an @ would notify somebody. It reads the same, and
// no notification grammar starts with it.
const fullWidthAt = '＠'

// mailDomain is what follows the @ of an e-mail address.
var mailDomain = regexp.MustCompile(`^@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+`)

// neutralise makes every @handle in text harmless. Datadog notifies whoever an
// event's text names (https://docs.datadoghq.com/events/explorer/notifications/):
// an alert's own handles would page people a second time, and @webhook-… would
// come straight back to us. An e-mail address inside a sentence notifies nobody
// and stays as it is; inside a URL the @ is percent-encoded, so links still work.
func neutralise(text string) string {
	if !strings.Contains(text, "@") {
		return text
	}
	var out strings.Builder
	out.Grow(len(text) + 16)
	url := 0 // where the URL that we are inside ends
	for at, r := range text {
		if at >= url && r == 'h' {
			url = at + urlLength(text[at:])
		}
		switch {
		case r != '@':
			out.WriteRune(r)
		case at < url:
			out.WriteString("%40")
		case isMailAddress(text, at):
			out.WriteByte('@')
		default:
			out.WriteRune(fullWidthAt)
		}
	}
	return out.String()
}

// isMailAddress reports whether the @ at index at stands inside an address such
// as ops@example.com: no handle starts in the middle of a word. The word itself
// must not be the tail of a handle, as in @ops@example.com: there the first @ is
// the one that notifies, and it is dealt with where it stands.
func isMailAddress(text string, at int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	if !unicode.IsLetter(before) && !unicode.IsDigit(before) && before != '_' && before != '-' && before != '+' {
		return false
	}
	return mailDomain.MatchString(text[at:])
}

// urlLength returns the length of the http(s) URL that text starts with, or 0.
func urlLength(text string) int {
	if !strings.HasPrefix(text, "http://") && !strings.HasPrefix(text, "https://") {
		return 0
	}
	end := strings.IndexFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(`<>()[]"'`, r)
	})
	if end < 0 {
		return len(text)
	}
	return end
}
