package alert

import (
	"encoding/json"
	"math"
	"strconv"

	"boomerang/shared/jsonvalue"
)

// Extra holds the keys of a payload that are not Datadog's variables. Whole numbers are
// int64 or uint64, so that a 64-bit id keeps its digits, others float64, and those
// beyond both json.Number.
type Extra map[string]any

// UnmarshalJSON gives numbers the same types as Decode.
func (e *Extra) UnmarshalJSON(data []byte) error {
	object, err := jsonvalue.ParseObject(data)
	if err != nil {
		return err
	}
	*e, _ = plain(object).(map[string]any)
	return nil
}

// put sets a key, in the object of its container if it has one.
func (e *Extra) put(container, key string, value any) {
	if *e == nil {
		*e = make(Extra)
	}
	target := map[string]any(*e)
	if container != "" {
		inner, ok := target[container].(map[string]any)
		if !ok {
			inner = make(map[string]any)
			target[container] = inner
		}
		target = inner
	}
	target[key] = plain(value)
}

// plain returns a copy of v without json.Number.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		object := make(map[string]any, len(v))
		for key, item := range v {
			object[key] = plain(item)
		}
		return object
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = plain(item)
		}
		return list
	case json.Number:
		return plainNumber(v)
	default:
		return v
	}
}

// plainNumber returns an integer for "1.0" too, because the queue writes it as "1".
func plainNumber(n json.Number) any {
	whole := wholeNumber(string(n))
	if i, err := strconv.ParseInt(whole, 10, 64); err == nil {
		return i
	}
	if u, err := strconv.ParseUint(whole, 10, 64); err == nil {
		return u
	}
	if f, err := strconv.ParseFloat(string(n), 64); err == nil && f != math.Trunc(f) {
		return f
	}
	return n
}
