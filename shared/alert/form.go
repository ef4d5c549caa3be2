package alert

import (
	"bytes"
	"errors"
	"maps"
	"net/url"
	"slices"
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
	text := bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(body), []byte(byteOrderMark)))
	if bytes.HasPrefix(text, []byte("{")) {
		return Decode(body)
	}
	if len(text) == 0 {
		return Alert{}, &MalformedError{Reason: "it is empty"}
	}
	return read(text, parseForm)
}

func parseForm(text []byte) (map[string]any, error) {
	var fields form
	for pair := range strings.SplitSeq(string(text), "&") {
		key, value, _ := strings.Cut(pair, "=")
		if key = formText(key); key != "" {
			fields = append(fields, formField{key, formText(value)})
		}
	}
	name, whole := "", ""
	isPayload := func(f formField) bool { return strings.EqualFold(f.key, "payload") && startsObject(f.value) }
	if i := slices.IndexFunc(fields, isPayload); i >= 0 {
		name, whole = fields[i].key, fields[i].value
		fields = slices.Delete(fields, i, i+1)
	} else if len(fields) == 1 && fields[0].value == "" && startsObject(fields[0].key) {
		// A client that sends JSON as a form makes it the key.
		whole, fields = fields[0].key, nil
	}
	payload := fields.payload()
	if whole == "" {
		return payload, nil
	}
	inner, err := jsonvalue.ParseObject([]byte(whole))
	if problem, ok := errors.AsType[*MalformedError](err); ok {
		problem.Field = name
		return nil, problem
	}
	maps.Copy(payload, inner)
	return payload, nil
}

// form is a decoded form. Its order is that of lists.
type form []formField

type formField struct{ key, value string }

// payload returns the JSON object that the form stands for.
func (f form) payload() map[string]any {
	payload := make(map[string]any, len(f))
	for _, field := range f {
		value := field.decoded()
		container, key := splitKey(field.key)
		switch object, ok := payload[container].(map[string]any); {
		case container == "":
			put(payload, field.key, value)
		case key == "" || isDigits(key):
			put(payload, container, []any{value})
		case ok:
			put(object, key, value)
		case payload[container] == nil:
			payload[container] = map[string]any{key: value}
		default:
			put(payload, field.key, value)
		}
	}
	return payload
}

// decoded returns the object or list that the field's text holds, or the text. Where
// text is expected, "[" starts a title and not a list.
func (f formField) decoded() any {
	switch inner := parseInner(f.value).(type) {
	case map[string]any:
		return inner
	case []any:
		if found := mappingsOf("", f.key); len(found) == 0 || takesObject(found) {
			return inner
		}
	}
	return f.value
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

// splitKey splits org[id] and org.id into org and id, and tags[] into tags and "".
func splitKey(key string) (container, rest string) {
	i := strings.IndexAny(key, "[.")
	if i <= 0 {
		return "", key
	}
	if key[i] == '[' {
		return key[:i], strings.TrimSuffix(key[i+1:], "]")
	}
	return key[:i], key[i+1:]
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
