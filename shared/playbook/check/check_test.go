package check_test

import (
	"fmt"
	"strings"
	"testing"

	"boomerang/shared/enrich/registry"
	"boomerang/shared/playbook"
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
	events := []string{
		`{priority: Low, alert_type: Error}`, `{priority: " ", alert_type: ""}`, `{api: v2, priority: P2}`, `{priority: "{{ .alert.title }}", alert_type: "x{{ 1 }}"}`,
		`{alert_type: "{{ if .alert.recovered }}success{{ else if .alert.test }} info {{ end }}"}`,
		`{priority: "{{ if .alert.recovered }}low{{ else }}{{ .alert.title }}{{ end }}"}`,
		`{source: torq, device_name: "{{ .alert.host }}"}`, `{api: v2, source: "", device_name: }`,
	}
	for _, source := range []string{
		`torq`, `Torq`, `my apps`, `amazon_ec2`, `Amazon EC2`, `split.io`, `" "`, `zscaler`, `dotnet`, `"{{ .alert.title }}"`, `"{{ if .alert.recovered }}github{{ else }}torq{{ end }}"`,
	} {
		events = append(events, "{source: "+source+"}")
	}
	// A playbook may add its priority to another one's event, or keep its source to its own.
	events = append(events, "{api: v2}\n    continue: true\n  - {name: b, event: {priority: 3, source: torq}}")
	for _, event := range events {
		if report := file("playbooks:\n  - name: a\n    event: " + event + "\n"); report.Err != nil || report.Warnings != nil {
			t.Errorf("%s: %v, %v", event, report.Err, report.Warnings)
		}
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

// TestLoad_Bounds loads what a function refuses without a check, too.
func TestLoad_Bounds(t *testing.T) {
	for keys, want := range map[string]string{
		"limit: -1": "limit must be a number of events above zero",
		"steps: [{uses: http, with: {url: 'https://a.example', method: '{{ .alert.title }}'}}]":                                              "method must be GET or POST",
		"steps: [{uses: metric, with: {query: 'avg:a{*}', window: 9000h}}]":                                                                  "set a time between 1m and 720h",
		"steps: [{uses: logs, with: {query: a, window: 9000h}}]":                                                                             "set a time between 1m and 168h",
		"steps: [{uses: changes, with: {window: 9000h}}]":                                                                                    "use a time from 1s to 168h",
		"event: {api: '{{ .alert.title }}'}":                                                                                                 "api must be v1 or v2",
		"event: {text: '{{ range .memory.followed }}{{ range $.memory.followed }}{{ range $.memory.followed }}{{ end }}{{ end }}{{ end }}'}": "loops nest deeper than 2",
	} {
		if _, err := playbook.Load("a.yaml", []byte(one(keys)), registry.Kinds(registry.Deps{})); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", keys, err, want)
		}
	}
}
