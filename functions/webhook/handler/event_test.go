package handler_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"boomerang/shared/event"
	"boomerang/shared/fakedatadog"
)

// TestHandler_EventOfHardAlerts posts alerts whose words are long, or look like something
// else, and reads the events.
func TestHandler_EventOfHardAlerts(t *testing.T) {
	const sample = `{"columns":["Time"],"label":"Sample Logs","rows":[{"items":["15:21:18 UTC"],"message":"panic: @all %%%"}]}`
	tags := make([]string, 5000)
	for i := range tags {
		tags[i] = fmt.Sprintf("t:%d", i)
	}
	message := func(text string) map[string]any { return map[string]any{"body": text} }
	for name, c := range map[string]struct {
		set     map[string]any
		title   string   // The whole title, if set.
		has     []string // In the text.
		without []string
	}{
		"a long group": {
			set:   map[string]any{"title": "[P1] [Triggered on {availability-zone:us-east-1a,kube_cluster_name:prod-eu-1,kube_namespace:payments,pod_name:checkout-7c9d8f-xyz}] Checkout error rate is high"},
			title: "[P1] [Triggered on {availability-zone:us-east-1a,…}] Checkout error rate is high",
		},
		"commands": {
			set:     message("ssh deploy@web-1\npsql postgres@db\ndocker pull app@sha256:ab\n@webhook-boomerang (@all) `@ops` https://wiki.example.com/@all"),
			has:     []string{"ssh deploy@web-1\npsql postgres@db\ndocker pull app@sha256:ab\n＠webhook-boomerang (＠all) `＠ops` https://wiki.example.com/%40all"},
			without: []string{" @", "(@", "`@", "/@"},
		},
		"a long message": {
			set: message("It fails.\n" + strings.Repeat("a line of little use\n", 1000) + "Runbook: https://wiki.example.com/checkout\ncause: the disk is full"),
			has: []string{"It fails.\n", " characters left out)_", "[Runbook](https://wiki.example.com/checkout)", "cause: the disk is full", "characters of the message"},
		},
		"a sample of logs": {
			set: map[string]any{"metadata": map[string]any{"LOGS_SAMPLE": json.RawMessage(sample), "ALERT_ID": "4711"}},
			has: []string{"**Sample logs**\n- `15:21:18 UTC · panic: ＠all %% %`"},
		},
		"a quoted sample of logs": {
			set: map[string]any{"metadata": map[string]any{"LOGS_SAMPLE": sample, "ALERT_ID": "4711"}},
			has: []string{"**Sample logs**\n- `15:21:18 UTC · panic: ＠all %% %`"},
		},
		"a long host":       {set: map[string]any{"hostname": strings.Repeat("h", 250_000)}, has: []string{"the host's name of 250000 characters"}},
		"many tags":         {set: map[string]any{"tags": tags}, has: []string{" tags._"}},
		"a long scope":      {set: map[string]any{"alert_scope": strings.Join(tags, ",") + strings.Repeat(",host:a", 20_000)}},
		"a long query":      {set: map[string]any{"alert_query": strings.Repeat("avg:cpu{*} + ", 15_000)}},
		"a long transition": {set: map[string]any{"alert_transition": strings.Repeat("Triggered ", 20_000)}},
		"ats":               {set: message(strings.Repeat("@", 24<<10))},
		"addresses":         {set: message(strings.Repeat("a@b.io,", 200_000/7))},
		"URLs":              {set: message(strings.Repeat("http://", 200_000/7))},
		"fences":            {set: message(strings.Repeat("```\n", 200_000/4))},
	} {
		t.Run(name, func(t *testing.T) {
			body := map[string]any{"id": "7284105863092654118", "title": "[P1] [Triggered] Checkout is slow", "body": "m", "link": "https://app.datadoghq.com/event/event?id=7284105863092654118"}
			maps.Copy(body, c.set)
			raw, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			w := newEnv(t)
			h := w.handler()
			for _, want := range []string{"posted", "duplicate"} {
				if got := fields(t, handle(t, h, post(string(raw))).Body); got["status"] != want {
					t.Fatalf("got %v, want %s; log %s", got, want, w.log.String())
				}
			}
			posted := w.datadog.Posted()
			if len(posted) != 1 || posted[0].Route != fakedatadog.EventsCreate || len(posted[0].Body) > event.MaxRequest {
				t.Fatalf("posted %d", len(posted))
			}
			e := posted[0].Event
			if c.title != "" && e.Title != c.title {
				t.Errorf("title %q", e.Title)
			}
			for _, has := range c.has {
				if !strings.Contains(e.Text, has) {
					t.Errorf("no %q in %s", has, e.Text)
				}
			}
			for _, without := range c.without {
				if strings.Contains(e.Text, without) {
					t.Errorf("%q is in %s", without, e.Text)
				}
			}
			if !slices.Contains(e.Tags, "boomerang") || !slices.Contains(e.Tags, "playbook:default") {
				t.Errorf("our own tags are not in %v", e.Tags)
			}
		})
	}
}
