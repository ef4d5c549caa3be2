package handler_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

const postingByV2 = `
playbooks:
  - name: checkout
    steps: [{uses: monitor}]
    event: {api: v2, tags: ["team:shop"]}
`

// apis are playbooks that post by each API.
var apis = map[fakedatadog.Route]string{fakedatadog.EventsCreate: "", fakedatadog.EventsCreateV2: postingByV2}

// What package event writes reaches Datadog: the alert, and what the steps found.
func TestHandler_V2(t *testing.T) {
	w := newEnv(t)
	w.source = postingByV2
	w.datadog.AddMonitor(fakedatadog.Monitor{ID: 4711, Name: "Checkout is slow", Type: "query alert", Message: "Runbook: https://wiki.example.com/checkout"})
	h := w.handler()
	dry := handle(t, h, with(post(torqBody), "x-dry-run", "true"))
	r := handle(t, h, post(torqBody))
	got := fields(t, r.Body)
	posted := w.datadog.Posted()
	if got["status"] != "posted" || got["playbook"] != "checkout" || len(posted) != 1 || posted[0].Route != fakedatadog.EventsCreateV2 {
		t.Fatalf("got %d %s, posted %v", r.StatusCode, r.Body, posted)
	}
	if e := got["event"].(map[string]any); len(e["id"].(string)) != 24 || !strings.HasSuffix(e["url"].(string), "?uid="+e["id"].(string)) {
		t.Errorf("the answer names %v", e)
	}
	if again := fields(t, handle(t, h, post(torqBody)).Body); again["status"] != "duplicate" || !cmp.Equal(again["event"], got["event"]) {
		t.Errorf("a repeated delivery is answered %v", again)
	}
	answered, err := json.Marshal(fields(t, dry.Body)["event"])
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{"posted": posted[0].Body, "dry run": answered} {
		var e struct {
			Data struct {
				Attributes struct {
					Title, Message string
					AggregationKey string `json:"aggregation_key"`
					Tags           []string
					Attributes     struct {
						Status string
						Links  []struct{ Category, URL string }
						Custom struct{ Monitor struct{ Name string } }
					}
				}
			}
		}
		if err := json.Unmarshal(body, &e); err != nil {
			t.Fatal(err)
		}
		a := e.Data.Attributes
		if a.Title != "[P1] [Triggered] Checkout is slow" || a.AggregationKey != "c-1" || a.Attributes.Status != "error" || strings.Contains(a.Message, "@webhook-boomerang") {
			t.Errorf("%s: %s", name, body)
		}
		for _, tag := range []string{"boomerang", "monitor:4711", "playbook:checkout", "team:shop", "enrichment:complete", "late:true"} {
			if !slices.Contains(a.Tags, tag) {
				t.Errorf("%s: no tag %s in %v", name, tag, a.Tags)
			}
		}
		runbook := struct{ Category, URL string }{"runbook", "https://wiki.example.com/checkout"}
		if a.Attributes.Custom.Monitor.Name != "Checkout is slow" || !slices.Contains(a.Attributes.Links, runbook) {
			t.Errorf("%s: the monitor is not in %+v", name, a.Attributes)
		}
	}
}

// Datadog rejects an event with one property that is too long, so every alert must become
// an event within the limits of either API.
func TestHandler_Limits(t *testing.T) {
	long := strings.Repeat("é@all %%% \\u0000\\n", 3000)
	var tags strings.Builder
	for i := range 150 {
		fmt.Fprintf(&tags, "k%d:%s,", i, strings.Repeat("v", 300))
	}
	bodies := map[string]string{
		"long":       `{"id":"` + strings.Repeat("9", 300) + `","title":"` + long + `","body":"` + long + `","hostname":"` + strings.Repeat("h", 999) + `","link":"https://a.example/` + strings.Repeat("x", 3000) + `","alert_cycle_key":"` + strings.Repeat("k", 999) + `","alert_priority":"P9"}`,
		"many_tags":  `{"id":"1","title":"x","tags":"` + tags.String() + `"}`,
		"an_id":      `{"id":"@all"}`,
		"ill_chosen": `{"id":"1","title":"x","alert_type":"catastrophe","alert_transition":"Exploded","priority":"urgent","link":"javascript:alert(1)","snapshot":"https://p.example/?\u202e","date":"9999999999999"}`,
	}
	for api, source := range apis {
		for name, body := range bodies {
			t.Run(string(api)+"_"+name, func(t *testing.T) {
				w := newEnv(t)
				w.source = source
				r := handle(t, w.handler(), post(body))
				if r.StatusCode != 200 || len(w.datadog.Posted()) != 1 || w.datadog.Posted()[0].Route != api {
					t.Errorf("got %d %s; log %s", r.StatusCode, r.Body, w.log.String())
				}
			})
		}
	}
}
