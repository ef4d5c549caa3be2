package check_test

import (
	"fmt"
	"strings"
	"testing"

	"boomerang/shared/enrich/registry"
	"boomerang/shared/playbook/check"
)

// one is a file with one playbook, whose keys are given without their indentation.
func one(keys string) string {
	return "playbooks:\n  - name: test\n    " + strings.ReplaceAll(strings.TrimSpace(keys), "\n", "\n    ") + "\n"
}

func file(source string) check.Report {
	return check.File("test.yaml", []byte(source), registry.Kinds(registry.Deps{}))
}

func checkError(source string) string { return fmt.Sprint(file(source).Err) }

// TestCheck_Possible checks what is close to what never holds, and can hold.
func TestCheck_Possible(t *testing.T) {
	for _, expression := range []string{
		`alert.extra.team == nil`, `(alert.extra.team ?? "x") == "x"`, `alert.logs_sample != nil`, `alert.security.rule_queries == nil`,
		`alert.tags.team == ""`, `alert.transition == ""`, `alert.priority in ["", "P5"]`, `alert.transition in ["Re-No Data", "Warn Recovered"]`,
		`lower(alert.transition) == "re-no data"`, `upper(alert.type) in ["ERROR"]`, `alert.transition contains "Recovered"`, `alert.transition endsWith "ed"`,
		`alert.transition matches "(?i)^warn"`, `alert.transition startsWith ""`, `alert.type != "success"`, `alert.event_type == "query_alert_monitor"`,
		`alert.tags.shard == "7"`, `"team" in alert.tags`, `"team:b" in alert.tag_list`, `alert.priority < "P3"`, `alert.extra.code == 500`,
		`alert.recovered == true`, `alert.tags.priority == "p1"`, `alert.extra.transition == "triggered"`, `alert.priority == alert.tags.priority`,
	} {
		if err := checkError(one("match: '" + expression + "'")); err != "<nil>" {
			t.Errorf("%s: %s", expression, err)
		}
	}
	for _, template := range []string{
		`{{ if eq .alert.tags.shard 7 }}{{ end }}`, `{{ if eq .alert.priority "P1" "" }}{{ end }}`, `{{ if eq .alert.extra.priority 2 }}{{ end }}`,
		`{{ if eq (lower .alert.transition) "triggered" }}{{ end }}`, `{{ if eq 2 .alert.extra.n }}{{ end }}`,
	} {
		if err := checkError(one("event: {title: '" + template + "'}")); err != "<nil>" {
			t.Errorf("%s: %s", template, err)
		}
	}
}

// TestCheck_Values checks what Datadog knows as the priority and type of an event.
func TestCheck_Values(t *testing.T) {
	for keys, want := range map[string]string{
		`event: {priority: Low, alert_type: Error}`:                       "<nil>",
		`event: {priority: " ", alert_type: ""}`:                          "<nil>",
		`event: {api: v2, priority: P2}`:                                  "<nil>",
		`event: {priority: "{{ .alert.title }}", alert_type: "x{{ 1 }}"}`: "<nil>",
		`event: {priority: urgent}`:                                       "test.yaml:3:23: Datadog does not know the priority \"urgent\" with api: v1: use normal or low",
		`event: {api: v2, priority: low}`:                                 "test.yaml:3:32: Datadog does not know the priority \"low\" with api: v2: use 1 to 5",
		`event: {alert_type: critical}`:                                   "test.yaml:3:25: Datadog does not know the alert_type \"critical\" with api: v1: use error, warning, info or success",
		`event: {alert_type: "{{ if .alert.recovered }}success{{ else if .alert.test }} info {{ end }}"}`: "<nil>",
		`event: {priority: "{{ if .alert.recovered }}low{{ else }}high{{ end }}"}`:                        "test.yaml:3:23: Datadog does not know the priority \"high\" with api: v1: use normal or low",
		`event: {priority: "{{ if .alert.recovered }}low{{ else }}{{ .alert.title }}{{ end }}"}`:          "<nil>",
		`event: {alert_type: "{{ if .alert.test }}{{ .alert.title }}{{ else }}alarm{{ end }}"}`:           "test.yaml:3:25: Datadog does not know the alert_type \"alarm\" with api: v1: use error, warning, info or success",
		`event: {source: torq, device_name: "{{ .alert.host }}"}`:                                         "<nil>",
		`event: {api: v2, source: "", device_name: }`:                                                     "<nil>",
		`event: {api: v2, source: "{{ .alert.title }}"}`:                                                  "test.yaml:3:30: Datadog does not know the source \"{{ .alert.title }}\" with api: v2: use api: v1, because events of v2 have no such field",
		`event: {api: v2, device_name: sda}`:                                                              "test.yaml:3:35: Datadog does not know the device_name \"sda\" with api: v2: use api: v1, because events of v2 have no such field",
	} {
		if got := checkError(one(keys)); got != want {
			t.Errorf("%s: got %s, want %s", keys, got, want)
		}
	}
	// A playbook may add its priority to another one's event, or keep its source to its own.
	const two = "playbooks:\n  - {name: a, continue: true, event: {api: v2}}\n  - {name: b, event: {priority: 3, source: torq}}\n"
	if got := checkError(two); got != "<nil>" {
		t.Error(got)
	}
}

// TestCheck_Never checks that each mistake has one problem.
func TestCheck_Never(t *testing.T) {
	for _, expression := range []string{`alert.priority == 2`, `alert.tags.team == nil`, `alert.tags.team ?? "x"`, `"team:b" in alert.tags`} {
		source := one("match: '" + expression + "'\nsteps: [{uses: monitor, when: '(" + expression + ") == true'}]")
		if err := checkError(source); strings.Count(err, "\n") != 1 {
			t.Errorf("%s: got %s", expression, err)
		}
	}
}
