package alert

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
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
func Decode(body []byte) (Alert, error) {
	payload, several, err := payloadOf(body)
	if err != nil {
		return Alert{}, err
	}
	if several != nil {
		payload = map[string]any{"alerts": several}
	}
	if alerts := severalIn(payload); alerts != nil {
		return readAll(payload, alerts), nil
	}
	a, err := read(payload)
	if several == nil {
		return a, err
	}
	if a.Title+a.AlertTitle == "" {
		a.Title = firstLine(a.Message)
	}
	if texts := textsIn(nil, several); len(slices.DeleteFunc(texts, func(s string) bool { return !isMessage(s) })) > 1 {
		a.Message = strings.ReplaceAll(strings.TrimSpace(string(body)), `\n`, "\n")
	}
	return a, err
}

// payloadOf returns the object that a body is, also alone in a list, in Base64 or as XML, or a list of
// several, which some receivers take.
func payloadOf(body []byte) (payload map[string]any, several []any, err error) {
	if payload, err = jsonvalue.ParseObject(body); err == nil {
		return payload, nil, nil
	}
	text := strings.TrimSpace(string(body))
	if isXML(text) {
		return map[string]any{"payload": text}, nil, nil
	}
	list := asList(parseObjects(text))
	payload, isObject := list[0].(map[string]any)
	switch {
	case !isObject:
		return nil, nil, err
	case len(list) == 1:
		return payload, nil, nil
	}
	return nil, list, nil
}

func digest(payload any) string {
	return fmt.Sprintf("%x", sha256.Sum256(jsonvalue.Append(nil, payload)))
}

func read(payload map[string]any) (Alert, error) {
	var a Alert
	found := a.collect(make([]candidate, 0, 32), "", 0, payload)
	unused := a.fill(found)
	if !a.addContent(payload, unused) {
		return Alert{}, &InvalidError{append([]Problem{
			{"id", "is missing: send $ID"},
			{"title", "is missing: send $EVENT_TITLE or $ALERT_TITLE"},
			{"body", "is missing: send $EVENT_MSG or $TEXT_ONLY_MSG"},
		}, a.Unreadable...)}
	}
	links := a.links()
	certain := a.identify(links) && !a.hasOthers(found)
	a.infer(links, true)
	a.Test = strings.Contains(a.Title, testMark) || strings.Contains(a.AlertTitle, testMark)
	if !certain {
		a.Digest = digest(payload)
	}
	simplify(map[string]any(a.Extra))
	return a, nil
}

// testMark is in the title of Datadog's test notifications
// (https://docs.datadoghq.com/monitors/notify/#test-notifications).
const testMark = "[TEST]"

// MalformedError says where and why a body cannot be decoded, and what to do. The HTTP
// status is 400.
type MalformedError = jsonvalue.SyntaxError

// InvalidError says that a payload lacks what an alert needs. The HTTP status is 422.
type InvalidError struct {
	Problems []Problem
}

func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		parts[i] = p.Field + " " + p.Reason
	}
	return "the payload does not say which alert it is about: " + strings.Join(parts, "; ")
}

// candidate is a value that may fill the field of a variable.
type candidate struct {
	*keyMapping
	at, depth      int
	container, key string // container is empty at the top level.
	value          any
}

// certain reports whether nothing else can be meant. Deeper in a payload, any object may
// be described.
func (c candidate) certain() bool { return c.kind == certain && c.depth < 2 }

// compare orders the candidates of each variable: certain before guessed, both before
// deeper ones, outer before inner, then the better key, then the order of the keys.
func compare(a, b candidate) int {
	return cmp.Or(a.variable-b.variable, a.depth/2-b.depth/2, int(a.kind-b.kind), a.depth-b.depth, a.rank-b.rank, a.at-b.at)
}

