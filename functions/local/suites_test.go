package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"boomerang/functions/local/playbooktest"
	"boomerang/functions/local/report"
)

var update = flag.Bool("update", false, "write the golden files of the ready playbooks anew")

const ready = "../../shared/playbook/ready"

// TestReady_playbooks_pass_their_tests runs what `make test-playbooks` does.
func TestReady_playbooks_pass_their_tests(t *testing.T) {
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
			r, err := test(t.Context(), filepath.Join(ready, name+playbooktest.Suffix), *update)
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

// TestReady_playbooks_keep_no_old_golden_file finds those that no case names.
func TestReady_playbooks_keep_no_old_golden_file(t *testing.T) {
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

// folder writes files into a folder of the test's own.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	path := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(path, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

const (
	simple     = "playbooks:\n  - {name: one, match: 'alert.priority == \"P1\"', steps: [{uses: owner}]}\n  - {name: two, steps: [{uses: logs}]}\n"
	simpleTest = "cases:\n  - name: urgent\n    alert: {title: x, alert_priority: P1}\n    steps: {owner: {data: {team: shop}}}\n    expect: {playbooks: [one], steps: [owner]}\n"
)

func tests(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var screen bytes.Buffer
	err := testPlaybooks(t.Context(), report.New(&screen), args)
	return screen.String(), err
}

func TestTestPlaybooks_reports_for_people_and_for_CI(t *testing.T) {
	passing := folder(t, map[string]string{"a.yaml": simple, "a.test.yaml": simpleTest})
	failing := folder(t, map[string]string{"b.yaml": simple, "b.test.yaml": strings.Replace(simpleTest, "P1", "P2", 1)})
	for _, path := range []string{passing, filepath.Join(passing, "a.yaml"), filepath.Join(passing, "a.test.yaml")} {
		screen, err := tests(t, path)
		if err != nil {
			t.Fatal(err)
		}
		shows(t, screen, filepath.Join(passing, "a.test.yaml")+"\n  pass urgent\n  note no case reaches the playbook two\n", "1 cases, 0 failed; 1 playbooks or steps that no case reaches")
	}
	screen, err := tests(t, passing, failing)
	if err == nil || err.Error() != "1 of 2 cases failed" {
		t.Errorf("got %v", err)
	}
	shows(t, screen, "  pass urgent", "  FAIL urgent\n       playbooks: want [one], got [two]\n       one did not match; this is false: alert.priority == \"P1\"\n", "2 cases, 1 failed")
}

func TestTestPlaybooks_goes_on_over_a_broken_file(t *testing.T) {
	path := folder(t, map[string]string{"a.yaml": simple, "a.test.yaml": "cases: 1", "b.yaml": simple, "b.test.yaml": simpleTest})
	screen, err := tests(t, path)
	if err == nil || !strings.Contains(err.Error(), "a.test.yaml:1:8") || !strings.Contains(screen, "pass urgent") {
		t.Errorf("%v, and it shows\n%s", err, screen)
	}
}

func TestTestPlaybooks_says_what_is_wrong_with_what_it_is_told(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"nothing":         {nil, "Usage:"},
		"an unknown flag": {[]string{"-fast"}, "Usage:"},
		"an empty folder": {[]string{t.TempDir()}, "no test of playbooks"},
		"no such file":    {[]string{"none"}, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := tests(t, c.args...); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTestPlaybooks_writes_golden_files(t *testing.T) {
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
	check := func(args ...string) (string, error) {
		var screen bytes.Buffer
		err := checkPlaybooks(report.New(&screen), args)
		return screen.String(), err
	}
	good := folder(t, map[string]string{"a.yaml": simple, "a.test.yaml": "anything", "owners.yaml": "- {service: a}", "note.txt": "playbooks:"})
	if screen, err := check(good); err != nil || screen != "1 playbook files can be used.\n" {
		t.Errorf("%q, %v", screen, err)
	}
	if err := os.Mkdir(filepath.Join(good, "testdata"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(good, "testdata", "bad.yaml"), []byte("playbooks: bad"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := check(good); err != nil {
		t.Errorf("what a test keeps in testdata is checked: %v", err)
	}
	bad := folder(t, map[string]string{"a.yaml": "playbooks: [{name: x, mach: y}]", "b.yml": "playbooks: [{name: x, steps: [{uses: ownr}]}]"})
	_, err := check(bad)
	if err == nil || !strings.Contains(err.Error(), `a.yaml:1:23: unknown key "mach"; did you mean "match"?`) || !strings.Contains(err.Error(), `did you mean "owner"?`) {
		t.Errorf("got %v", err)
	}
	// A table is looked for beside the playbooks that use it.
	beside := map[string]string{"a.yaml": "playbooks: [{name: x, steps: [{uses: lookup, with: {file: owners.csv}}]}]"}
	if _, err := check(folder(t, beside)); err == nil || !strings.Contains(err.Error(), "owners.csv") {
		t.Errorf("a table that is not there: %v", err)
	}
	beside["owners.csv"] = "service,team\ncheckout,shop\n"
	if _, err := check(folder(t, beside)); err != nil {
		t.Errorf("a table that is there: %v", err)
	}
	// A file that is named is a playbook file, whatever it holds.
	if _, err := check(filepath.Join(good, "owners.yaml")); err == nil {
		t.Error("a table can be used as playbooks")
	}
	if _, err := check(); err != errUsage {
		t.Errorf("got %v", err)
	}
	if _, err := check("none"); err == nil {
		t.Error("what is not there can be used")
	}
}

func TestSchema_is_that_of_the_types(t *testing.T) {
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
	var screen bytes.Buffer
	if err := command(t.Context(), []string{"schema", path}); err != nil {
		t.Fatal(err)
	}
	if err := writeSchemas(report.New(&screen), path); err != nil || strings.Count(screen.String(), "\n") != 3 {
		t.Errorf("%q, %v", screen.String(), err)
	}
	if err := writeSchemas(report.New(&screen), filepath.Join(path, "none")); err == nil {
		t.Error("a folder that is not there was written to")
	}
}
