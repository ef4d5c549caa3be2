package event

import (
	"strings"
	"unicode"

	"boomerang/shared/enrich"
)

// fullWidthAt stands where an @ would notify somebody. It reads the same, and
// no notification grammar starts with it.
const fullWidthAt = '＠'

// mailDomain is what follows the @ of an e-mail address.
var mailDomain = enrich.Pattern(`^@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+`)

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
	out.Grow(len(text) + roomForHandles)
	from := 0
	for at := strings.IndexByte(text, '@'); at >= 0; at = indexFrom(text, '@', from) {
		out.WriteString(text[from:at])
		switch {
		case isInURL(text, at) && !strings.HasSuffix(text[:at], "%%"): // %%%40 would end the markdown.
			out.WriteString("%40")
		case isMailAddress(text, at):
			out.WriteByte('@')
		default:
			out.WriteRune(fullWidthAt)
		}
		from = at + 1
	}
	out.WriteString(text[from:])
	return out.String()
}

// roomForHandles spares a text with a few handles from being copied as it grows.
const roomForHandles = 32

func indexFrom(text string, b byte, from int) int {
	if i := strings.IndexByte(text[from:], b); i >= 0 {
		return from + i
	}
	return -1
}

// isMailAddress reports whether the @ at index at stands inside an address such
// as ops@example.com: no handle starts in the middle of a word. The word itself
// must not be the tail of a handle, as in @ops@example.com: there the first @ is
// the one that notifies, and it is dealt with where it stands.
func isMailAddress(text string, at int) bool {
	if at == 0 || !isMailByte(text[at-1]) {
		return false
	}
	return mailDomain().MatchString(text[at:])
}

func isMailByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '_' || b == '-' || b == '+'
}

// isInURL reports whether the @ at index at stands inside an http(s) URL: one
// began since the last character that no URL holds.
func isInURL(text string, at int) bool {
	word := text[strings.LastIndexFunc(text[:at], endsURL)+1 : at]
	return strings.Contains(word, "http://") || strings.Contains(word, "https://")
}

func endsURL(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune(`<>()[]"'`, r)
}
