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

// custom returns the findings' data by step, without empty values. If there is too much,
// the findings of the lowest weight are dropped.
//
// Mentions stay as they are, because Datadog notifies only those in a message
// (https://docs.datadoghq.com/events/explorer/notifications/).
func (f *fields) custom(a alert.Alert, results []enrich.Result) map[string]any {
	kept := map[string]any{}
	c := limiter{left: MaxCustomBytes - len("{}")}
	c.property(kept, relatedEvent, a.ID, 1)
	for _, r := range heaviestFirst(results) {
		c.property(kept, r.Name, plain(r.Finding.Data), 1)
	}
	f.leaveOut("", c.cut, "data value")
	return kept
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

// limiter copies values within the limits. left is how many bytes of JSON are left, and
// cut counts the values that are shortened or left out.
type limiter struct{ left, cut int }

// take reports whether n more bytes fit, and then uses them.
func (c *limiter) take(n int) bool {
	if n > c.left {
		c.cut++
		return false
	}
	c.left -= n
	return true
}

// value returns the part of v that fits, or nil.
func (c *limiter) value(v any, depth int) any {
	switch v := v.(type) {
	case string:
		if v = clean(v); !fits(v, MaxValue) {
			v = truncate(v, MaxValue)
			c.cut++
		}
		if line(v) != "" && c.take(size(v)) {
			return v
		}
	case json.Number:
		// Datadog could refuse the event for a number that is too large or too long.
		if _, err := v.Float64(); err != nil || len(v) > maxDigits {
			return c.value(v.String(), depth)
		}
		if c.take(len(v)) {
			return v
		}
	case bool:
		if c.take(len("false")) {
			return v
		}
	case []any:
		var kept []any
		if c.enter(depth) {
			c.cut += max(0, len(v)-MaxElements)
			for _, element := range v[:min(len(v), MaxElements)] {
				if element = c.value(element, depth+1); element != nil && c.take(len(",")) {
					kept = append(kept, element)
				}
			}
		}
		if len(kept) > 0 {
			return kept
		}
	case map[string]any:
		kept := map[string]any{}
		if c.enter(depth) {
			for _, name := range slices.Sorted(maps.Keys(v)) {
				c.property(kept, name, v[name], depth)
			}
		}
		if len(kept) > 0 {
			return kept
		}
	}
	return nil
}

// enter reports whether an object or a list at a depth fits, without what is in it.
func (c *limiter) enter(depth int) bool {
	if depth > MaxDepth {
		c.cut++
		return false
	}
	return c.take(len("{},"))
}

// property adds a property to an object at a depth. It replaces one with the same name.
func (c *limiter) property(to map[string]any, name string, v any, depth int) {
	name = truncate(line(name), MaxName)
	if name == "" {
		return
	}
	if _, known := to[name]; !known && len(to) == MaxProperties {
		c.cut++
		return
	}
	before := c.left
	if v = c.value(v, depth+1); v == nil || !c.take(size(name)+len(":,")) {
		c.left = before
		return
	}
	to[name] = v
}

// size is how many bytes a text takes in JSON.
func size(text string) int {
	raw, _ := json.Marshal(text)
	return len(raw)
}
