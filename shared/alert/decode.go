package alert

import (
	"cmp"
	"slices"
	"strings"
)

// Decode reads a JSON webhook body whose keys name Datadog's variables, at the top
// level or one object deep. It accepts a byte-order mark, and variables that hold JSON
// between quotes, escaped or not.
//
// The error is a *MalformedError for a body that is not a JSON object, and an
// *InvalidError for one without an id, a title and a body. Otherwise Unreadable lists
// the values that could not be read.
func Decode(body []byte) (Alert, error) { return read(body, parseObject) }

func read(body []byte, parse func([]byte) (map[string]any, error)) (Alert, error) {
	payload, err := parse(body)
	if err != nil {
		return Alert{}, err
	}
	var a Alert
	var buf [48]candidate
	a.fill(a.flatten(buf[:0], payload))
	if err := a.requireContent(); err != nil {
		return Alert{}, err
	}
	a.dropUnresolvedMonitorID()
	a.Test = strings.Contains(a.Title, testMark) || strings.Contains(a.AlertTitle, testMark)
	if a.ID == "" { // The digest needs a payload that the alert has not taken over.
		payload, err = parse(body)
		a.Digest = digest(payload, len(body))
	}
	return a, err
}

// testMark is in the title of Datadog's test notifications
// (https://docs.datadoghq.com/monitors/notify/#test-notifications).
const testMark = "[TEST]"

func (a *Alert) requireContent() error {
	if a.ID != "" || a.Title != "" || a.AlertTitle != "" || a.Message != "" || a.Text != "" {
		return nil
	}
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
	if c.container == "" {
		return c.key
	}
	return c.container + "." + c.key
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
	if ok {
		found = append(found, candidate{m, container, key, value})
	}
	if !ok || m.kind == guess {
		a.Extra.put(container, key, value)
	}
	return found
}

// fill sets each field from its first candidate that can be read.
func (a *Alert) fill(found []candidate) {
	slices.SortFunc(found, compare)
	filled := -1
	for _, c := range found {
		if c.variable == filled {
			continue
		}
		switch reason := variables()[c.variable].set(a, c.value); {
		case reason == "":
			filled = c.variable
		case c.kind == certain:
			a.Unreadable = append(a.Unreadable, Problem{Field: c.path(), Reason: reason})
		}
	}
}

// dropUnresolvedMonitorID corrects templates with "id": "$ALERT_ID". All alerts of a
// monitor have that id, so each one but the first would be dropped as a duplicate. The
// link distinguishes the ids: it holds the monitor's id, or the event's, which has about
// twice as many digits.
func (a *Alert) dropUnresolvedMonitorID() {
	const eventDigits = 16
	eventID := digitsAfter(a.Link, "event_id=")
	if len(eventID) < eventDigits {
		eventID = ""
	}
	isMonitorID := a.ID == a.MonitorID || a.ID == digitsAfter(a.Link, "/monitors/") || a.ID == digitsAfter(a.Link, "/monitors#") ||
		len(a.ID) < eventDigits && eventID != ""
	if a.ID != "" && !isMonitorID {
		return
	}
	a.MonitorID = cmp.Or(a.MonitorID, a.ID)
	a.ID = eventID
}

// digitsAfter returns the digits that follow the mark in s.
func digitsAfter(s, mark string) string {
	_, rest, _ := strings.Cut(s, mark)
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		return rest
	}
	return rest[:end]
}
