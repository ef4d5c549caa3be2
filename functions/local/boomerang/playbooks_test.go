package main

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"boomerang/functions/local/playbooktest"
)

var update = flag.Bool("update", false, "write the golden files of the ready playbooks anew")

const ready = "../../../shared/playbook/ready"

// TestReadyPlaybooks runs what `boomerang test` does.
func TestReadyPlaybooks(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(ready, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, playbooktest.Suffix) {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			r, err := playbooktest.RunFile(t.Context(), filepath.Join(ready, name+playbooktest.Suffix), *update)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range r.Cases {
				if len(c.Failures) > 0 {
					t.Errorf("%s: %s", c.Name, strings.Join(c.Failures, "\n"))
				}
			}
			if len(r.Unreached) > 0 {
				t.Errorf("no case reaches the %s", strings.Join(r.Unreached, ", the "))
			}
		})
	}
}

// TestReadyPlaybooks_UnusedGoldenFiles finds those that no case names.
func TestReadyPlaybooks_UnusedGoldenFiles(t *testing.T) {
	golden, err := filepath.Glob(filepath.Join(ready, "golden", "*"))
	if err != nil || len(golden) == 0 {
		t.Fatalf("%d files, %v", len(golden), err)
	}
	tests, err := filepath.Glob(filepath.Join(ready, "*"+playbooktest.Suffix))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range tests {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(raw)
	}
	for _, file := range golden {
		if !strings.Contains(all.String(), "golden/"+filepath.Base(file)) {
			t.Errorf("no case names %s", file)
		}
	}
}

func TestWriteSchemas(t *testing.T) {
	path := t.TempDir()
	if screen := mustInvoke(t, nil, "schema", path); strings.Count(screen, "\n") != 4 {
		t.Errorf("got %q", screen)
	}
}

// A folder with the name of the one that a build embeds has its own tables.
func TestCommands_FolderOwn(t *testing.T) {
	tables, err := filepath.Abs("testdata/lookup")
	alert, failed := filepath.Abs(torq)
	if err := errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.CopyFS("own", os.DirFS(tables)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("own/a.test.yaml", []byte("cases: [{name: a, alert: {title: x}, expect: {playbooks: [x]}}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", "own"}, {"test", "own"}, {"try", alert, "own/a.yaml"}} {
		mustInvoke(t, nil, args...)
	}
}
