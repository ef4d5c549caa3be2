package alert

import (
	"bytes"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// DecodeForm reads a body of type application/x-www-form-urlencoded, which is
// what Datadog's "Encode as form" sends: one field per key, or JSON in the field
// "payload", to which other fields only add. An object is JSON in its field, or
// fields named org[id] or org.id; a repeated field is a list.
//
// A body that is plainly JSON is read as JSON. Whoever set the wrong media type
// finds that out from the alert that came through, and not from one that was
// refused with an answer after which Datadog does not try again. For the same
// reason a stray "%" stands for itself. Errors are those of Decode.
func DecodeForm(body []byte) (Alert, error) {
	text := bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(body), byteOrderMark))
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
		fields.add(formText(key), formText(value))
	}
	name, whole := fields.takeJSON()
	payload := fields.payload()
	if whole != "" {
		inner, err := parseObject([]byte(whole))
		if problem, ok := errors.AsType[*MalformedError](err); ok {
			problem.Field = name
			return nil, problem
		}
		maps.Copy(payload, inner)
	}
	return payload, nil
}

// form is a decoded form. Fields are kept in order, because a repeated one is a list.
type form []formField

type formField struct{ key, value string }

func (f *form) add(key, value string) {
	if key != "" {
		*f = append(*f, formField{key, value})
	}
}

// takeJSON takes the field that holds the whole payload out of the form and
// returns its name and its JSON: the value of "payload", or the key of a form that
// has nothing else, which is what a client makes of JSON when it is told to send a
// form.
func (f *form) takeJSON() (name, text string) {
	if len(*f) == 1 && (*f)[0].value == "" && startsObject((*f)[0].key) {
		text = (*f)[0].key
		*f = nil
		return "", text
	}
	i := slices.IndexFunc(*f, func(field formField) bool {
		return strings.EqualFold(field.key, "payload") && startsObject(field.value)
	})
	if i < 0 {
		return "", ""
	}
	taken := (*f)[i]
	*f = slices.Delete(*f, i, i+1)
	return taken.key, taken.value
}

// payload returns the form as the JSON object that it stands for.
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

// decoded returns the object or list that the field's text holds, or the text. A
// list is taken for text where text is expected: titles start with "[" as well.
func (f formField) decoded() any {
	switch inner := parseInner(f.value).(type) {
	case map[string]any:
		return inner
	case []any:
		if found := claimsOf("", f.key); len(found) == 0 || takesObject(found) {
			return inner
		}
	}
	return f.value
}

// put sets a key, or makes a list of what is there and the new value.
func put(object map[string]any, key string, value any) {
	have, taken := object[key]
	if !taken {
		object[key] = value
		return
	}
	list, isList := have.([]any)
	if !isList {
		list = []any{have}
	}
	if more, ok := value.([]any); ok {
		object[key] = append(list, more...)
		return
	}
	object[key] = append(list, value)
}

// splitKey parts org[id] and org.id into org and id, and tags[] into tags and "".
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

func startsObject(s string) bool {
	return strings.HasPrefix(strings.TrimLeft(s, whiteSpace+string(byteOrderMark)), "{")
}

// formText undoes the form's escaping and leaves valid UTF-8, as JSON decoding does.
func formText(s string) string {
	plain, err := url.QueryUnescape(s)
	if err != nil {
		plain = strings.ReplaceAll(s, "+", " ")
	}
	return strings.ToValidUTF8(plain, "\ufffd")
}
