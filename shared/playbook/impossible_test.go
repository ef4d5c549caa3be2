package playbook_test

import (
	"strings"
	"testing"
)

// TestLoad_Possible loads what is close to what never holds, and can hold.
func TestLoad_Possible(t *testing.T) {
	for _, expression := range []string{
		`alert.extra.team == nil`, `(alert.extra.team ?? "x") == "x"`, `alert.logs_sample != nil`, `alert.security.rule_queries == nil`,
		`alert.tags.team == ""`, `alert.transition == ""`, `alert.priority in ["", "P5"]`, `alert.transition in ["Re-No Data", "Warn Recovered"]`,
		`lower(alert.transition) == "re-no data"`, `upper(alert.type) in ["ERROR"]`, `alert.transition contains "Recovered"`, `alert.transition endsWith "ed"`,
		`alert.transition matches "(?i)^warn"`, `alert.transition startsWith ""`, `alert.type != "success"`, `alert.event_type == "query_alert_monitor"`,
		`alert.tags.shard == "7"`, `"team" in alert.tags`, `"team:b" in alert.tag_list`, `alert.priority < "P3"`, `alert.extra.code == 500`,
		`alert.recovered == true`, `alert.tags.priority == "p1"`, `alert.extra.transition == "triggered"`, `alert.priority == alert.tags.priority`,
	} {
		bench{}.load(t, one("match: '"+expression+"'"))
	}
	for _, template := range []string{
		`{{ if eq .alert.tags.shard 7 }}{{ end }}`, `{{ if eq .alert.priority "P1" "" }}{{ end }}`, `{{ if eq .alert.extra.priority 2 }}{{ end }}`,
		`{{ if eq (lower .alert.transition) "triggered" }}{{ end }}`, `{{ if eq 2 .alert.extra.n }}{{ end }}`,
	} {
		bench{}.load(t, one("event: {title: '"+template+"'}"))
	}
}

// TestLoad_Never checks that each mistake has one problem.
func TestLoad_Never(t *testing.T) {
	for _, expression := range []string{`alert.priority == 2`, `alert.tags.team == nil`, `alert.tags.team ?? "x"`, `"team:b" in alert.tags`} {
		source := one("match: '" + expression + "'\nsteps: [{uses: monitor, when: '(" + expression + ") == true'}]")
		if err := loadError(source); strings.Count(err, "\n") != 1 {
			t.Errorf("%s: got %s", expression, err)
		}
	}
}
