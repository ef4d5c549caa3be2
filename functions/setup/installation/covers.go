package installation

import (
	"encoding/json"
	"reflect"
)

// covers reports whether everything that the JSON wanted says is so in found. Datadog
// adds to what it is given, ids and defaults, which does not make it another.
func covers(found, wanted []byte) bool {
	var f, w any
	if json.Unmarshal(wanted, &w) != nil || json.Unmarshal(found, &f) != nil {
		return string(found) == string(wanted)
	}
	return includes(f, w)
}

func includes(found, wanted any) bool {
	switch wanted := wanted.(type) {
	case map[string]any:
		object, ok := found.(map[string]any)
		for key, value := range wanted {
			if there, has := object[key]; !has || !includes(there, value) {
				return false
			}
		}
		return ok
	case []any:
		list, ok := found.([]any)
		if !ok || len(list) != len(wanted) {
			return false
		}
		for n := range wanted {
			if !includes(list[n], wanted[n]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(found, wanted)
}
