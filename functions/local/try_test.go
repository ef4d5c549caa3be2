package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"boomerang/shared/event"
)

const mine = `
playbooks:
  - name: other
    match: alert.tags.env == "prod" && alert.tags.service == "other"
  - name: mine
    match: alert.tags.service == "checkout"
    steps:
      - uses: owner
      - uses: metric
        with: {query: "sum:checkout.errors{service:{{ .alert.tags.service }}}.as_count()"}
      - {name: page, uses: oncall, with: {team: "{{ .steps.owner.team }}"}}
      - {name: never, uses: owner, when: alert.host == "x"}
    event:
      title: "{{ .steps.owner.team }} owns it"
    then:
      - {name: tell, uses: owner, with: {service: "{{ .event.title }}"}}
  - name: last
`

func TestTry(t *testing.T) {
	playbooks := file(t, "mine.yaml", mine)
	contains(t, mustInvoke(t, nil, "try", torq, playbooks),
		"Playbooks: "+playbooks, `✗ other  this is false: alert.tags.service == "other"`, "✓ mine   used", "· last   not reached",
		"✓ owner ok in", `"team": "checkout"`,
		"with  query: sum:checkout.errors{service:checkout}.as_count()", `"points": `,
		"✓ page (oncall) ok in", "with  team: checkout", "Ada Marsh",
		"· never skipped in", `why   its condition does not hold`,
		"· tell (owner), after the post skipped in", "with  service: checkout owns it", "a try does not post",
		"The event\n  title            checkout owns it", "The request to Datadog: POST /api/v1/events\n{\n  \"title\": \"checkout owns it\",")
	contains(t, mustInvoke(t, nil, "try", torq), "the embedded playbooks", "✓ default  used", "The request to Datadog: POST /api/v1/events")
	contains(t, mustInvoke(t, nil, "try", "../../events/own-event.json"), "Nothing would be done")
}

func TestTry_EventV2(t *testing.T) {
	screen := mustInvoke(t, nil, "try", torq, file(t, "v2.yaml", "playbooks: [{name: mine, event: {api: v2}}]"))
	_, body, _ := strings.Cut(screen, "POST /api/v2/events\n")
	var e event.AlertEvent
	if err := json.Unmarshal([]byte(body), &e); err != nil || e.Data.Attributes.Category != "alert" {
		t.Errorf("%v in\n%s", err, screen)
	}
}

func TestTry_RejectedRequest(t *testing.T) {
	get := file(t, "get.json", `{"requestContext":{"http":{"method":"GET","path":"/"},"timeEpoch":1795165925874},"headers":{"content-type":"application/json"},"body":"{\"id\":\"1\"}"}`)
	for path, want := range map[string]string{
		"../../events/wrong-token.json": "the function would answer 401 Unauthorized",
		get:                             "the function would answer 405 Method Not Allowed",
		torq:                            "",
	} {
		screen := mustInvoke(t, nil, "try", path)
		contains(t, screen, "The event\n", want)
		if want == "" && strings.Contains(screen, "the function would answer") {
			t.Errorf("%s is rejected:\n%s", path, screen)
		}
	}
}

func TestTry_Replay(t *testing.T) {
	recorded, playbooks := filepath.Join(t.TempDir(), "recording"), file(t, "mine.yaml", mine)
	first := mustInvoke(t, nil, "try", "--record", recorded, torq, playbooks)
	contains(t, first, "of Datadog's responses are in "+recorded, "make try REPLAY="+recorded+" (or --replay)")
	raw, err := os.ReadFile(filepath.Join(recorded, "recording.json"))
	if err != nil || bytes.Contains(raw, []byte("fake-datadog")) || bytes.Contains(raw, []byte("Ada Marsh")) {
		t.Errorf("the recording has a key or a name, or %v:\n%s", err, raw)
	}

	replayed := mustInvoke(t, nil, "try", torq, "--replay", recorded, playbooks)
	contains(t, replayed, "✓ page (oncall) ok in", "Person ")
	// A replayed alert has the date of the recording.
	happened := ""
	for l := range strings.Lines(first) {
		if strings.Contains(l, `"date_happened"`) {
			happened = l
		}
	}
	if happened == "" || !strings.Contains(replayed, happened) {
		t.Errorf("the replay has no %q:\n%s", happened, replayed)
	}

	_, err = invoke(t, nil, "try", torq, "--replay", recorded)
	errorContains(t, err, "has no response to\n  GET /api/v1/", "--record")
}

