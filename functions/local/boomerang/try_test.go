package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestTry_Replay(t *testing.T) {
	recorded, playbooks := filepath.Join(t.TempDir(), "recording"), "testdata/mine.yaml"
	first := mustInvoke(t, nil, "try", "-v", "--record", recorded, torq, "--playbooks", playbooks)
	contains(t, first, "of Datadog's responses are in "+recorded, "make try REPLAY="+recorded+" (or --replay)")
	raw, err := os.ReadFile(filepath.Join(recorded, "recording.json"))
	if err != nil || bytes.Contains(raw, []byte("fake-datadog")) || bytes.Contains(raw, []byte("Ada Marsh")) {
		t.Errorf("the recording has a key or a name, or %v:\n%s", err, raw)
	}

	replayed := mustInvoke(t, nil, "try", "-v", torq, "--replay", recorded, "--playbooks", playbooks)
	contains(t, replayed, "✓ page (oncall)  ", "Person ")
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

	_, err = invoke(t, nil, "try", "-v", torq, "--replay", recorded)
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
	contains(t, mustInvoke(t, env, "try", "-v", "--live", torq, "--playbooks", file(t, "mine.yaml", "playbooks: [{name: mine, steps: [{uses: owner}]}]")),
		"✗ owner  ", "  failed: ", "apm_service_catalog_read", "enrichment:none", "The request to Datadog")
	for _, call := range calls {
		if !strings.HasPrefix(call, "GET ") || !strings.HasSuffix(call, " my-api-key") {
			t.Errorf("Datadog got %s", call)
		}
	}
	if len(calls) == 0 {
		t.Error("Datadog got no call")
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
	contains(t, mustInvoke(t, nil, "try", "-v", torq, "--playbooks", playbooks, "--record", recorded),
		"✓ ask (http)  ", `"status": "fine"`, "url: "+api.URL+"/checkout",
		"· tell (http)  ", "a try sends a POST with LIVE=1 only", "· start (lambda)  ", "a try does not invoke functions")
	if got := strings.Join(calls, ","); got != "GET /checkout" {
		t.Errorf("the API got %s", got)
	}
	contains(t, mustInvoke(t, nil, "try", "-v", torq, "--playbooks", playbooks, "--replay", recorded), "· ask (http)  ", "a recording has Datadog's responses only")
	keys := map[string]string{"DD_API_KEY": "a", "DD_APP_KEY": "b"}
	contains(t, mustInvoke(t, keys, "try", "-v", torq, "--playbooks", playbooks, "--live"), "✓ tell (http)  ", "· start (lambda)  ")
}
