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

	"boomerang/functions/local/report"
	"boomerang/shared/event"
)

const torq = "../../events/torq-payload.json"

// tried is what a try shows, and its error.
func tried(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var screen bytes.Buffer
	err := try(t.Context(), report.New(&screen), args)
	return screen.String(), err
}

func shows(t *testing.T, screen string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(screen, want) {
			t.Errorf("it does not show %q:\n%s", want, screen)
		}
	}
}

// file writes a file of the test's own.
func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

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

func TestTry_shows_what_every_step_was_given_and_found(t *testing.T) {
	playbooks := file(t, "mine.yaml", mine)
	screen, err := tried(t, torq, playbooks)
	if err != nil {
		t.Fatal(err)
	}
	shows(t, screen,
		"Playbooks: "+playbooks, `✗ other  this is false: alert.tags.service == "other"`, "✓ mine   used", "· last   not reached",
		"✓ owner ok in", `"team": "checkout"`,
		"with  query: sum:checkout.errors{service:checkout}.as_count()", `"points": `,
		"✓ page (oncall) ok in", "with  team: checkout", "Ada Marsh",
		"· never skipped in", `why   its condition does not hold`,
		"· tell (owner), after the post skipped in", "with  service: checkout owns it", "a try posts nothing",
		"The event\n  title            checkout owns it", "The request to Datadog: POST /api/v1/events\n{\n  \"title\": \"checkout owns it\",",
	)
}

func TestTry_posts_by_the_way_that_the_playbook_says(t *testing.T) {
	_, err := tried(t, file(t, "v2.yaml", "playbooks: [{name: mine, event: {api: v2}}]"), torq)
	if err == nil || !strings.Contains(err.Error(), "not a Function URL event") {
		t.Errorf("the arguments the wrong way round: %v", err)
	}
	screen, err := tried(t, torq, file(t, "v2.yaml", "playbooks: [{name: mine, event: {api: v2}}]"))
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(screen, "POST /api/v2/events\n")
	var e event.AlertEvent
	if err := json.Unmarshal([]byte(body), &e); err != nil || e.Data.Attributes.Category != "alert" {
		t.Errorf("%v in\n%s", err, screen)
	}
}

func TestTry_uses_the_embedded_playbooks_where_it_is_told_none(t *testing.T) {
	screen, err := tried(t, torq)
	if err != nil {
		t.Fatal(err)
	}
	shows(t, screen, "the embedded playbooks", "✓ default  used", "The request to Datadog: POST /api/v1/events")
}

func TestTry_says_when_nothing_would_be_done(t *testing.T) {
	screen, err := tried(t, "../../events/own-event.json")
	if err != nil || !strings.Contains(screen, "Nothing would be done") {
		t.Errorf("%s, %v", screen, err)
	}
}

func TestTry_says_so_when_the_function_would_refuse_the_request(t *testing.T) {
	get := file(t, "get.json", `{"requestContext":{"http":{"method":"GET","path":"/"},"timeEpoch":1795165925874},"headers":{"content-type":"application/json"},"body":"{\"id\":\"1\"}"}`)
	for path, want := range map[string]string{
		"../../events/wrong-token.json": "the function would answer 401 Unauthorized",
		get:                             "the function would answer 405 Method Not Allowed",
		torq:                            "",
	} {
		screen, err := tried(t, path)
		if err != nil {
			t.Fatal(err)
		}
		shows(t, screen, "The event\n", want)
		if want == "" && strings.Contains(screen, "the function would answer") {
			t.Errorf("%s is refused:\n%s", path, screen)
		}
	}
}

func TestTry_replays_what_it_recorded(t *testing.T) {
	folder, playbooks := filepath.Join(t.TempDir(), "recording"), file(t, "mine.yaml", mine)
	recorded, err := tried(t, "--record", folder, torq, playbooks)
	if err != nil {
		t.Fatal(err)
	}
	shows(t, recorded, "of Datadog's answers are in "+folder, "make try REPLAY="+folder+", or --replay, gives them again")
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) < 4 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	for _, entry := range entries {
		raw, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil || bytes.Contains(raw, []byte("fake-datadog")) || bytes.Contains(raw, []byte("Ada Marsh")) {
			t.Errorf("%s holds a key or a name, or %v:\n%s", entry.Name(), err, raw)
		}
	}

	replayed, err := tried(t, torq, "--replay", folder, playbooks)
	if err != nil {
		t.Fatal(err)
	}
	shows(t, replayed, "✓ page (oncall) ok in", "Somebody ")
	// The alert happened when it was recorded, and so it did when it is replayed.
	for l := range strings.Lines(body(recorded)) {
		if strings.Contains(l, `"date_happened"`) && !strings.Contains(replayed, l) {
			t.Errorf("the replay does not show %s:\n%s", l, body(replayed))
		}
	}
	if body(recorded) == "" {
		t.Error("no body was shown")
	}

	_, err = tried(t, torq, "--replay", folder)
	if err == nil || !strings.Contains(err.Error(), "has no answer to\n  GET /api/v1/") || !strings.Contains(err.Error(), "--record") {
		t.Errorf("other playbooks ask other questions: %v", err)
	}
}

