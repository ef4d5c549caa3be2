package playbook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/memory"
)

func TestPlan_Draft(t *testing.T) {
	b := bench{"owner": finds(ownerData{Team: "payments", Contacts: []string{"a@example.com", "b@example.com"}}), "metric": fails("down")}
	for name, c := range map[string]struct {
		event  string
		want   event.Draft
		failed string
	}{
		"where nothing is set nothing is wanted": {"", event.Draft{}, ""},
		"every word is a template": {
			`
  title: " {{ .alert.title }} ({{ .steps.owner.team }}) "
  text: |
    Ask {{ .steps.owner.contacts }}. {{ if not .steps.metric.ok }}No metric.{{ end }}
    It lasted {{ span .cycle.lasted }}, in {{ .cycle.notified }} notifications.
  priority: low
  alert_type: "{{ if .alert.recovered }}success{{ else }}warning{{ end }}"
  tags: ["team:{{ .steps.owner.team }}", "{{ .steps.metric.since }}", " ", plain]`,
			event.Draft{
				Title: "Errors on checkout (payments)",
				Text:  "Ask a@example.com, b@example.com. No metric.\nIt lasted 12 min, in 3 notifications.",
				Tags:  []string{"team:payments", "plain"}, Priority: "low", AlertType: "warning",
			},
			"",
		},
		"template errors": {
			`
  title: '{{ $x := .alert.message }}{{ range .alert.tag_list }}{{ $x = printf "%s%s" $x $x }}{{ end }}{{ $x }}'
  text: still there
  tags: ['{{ replace "a" .alert.message .alert.message }}', kept]`,
			event.Draft{Text: "still there", Tags: []string{"kept"}, Warnings: []string{
				"playbook test, event.title: the template: the output exceeds 256 KiB", "playbook test, event.tags: the template: the output exceeds 256 KiB",
			}},
			"playbook test, event.title: the template: the output exceeds 256 KiB\nplaybook test, event.tags: the template: the output exceeds 256 KiB",
		},
		"an error with a public text": {
			"\n  title: '{{ url `..` }}'",
			event.Draft{Warnings: []string{`playbook test, event.title: the template: the alert's value for a part of an address is "..", which names nothing`}},
			`playbook test, event.title: the template: the alert's value for a part of an address is …, which names nothing`,
		},
		"what Datadog does not know": {
			"\n  title: \"{{ .alert.extra.none }} \\u200b\"\n  priority: '{{ .alert.title }}'\n  alert_type: '{{ if .alert.title }}critical{{ end }}'",
			event.Draft{Warnings: []string{
				`playbook test, event.priority: Datadog does not know "Errors on checkout": use normal or low`,
				`playbook test, event.alert_type: Datadog does not know "critical": use error, warning, info or success`,
				"playbook test, event.title: the template came out empty, so the event has the alert's title",
			}},
			`playbook test, event.priority: Datadog does not know "…": use normal or low` + "\n" +
				`playbook test, event.alert_type: Datadog does not know "…": use error, warning, info or success` + "\n" +
				"playbook test, event.title: the template came out empty, so the event has the alert's title",
		},
		"a priority of v2": {
			"\n  api: v2\n  priority: '{{ if .alert.title }}2{{ end }}'\n  alert_type: Warning",
			event.Draft{Priority: "2", AlertType: "Warning"},
			"",
		},
		"fields of v1": {
			"\n  source: ' {{ .alert.extra.none | default \"torq\" }} '\n  device_name: '{{ lower \"SDA\" }}'",
			event.Draft{Source: "torq", Device: "sda"},
			"",
		},
		"fields of v1 in v2": {
			"\n  api: v2\n  source: torq\n  device_name: '{{ .alert.extra.none }}'",
			event.Draft{Warnings: []string{`playbook test, event.source: Datadog does not know "torq": use api: v1, because events of v2 have no such field`}},
			`playbook test, event.source: Datadog does not know "…": use api: v1, because events of v2 have no such field`,
		},
		"a priority of v1 in v2": {
			"\n  api: v2\n  priority: '{{ if .alert.title }}low{{ end }}'",
			event.Draft{Warnings: []string{`playbook test, event.priority: Datadog does not know "low": use 1 to 5`}},
			`playbook test, event.priority: Datadog does not know "…": use 1 to 5`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := checkout()
			a.Message = strings.Repeat("a", 64<<10)
			source := "steps: [{uses: owner}, {uses: metric}]"
			if c.event != "" {
				source += "\nevent:" + c.event
			}
			plan := b.load(t, one(source)).For(a, memory.Memory{})
			cycle := event.Cycle{Lasted: 12 * time.Minute, Notified: 3}
			draft, failed := plan.Draft(run(t, plan, a), cycle)
			c.want.Playbook, c.want.Cycle = "test", cycle
			if diff := cmp.Diff(c.want, draft, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			var texts []string
			for _, err := range failed {
				texts = append(texts, err.Error())
			}
			if got := strings.Join(texts, "\n"); got != c.failed {
				t.Errorf("failed: %s\nwant %s", got, c.failed)
			}
		})
	}
}

