package alert

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// readAll returns the first alert that fires, or the first one, with the words of the others.
func readAll(payload map[string]any, alerts []any) Alert {
	const most = 100 // An event shows fewer.
	all := make([]Alert, min(len(alerts), most))
	for i := range all {
		all[i], _ = read(alerts[i].(map[string]any)) // It has words.
	}
	i := max(0, slices.IndexFunc(all, func(a Alert) bool { return a.Transition.Fires() }))
	a := all[i]
	words := []string{cmp.Or(a.Message, a.Text)}
	for _, other := range slices.Delete(all, i, i+1) {
		words = append(words, cmp.Or(other.Title, other.AlertTitle), cmp.Or(other.Message, other.Text), other.Link)
	}
	if more := len(alerts) - most; more > 0 {
		words = append(words, fmt.Sprintf("%d more alerts came with these.", more))
	}
	a.Message = strings.Join(slices.DeleteFunc(words, isAbsentText), "\n\n")
	a.Digest = digest(payload)
	a.guess("identity", "content")
	return a
}

// wrapped returns the alert that a text holds as JSON, as a topic or a queue passes it on, or nil.
func wrapped(value any) map[string]any {
	text, _ := value.(string)
	if object, _ := parseObjects(text).(map[string]any); isAlert(object) {
		return object
	}
	return nil
}

func isAlert(object map[string]any) bool {
	link, _ := object["link"].(string)
	return saysAlert(object) || len(appendLinks(nil, link, "")) > 0
}

// saysAlert reports whether an object has content, and says which alert it is about by an id or a state,
// unlike the JSON of a log.
func saysAlert(object map[string]any) bool {
	hasContent, hasIdentity := false, false
	for key, value := range object {
		m := mappingFor("", key, value)
		if m == nil || m.kind != certain || isAbsent(value) {
			continue
		}
		v := variables()[m.variable]
		text, _ := value.(string)
		hasContent = hasContent || v.isContent()
		hasIdentity = hasIdentity || slices.Contains([]string{"ID", "ALERT_ID", "ALERT_TRANSITION", "ALERT_CYCLE_KEY"}, v.name) ||
			strings.HasSuffix(v.name, "_TITLE") && TransitionIn(text) != ""
		if hasContent && hasIdentity {
			return true
		}
	}
	return false
}

// severalIn returns the alerts of a payload that has more than one and is none itself.
func severalIn(payload map[string]any) []any {
	if saysAlert(payload) {
		return nil
	}
	if alerts := alertsIn(nil, payload); len(alerts) > 1 && !saysAlert(flat(payload)) {
		return alerts
	}
	return nil
}

// flat returns the keys of a payload with those of its objects.
func flat(payload map[string]any) map[string]any {
	keys := maps.Clone(payload)
	for _, value := range payload {
		inner, _ := value.(map[string]any)
		maps.Copy(keys, inner)
	}
	return keys
}

// alertsIn appends the alerts that stand in the lists of a payload, or as JSON in its texts.
func alertsIn(found []any, v any) []any {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			found = alertsIn(found, v[key])
		}
	case []any:
		for _, item := range v {
			if object, _ := item.(map[string]any); saysAlert(flat(object)) {
				found = append(found, object)
			} else {
				found = alertsIn(found, item)
			}
		}
	case string:
		inner := parseObjects(v)
		if object, _ := inner.(map[string]any); isAlert(object) {
			return append(found, object)
		}
		return alertsIn(found, inner)
	}
	return found
}
