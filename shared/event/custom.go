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
// (https://docs.datadoghq.com/api/latest/events/#post-an-event, tab v2) and none
// for the rest, where a finding may hold any answer of any size.
const (
	// MaxProperties is how many properties an object may have.
	MaxProperties = 100
	// MaxDepth is how deep objects may be nested. Lists count too, and so does
	// custom itself: nothing says that they do not.
	MaxDepth = 10
	// MaxElements is how many elements of a list are kept.
	MaxElements = 100
	// MaxValue keeps a text short enough to be a facet, which ends below 1,024
	// characters (https://docs.datadoghq.com/logs/log_collection/).
	MaxValue = 1000
	// MaxName is how long the name of a property may be.
	MaxName = 100
	// MaxCustomBytes is how large all attributes together may be, as JSON.
	MaxCustomBytes = 64 << 10

	maxDigits = 40
)

// relatedEvent is the attribute with the id of the alert's own event, for which
// v2 has no field.
const relatedEvent = "related_event_id"

// custom returns the findings' data by step. What is empty is left out, since it
// makes no facet; where there is too much, the lightest findings give way.
//
// Handles stay as they are. Datadog notifies those in an event's message only
// (https://docs.datadoghq.com/events/explorer/notifications/), and an attribute
// that says something other than what was found is not found again.
func custom(a alert.Alert, results []enrich.Result) map[string]any {
	kept := map[string]any{}
	c := cutter{left: MaxCustomBytes - len("{}")}
	c.property(kept, relatedEvent, a.ID, 1)
	for _, r := range byWeight(results) {
		c.property(kept, r.Name, plain(r.Finding.Data), 1)
	}
	return kept
}

// plain turns a value into what JSON makes of it. Numbers stay as they are
// written, because ids do not fit a float64.
func plain(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var out any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if decoder.Decode(&out) != nil {
		return nil
	}
	return out
}

// cutter takes over values as far as they are within the limits. left is how
// many bytes of JSON may still follow.
type cutter struct{ left int }

// pays reports whether there is room for n bytes more, and takes it.
func (c *cutter) pays(n int) bool {
	if n > c.left {
		return false
	}
	c.left -= n
	return true
}

// value returns what is kept of v at a depth, or nil when nothing is.
func (c *cutter) value(v any, depth int) any {
	switch v := v.(type) {
	case string:
		v = shorten(clean(v), MaxValue)
		if line(v) != "" && c.pays(size(v)) {
			return v
		}
	case json.Number:
		// A number that nobody can hold, or wants to read, may cost the whole event.
		if _, err := v.Float64(); err != nil || len(v) > maxDigits {
			return c.value(v.String(), depth)
		}
		if c.pays(len(v)) {
			return v
		}
	case bool:
		if c.pays(len("false")) {
			return v
		}
	case []any:
		return c.list(v, depth)
	case map[string]any:
		return c.object(v, depth)
	}
	return nil
}

func (c *cutter) list(v []any, depth int) any {
	if depth > MaxDepth || !c.pays(len("[],")) {
		return nil
	}
	var kept []any
	for _, element := range v[:min(len(v), MaxElements)] {
		if element = c.value(element, depth+1); element != nil && c.pays(len(",")) {
			kept = append(kept, element)
		}
	}
	if kept == nil {
		return nil
	}
	return kept
}

func (c *cutter) object(v map[string]any, depth int) any {
	if depth > MaxDepth || !c.pays(len("{},")) {
		return nil
	}
	kept := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		c.property(kept, name, v[name], depth)
	}
	if len(kept) == 0 {
		return nil
	}
	return kept
}

// property adds a property to an object at a depth. Of two with one name the
// later one stays.
func (c *cutter) property(to map[string]any, name string, v any, depth int) {
	name = shorten(line(name), MaxName)
	if _, known := to[name]; name == "" || !known && len(to) == MaxProperties {
		return
	}
	before := c.left
	if v = c.value(v, depth+1); v == nil || !c.pays(size(name)+len(":,")) {
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