// TestBook_For_Continue checks what playbooks that run together set in one event.
func TestBook_For_Continue(t *testing.T) {
	for name, c := range map[string]struct {
		first, second, third string
		limit                int
		api                  string
		want                 event.Draft
	}{
		"the smallest limit counts": {first: "limit: 9", second: "limit: 3", third: "limit: 5", limit: 3, api: "v1"},
		"a later limit counts":      {second: "limit: 3", limit: 3, api: "v1"},
		"the last limit counts":     {first: "limit: 9", third: "limit: 1", limit: 1, api: "v1"},
		"no limit is not the smallest": {
			first: "limit: 0", second: "limit: 3", third: "limit: 0", limit: 3, api: "v1",
		},
		"fields of v1 in an event of v2": {second: "event: {api: v2}", third: "event: {source: torq, device_name: sda}", api: "v2"},
		"the first API counts":           {second: "event: {api: v2}", third: "event: {api: v1}", api: "v2"},
		"an API that is said counts":     {first: "event: {api: v1}", second: "event: {api: v2}", api: "v1"},
		"an API without a value is not":  {first: "event: {api: }", second: "event: {api: v2}", api: "v2"},
		"the first text of each field counts": {
			first:  `event: {title: "{{ .alert.extra.nothing }}", text: one}`,
			second: `event: {title: two, text: two, priority: low, tags: ["a:1", "b:2"]}`,
			third:  `event: {priority: normal, alert_type: info, tags: ["b:2", "c:{{ .alert.priority }}"]}`,
			api:    "v1",
			want:   event.Draft{Title: "two", Text: "one", Priority: "low", AlertType: "info", Tags: []string{"a:1", "b:2", "c:P2"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			const file = "playbooks:\n  - name: a\n    continue: true\n    %s\n  - name: b\n    continue: true\n    %s\n  - name: c\n    %s\n"
			plan := bench{}.load(t, fmt.Sprintf(file, c.first, c.second, c.third)).For(checkout(), memory.Memory{})
			draft, failed := plan.Draft(nil, event.Cycle{})
			c.want.Playbook = "a"
			if diff := cmp.Diff(c.want, draft); diff != "" || len(failed) > 0 {
				t.Errorf("-want +got:\n%s%v", diff, failed)
			}
			if plan.Limit != c.limit || plan.API != c.api || len(plan.Names) != 3 {
				t.Errorf("got limit %d, API %s, playbooks %v", plan.Limit, plan.API, plan.Names)
			}
		})
	}
}

func TestPlan_Suspects(t *testing.T) {
	finds := func(source string) func(context.Context, made, alert.Alert) (enrich.Finding, error) {
		return func(context.Context, made, alert.Alert) (enrich.Finding, error) {
			var data suspectsData
			err := json.Unmarshal([]byte(source), &data)
			return enrich.Finding{Data: data}, err
		}
	}
	source := one(`
steps:
  - {name: why, uses: suspects}
  - {uses: owner, when: 'len(suspects) > 0 && suspects[0].title == "a"', with: {service: "{{ (index .suspects 0).title }}"}}
event:
  title: "{{ range .suspects }}<{{ .title }}>{{ else }}none{{ end }}"`)
	for found, want := range map[string]string{`{"suspects":[{"title":"a"},{"title":"b"}]}`: "<a><b>", `{}`: "none"} {
		r := &recorder{}
		plan := bench{"suspects": finds(found), "owner": r.note("owner")}.load(t, source).For(checkout(), memory.Memory{})
		results := enrich.Run(t.Context(), plan.Steps(), checkout(), time.Second)
		draft, errs := plan.Draft(results, event.Cycle{})
		if draft.Title != want || len(errs) > 0 || (results[1].Status == enrich.OK) != (want != "none") {
			t.Errorf("%s: got the title %q, %v, owner %s (%v)", found, draft.Title, errs, results[1].Status, results[1].Err)
		}
	}
}

func TestPlan_Memory(t *testing.T) {
	book := bench{}.load(t, `playbooks:
  - name: again
    match: memory.count > 3 && memory.median < 900 && any(memory.followed, {.kind == "deploy"})
    event: {title: "{{ .memory.count }} in {{ .memory.days }} days{{ range .memory.followed }}, {{ .count }} after {{ .kind }} of {{ .service }}{{ end }}"}
  - name: first
    event: {title: "{{ .memory.count }}{{ range .memory.followed }}x{{ end }}, {{ .memory.recovered }}"}`)
	known := memory.Memory{Count: 8, Days: 30, Median: 720, Followed: []memory.Followed{{Kind: "deploy", Service: "cart", Count: 3}}}
	for want, m := range map[string]memory.Memory{"8 in 30 days, 3 after deploy of cart": known, "0, 0": {}} {
		plan := book.For(checkout(), m)
		if draft, failed := plan.Draft(nil, event.Cycle{Earlier: m}); draft.Title != want || len(failed)+len(plan.Warnings) > 0 {
			t.Errorf("%q, want %q; %v, %v", draft.Title, want, failed, plan.Warnings)
		}
	}
	verdicts := book.Explain(checkout(), known)
	if !verdicts[0].Matched {
		t.Errorf("got %+v", verdicts)
	}
}
