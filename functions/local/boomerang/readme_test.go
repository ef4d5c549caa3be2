package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// blocks are the code blocks of a section, by their language.
var blocks = regexp.MustCompile("(?s)```(yaml|sh)\n(.*?)```")

// TestReadme_FirstPlaybook does what the README says, with what it shows, in a folder that
// has the samples and nothing else. No step of it calls anything but the fake.
func TestReadme_FirstPlaybook(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/playbook/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(raw), "## The first one, in ten minutes\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var files []string
	var commands strings.Builder
	for _, block := range blocks.FindAllStringSubmatch(section, -1) {
		if block[1] == "yaml" {
			files = append(files, block[2])
		} else {
			commands.WriteString(block[2])
		}
	}
	if len(files) != 2 || strings.Contains(files[0], "http") {
		t.Fatalf("%d files, which must call no API: %s", len(files), files)
	}
	samples, err := filepath.Abs("../../../events")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"schema.json", "test.schema.json"} {
		if _, err := os.Stat(filepath.Join("../../../shared/playbook", name)); err != nil || !strings.Contains(files[0]+files[1], "$schema=../"+name+"\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Chdir(t.TempDir())
	own := filepath.FromSlash("shared/playbook/own")
	if err := os.MkdirAll(own, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(samples, "events"); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"mine.yaml", "mine.test.yaml"} {
		if err := os.WriteFile(filepath.Join(own, name), []byte(files[i]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	shown := map[string]string{}
	for line := range strings.Lines(commands.String()) {
		env, args := ofMake(t, strings.Fields(line))
		shown[strings.Fields(line)[1]] += mustInvoke(t, env, args...)
	}
	if want := []string{"check-playbooks", "test-playbooks", "try"}; !slices.Equal(slices.Sorted(maps.Keys(shown)), want) {
		t.Errorf("the commands are %v", shown)
	}
	contains(t, shown["try"], "✓ mine matches", "✓ owner ", "✓ monitor ", "✓ metric ", "\nTriggered: Checkout p95 latency is high (checkout)\n", "playbook:mine")
	contains(t, shown["test-playbooks"], "2 cases, 0 failed\n")
	contains(t, shown["check-playbooks"], "1 playbook file, no mistakes")
}

// ofMake returns the command line behind a make target, as the Makefile has it.
func ofMake(t *testing.T, words []string) (env map[string]string, args []string) {
	t.Helper()
	env = map[string]string{}
	for _, word := range words[2:] {
		name, value, _ := strings.Cut(word, "=")
		env[name] = value
	}
	targets := map[string][]string{
		"try":             {"try", env["EVENT"], "--playbooks", env["PLAYBOOKS"]},
		"test-playbooks":  {"test", env["PLAYBOOKS"]},
		"check-playbooks": {"check", env["PLAYBOOKS"]},
	}
	if words[0] != "make" || targets[words[1]] == nil {
		t.Fatalf("this is not a make target of playbooks: %s", words)
	}
	return env, targets[words[1]]
}
