package event

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

// The limits of the attributes under custom. Datadog documents the first two
// (https://docs.datadoghq.com/api/latest/events/#post-an-event, tab v2). The others are
// ours, because a finding may hold an answer of any size.
const (
	// MaxProperties is how many properties an object may have.
	MaxProperties = 100
	// MaxDepth is how deep objects may be nested. To be safe, lists and custom itself count.
	MaxDepth = 10
	// MaxElements is how many elements of a list are kept.
	MaxElements = 100
	// MaxValue keeps a text short enough for a facet, which has less than 1,024 characters
	// (https://docs.datadoghq.com/logs/log_collection/).
	MaxValue = 1000
	// MaxName is how long the name of a property may be.
	MaxName = 100
	// MaxCustomBytes is how large all attributes together may be, as JSON.
	MaxCustomBytes = 64 << 10

	maxDigits = 40
)

// relatedEvent is the id of the alert's own event, for which v2 has no field.
const relatedEvent = "related_event_id"

// custom returns the findings' data by step, without empty values. Of findings that have no
// room together, the heaviest stay.
//
// Mentions stay as they are, because Datadog notifies only those in a message
// (https://docs.datadoghq.com/events/explorer/notifications/).
func (f *fields) custom(a alert.Alert, results []enrich.Result) map[string]any {
	var l limiter
	kept := l.object(map[string]any{relatedEvent: a.ID}, 1)
	left := MaxCustomBytes - size(kept)
	for _, r := range heaviestFirst(results) {
		one := l.object(map[string]any{r.Name: plain(r.Finding.Data)}, 1)
		if size(one) > left || len(kept) == MaxProperties {
			l.cut++
			continue
		}
		left -= size(one)
		maps.Copy(kept, one)
	}
	f.leaveOut("", l.cut, "data value")
	return kept
}

// size is how many bytes an object takes in JSON.
func size(object map[string]any) int {
	raw, _ := json.Marshal(object)
	return len(raw)
}

// plain turns a value into what JSON makes of it. Numbers stay as they are
// written, because ids do not fit a float64.
func plain(v any) any {
	raw, _ := json.Marshal(v) // Of an error, nothing is left to decode.
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var out any
	if decoder.Decode(&out) != nil {
		return nil
	}
	return out
}

// limiter copies values within the limits, and counts those that it shortens or leaves out.
type limiter struct{ cut int }

// value returns what the limits leave of a value at a depth, or nil.
func (l *limiter) value(v any, depth int) any {
	switch v := v.(type) {
	case string:
		if v = clean(v); !fits(v, MaxValue) {
			v = truncate(v, MaxValue)
			l.cut++
		}
		if line(v) != "" {
			return v
		}
	case json.Number:
		// Datadog could refuse the event for a number that is too large or too long.
		if _, err := v.Float64(); err != nil || len(v) > maxDigits {
			return l.value(v.String(), depth)
		}
		return v
	case bool:
		return v
	case []any:
		var kept []any
		for i, one := range v {
			if depth > MaxDepth || i == MaxElements {
				l.cut += len(v) - i
				break
			}
			if one = l.value(one, depth+1); one != nil {
				kept = append(kept, one)
			}
		}
		if len(kept) > 0 {
			return kept
		}
	case map[string]any:
		if kept := l.object(v, depth); len(kept) > 0 {
			return kept
		}
	}
	return nil
}

// object returns what the limits leave of an object at a depth. Of two properties whose
// names become equal, the last one stays.
func (l *limiter) object(all map[string]any, depth int) map[string]any {
	kept := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		v := all[name]
		if name = truncate(line(name), MaxName); name == "" {
			continue
		}
		if depth > MaxDepth || len(kept) == MaxProperties {
			l.cut++
		} else if v = l.value(v, depth+1); v != nil {
			kept[name] = v
		}
	}
	return kept
}
