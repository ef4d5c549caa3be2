package recordings_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog/recordings"
)

func TestRead(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("RECORDINGS", folder)
	for name, text := range map[string]string{
		"b.yaml": "interactions:\n- request: {method: GET, url: https://api/1}\n  response: {code: 403, headers: {Content-Type: [application/json]}, body: '{}'}\n- request: {method: PUT}\n",
		"a.yaml": "interactions:\n- request: {method: POST}\n", "none.yaml": "version: 1\n", "a.freeze": "2022-01-06",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var calls []string
	for _, e := range recordings.Read(t) {
		calls = append(calls, filepath.Base(e.File)+" "+e.Request.Method)
		if e.Request.Method == "GET" && (e.Request.URL != "https://api/1" || e.Response.Code != 403 || e.Response.Headers.Get("Content-Type") != "application/json" || e.Response.Body != "{}") {
			t.Errorf("got %+v", e)
		}
	}
	if diff := cmp.Diff([]string{"a.yaml POST", "b.yaml GET", "b.yaml PUT"}, calls); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
