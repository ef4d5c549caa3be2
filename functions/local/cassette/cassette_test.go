package cassette_test

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

	"boomerang/functions/local/cassette"
)

var at = time.Date(2026, 11, 20, 9, 12, 5, 0, time.UTC)

// ask makes one request through a transport.
func ask(t *testing.T, through http.RoundTripper, method, address, body string) (int, http.Header, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("DD-API-KEY", "0123456789abcdef0123456789abcdef")
	resp, err := (&http.Client{Transport: through}).Do(r)
	if err != nil {
		return 0, nil, "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, string(answer), err
}

// datadog answers with what it is told to, and tells how often it was asked.
func datadog(t *testing.T, answer http.HandlerFunc) (address string, asked *int) {
	asked = new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked++
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

func record(t *testing.T, folder string, secrets ...string) *cassette.Recorder {
	t.Helper()
	recorder, err := cassette.NewRecorder(folder, at, http.DefaultTransport, secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return recorder
}

func play(t *testing.T, folder string, secrets ...string) *cassette.Player {
	t.Helper()
	player, err := cassette.NewPlayer(folder, secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return player
}

func files(t *testing.T, folder string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(name + "\n" + string(raw))
	}
	return all.String()
}

func TestPlayer_gives_every_answer_again(t *testing.T) {
	address, asked := datadog(t, func(w http.ResponseWriter, r *http.Request) {
		switch body, _ := io.ReadAll(r.Body); {
		case r.Method == http.MethodPost:
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"asked":`+string(body)+`,"id":7284105863092654118}`)
		case r.URL.Query().Get("page") == "2":
			w.Header().Set("X-RateLimit-Reset", "7")
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			w.Header().Set("X-RateLimit-Remaining", "0")
			_, _ = io.WriteString(w, "<html>503</html>")
		}
	})
	questions := []struct{ method, path, body string }{
		{"POST", "/api/v2/logs/events/search", `{"b":1,"a":[2.50]}`},
		{"POST", "/api/v2/logs/events/search", `{"b":2,"a":[2.50]}`},
		{"GET", "/api/v1/events?page=2", ""},
		{"GET", "/api/v1/events?page=3", ""},
	}
	folder := filepath.Join(t.TempDir(), "recording")
	recorder := record(t, folder)
	type answer struct {
		Status            int
		Body, Reset, When string
	}
	var real, replayed []answer
	tell := func(through http.RoundTripper, base string) (all []answer) {
		for _, q := range questions {
			status, header, body, err := ask(t, through, q.method, base+q.path, q.body)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, answer{status, body, header.Get("X-RateLimit-Reset"), header.Get("Retry-After")})
		}
		return all
	}
	real = tell(recorder, address)
	if n, err := recorder.Close(); n != len(questions) || err != nil {
		t.Errorf("%d exchanges were kept, %v; want %d", n, err, len(questions))
	}
	before := *asked

	// The keys of an object have no order; those of the recording are sorted.
	real[0].Body = `{"asked":{"a":[2.50],"b":1},"id":7284105863092654118}`
	real[1].Body = `{"asked":{"a":[2.50],"b":2},"id":7284105863092654118}`
	player := play(t, folder)
	replayed = tell(player, "https://api.datadoghq.com")
	if diff := cmp.Diff(real, replayed); diff != "" {
		t.Errorf("answers (-recorded +replayed):\n%s", diff)
	}
	if *asked != before || !player.At.Equal(at) || player.Err() != nil {
		t.Errorf("Datadog was asked %d times, the recording is of %v, and %v", *asked-before, player.At, player.Err())
	}
}

func TestPlayer_names_what_the_recording_lacks(t *testing.T) {
	folder := t.TempDir()
	record(t, folder)
	player := play(t, folder)
	for range 2 {
		if _, _, _, err := ask(t, player, "POST", "https://api.datadoghq.com/api/v2/x?b=2&a=1", `{"q":"service:checkout"}`); err == nil || !strings.Contains(err.Error(), "no answer to POST /api/v2/x?a=1&b=2") {
			t.Errorf("got %v", err)
		}
	}
	err := player.Err()
	if err == nil || strings.Count(err.Error(), `POST /api/v2/x?a=1&b=2 with {"q":"service:checkout"}`) != 1 || !strings.Contains(err.Error(), "make try RECORD=<folder>, or --record") {
		t.Errorf("got %v", err)
	}
}

func TestPlayer_takes_an_answer_of_another_time(t *testing.T) {
	address, _ := datadog(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Query().Get("query")) })
	folder := t.TempDir()
	recorder := record(t, folder)
	for _, query := range []string{"?from=1795160000&query=a", "?from=1795160000&query=b", "?from=1795160600&query=a", "?from=2026-11-20T09:00:00Z&query=c"} {
		if _, _, _, err := ask(t, recorder, "GET", address+"/api/v1/query"+query, ""); err != nil {
			t.Fatal(err)
		}
	}
	player := play(t, folder)
	for query, want := range map[string]string{"?from=1795199999&query=b": "b", "?from=1795199999123&query=a": "a", "?from=2027-01-01T00:00:00.5Z&query=c": "c"} {
		if _, _, got, err := ask(t, player, "GET", "https://x.example.com/api/v1/query"+query, ""); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", query, got, err, want)
		}
	}
	if _, _, _, err := ask(t, player, "GET", "https://x.example.com/api/v1/query?from=1&query=a", ""); err == nil {
		t.Error("a number that is no time was taken for one")
	}
}

func TestRecorder_hands_on_what_came(t *testing.T) {
	const body = `{"email":"Ada.Marsh@corp.example.org", "b": 1, "a": 2}`
	address, _ := datadog(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Of-Theirs", "1")
		_, _ = io.WriteString(w, body)
	})
	status, header, got, err := ask(t, record(t, t.TempDir()), "GET", address, "")
	if err != nil || status != 200 || header.Get("X-Of-Theirs") != "1" || got != body {
		t.Errorf("%d %v %q %v", status, header, got, err)
	}
	if _, _, _, err := ask(t, record(t, t.TempDir()), "GET", "http://127.0.0.1:1", ""); err == nil {
		t.Error("a call that failed did not")
	}
}

func TestRecorder_keeps_no_half_answer(t *testing.T) {
	address, _ := datadog(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
	})
	recorder := record(t, t.TempDir())
	_, _, _, _ = ask(t, recorder, "GET", address, "")
	if n, _ := recorder.Close(); n != 0 {
		t.Errorf("%d exchanges were kept", n)
	}
}

func TestRecorder_replaces_a_recording_and_nothing_else(t *testing.T) {
	folder := t.TempDir()
	address, _ := datadog(t, func(http.ResponseWriter, *http.Request) {})
	if _, _, _, err := ask(t, record(t, folder), "GET", address+"/old", ""); err != nil {
		t.Fatal(err)
	}
	note := filepath.Join(folder, "note.txt")
	if err := os.WriteFile(note, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	record(t, folder)
	if kept := files(t, folder); strings.Contains(kept, "old") || !strings.Contains(kept, "mine") {
		t.Errorf("the folder holds %s", kept)
	}

	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "a.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := cassette.NewRecorder(other, at, nil); err == nil || !strings.Contains(err.Error(), "another folder") {
		t.Errorf("a folder that holds something else: %v", err)
	}
	if _, err := cassette.NewRecorder(note, at, nil); err == nil {
		t.Error("a file is no folder")
	}
}

func TestRecorder_says_what_it_could_not_write(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "gone")
	recorder := record(t, folder)
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	address, _ := datadog(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "all the same") })
	if _, _, body, err := ask(t, recorder, "GET", address, ""); err != nil || body != "all the same" {
		t.Errorf("%q, %v", body, err)
	}
	if n, err := recorder.Close(); n != 0 || err == nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestPlayer_refuses_what_is_no_recording(t *testing.T) {
	if _, err := cassette.NewPlayer(t.TempDir()); err == nil || !strings.Contains(err.Error(), "make try RECORD=<folder>, or --record") {
		t.Errorf("an empty folder: %v", err)
	}
	for _, broken := range []string{"recording.json", "get-x.json"} {
		folder := t.TempDir()
		record(t, folder)
		if err := os.WriteFile(filepath.Join(folder, broken), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := cassette.NewPlayer(folder); err == nil || !strings.Contains(err.Error(), broken) {
			t.Errorf("a broken %s: %v", broken, err)
		}
	}
}