// collect appends the candidates in an object in the order of its keys, and puts the rest
// in Extra. An object at the top level holds keys as the payload does.
func (a *Alert) collect(found []candidate, container string, depth int, object map[string]any) []candidate {
	for _, key := range sortedKeys(object) {
		value := object[key]
		if isAbsent(value) {
			continue
		}
		if inner := wrapped(value); inner != nil {
			found = a.collect(found, "", depth/2, inner)
			continue
		}
		m := mappingFor(container, key, value)
		if depth > 1 && m != nil && m.source != "monitor_name" && (m.kind != certain || variables()[m.variable].isContent()) {
			m = nil // A card has several titles, messages and links.
		}
		inner, isObject := value.(map[string]any)
		switch {
		case m != nil:
			found = append(found, candidate{m, len(found), depth, container, key, value})
		case isObject && depth == 0 && key != "":
			found = a.collect(found, key, 1, inner)
			continue
		default:
			found = a.search(found, key, max(depth+1, 2), value)
		}
		if depth < 2 && (m == nil || m.kind == guess) {
			a.Extra.put(container, key, value)
		}
	}
	return found
}

// search appends the candidates in a value under keys that are certain elsewhere.
func (a *Alert) search(found []candidate, key string, depth int, value any) []candidate {
	switch value := value.(type) {
	case map[string]any:
		if label, labelled := labelOf(value); labelled {
			if text, _ := scalar(value["value"]); isTransition(text) {
				label = "alert_transition" // A card may call it otherwise.
			}
			value = map[string]any{label: value["value"]}
		}
		return a.collect(found, key, depth, value)
	case []any:
		for _, item := range value {
			found = a.search(found, key, depth, item)
		}
	case string:
		return a.search(found, key, depth, parseObjects(value))
	}
	return found
}

func sortedKeys(object map[string]any) []string {
	return slices.Sorted(maps.Keys(object))
}

// labelOf returns the label of an object that is a key and its value, as the fields of
// cards are.
func labelOf(object map[string]any) (label string, ok bool) {
	if _, ok = object["value"]; !ok {
		return "", false
	}
	for _, key := range []string{"name", "title", "key", "label"} {
		if label, ok = object[key].(string); ok {
			return label, true
		}
	}
	return "", false
}

// hasOthers reports whether a list has other alerts, too, with ids of their own.
func (a *Alert) hasOthers(found []candidate) bool {
	return slices.ContainsFunc(found, func(c candidate) bool {
		id, _ := scalar(c.value)
		return c.depth > 1 && variables()[c.variable].name == "ID" && wholeNumber(strings.TrimSpace(id)) != a.ID
	})
}

// addMessage adds a text under another key for the message to one of a line, such as "Please look.", if
// neither is a title.
func (a *Alert) addMessage(text string) {
	switch {
	case a.Title+a.AlertTitle == "" || !isLine(a.Message) || isMarked(firstLine(a.Message)) || !isMessage(text):
	case strings.Contains(text, a.Message):
		a.Message = text
	default:
		a.Message += "\n\n" + text
	}
}

// joined returns a list of texts as one text, and any other value as it is.
func joined(value any) any {
	list, isList := value.([]any)
	var lines []string
	for _, item := range list {
		if line, isText := item.(string); isText {
			lines = append(lines, line)
		}
	}
	if !isList || len(lines) < len(list) {
		return value
	}
	return strings.Join(lines, "\n")
}

// fill sets each field from its first candidate that can be read, and returns the
// lists and objects where text is expected, and the titles and messages that another
// one comes before.
func (a *Alert) fill(found []candidate) (unused []any) {
	slices.SortFunc(found, compare)
	filled, taken, isConstant := -1, "", false // isConstant is whether the link is a dashboard's or the like.
	for _, c := range found {
		v := variables()[c.variable]
		if c.variable == filled {
			if text, isText := c.value.(string); isText && text != taken && c.certain() && v.isContent() {
				unused = append(unused, text)
				switch {
				case v.name == "EVENT_MSG":
					a.addMessage(text)
				case v.name == "LINK" && isConstant && isAddress(text) && len(appendLinks(nil, text, "")) > 0:
					a.Link, isConstant = text, false
				}
			}
			continue
		}
		switch reason := v.set(a, c.value); {
		case reason == "":
			filled = c.variable
			taken, _ = c.value.(string)
			isConstant = v.name == "LINK" && len(appendLinks(nil, a.Link, "")) == 0
			if name := guessNames[v.name]; name != "" && (!c.certain() || v.form == "priority" && !isDatadogs(c.value)) {
				a.guess(name, c.source)
			}
		case c.certain():
			a.Unreadable = append(a.Unreadable, Problem{strings.TrimPrefix(c.container+"."+c.key, "."), reason})
			if reason == notText {
				unused = append(unused, joined(c.value))
			}
		}
	}
	return unused
}
