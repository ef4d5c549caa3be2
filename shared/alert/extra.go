package alert

import (
	"encoding/json"
	"iter"
	"math"
	"strconv"
	"strings"

	"boomerang/shared/jsonvalue"
)

// Extra holds the keys of a payload that are not Datadog's variables. Whole numbers are
// int64 or uint64, so that a 64-bit id keeps its digits, others float64, and those
// beyond both json.Number.
type Extra map[string]any

// UnmarshalJSON gives numbers the same types as Decode.
func (e *Extra) UnmarshalJSON(data []byte) error {
	object, err := jsonvalue.ParseObject(data)
	*e, _ = simplify(object).(map[string]any)
	return err
}

// objects returns it, then the objects in it in the order of their keys.
func (e Extra) objects() []map[string]any {
	all := []map[string]any{e}
	for _, key := range sortedKeys(e) {
		if inner, ok := e[key].(map[string]any); ok {
			all = append(all, inner)
		}
	}
	return all
}

// texts yields the texts under some keys, in each of the objects.
func (e Extra) texts(keys ...string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, object := range e.objects() {
			for _, key := range keys {
				if text, ok := object[key].(string); ok && !yield(text) {
					return
				}
			}
		}
	}
}

// Runbook returns the address under a key for it, such as runbook_url, at the top level or one
// object deep.
func (a Alert) Runbook() string {
	for _, object := range a.Extra.objects() {
		for _, key := range sortedKeys(object) {
			if address, _ := object[key].(string); strings.Contains(canonical(key), "runbook") && isAddress(address) {
				return address
			}
		}
	}
	return ""
}

// put sets a key, in the object of its container if it has one.
func (e *Extra) put(container, key string, value any) {
	if *e == nil {
		*e = make(Extra)
	}
	target := map[string]any(*e)
	if container != "" {
		if target[container] == nil {
			target[container] = make(map[string]any)
		}
		target = target[container].(map[string]any)
	}
	target[key] = value
}

// simplify replaces each json.Number in a value, and returns it.
func simplify(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, item := range v {
			v[key] = simplify(item)
		}
	case []any:
		for i, item := range v {
			v[i] = simplify(item)
		}
	case json.Number:
		return simpleNumber(v)
	}
	return v
}

// simpleNumber returns an integer for "1.0" too, because the queue writes it as "1".
func simpleNumber(n json.Number) any {
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
