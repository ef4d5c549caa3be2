package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"boomerang/functions/local/playbooktest"
)

var update = flag.Bool("update", false, "write the golden files of the ready playbooks anew")

const ready = "../../shared/playbook/ready"

// TestReadyPlaybooks runs what `make test-playbooks` does.
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
			r, err := runTests(t.Context(), filepath.Join(ready, name+playbooktest.Suffix), *update)
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

const (
	simple     = "playbooks:\n  - {name: one, match: 'alert.priority == \"P1\"', steps: [{uses: owner}]}\n  - {name: two, steps: [{uses: logs}]}\n"
	simpleTest = "cases:\n  - name: urgent\n    alert: {title: x, alert_priority: P1}\n    steps: {owner: {data: {team: shop}}}\n    expect: {playbooks: [one], steps: [owner]}\n"
)

func tests(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return invoke(t, nil, append([]string{"test-playbooks"}, args...)...)
}

func TestTestPlaybooks(t *testing.T) {
	passing := folder(t, map[string]string{"a.yaml": simple, "a.test.yaml": simpleTest})
	failing := folder(t, map[string]string{"b.yaml": simple, "b.test.yaml": strings.Replace(simpleTest, "P1", "P2", 1)})
	for _, path := range []string{passing, filepath.Join(passing, "a.yaml"), filepath.Join(passing, "a.test.yaml")} {
		screen, err := tests(t, path)
		if err != nil {
			t.Fatal(err)
		}
		contains(t, screen, filepath.Join(passing, "a.test.yaml")+"\n  pass urgent\n  note no case reaches the playbook two\n", "1 cases, 0 failed; 1 playbooks or steps that no case reaches")
	}
	screen, err := tests(t, passing, failing)
	if err == nil || err.Error() != "1 of 2 cases failed" {
		t.Errorf("got %v", err)
	}
	contains(t, screen, "  pass urgent", "  FAIL urgent\n       playbooks: want [one], got [two]\n       one did not match; this is false: alert.priority == \"P1\"\n", "2 cases, 1 failed")
}

func TestTestPlaybooks_InvalidFile(t *testing.T) {
	path := folder(t, map[string]string{"a.yaml": simple, "a.test.yaml": "cases: 1", "b.yaml": simple, "b.test.yaml": simpleTest})
	screen, err := tests(t, path)
	if err == nil || !strings.Contains(err.Error(), "a.test.yaml:1:8") || !strings.Contains(screen, "pass urgent") {
		t.Errorf("%v, and it shows\n%s", err, screen)
	}
}

func TestTestPlaybooks_NoFiles(t *testing.T) {
	_, err := tests(t, t.TempDir())
	errorContains(t, err, "no tests of playbooks")
	_, err = tests(t, "none")
	errorContains(t, err, "none")
}

func TestTestPlaybooks_Update(t *testing.T) {
	path := folder(t, map[string]string{"a.yaml": simple, "a.test.yaml": strings.Replace(simpleTest, "expect: {", "expect: {golden: a.golden, ", 1)})
	if _, err := tests(t, path); err == nil {
		t.Error("a golden file that is not there passes")
	}
	if _, err := tests(t, path, "--update"); err != nil {
		t.Fatal(err)
	}
	if _, err := tests(t, path); err != nil {
		t.Error(err)
	}
}

func TestCheckPlaybooks(t *testing.T) {
	good := folder(t, map[string]string{"a.yaml": simple, "a.test.yaml": "anything", "owners.yaml": "- {service: a}", "note.txt": "playbooks:"})
	if err := os.Mkdir(filepath.Join(good, "testdata"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(good, "testdata", "bad.yaml"), []byte("playbooks: bad"), 0o600); err != nil {
		t.Fatal(err)
	}
	if screen := mustInvoke(t, nil, "check-playbooks", good); screen != "1 valid playbook files\n" {
		t.Errorf("got %q", screen)
	}
	lookup := map[string]string{"a.yaml": "playbooks: [{name: x, steps: [{uses: lookup, with: {file: owners.csv}}]}]"}
	bad := map[string]string{"a.yaml": "playbooks: [{name: x, mach: y}]", "b.yml": "playbooks: [{name: x, steps: [{uses: ownr}]}]"}
	for path, want := range map[string][]string{
		folder(t, bad):                     {`a.yaml:1:23: unknown key "mach"; did you mean "match"?`, `did you mean "owner"?`},
		folder(t, lookup):                  {"owners.csv"},
		"none":                             {"none"},
		filepath.Join(good, "owners.yaml"): {"owners.yaml"}, // A file that is named is checked as playbooks.
	} {
		_, err := invoke(t, nil, "check-playbooks", path)
		errorContains(t, err, want...)
	}
	lookup["owners.csv"] = "service,team\ncheckout,shop\n"
	mustInvoke(t, nil, "check-playbooks", folder(t, lookup))
}

func TestSchemas(t *testing.T) {
	all, err := schemas()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range all {
		got, err := os.ReadFile(filepath.Join("../../shared/playbook", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("shared/playbook/%s is not what the types say: run make schema", name)
		}
	}
}

func TestWriteSchemas(t *testing.T) {
	path := t.TempDir()
	if screen := mustInvoke(t, nil, "schema", path); strings.Count(screen, "\n") != 3 {
		t.Errorf("got %q", screen)
	}
	_, err := invoke(t, nil, "schema", filepath.Join(path, "none"))
	errorContains(t, err, "none")
}
