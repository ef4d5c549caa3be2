package bench

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// TestRunner_Test shows what a test logs and nothing of Go's own.
func TestRunner_Test(t *testing.T) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r := Runner{Root: root, Out: &out, Err: io.Discard}
	if err := r.Test(t.Context(), "functions/local/scale", "^TestStorm$"); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if !strings.Contains(out.String(), "alert to event, median") || strings.Contains(out.String(), "---") || strings.Contains(out.String(), "_test.go") {
		t.Errorf("it shows\n%s", out.String())
	}
	if err := r.Test(t.Context(), "functions/local/none", "^Test"); err == nil || !strings.HasPrefix(err.Error(), "go list -f failed, see above") {
		t.Errorf("got %v", err)
	}
}

// TestRunner_NoRepository advises what a measurement can do.
func TestRunner_NoRepository(t *testing.T) {
	r := Runner{Root: t.TempDir(), Out: io.Discard, Err: io.Discard}
	if err := r.Memory(t.Context(), 1, "HEAD"); err == nil || !strings.HasSuffix(err.Error(), "is in no git repository: omit --base") {
		t.Errorf("got %v", err)
	}
}
