package alert

import (
	"encoding/json"
	"math"
	"slices"
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

// texts returns the texts under some keys, at the top level first, then one object deep, also in the
// only object of a list.
func (e Extra) texts(withEntities bool, keys ...string) (found []string) {
	objects := []map[string]any{e}
	for _, key := range sortedKeys(e) {
		value := e[key]
		if list, _ := value.([]any); len(list) == 1 {
			value = list[0]
		}
		if inner, isObject := value.(map[string]any); isObject && (withEntities || !entities()[canonical(key)]) {
			objects = append(objects, inner)
		}
	}
	for _, object := range objects {
		for _, key := range keys {
			if text, isText := object[key].(string); isText {
				found = append(found, text)
			}
		}
	}
	return found
}

// first returns the first meaning of a text under some keys that are the alert's own.
func (e Extra) first(meaning func(string) string, keys ...string) string {
	for _, text := range e.texts(false, keys...) {
		if found := meaning(text); found != "" {
			return found
		}
	}
	return ""
}

// Runbook returns the address under a key for it, such as runbook_url, or in an object that is
// called so, such as a link. The outermost one wins.
func (a Alert) Runbook() string {
	for queue := []any{map[string]any(a.Extra)}; len(queue) > 0; queue = queue[1:] {
		list, _ := queue[0].([]any)
		queue = append(queue, list...)
		object, _ := queue[0].(map[string]any)
		keys := sortedKeys(object)
		isRunbook := slices.ContainsFunc(keys, func(key string) bool {
			name, _ := object[key].(string)
			return canonical(name) == "runbook"
		})
		for _, key := range keys {
			if text, _ := object[key].(string); isRunbook || strings.Contains(canonical(key), "runbook") {
				if address := addressIn(text); address != "" {
					return address
				}
			}
			queue = append(queue, object[key])
		}
	}
	return ""
}

// addressIn returns a text that is an address, or the first one in it.
func addressIn(text string) string {
	if isAddress(text) {
		return text
	}
	address := plainAddress().FindString(text)
	address, _, _ = strings.Cut(address, ")") // [Disk](https://…)
	return strings.TrimRight(address, `.,;>]"'`)
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
