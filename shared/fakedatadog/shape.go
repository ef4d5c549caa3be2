package fakedatadog

import (
	_ "embed"
	"encoding/json"
	"strings"
	"sync"
)

// recorded says what recorded exchanges prove about each endpoint (see api_test.go).
//
//go:embed testdata/api.json
var recorded []byte

// shapes returns the shape of each recorded body by route and status, "monitor.get 200".
// A shape is JSON with the names of types in place of values. The key of an object ends
// with "?" if it may be missing, with "|null" if an object or a list may be null.
var shapes = sync.OnceValue(func() map[string]any {
	var rows map[string]struct{ Body any }
	if err := json.Unmarshal(recorded, &rows); err != nil {
		panic(err) // The table is part of the program.
	}
	bodies := map[string]any{}
	for name, row := range rows {
		bodies[name] = row.Body
	}
	return bodies
})

// complete adds the keys that Datadog always sends and that the body lacks.
func complete(body, shape any) {
	switch body := body.(type) {
	case object:
		fields, _ := shape.(object)
		for key, field := range fields {
			name, nullable := strings.CutSuffix(key, "|null")
			name, optional := strings.CutSuffix(name, "?")
			if value, exists := body[name]; exists {
				complete(value, field)
			} else if !optional {
				body[name] = zero(field, nullable)
			}
		}
	case []object:
		for _, element := range body {
			complete([]any{element}, shape)
		}
	case []any:
		if shapes, isList := shape.([]any); isList && len(shapes) > 0 {
			for _, element := range body {
				complete(element, shapes[0])
			}
		}
	}
}

// zero returns null where it is allowed, and else the zero value of a shape.
func zero(shape any, nullable bool) any {
	switch shape := shape.(type) {
	case object:
		if !nullable {
			body := object{}
			complete(body, shape)
			return body
		}
	case []any:
		if !nullable {
			return []any{}
		}
	case string:
		return map[string]any{"number": 0, "boolean": false, "string": ""}[shape]
	}
	return nil
}
