package alert

import (
	"errors"
	"maps"
	"net/url"
	"strings"

	"boomerang/shared/jsonvalue"
)

// DecodeForm reads a body of type application/x-www-form-urlencoded, which Datadog
// sends with "Encode as form": one field per key, or JSON in the field "payload", to
// which the other fields add. An object is JSON in its field, or fields named org[id]
// or org.id. A repeated field is a list.
//
// It reads JSON as JSON and a stray "%" as itself, because Datadog does not resend a
// rejected alert. Its errors are those of Decode.
func DecodeForm(body []byte) (Alert, error) {
	text := formBody(body)
	if text == "" || text[0] == '{' {
		return Decode(body)
	}
	payload, err := formPayload(text)
	if err != nil {
		return Alert{}, err
	}
	return read(payload)
}

func formBody(body []byte) string {
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(string(body)), byteOrderMark))
}

func formPayload(text string) (map[string]any, error) {
	payload := make(map[string]any)
	var name, whole string
	for pair := range strings.SplitSeq(text, "&") {
		key, value, _ := strings.Cut(pair, "=")
		key, value = formText(key), formText(value)
		switch {
		case strings.EqualFold(key, "payload") && startsObject(value) && whole == "":
			name, whole = key, value
		case startsObject(key) && value == "": // A client that sends JSON as a form makes it the key.
			whole = key
		case key != "":
			addField(payload, key, decoded(key, value))
		}
	}
	if whole != "" {
		inner, err := jsonvalue.ParseObject([]byte(whole))
		if problem, ok := errors.AsType[*MalformedError](err); ok {
			problem.Field = name
			return nil, problem
		}
		maps.Copy(payload, inner)
	}
	return payload, nil
}

// addField adds a field under org[id] or org.id to the object org, and one under tags[] or
// tags[0] to the list tags.
func addField(payload map[string]any, key string, value any) {
	container, inner := key, ""
	if i := strings.IndexAny(key, "[."); i > 0 {
		container, inner = key[:i], strings.TrimSuffix(key[i+1:], "]")
	}
	object, isObject := payload[container].(map[string]any)
	switch {
	case container == key:
		put(payload, key, value)
	case inner == "" || isDigits(inner):
		put(payload, container, []any{value})
	case isObject:
		put(object, inner, value)
	case payload[container] == nil:
		payload[container] = map[string]any{inner: value}
	default:
		put(payload, key, value)
	}
}

// decoded returns the object or list that a field's text holds, or the text. Where
// text is expected, "[" starts a title and not a list.
func decoded(key, value string) any {
	inner := parseInner(value)
	_, isList := inner.([]any)
	if found := mappingsOf("", key); inner == nil || isList && len(found) > 0 && !takesObject(found) {
		return value
	}
	return inner
}

// put sets a key, or makes a list of its values.
func put(object map[string]any, key string, value any) {
	if have, taken := object[key]; taken {
		value = append(asList(have), asList(value)...)
	}
	object[key] = value
}

func asList(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

const byteOrderMark = "\ufeff"

func startsObject(s string) bool {
	return strings.HasPrefix(strings.TrimLeft(s, " \t\r\n"+byteOrderMark), "{")
}

// formText decodes a name or a value into valid UTF-8.
func formText(s string) string {
	plain, err := url.QueryUnescape(s)
	if err != nil {
		plain = strings.ReplaceAll(s, "+", " ")
	}
	return strings.ToValidUTF8(plain, "\ufffd")
}