func body(screen string) string {
	_, body, _ := strings.Cut(screen, "The request to Datadog")
	return body
}

func TestTry_reads_the_real_Datadog_and_posts_nothing_there(t *testing.T) {
	var asked []string
	datadog := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("DD-API-KEY"))
		http.Error(w, `{"errors":["Forbidden"]}`, http.StatusForbidden)
	}))
	defer datadog.Close()
	t.Setenv("LIVE", "1")
	t.Setenv("DD_API_KEY", "my-api-key")
	t.Setenv("DD_APP_KEY", "my-app-key")
	t.Setenv("DATADOG_API_URL", datadog.URL)
	screen, err := tried(t, torq, file(t, "mine.yaml", "playbooks: [{name: mine, steps: [{uses: owner}]}]"))
	if err != nil {
		t.Fatal(err)
	}
	shows(t, screen, "✗ owner failed in", "apm_service_catalog_read", "enrichment:none", "The request to Datadog")
	for _, one := range asked {
		if !strings.HasPrefix(one, "GET ") || !strings.HasSuffix(one, " my-api-key") {
			t.Errorf("Datadog was asked %s", one)
		}
	}
	if len(asked) == 0 {
		t.Error("Datadog was not asked")
	}
	if _, err := tried(t, torq, "--replay", t.TempDir()); err == nil || !strings.Contains(err.Error(), "leave LIVE=1 out") {
		t.Errorf("a live replay: %v", err)
	}
}

func TestTry_says_what_is_wrong_with_what_it_is_told(t *testing.T) {
	unreadable := file(t, "event.json", `{"requestContext":{"http":{"method":"POST"},"timeEpoch":1795165925874},"headers":{"content-type":"application/json"},"body":"{"}`)
	notBase64 := file(t, "event.json", `{"requestContext":{"http":{"method":"POST"}},"isBase64Encoded":true,"body":"{"}`)
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no event":               {nil, "Usage:"},
		"too much":               {[]string{"a", "b", "c"}, "Usage:"},
		"an unknown flag":        {[]string{"a", "--fast"}, "Usage:"},
		"both ways":              {[]string{"a", "--record", "x", "--replay", "y"}, "Usage:"},
		"the wrong way round":    {[]string{file(t, "mine.yaml", mine), torq}, "not a Function URL event"},
		"no such event":          {[]string{"none.json"}, "none.json"},
		"an alert that is none":  {[]string{unreadable}, "the function would refuse"},
		"a body that is none":    {[]string{notBase64}, "base64"},
		"no such playbooks":      {[]string{torq, "none.yaml"}, "none.yaml"},
		"playbooks with a fault": {[]string{torq, file(t, "bad.yaml", "playbooks: [{nam: x}]")}, `bad.yaml:1:14: unknown key "nam"`},
		"no such recording":      {[]string{torq, "--replay", "none"}, "none is no recording"},
		"a folder in use":        {[]string{torq, "--record", "."}, "another folder"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := tried(t, c.args...); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
	t.Run("no time for steps", func(t *testing.T) {
		t.Setenv("ENRICH_BUDGET", "soon")
		if _, err := tried(t, torq); err == nil || !strings.Contains(err.Error(), "ENRICH_BUDGET") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("live without keys", func(t *testing.T) {
		t.Setenv("LIVE", "1")
		t.Setenv("DD_API_KEY", "")
		if _, err := tried(t, torq); err == nil || !strings.Contains(err.Error(), "DD_API_KEY") {
			t.Errorf("got %v", err)
		}
	})
}

func TestTry_asks_other_APIs_and_changes_nothing_there(t *testing.T) {
	var (
		mu    sync.Mutex
		asked []string
	)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Method+" "+r.URL.Path)
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
	folder := filepath.Join(t.TempDir(), "recording")
	screen, err := tried(t, torq, playbooks, "--record", folder)
	if err != nil {
		t.Fatal(err)
	}
	shows(t, screen, "✓ ask (http) ok in", `"status": "fine"`, "url: "+api.URL+"/checkout",
		"· tell (http) skipped in", "a try sends a POST with LIVE=1 only", "· start (lambda) skipped in", "a try starts no function")
	if got := strings.Join(asked, ","); got != "GET /checkout" {
		t.Errorf("the API was asked %s", got)
	}
	screen, err = tried(t, torq, playbooks, "--replay", folder)
	if err != nil {
		t.Fatal(err)
	}
	shows(t, screen, "· ask (http) skipped in", "a recording holds Datadog's answers only")
	t.Setenv("LIVE", "1")
	t.Setenv("DD_API_KEY", "a")
	t.Setenv("DD_APP_KEY", "b")
	if screen, err = tried(t, torq, playbooks); err != nil {
		t.Fatal(err)
	}
	shows(t, screen, "✓ tell (http) ok in", "· start (lambda) skipped in")
}
