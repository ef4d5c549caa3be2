package event_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fakedatadog"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// mustBeGolden compares a request with a golden file, which shows the text once
// more as people read it.
func mustBeGolden(t *testing.T, name string, request event.Request, text string) {
	t.Helper()
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(request); err != nil {
		t.Fatal(err)
	}
	got.WriteString("\n" + text + "\n")
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// handle is anything that Datadog might take for one: an @ that is not inside a
// word, or not followed by a domain.
var handle = regexp.MustCompile(`(^|[^A-Za-z0-9_+-])@\S`)

// mustCompose returns the events of an alert for both APIs. Datadog takes them, people can
// read them, and they notify no one.
func mustCompose(t *testing.T, a alert.Alert, d event.Draft, results []enrich.Result) (event.Event, event.AlertEvent) {
	t.Helper()
	v1, v2 := event.Compose(a, d, results, now), event.ComposeAlert(a, d, results, now)
	mustBeAcceptable(t, v1)
	mustBeAcceptableAlert(t, v2)
	return v1, v2
}

func mustBeAcceptable(t *testing.T, e event.Event) {
	t.Helper()
	mustBeAccepted(t, "/api/v1/events", e)
	mustBeReadable(t, e.Title, e.Text)
	for _, tag := range e.Tags {
		if n := utf8.RuneCountInString(tag); n == 0 || n > event.MaxTag {
			t.Errorf("tag of %d characters", n)
		}
	}
}

// mustBeAccepted posts a request to the fake, which refuses what Datadog refuses.
func mustBeAccepted(t *testing.T, path string, request event.Request) {
	t.Helper()
	raw, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	r, w := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(raw)), httptest.NewRecorder()
	r.Header.Set("DD-API-KEY", fakedatadog.DefaultAPIKey)
	r.Header.Set("DD-APPLICATION-KEY", fakedatadog.DefaultAppKey)
	fakedatadog.New(fakedatadog.Options{Now: func() time.Time { return now }}).ServeHTTP(w, r)
	if w.Code != http.StatusAccepted {
		t.Errorf("Datadog would refuse it: %s %s", w.Body, raw)
	}
}

// mustBeReadable checks what people read, which is the same in both APIs.
func mustBeReadable(t *testing.T, title, text string) {
	t.Helper()
	if n := utf8.RuneCountInString(title); n == 0 || n > event.MaxTitle {
		t.Errorf("title has %d characters: %q", n, title)
	}
	if n := utf8.RuneCountInString(text); n > event.MaxText {
		t.Errorf("text has %d characters", n)
	}
	if !strings.HasPrefix(text, "%%% \n") || !strings.HasSuffix(text, "\n %%%") {
		t.Errorf("the markdown wrapper is not whole: %q", text)
	}
	if strings.Count(text, "%%%") != 2 {
		t.Errorf("something inside ends the markdown: %q", text)
	}
	for name, text := range map[string]string{"title": title, "text": text} {
		if found := handle.FindString(text); found != "" {
			t.Errorf("%s notifies %q", name, found)
		}
		mustBeClean(t, name, text)
	}
}

func mustBeClean(t *testing.T, name, text string) {
	t.Helper()
	if !utf8.ValidString(text) || strings.ContainsRune(text, utf8.RuneError) {
		t.Errorf("%s is truncated inside a character: %q", name, text)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == '\u202e' }) {
		t.Errorf("%s has control characters: %q", name, text)
	}
}

// mustBeAcceptableAlert checks what people read, and lets the fake of Datadog check the
// rest.
func mustBeAcceptableAlert(t *testing.T, e event.AlertEvent) {
	t.Helper()
	mustBeAccepted(t, "/api/v2/events", e)
	mustBeReadable(t, e.Data.Attributes.Title, e.Data.Attributes.Message)
	details := e.Data.Attributes.Attributes
	for _, l := range details.Links {
		if handle.MatchString(l.Title) {
			t.Errorf("link %+v", l)
		}
		mustBeClean(t, "link", l.Title+l.URL)
	}
	if encoded, _ := json.Marshal(details.Custom); len(encoded) > event.MaxCustomBytes {
		t.Errorf("custom has %d bytes", len(encoded))
	}
	mustBeBounded(t, details.Custom)
}

// mustBeBounded checks the limits that are ours.
func mustBeBounded(t *testing.T, v any) {
	t.Helper()
	switch v := v.(type) {
	case nil:
		t.Error("a null makes no facet")
	case string:
		if n := utf8.RuneCountInString(v); n == 0 || n > event.MaxValue {
			t.Errorf("a value of %d characters", n)
		}
		mustBeClean(t, "value", v)
	case []any:
		if len(v) == 0 || len(v) > event.MaxElements {
			t.Errorf("a list of %d", len(v))
		}
		for _, element := range v {
			mustBeBounded(t, element)
		}
	case map[string]any:
		for name, value := range v {
			if n := utf8.RuneCountInString(name); n == 0 || n > event.MaxName {
				t.Errorf("a name of %d characters", n)
			}
			mustBeClean(t, "name", name)
			mustBeBounded(t, value)
		}
	}
}
