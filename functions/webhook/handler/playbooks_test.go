package handler_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/datadog"
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

// TestHandler_UnknownValues says in answer, event and log what a playbook sets in vain.
func TestHandler_UnknownValues(t *testing.T) {
	w := newEnv(t)
	w.source = `
playbooks:
  - name: first
    event: {title: "{{ .alert.extra.none }}", priority: "{{ .alert.extra.urgency }}", alert_type: "{{ if .alert.title }}critical{{ end }}"}
`
	h := w.handler()
	body := `{"id":"8306082300000000001","link":"https://app.datadoghq.com/event/event?id=8306082300000000001","title":"Full disk","date":"monday","alert_transition":"Triggered","urgency":"very secret"}`
	for _, request := range []events.LambdaFunctionURLRequest{with(post(body), "x-dry-run", "true"), post(body)} {
		got := fields(t, handle(t, h, request).Body)
		want := []any{
			`playbook first, event.priority: Datadog does not know "very secret": use normal or low`,
			`playbook first, event.alert_type: Datadog does not know "critical": use error, warning, info or success`,
			"playbook first, event.title: the template came out empty, so the event has the alert's title",
		}
		if diff := cmp.Diff(want, got["warnings"]); diff != "" || !cmp.Equal(got["unreadable"], []any{"date"}) {
			t.Errorf("unreadable %v, warnings (-want +got):\n%s", got["unreadable"], diff)
		}
	}
	posted := w.datadog.Posted()
	if len(posted) != 1 {
		t.Fatalf("posted %d events", len(posted))
	}
	e := fields(t, string(posted[0].Body))
	if text := fmt.Sprint(e["text"]); e["title"] != "Full disk" || e["alert_type"] != "error" || e["priority"] != nil ||
		!strings.Contains(text, "unreadable in the payload: date") || !strings.Contains(text, "came out empty") {
		t.Errorf("posted %v", e)
	}
	if log := w.log.String(); !strings.Contains(log, "event.priority") || strings.Contains(log, "secret") {
		t.Errorf("logged %s", log)
	}
}

// TestHandler_Source posts an event that the boards of an integration show: those of Torq search
// for sources:torq
// (https://github.com/DataDog/integrations-extras/blob/master/torq/assets/dashboards/torq_overview.json).
func TestHandler_Source(t *testing.T) {
	w := newEnv(t)
	w.datadog = fakedatadog.New(fakedatadog.Options{VisibleAfter: -1})
	w.source = `
playbooks:
  - name: torq
    event: {source: torq, device_name: "{{ .alert.extra.device }}"}
`
	body := `{"id":"8306082300000000001","link":"https://app.datadoghq.com/event/event?id=8306082300000000001","title":"Full disk","device":"sda1"}`
	if got := fields(t, handle(t, w.handler(), post(body)).Body); got["status"] != "posted" || got["warnings"] != nil {
		t.Fatalf("got %v", got)
	}
	client := w.client()
	later := time.Now().Add(time.Hour)
	found, err := client.SearchEvents(t.Context(), datadog.SearchQuery{Query: "sources:torq", From: later.Add(-2 * time.Hour), To: later})
	if err != nil || len(found) != 1 || found[0].Source != "torq" || found[0].Title != "Full disk" {
		t.Errorf("the board finds %+v, %v", found, err)
	}
	listed, err := client.Events(t.Context(), datadog.EventQuery{Start: later.Add(-2 * time.Hour), End: later, Sources: []string{"torq"}})
	if err != nil || len(listed) != 1 || listed[0].DeviceName != "sda1" {
		t.Errorf("listed %+v, %v", listed, err)
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
