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

func record(t *testing.T, folder string, secrets ...string) *recording.Recorder {
	t.Helper()
	recorder, err := recording.NewRecorder(folder, at, http.DefaultTransport, secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return recorder
}

func play(t *testing.T, folder string, secrets ...string) *recording.Player {
	t.Helper()
	player, err := recording.NewPlayer(folder, secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return player
}

func read(t *testing.T, folder string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(folder, recording.File))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func write(t *testing.T, folder, name, content string) (path string) {
	t.Helper()
	path = filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPlayer(t *testing.T) {
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

func TestPlayer_Missing(t *testing.T) {
	folder := t.TempDir()
	record(t, folder)
	player := play(t, folder)
	for range 2 {
		if _, _, _, err := ask(t, player, "POST", "https://api.datadoghq.com/api/v2/x?b=2&a=1", `{"q":"service:checkout"}`); err == nil || !strings.Contains(err.Error(), "no response to POST /api/v2/x?a=1&b=2") {
			t.Errorf("got %v", err)
		}
	}
	err := player.Err()
	if err == nil || strings.Count(err.Error(), `POST /api/v2/x?a=1&b=2 with {"q":"service:checkout"}`) != 1 || !strings.Contains(err.Error(), "make try RECORD=<folder> (or --record)") {
		t.Errorf("got %v", err)
	}
}

func TestPlayer_OtherTime(t *testing.T) {
	address, _ := datadog(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Query().Get("query")) })
	folder := t.TempDir()
	recorder := record(t, folder)
	for _, query := range []string{"?from=1795160000&query=a", "?from=1795160000&query=b", "?from=1795160600&query=a", "?from=2026-11-20T09:00:00Z&query=c"} {
		if _, _, _, err := ask(t, recorder, "GET", address+"/api/v1/query"+query, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := recorder.Close(); err != nil {
		t.Fatal(err)
	}
	player := play(t, folder)
	for query, want := range map[string]string{"?from=1795199999&query=b": "b", "?from=1795199999123&query=a": "a", "?from=2027-01-01T00:00:00.5Z&query=c": "c"} {
		if _, _, got, err := ask(t, player, "GET", "https://x.example.com/api/v1/query"+query, ""); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", query, got, err, want)
		}
	}
	if _, _, _, err := ask(t, player, "GET", "https://x.example.com/api/v1/query?from=1&query=a", ""); err == nil {
		t.Error("a number that is not a time matches any time")
	}
}

func TestRecorder_Unchanged(t *testing.T) {
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
		t.Error("a failed call succeeds")
	}
}

func TestRecorder_TruncatedResponse(t *testing.T) {
	address, _ := datadog(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
	})
	recorder := record(t, t.TempDir())
	_, _, _, _ = ask(t, recorder, "GET", address, "")
	if n, err := recorder.Close(); n != 0 || err != nil {
		t.Errorf("%d exchanges, %v", n, err)
	}
}

func TestNewRecorder_ReplacesRecording(t *testing.T) {
	folder := t.TempDir()
	address, _ := datadog(t, func(http.ResponseWriter, *http.Request) {})
	recorder := record(t, folder)
	if _, _, _, err := ask(t, recorder, "GET", address+"/old", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := recorder.Close(); err != nil || !strings.Contains(read(t, folder), "/old") {
		t.Fatalf("the recording is %s, %v", read(t, folder), err)
	}
	note := write(t, folder, "note.txt", "mine")
	record(t, folder)
	if raw, err := os.ReadFile(note); err != nil || string(raw) != "mine" || strings.Contains(read(t, folder), "/old") {
		t.Errorf("the recording is %s, and the other file %s, %v", read(t, folder), raw, err)
	}
	if _, err := recording.NewRecorder(note, at, nil); err == nil {
		t.Error("a file is a folder")
	}
}

func TestRecorder_CannotWrite(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "gone")
	recorder := record(t, folder)
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Dir(folder), "gone", "a file")
	address, _ := datadog(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "all the same") })
	if _, _, body, err := ask(t, recorder, "GET", address, ""); err != nil || body != "all the same" {
		t.Errorf("%q, %v", body, err)
	}
	if n, err := recorder.Close(); n != 0 || err == nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestNewPlayer_NotARecording(t *testing.T) {
	if _, err := recording.NewPlayer(t.TempDir()); err == nil || !strings.Contains(err.Error(), "make try RECORD=<folder> (or --record)") {
		t.Errorf("an empty folder: %v", err)
	}
	for _, content := range []string{"{", "{}", "[]"} {
		folder := t.TempDir()
		path := write(t, folder, recording.File, content)
		if _, err := recording.NewPlayer(folder); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", content, err)
		}
		if _, err := recording.NewRecorder(folder, at, nil); err == nil || !strings.Contains(err.Error(), "another folder") {
			t.Errorf("record over %s: %v", content, err)
		}
	}
}
