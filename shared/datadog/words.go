package datadog

import (
	"encoding/json"
	"strings"
	"unicode"
)

// maxWordRunes keeps an answer's text fit for a line of a log or an event.
const maxWordRunes = 300

// words returns what the body of a refusal says in Datadog's own words, on one
// line and without keys. Refusals are JSON whatever their media type says:
// {"errors":["…"]} of the v1 API, {"errors":[{"title":"…","detail":"…"}]} of the
// v2 API; proxies on the way answer in plain text, or with a page of HTML, which
// says nothing that its status does not.
func words(body []byte, keys Keys) string {
	text := strings.Join(listed(body), "; ")
	if text == "" {
		text = string(body)
	}
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), isBlank), " ")
	if strings.HasPrefix(text, "<") {
		return ""
	}
	runes := []rune(keys.redact(text))
	if len(runes) > maxWordRunes {
		return string(runes[:maxWordRunes-1]) + "…"
	}
	return string(runes)
}

// listed returns the errors that a JSON body lists.
func listed(body []byte) []string {
	var list struct{ Errors []json.RawMessage }
	if decode(body, &list) != nil {
		return nil
	}
	var texts []string
	for _, raw := range list.Errors {
		var text string
		var object struct{ Title, Detail string }
		if json.Unmarshal(raw, &text) != nil && decode(raw, &object) == nil {
			text = strings.TrimSuffix(object.Title+": "+object.Detail, ": ")
			text = strings.TrimPrefix(text, ": ")
		}
		if text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// isBlank is true of white space and of characters that show nothing but change
// how a terminal or a page shows others.
func isBlank(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}
