package handler_test

import (
	"slices"
	"strings"
	"testing"

	"boomerang/shared/fakedatadog"
)

// TestHandler_ForeignValues posts values that expressions do not expect.
func TestHandler_ForeignValues(t *testing.T) {
	const source = `
playbooks:
  - name: code
    match: 'alert.extra.code in ["500", "502"] || alert.extra.code > 600 || alert.extra.code.number startsWith "5" || alert.tags.service == "checkout"'
    steps:
      - {uses: monitor, when: 'alert.extra.code not in ["500", "502"] && !(alert.extra.code + 1 > 600)'}
    event:
      tags: ['code:{{ if eq .alert.extra.code "500" }}text{{ else }}other{{ end }}']
  - name: rest
`
	for value, tag := range map[string]string{
		"500": "code:text", "true": "code:other", "null": "code:other", `[500, "501"]`: "code:other", `{"number": 500}`: "code:other",
		"500.5": "code:other", `"ok"`: "code:other", `""`: "code:other",
	} {
		t.Run(value, func(t *testing.T) {
			w := newEnv(t)
			w.source = source
			w.datadog.AddMonitor(fakedatadog.Monitor{ID: 4711, Name: "Checkout is slow", Type: "query alert"})
			got := fields(t, handle(t, w.handler(), post(`{"id":"7284105863092654118","alert_id":"4711","title":"x","tags":"service:checkout","code":`+value+`}`)).Body)
			posted := w.datadog.Posted()
			if got["status"] != "posted" || got["playbook"] != "code" || len(posted) != 1 {
				t.Fatalf("got %v; log %s", got, w.log.String())
			}
			if step := got["steps"].([]any)[0].(map[string]any); step["status"] != "ok" {
				t.Errorf("the step is %v", step)
			}
			if !slices.Contains(posted[0].Event.Tags, tag) {
				t.Errorf("the tags are %v, want %s", posted[0].Event.Tags, tag)
			}
			if strings.Contains(w.log.String(), "evaluated") {
				t.Errorf("the log says %s", w.log.String())
			}
		})
	}
}

// TestHandler_Continue posts the event of two playbooks.
func TestHandler_Continue(t *testing.T) {
	w := newEnv(t)
	w.source = `
playbooks:
  - name: first
    continue: true
    event: {tags: ["of:first"]}
  - name: second
    event: {api: v2, title: Second, tags: ["of:second"]}
`
	got := fields(t, handle(t, w.handler(), post(torqBody)).Body)
	posted := w.datadog.Posted()
	if got["status"] != "posted" || got["playbook"] != "first" || len(posted) != 1 || posted[0].Route != fakedatadog.EventsCreateV2 {
		t.Fatalf("got %v, posted %v", got, posted)
	}
	for _, want := range []string{"Second", "of:first", "of:second", "playbook:first"} {
		if !strings.Contains(string(posted[0].Body), want) {
			t.Errorf("no %s in %s", want, posted[0].Body)
		}
	}
}
