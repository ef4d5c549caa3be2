package functions_test

import (
	"fmt"
	"maps"
)

// merge lays what a function says over what all of them share, as SAM does.
func merge(below, above map[string]any) map[string]any {
	all := maps.Clone(below)
	for key, v := range above {
		if lower, ok := all[key].(map[string]any); ok {
			if upper, ok := v.(map[string]any); ok {
				v = merge(lower, upper)
			}
		}
		all[key] = v
	}
	return all
}

// walk calls visit for each key of a tree of maps and lists, with its value; a
// list's items come under the list's key.
func walk(tree map[string]any, visit func(key string, value any)) {
	for key, value := range tree {
		visit(key, value)
		for _, item := range items(value) {
			if below, ok := item.(map[string]any); ok {
				walk(below, visit)
			} else {
				visit(key, item)
			}
		}
	}
}

func items(value any) []any {
	switch value := value.(type) {
	case map[string]any:
		return []any{value}
	case []any:
		return value
	}
	return nil
}

// get follows keys into a tree of maps.
func get(tree any, keys ...string) any {
	for _, key := range keys {
		below, _ := tree.(map[string]any)
		tree = below[key]
	}
	return tree
}

// texts returns a text or a number, or those of a list, as texts.
func texts(value any) []string {
	var all []string
	for _, item := range items(value) {
		all = append(all, fmt.Sprint(item))
	}
	if text, ok := value.(string); ok {
		return []string{text}
	}
	return all
}
