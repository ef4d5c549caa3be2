package recording_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/recording"
)

var at = time.Date(2026, 11, 20, 9, 12, 5, 0, time.UTC)

// call is a request and its response.
type call struct {
	Method, Path, Body string
	Status             int
	Response           string
	Header             http.Header
}

// do makes a call through a transport.
func do(t *testing.T, through http.RoundTripper, base string, c call) (call, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), c.Method, base+c.Path, strings.NewReader(c.Body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("DD-API-KEY", "0123456789abcdef0123456789abcdef")
	resp, err := (&http.Client{Transport: through}).Do(r)
	if err != nil {
		return c, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	c.Status, c.Response, c.Header = resp.StatusCode, string(body), resp.Header
	return c, err
}

// record records calls of a server, and returns the calls with their responses.
func record(t *testing.T, folder string, server http.HandlerFunc, calls []call, secrets ...string) []call {
	t.Helper()
	recorder, err := recording.NewRecorder(folder, at, http.DefaultTransport, secrets...)
	if err != nil {
		t.Fatal(err)
	}
	datadog := httptest.NewServer(server)
	defer datadog.Close()
	var done []call
	for _, c := range calls {
		if c, err = do(t, recorder, datadog.URL, c); err != nil {
			t.Fatal(err)
		}
		done = append(done, c)
	}
	if n, err := recorder.Close(); n != len(calls) || err != nil {
		t.Errorf("%d exchanges, %v; want %d", n, err, len(calls))
	}
	return done
}

func play(t *testing.T, folder string, secrets ...string) *recording.Player {
	t.Helper()
	player, err := recording.NewPlayer(folder, secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return player
}

const datadogURL = "https://api.datadoghq.com"

func TestPlayer(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "recording")
	recorded := record(t, folder, func(w http.ResponseWriter, r *http.Request) {
		switch body, _ := io.ReadAll(r.Body); {
		case r.Method == http.MethodPost:
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"request": `+string(body)+`, "id": 7284105863092654118, "email": "ada@corp.example.org"}`)
		case r.URL.Query().Get("page") == "2":
			w.Header().Set("X-RateLimit-Reset", "7")
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			w.Header().Set("X-RateLimit-Reset", "7")
			_, _ = io.WriteString(w, "<html>503</html>")
		}
	}, []call{
		{Method: "POST", Path: "/api/v2/logs/events/search", Body: `{"b":1,"a":[2.50]}`},
		{Method: "POST", Path: "/api/v2/logs/events/search", Body: `{"b":2,"a":[2.50]}`},
		{Method: "GET", Path: "/api/v1/events?page=2"},
		{Method: "GET", Path: "/api/v1/events?page=3"},
	})
	if want := `{"request": {"b":1,"a":[2.50]}, "id": 7284105863092654118, "email": "ada@corp.example.org"}`; recorded[0].Response != want {
		t.Errorf("the recorder changed the response: %s", recorded[0].Response)
	}
	player := play(t, folder)
	for i, want := range recorded {
		got, err := do(t, player, datadogURL, call{Method: want.Method, Path: want.Path, Body: want.Body})
		if err != nil {
			t.Fatal(err)
		}
		if i < 2 { // JSON is replayed with its keys in order, and scrubbed.
			want.Response = `{"email":"person-a094@example.com","id":7284105863092654118,"request":{"a":[2.50],"b":` + string('1'+rune(i)) + `}}`
		}
		want.Header.Del("Content-Length")
		want.Header.Del("Date")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("call %d (-recorded +replayed):\n%s", i, diff)
		}
	}
	if !player.At.Equal(at) || player.Err() != nil {
		t.Errorf("the recording is of %v, %v", player.At, player.Err())
	}
}

func TestPlayer_OtherTime(t *testing.T) {
	folder := t.TempDir()
	record(t, folder, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Query().Get("query")) }, []call{
		{Path: "/q?from=1795160000&query=a"}, {Path: "/q?from=1795160000&query=b"}, {Path: "/q?from=1795160600&query=a"}, {Path: "/q?from=2026-11-20T09:00:00Z&query=c"},
	})
	player := play(t, folder)
	for path, want := range map[string]string{"/q?from=1795199999&query=b": "b", "/q?from=1795199999123&query=a": "a", "/q?from=2027-01-01T00:00:00.5Z&query=c": "c"} {
		if got, err := do(t, player, datadogURL, call{Path: path}); err != nil || got.Response != want {
			t.Errorf("%s: %q, %v; want %q", path, got.Response, err, want)
		}
	}
	if _, err := do(t, player, datadogURL, call{Path: "/q?from=1&query=a"}); err == nil {
		t.Error("a number that is not a time matches any time")
	}
}

func TestPlayer_Missing(t *testing.T) {
	folder := t.TempDir()
	record(t, folder, nil, nil)
	player := play(t, folder)
	const request = `POST /api/v2/x?a=1&b=2 with {"q":"service:checkout"}`
	for range 2 {
		if _, err := do(t, player, datadogURL, call{Method: "POST", Path: "/api/v2/x?b=2&a=1", Body: `{"q":"service:checkout"}`}); err == nil || !strings.Contains(err.Error(), "no response to "+request) {
			t.Errorf("got %v", err)
		}
	}
	if err := player.Err(); err == nil || strings.Count(err.Error(), request) != 1 || !strings.Contains(err.Error(), "make try RECORD=<folder> (or --record)") {
		t.Errorf("got %v", err)
	}
}

func TestRecorder_Failures(t *testing.T) {
	datadog := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
	}))
	defer datadog.Close()
	folder := filepath.Join(t.TempDir(), "recording")
	recorder, err := recording.NewRecorder(folder, at, http.DefaultTransport)
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{datadog.URL, "http://127.0.0.1:1"} {
		if _, err := do(t, recorder, url, call{}); err == nil {
			t.Errorf("%s: no error", url)
		}
	}
	if n, err := recorder.Close(); n != 0 || err != nil {
		t.Errorf("%d exchanges, %v", n, err)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	write(t, folder, "a file")
	if _, err := recorder.Close(); err == nil {
		t.Error("a file is a folder")
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestNewRecorder_OtherFiles(t *testing.T) {
	folder := t.TempDir()
	path, note := filepath.Join(folder, recording.File), filepath.Join(folder, "note.txt")
	write(t, note, "mine")
	record(t, folder, func(http.ResponseWriter, *http.Request) {}, []call{{Path: "/old"}})
	record(t, folder, nil, nil)
	if raw, err := os.ReadFile(note); err != nil || string(raw) != "mine" {
		t.Errorf("the other file is %s, %v", raw, err)
	}
	if _, err := do(t, play(t, folder), datadogURL, call{Path: "/old"}); err == nil {
		t.Error("the old recording is left")
	}
	for _, content := range []string{"{", "{}", "[]"} {
		write(t, path, content)
		if _, err := recording.NewPlayer(folder); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("play %s: %v", content, err)
		}
		if _, err := recording.NewRecorder(folder, at, nil); err == nil || !strings.Contains(err.Error(), "another folder") {
			t.Errorf("record over %s: %v", content, err)
		}
	}
	if _, err := recording.NewPlayer(t.TempDir()); err == nil || !strings.Contains(err.Error(), "make try RECORD=<folder> (or --record)") {
		t.Errorf("play an empty folder: %v", err)
	}
}

const responseWithPeople = `{
	"monitor": {"id": 4711, "name": "Checkout is slow", "creator": {"name": "Ada Marsh", "handle": "ada.marsh@corp.example.org", "email": "ada.marsh@corp.example.org", "id": 1445416}},
	"included": [
		{"type": "users", "id": "u-1", "attributes": {"name": "Bob Quill", "handle": "bob", "icon": "https://secure.gravatar.com/avatar/abc", "email": "bob@corp.example.org"}},
		{"type": "team", "id": "t-1", "attributes": {"name": "Team Checkout", "handle": "checkout"}}
	],
	"author": "Cleo Vane", "username": "cleo",
	"message": "ask ada.marsh@corp.example.org or 10.1.2.3:8080, fe80::1c2d and [2001:4860::8888]; std::vector at 10:45:12, version 4.2.1, @slack-checkout",
	"log": "curl -H 'Authorization: Bearer abcdefghijklmnop1234' https://me:hunter22@internal.example.org/?api_key=aaaabbbbcccc&token=zzz",
	"jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "aws": "AKIAIOSFODNN7EXAMPLE", "mine": "known-secret-text",
	"client_secret": "shh1", "apiKey": "shh2", "aggregation_key": "kept-key", "session_token": "shh3",
	"users": ["Dora Finch"], "hosts": ["i-0a1b", "127.0.0.1"]
}`

func TestRecording_Scrubbed(t *testing.T) {
	const path = "/api/v1/x?application_key=shh4&query=user:ada.marsh@corp.example.org"
	const body = `{"filter":"by bob@corp.example.org from 10.1.2.3"}`
	folder := t.TempDir()
	record(t, folder, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "session=cookie-value")
		if r.URL.Path == "/text" {
			_, _ = io.WriteString(w, "owner: ada.marsh@corp.example.org, key known-secret-text")
			return
		}
		_, _ = io.WriteString(w, responseWithPeople)
	}, []call{{Method: "POST", Path: path, Body: body}, {Path: "/text"}}, "known-secret-text", "")
	raw, err := os.ReadFile(filepath.Join(folder, recording.File))
	if err != nil {
		t.Fatal(err)
	}
	kept := string(raw)
	for _, secret := range []string{
		"Ada", "Marsh", "ada.marsh", "Bob", "Quill", "gravatar", "Cleo", "cleo", "corp.example.org", "Dora",
		"10.1.2.3", "fe80", "8888", "abcdefghijklmnop1234", "hunter22", "aaaabbbb", "zzz", "eyJ", "AKIA", "known-secret-text",
		"shh1", "shh2", "shh3", "shh4", "cookie-value", "0123456789abcdef",
	} {
		if strings.Contains(kept, secret) {
			t.Errorf("the file has %q", secret)
		}
	}
	for _, useful := range []string{
		"Checkout is slow", "Team Checkout", `"handle": "checkout"`, "std::vector at 10:45:12, version 4.2.1, @slack-checkout", "kept-key",
		"i-0a1b", "127.0.0.1", "4711", "person-", "@example.com", "Person ", "192.0.2.", ":8080", "2001:db8::", "<secret>",
	} {
		if !strings.Contains(kept, useful) {
			t.Errorf("the file lost %q:\n%s", useful, kept)
		}
	}

	// The request is scrubbed too, so it finds its response.
	got, err := do(t, play(t, folder, "known-secret-text"), datadogURL, call{Method: "POST", Path: path, Body: body})
	if err != nil || got.Status != http.StatusOK || !strings.Contains(got.Response, `"id":4711`) {
		t.Errorf("%+v, %v", got, err)
	}
}
