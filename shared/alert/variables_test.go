package alert

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestKnown(t *testing.T) {
	for _, name := range Variables() {
		if !Known(name) || !Known("$"+name) || !Known(strings.ToLower(name)) || !Known(strings.ReplaceAll(name, "_", "-")) {
			t.Errorf("%s is not known in every spelling", name)
		}
	}
	for _, key := range []string{"date_posix", "org.id", "monitor_id", "event_url"} {
		if !Known(key) {
			t.Errorf("%s is not known", key)
		}
	}
	for _, key := range []string{"status", "severity", "name", "nonsense", ""} {
		if Known(key) {
			t.Errorf("%s is certain", key)
		}
	}
}

// A mapping after one that accepts every value would never be used.
func TestKeyMappings_Unique(t *testing.T) {
	for key, found := range keyMappings() {
		for i, c := range found {
			if c.when == nil && i < len(found)-1 {
				t.Errorf("%s: %s accepts every value, so %s is never used", key, variables()[c.variable].name, variables()[found[i+1].variable].name)
			}
		}
	}
	for key := range ambiguous() {
		if keyMappings()[key] == nil {
			t.Errorf("ambiguous key %s names nothing", key)
		}
	}
}

func TestVariables_FillOneField(t *testing.T) {
	seen := make(map[string]string)
	for _, v := range variables() {
		value := map[bool]any{false: any("P1"), true: any(map[string]any{"k": "v"})}[v.object]
		if strings.HasPrefix(v.name, "DATE") || strings.HasPrefix(v.name, "LAST") {
			value = "2025-10-01T18:37:04Z"
		}
		var a Alert
		if reason := v.set(&a, value); reason != "" {
			t.Errorf("%s %s", v.name, reason)
		}
		message, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if other, taken := seen[string(message)]; taken || string(message) == "{}" {
			t.Errorf("%s fills %s as %q does", v.name, message, other)
		}
		seen[string(message)] = v.name
	}
	if len(seen) != 56 {
		t.Errorf("there are %d variables, and Datadog documents 56", len(seen))
	}
}
