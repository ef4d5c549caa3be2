package provision

import (
	"encoding/json"
	"reflect"
)

// covers reports whether found has everything that want says. Datadog adds ids and
// defaults, which are no difference.
func covers(found, want []byte) bool {
	var f, w any
	if json.Unmarshal(want, &w) != nil || json.Unmarshal(found, &f) != nil {
		return string(found) == string(want)
	}
	return includes(f, w)
}

func includes(found, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		object, ok := found.(map[string]any)
		for key, value := range want {
			if there, has := object[key]; !has || !includes(there, value) {
				return false
			}
		}
		return ok
	case []any:
		list, ok := found.([]any)
		if !ok || len(list) != len(want) {
			return false
		}
		for n := range want {
			if !includes(list[n], want[n]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(found, want)
}
