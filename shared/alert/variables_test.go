package alert

import (
	"slices"
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
}

func TestVariables(t *testing.T) {
	names := Variables()
	slices.Sort(names)
	if got := len(slices.Compact(names)); got != 56 {
		t.Errorf("there are %d variables, and Datadog documents 56", got)
	}
	for _, row := range keyTable {
		if !slices.Contains(names, row.variable) {
			t.Errorf("the table has keys of $%s, which no field holds", row.variable)
		}
	}
}
