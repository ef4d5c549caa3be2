package playbook_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/memory"
	"boomerang/shared/playbook"
	"boomerang/shared/playbook/check"
)

// TestCheck_After: a time in testdata/problems is never right; these never come to it.
func TestCheck_After(t *testing.T) {
	for name, c := range map[string]struct {
		playbook string
		never    string // what the problem says; empty if there is none
	}{
		"every alert":             {"after: 15m", ""},
		"a trigger":               {`{match: alert.transition == "Triggered", after: 15m}`, ""},
		"anything else":           {`{match: alert.tags.team == "a" && not alert.recovered, after: 15m}`, ""},
		"a recovery or a trigger": {`{match: 'alert.transition in ["Recovered", "Triggered"]', after: 15m}`, ""},
		"a recovery":              {`{match: 'alert.transition == "Recovered"', after: 15m}`, "matches no alert that begins"},
		"any recovery":            {`{match: 'alert.tags.team == "a" && alert.recovered', after: 15m}`, "matches no alert that begins"},
		"an alert of type info":   {`{match: 'alert.type == "info"', after: 15m}`, "matches no alert that begins"},
		"events of type info":     {`{event: {alert_type: info}, after: 15m}`, "alert_type is never error or warning"},
		"an event of type error about an alert of type info": {`{match: 'alert.type == "info"', event: {alert_type: error}, after: 15m}`, ""},
		"an alert without a type":                            {`{match: 'alert.type == ""', after: 15m}`, ""},
		"events of type error":                               {`{event: {alert_type: error}, after: 15m}`, ""},
		"events of some type":                                {`{event: {alert_type: "{{ if alert.recovered }}success{{ else }}warning{{ end }}"}, after: 15m}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			body := c.playbook
			if !strings.HasPrefix(body, "{") {
				body = "{" + body + "}"
			}
			source := []byte("playbooks: [{name: a, " + body[1:] + "]\n")
			source = []byte(strings.ReplaceAll(string(source), "if alert.recovered", "if .alert.recovered"))
			report := check.File("test.yaml", source, bench{}.kinds())
			warnings := report.Warnings
			if report.Err != nil || (len(warnings) == 0) != (c.never == "") || len(warnings) > 0 && !strings.Contains(warnings.Error(), c.never) {
				t.Errorf("got %v, %v", report.Err, warnings)
			}
			if _, err := playbook.Load("test.yaml", source, bench{}.kinds()); err != nil {
				t.Errorf("a deployed file must stay in use: %v", err)
			}
		})
	}
}

func TestBook_After(t *testing.T) {
	book, err := playbook.Load("test.yaml", []byte(`
playbooks:
  - {name: none, match: alert.tags.service == "none"}
  - {name: first, match: alert.tags.service == "a", after: 15m, continue: true}
  - {name: tagged, match: alert.tags.env == "prod", continue: true}
  - {name: rest, after: [1m, 24h]}
`), bench{}.kinds())
	if err != nil {
		t.Fatal(err)
	}
	for service, want := range map[string][]time.Duration{"none": nil, "a": {15 * time.Minute}, "b": {time.Minute, 24 * time.Hour}} {
		plan := book.For(alert.Alert{Tags: alert.Tags{"service:" + service, "env:prod"}}, memory.Memory{})
		if !slices.Equal(plan.After, want) {
			t.Errorf("%s: got %v, want %v", service, plan.After, want)
		}
	}
}
