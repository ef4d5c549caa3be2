package recording_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"boomerang/functions/local/recording"
)

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
