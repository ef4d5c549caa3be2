package alert

import (
	"fmt"
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

// Each key of the table fills its variable's field, if the value is one of the variable's.
func TestKeyTable(t *testing.T) {
	for _, row := range keyTable {
		i := slices.IndexFunc(variables(), func(v variable) bool { return v.name == row.variable })
		if i < 0 {
			t.Fatalf("no field holds $%s", row.variable)
		}
		values := []string{sample[row.variable], "P3", "low", "error", "Triggered", "log_alert", "8306082202796025694", "4711", "some words"}
		accepted := slices.IndexFunc(values, func(value string) bool { return value != "" && (row.when == nil || row.when(value)) })
		for key := range strings.FieldsSeq(row.keys) {
			if origins := Origins(fmt.Appendf(nil, `{%q:%q}`, key, values[accepted])); origins[variables()[i].jsonName()] != key {
				t.Errorf("%s does not fill $%s: %v", key, row.variable, origins)
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
}
