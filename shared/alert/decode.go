package alert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"boomerang/shared/jsonvalue"
)

// Decode reads a JSON webhook body whose keys name Datadog's variables, at the top
// level or one object deep. It accepts a byte-order mark, and variables that hold JSON
// between quotes, escaped or not.
//
// The error is a *MalformedError for a body that is not a JSON object, and an
// *InvalidError for one without any text. Otherwise Unreadable lists the values that
// could not be read, and Guessed the fields that no key names.
func Decode(body []byte) (Alert, error) { return read(body, parseBody) }

// parseBody reads an object, or a list of objects, which some receivers take.
func parseBody(body []byte) (map[string]any, error) {
	object, err := jsonvalue.ParseObject(body)
	if err == nil {
		return object, nil
	}
	v, _ := jsonvalue.Parse(string(body))
	list, _ := v.([]any)
	if len(list) == 0 {
		return nil, err
	}
	if first, isObject := list[0].(map[string]any); isObject && len(list) == 1 {
		return first, nil
	} else if isObject {
		return map[string]any{"alerts": list}, nil
	}
	return nil, err
}

func read(body []byte, parse func([]byte) (map[string]any, error)) (Alert, error) {
	payload, err := parse(body)
	if err != nil {
		return Alert{}, err
	}
	var a Alert
	var buf [48]candidate
	unused := a.fill(a.flatten(buf[:0], payload))
	if !a.addContent(payload, unused) {
		return Alert{}, a.invalid()
	}
	links := a.links()
	certain := a.identify(links)
	a.infer(links)
	a.Test = strings.Contains(a.Title, testMark) || strings.Contains(a.AlertTitle, testMark)
	if !certain {
		a.Digest = digest(payload, len(body))
	}
	return a, nil
}

// testMark is in the title of Datadog's test notifications
// (https://docs.datadoghq.com/monitors/notify/#test-notifications).
const testMark = "[TEST]"

func (a *Alert) invalid() error {
	missing := []Problem{
		{"id", "is missing: send $ID"},
		{"title", "is missing: send $EVENT_TITLE or $ALERT_TITLE"},
		{"body", "is missing: send $EVENT_MSG or $TEXT_ONLY_MSG"},
	}
	return &InvalidError{Problems: append(missing, a.Unreadable...)}
}

// candidate is a value that may fill the field of a variable.
type candidate struct {
	keyMapping
	container, key string // container is empty at the top level.
	value          any
}

// path is the key as it stands in the template.
func (c candidate) path() string {
	return strings.TrimPrefix(c.container+"."+c.key, ".")
}

// compare orders the candidates of each variable: certain before guessed, outer before
// inner, then the better key. It ends with the names, so that the order of a map never
// decides.
func compare(a, b candidate) int {
	if a.variable != b.variable {
		return a.variable - b.variable
	}
	outer := min(len(a.container), 1) - min(len(b.container), 1)
	return cmp.Or(int(a.kind-b.kind), outer, a.rank-b.rank, strings.Compare(a.container, b.container), strings.Compare(a.key, b.key))
}

// flatten returns the candidates of the payload and of the objects in it, and puts
// the rest in Extra.
func (a *Alert) flatten(found []candidate, payload map[string]any) []candidate {
	for key, value := range payload {
		object, isObject := value.(map[string]any)
		if isObject && key != "" && !takesObject(mappingsOf("", key)) {
			for childKey, child := range object {
				found = a.selectKey(found, key, childKey, child)
			}
			continue
		}
		found = a.selectKey(found, "", key, value)
	}
	return found
}

// selectKey adds the value to the candidates if its key names a variable, and to
// Extra unless it certainly does.
func (a *Alert) selectKey(found []candidate, container, key string, value any) []candidate {
	if isAbsent(value) {
		return found
	}
	m, ok := mappingFor(container, key, value)
	if _, isList := value.([]any); ok && !(isList && m.kind == guess) {
		found = append(found, candidate{m, container, key, value})
	} else {
		found = appendNested(found, container[:min(len(container), maxPathKey)], key, value)
	}
	if !ok || m.kind == guess {
		a.Extra.put(container, key, value)
	}
	return found
}

// maxPathKey is how many bytes of a key are compared, and are in a path.
const maxPathKey = 64

// appendNested adds the values that are deeper in the payload, under keys that are
// certain elsewhere. Titles, messages and links are not among them: a card has several
// of each.
func appendNested(found []candidate, path, key string, value any) []candidate {
	switch value := value.(type) {
	case map[string]any:
		path += "." + key[:min(len(key), maxPathKey)]
		if label, labelled := labelOf(value); labelled {
			value = map[string]any{label: value["value"]}
		}
		for child, v := range value {
			m, ok := mappingFor(path, child, v) // "security": {"signal": {"title": …}}
			if joined := ok && isJoined(path, child); !joined {
				m, ok = mappingFor(key, child, v)
				ok = ok && (m.kind == certain && !variables()[m.variable].isContent())
			}
			switch {
			case isAbsent(v):
			case ok:
				m.kind = nested
				found = append(found, candidate{m, path, child, v})
			default:
				found = appendNested(found, path, child, v)
			}
		}
	case []any:
		for i, item := range value {
			found = appendNested(found, fmt.Sprintf("%s.%04d", path, i), key, item)
		}
	case string:
		found = appendNested(found, path, key, parseObjects(value))
	}
	return found
}

// labelOf returns the label of an object that is a key and its value, as the fields of
// cards are.
func labelOf(object map[string]any) (label string, ok bool) {
	if object["value"] == nil {
		return "", false
	}
	for _, key := range []string{"name", "title", "key", "label"} {
		if label, ok = object[key].(string); ok {
			return label, true
		}
	}
	return "", false
}

// fill sets each field from its first candidate that can be read, and returns the
// lists and objects where text is expected, and the titles and messages that another
// one comes before.
func (a *Alert) fill(found []candidate) (unused []any) {
	slices.SortFunc(found, compare)
	filled, taken := -1, ""
	for _, c := range found {
		v := variables()[c.variable]
		if c.variable == filled {
			if text, isText := c.value.(string); isText && text != taken && c.kind == certain && v.isContent() {
				unused = append(unused, text)
			}
			continue
		}
		switch reason := v.set(a, c.value); {
		case reason == "":
			filled = c.variable
			taken, _ = c.value.(string)
			if name := guessNames[v.name]; name != "" && c.kind != certain {
				a.guess(name, c.source)
			}
		case c.kind == certain:
			a.Unreadable = append(a.Unreadable, Problem{Field: c.path(), Reason: reason})
			if reason == notText {
				unused = append(unused, c.value)
			}
		}
	}
	return unused
}