func TestTry_Live(t *testing.T) {
	var calls []string
	datadog := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls = append(calls, r.Method+" "+r.URL.Path+" "+r.Header.Get("DD-API-KEY"))
		http.Error(w, `{"errors":["Forbidden"]}`, http.StatusForbidden)
	}))
	defer datadog.Close()
	env := map[string]string{"DD_API_KEY": "my-api-key", "DD_APP_KEY": "my-app-key", "DATADOG_API_URL": datadog.URL}
	contains(t, mustInvoke(t, env, "try", "--live", torq, file(t, "mine.yaml", "playbooks: [{name: mine, steps: [{uses: owner}]}]")),
		"✗ owner failed in", "apm_service_catalog_read", "enrichment:none", "The request to Datadog")
	for _, call := range calls {
		if !strings.HasPrefix(call, "GET ") || !strings.HasSuffix(call, " my-api-key") {
			t.Errorf("Datadog got %s", call)
		}
	}
	if len(calls) == 0 {
		t.Error("Datadog got no call")
	}
}

func TestTry_Errors(t *testing.T) {
	notAnAlert := file(t, "event.json", `{"requestContext":{"http":{"method":"POST"},"timeEpoch":1795165925874},"headers":{"content-type":"application/json"},"body":"{"}`)
	notBase64 := file(t, "event.json", `{"requestContext":{"http":{"method":"POST"}},"isBase64Encoded":true,"body":"{"}`)
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
		want string
	}{
		"arguments swapped": {args: []string{file(t, "mine.yaml", mine), torq}, want: "not a Function URL event"},
		"no event file":     {args: []string{"none.json"}, want: "none.json"},
		"not an alert":      {args: []string{notAnAlert}, want: "the function would reject"},
		"not base64":        {args: []string{notBase64}, want: "base64"},
		"no playbook file":  {args: []string{torq, "none.yaml"}, want: "none.yaml"},
		"playbook mistake":  {args: []string{torq, file(t, "bad.yaml", "playbooks: [{nam: x}]")}, want: `bad.yaml:1:14: unknown key "nam"`},
		"no recording":      {args: []string{torq, "--replay", "none"}, want: "none is not a recording"},
		"not a recording":   {args: []string{torq, "--record", filepath.Dir(file(t, "recording.json", "[]"))}, want: "another folder"},
		"live without keys": {args: []string{torq, "--live"}, want: "DD_API_KEY"},
		"wrong variable":    {args: []string{torq}, env: map[string]string{"ENRICH_BUDGET": "soon"}, want: "ENRICH_BUDGET"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := invoke(t, c.env, append([]string{"try"}, c.args...)...)
			errorContains(t, err, c.want)
		})
	}
}

// TestTry_OtherAPIs reads other APIs and changes nothing there.
func TestTry_OtherAPIs(t *testing.T) {
	var (
		mu    sync.Mutex
		calls []string
	)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, r.Method+" "+r.URL.Path)
		_, _ = w.Write([]byte(`{"status":"fine"}`))
	}))
	defer api.Close()
	playbooks := file(t, "http.yaml", `
playbooks:
  - name: others
    steps:
      - {name: ask, uses: http, with: {url: "`+api.URL+`/{{ .alert.tags.service }}", show: [{name: Status, path: status}]}}
      - {name: tell, uses: http, with: {url: "`+api.URL+`/tell", body: '{"title": "{{ .alert.title }}"}'}}
      - {name: start, uses: lambda, with: {function: mine}}
`)
	recorded := filepath.Join(t.TempDir(), "recording")
	contains(t, mustInvoke(t, nil, "try", torq, playbooks, "--record", recorded),
		"✓ ask (http) ok in", `"status": "fine"`, "url: "+api.URL+"/checkout",
		"· tell (http) skipped in", "a try sends a POST with LIVE=1 only", "· start (lambda) skipped in", "a try does not invoke functions")
	if got := strings.Join(calls, ","); got != "GET /checkout" {
		t.Errorf("the API got %s", got)
	}
	contains(t, mustInvoke(t, nil, "try", torq, playbooks, "--replay", recorded), "· ask (http) skipped in", "a recording has Datadog's responses only")
	keys := map[string]string{"DD_API_KEY": "a", "DD_APP_KEY": "b"}
	contains(t, mustInvoke(t, keys, "try", torq, playbooks, "--live"), "✓ tell (http) ok in", "· start (lambda) skipped in")
}
