package handler_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

const postingByV2 = `
playbooks:
  - name: checkout
    steps: [{uses: monitor}]
    event: {api: v2, tags: ["team:shop"]}
`

// newV2Env is an env whose playbook posts by the v2 API, with
// the monitor that the alert is about.
func newV2Env(t *testing.T) *env {
	w := newEnv(t)
	w.source = postingByV2
	w.datadog.AddMonitor(fakedatadog.Monitor{
		ID: 4711, Name: "Checkout is slow", Type: "query alert", Message: "Runbook: https://wiki.example.com/checkout @slack-checkout",
		Options: map[string]any{"thresholds": map[string]any{"critical": 0.8}},
	})
	return w
}

// alertV2 is what the tests look at in a request body of the v2 API.
type alertV2 struct {
	Data struct {
		Attributes struct {
			Title, Message, Category, Timestamp, Host string
			AggregationKey                            string `json:"aggregation_key"`
			Tags                                      []string
			Attributes                                struct {
				Status, Priority string
				Links            []struct{ Category, URL, Title string }
				Custom           map[string]any
			}
		}
	}
}

func readV2(t *testing.T, body []byte) alertV2 {
	t.Helper()
	var e alertV2
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestHandler_PostedV2(t *testing.T) {
	w := newV2Env(t)
	body := strings.NewReplacer(`"1406662672000"`, `"`+time.Now().UTC().Format(time.RFC3339)+`"`, `"ALERT_ID"`, `"ALERT_PRIORITY":"P2","ALERT_ID"`).Replace(torqBody)
	h := w.handler()
	r := handle(t, h, post(body))
	got := fields(t, r.Body)
	if r.StatusCode != http.StatusOK || got["status"] != "posted" || got["playbook"] != "checkout" {
		t.Fatalf("got %d %s", r.StatusCode, r.Body)
	}
	posted := w.datadog.Posted()
	if len(posted) != 1 || posted[0].Route != fakedatadog.EventsCreateV2 {
		t.Fatalf("posted %v", posted)
	}
	if e := got["event"].(map[string]any); len(e["id"].(string)) != 24 || !strings.HasSuffix(e["url"].(string), "?uid="+e["id"].(string)) {
		t.Errorf("the answer names %v", e)
	}

	e := readV2(t, posted[0].Body).Data.Attributes
	if e.Title != "[P1] [Triggered] Checkout is slow" || e.Category != "alert" || e.AggregationKey != "c-1" || e.Attributes.Status != "error" || e.Attributes.Priority != "2" || e.Timestamp == "" {
		t.Errorf("posted %s", posted[0].Body)
	}
	for _, tag := range []string{"boomerang", "monitor:4711", "playbook:checkout", "team:shop", "enrichment:complete"} {
		if !slices.Contains(e.Tags, tag) {
			t.Errorf("no tag %s in %v", tag, e.Tags)
		}
	}
	if strings.Contains(e.Message, "@webhook-boomerang") || !strings.Contains(e.Message, "＠webhook-boomerang") {
		t.Errorf("the message mentions someone: %s", e.Message)
	}
	found := e.Attributes.Custom["monitor"].(map[string]any)
	if found["name"] != "Checkout is slow" || found["thresholds"].(map[string]any)["critical"] != 0.8 {
		t.Errorf("custom.monitor is %v", found)
	}
	if !slices.ContainsFunc(e.Attributes.Links, func(l struct{ Category, URL, Title string }) bool {
		return l.Category == "runbook" && l.URL == "https://wiki.example.com/checkout"
	}) {
		t.Errorf("the runbook is not among %v", e.Attributes.Links)
	}

	again := fields(t, handle(t, h, post(body)).Body)
	if again["status"] != "duplicate" || !cmp.Equal(again["event"], got["event"]) {
		t.Errorf("a repeated delivery is answered %v", again)
	}
}

func TestHandler_DryRunV2(t *testing.T) {
	w := newV2Env(t)
	r := handle(t, w.handler(), with(post(torqBody), "x-dry-run", "true"))
	var got struct {
		Status string
		Event  json.RawMessage
	}
	if err := json.Unmarshal([]byte(r.Body), &got); err != nil || got.Status != "dry_run" {
		t.Fatalf("got %d %s", r.StatusCode, r.Body)
	}
	e := readV2(t, got.Event).Data.Attributes
	if e.Title != "[P1] [Triggered] Checkout is slow" || e.Timestamp != "" || !slices.Contains(e.Tags, "late:true") {
		t.Errorf("the request is %s", got.Event)
	}
	if n := len(w.datadog.Posted()); n != 0 {
		t.Errorf("%d events were posted", n)
	}
}

func TestHandler_QueuedV2(t *testing.T) {
	for _, misbehaviour := range []fakedatadog.Fault{"status:500", "rate-limited", "reset", "forbidden", "status:400"} {
		t.Run(string(misbehaviour), func(t *testing.T) {
			w := newV2Env(t)
			kept := &sent{}
			w.queue = kept
			w.inject(fakedatadog.EventsCreateV2, misbehaviour)
			r := handle(t, w.handler(), post(torqBody))
			if r.StatusCode != http.StatusAccepted || len(kept.messages) != 1 {
				t.Fatalf("got %d %s, and %d in the queue", r.StatusCode, r.Body, len(kept.messages))
			}
		})
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
	for api, source := range map[fakedatadog.Route]string{fakedatadog.EventsCreate: "", fakedatadog.EventsCreateV2: postingByV2} {
		for name, body := range bodies {
			t.Run(string(api)+"_"+name, func(t *testing.T) {
				w := newEnv(t)
				w.source = source
				r := handle(t, w.handler(), post(body))
				if r.StatusCode != http.StatusOK || len(w.datadog.Posted()) != 1 || w.datadog.Posted()[0].Route != api {
					t.Errorf("got %d %s; log %s", r.StatusCode, r.Body, w.log.String())
				}
			})
		}
	}
}
