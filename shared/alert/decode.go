package alert

import (
	"cmp"
	"slices"
	"strings"
)

// Decode reads a webhook body in JSON: any template whose keys name Datadog's
// variables, at the top level or one object deep. The body may start with a
// byte-order mark and be surrounded by white space, and a variable that holds JSON
// may stand in it between quotes, whether its value was escaped or not.
//
// The error is a *MalformedError for a body that is no JSON object, and an
// *InvalidError for one that says neither an id, nor a title nor a body.
// Anything less is still an alert: what could not be read is in Unreadable.
func Decode(body []byte) (Alert, error) {
	return read(body, parseObject)
}

// read makes the alert of what parse reads in body. Only an alert without an
// id is known by its digest, so only then is the body read a second time: the
// alert takes the first payload over.
func read(body []byte, parse func([]byte) (map[string]any, error)) (Alert, error) {
	payload, err := parse(body)
	if err != nil {
		return Alert{}, err
	}
	a, err := fromPayload(payload)
	if err != nil || a.ID != "" {
		return a, err
	}
	payload, err = parse(body)
	a.Digest = digest(payload, len(body))
	return a, err
}

// fromPayload makes the alert, and takes the payload over.
func fromPayload(payload map[string]any) (Alert, error) {
	var a Alert
	var buf [48]candidate
	a.fill(a.collect(buf[:0], payload))
	if a.ID == "" && a.Title == "" && a.AlertTitle == "" && a.Message == "" && a.Text == "" {
		return Alert{}, a.nothingSaid()
	}
	a.disownMonitorID()
	a.Test = strings.Contains(a.Title, testMark) || strings.Contains(a.AlertTitle, testMark)
	return a, nil
}

// testMark is what Datadog's "Test Notifications" put in the title
// (https://docs.datadoghq.com/monitors/notify/#test-notifications).
const testMark = "[TEST]"

func (a *Alert) nothingSaid() error {
	missing := []Problem{
		{"id", "is missing: send $ID"},
		{"title", "is missing: send $EVENT_TITLE or $ALERT_TITLE"},
		{"body", "is missing: send $EVENT_MSG or $TEXT_ONLY_MSG"},
	}
	return &InvalidError{Problems: append(missing, a.Unreadable...)}
}

// A candidate is a value that may fill a variable's field.
type candidate struct {
	order          int32  // see orderOf
	variable       int32  // index into variables
	container, key string // container is empty at the top level
	value          any
	guess          bool
}

func newCandidate(c claim, container, key string, value any) candidate {
	return candidate{orderOf(c, container != ""), int32(c.variable), container, key, value, c.guess}
}

// orderOf ranks the candidates of each variable, the one to take first: certain
// before guessed, outermost first, then the better key.
func orderOf(c claim, inner bool) int32 {
	order := c.variable<<10 | c.rank
	if c.guess {
		order |= 1 << 9
	}
	if inner {
		order |= 1 << 8
	}
	return int32(order)
}

// path is the key as people find it in their template.
func (c candidate) path() string {
	if c.container == "" {
		return c.key
	}
	return c.container + "." + c.key
}

// compare puts candidates in order. The keys' spelling comes last, so that the
// order of a payload's keys never decides anything.
func compare(a, b candidate) int {
	if a.order != b.order {
		return int(a.order - b.order)
	}
	return cmp.Or(strings.Compare(a.container, b.container), strings.Compare(a.key, b.key))
}

// collect finds every value that may fill a field and puts the rest in Extra.
func (a *Alert) collect(found []candidate, payload map[string]any) []candidate {
	for key, value := range payload {
		object, isObject := value.(map[string]any)
		if isObject && key != "" && !takesObject(claimsOf("", key)) {
			for childKey, child := range object {
				found = a.sift(found, key, childKey, child)
			}
			continue
		}
		found = a.sift(found, "", key, value)
	}
	return found
}

// sift adds the value to the candidates if its key names a variable, and to
// Extra if it does not, or not certainly.
func (a *Alert) sift(found []candidate, container, key string, value any) []candidate {
	if isAbsent(value) {
		return found
	}
	c, named := claimFor(container, key, value)
	if named {
		found = append(found, newCandidate(c, container, key, value))
	}
	if !named || c.guess {
		a.Extra.put(container, key, value)
	}
	return found
}

func claimFor(container, key string, value any) (claim, bool) {
	_, isObject := value.(map[string]any)
	for _, c := range claimsOf(container, key) {
		if c.accepts(value) && (!isObject || variables[c.variable].object) {
			return c, true
		}
	}
	return claim{}, false
}

// fill sets each field from the first of its candidates that can be read.
func (a *Alert) fill(found []candidate) {
	slices.SortFunc(found, compare)
	filled := int32(-1)
	for _, c := range found {
		if c.variable == filled {
			continue
		}
		switch reason := variables[c.variable].read(a, c.value); {
		case reason == "":
			filled = c.variable
		case !c.guess:
			a.Unreadable = append(a.Unreadable, Problem{Field: c.path(), Reason: reason})
		}
	}
}

// disownMonitorID puts right what several public templates do, "id": "$ALERT_ID".
// The monitor's id is the same for all its notifications, so taking it for the
// event's would make each later alert a duplicate of the first, and lose it. The
// link tells the two apart: it holds the monitor's id, or the event's, which has
// about twice as many digits as any monitor's. Without an id, Key uses the digest.
func (a *Alert) disownMonitorID() {
	const eventDigits = 16
	eventID := digitsAfter(a.Link, "event_id=")
	if a.ID == "" {
		// A template without $ID may still send the link, which holds it.
		if len(eventID) >= eventDigits {
			a.ID = eventID
		}
		return
	}
	switch {
	case a.ID == a.MonitorID, a.ID == digitsAfter(a.Link, "/monitors/"), a.ID == digitsAfter(a.Link, "/monitors#"):
	case len(a.ID) < eventDigits && len(eventID) >= eventDigits:
	default:
		return
	}
	a.MonitorID = cmp.Or(a.MonitorID, a.ID)
	a.ID = ""
	if len(eventID) >= eventDigits {
		a.ID = eventID
	}
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
