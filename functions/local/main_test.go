package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"boomerang/functions/local/output"
)

const torq = "../../events/torq-payload.json"

// invoke runs a command and returns what it prints.
func invoke(t *testing.T, env map[string]string, args ...string) (string, error) {
	t.Helper()
	var screen, log bytes.Buffer
	c := cli{out: output.New(&screen), stderr: &log, env: env}
	err := c.run(t.Context(), args...)
	return screen.String(), err
}

func mustInvoke(t *testing.T, env map[string]string, args ...string) string {
	t.Helper()
	screen, err := invoke(t, env, args...)
	if err != nil {
		t.Fatal(err)
	}
	return screen
}

func contains(t *testing.T, text string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(text, want) {
			t.Errorf("it does not show %q:\n%s", want, text)
		}
	}
}

func errorContains(t *testing.T, err error, all ...string) {
	t.Helper()
	for _, want := range all {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// file writes a temporary file.
func file(t *testing.T, name, content string) string {
	t.Helper()
	return filepath.Join(folder(t, map[string]string{name: content}), name)
}

// folder writes files into a temporary folder.
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

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		nil,
		{"fly"},
		{"run"},
		{"run", "a", "b"},
		{"run", "a", "--fast"},
		{"run", "a", "--live=soon"},
		{"try"},
		{"try", "a", "b", "c"},
		{"try", "a", "--fast"},
		{"try", "a", "--record", "x", "--replay", "y"},
		{"try", "a", "--live", "--replay", "y"},
		{"serve", "a", "b"},
		{"drill", "a", "b"},
		{"drill", "-timeout", "soon"},
		{"drill", "-timeout", "0s"},
		{"drill", "-fast"},
		{"test-playbooks"},
		{"test-playbooks", "-fast"},
		{"check-playbooks"},
		{"schema"},
		{"setup", "a"},
		{"redrive", "a"},
	} {
		_, err := invoke(t, nil, args...)
		usage, ok := errors.AsType[usageError](err)
		if !ok || usage.isHelp || !strings.Contains(usage.text, "Usage: local ") {
			t.Errorf("%v: got %v", args, err)
		}
		if ok && len(args) > 1 && (strings.Contains(usage.text, "check-playbooks") != (args[0] == "check-playbooks")) {
			t.Errorf("%v shows the usage of other commands:\n%s", args, usage.text)
		}
	}
	for _, args := range [][]string{{"--help"}, {"help"}, {"try", "--help"}, {"redrive", "-h"}} {
		_, err := invoke(t, nil, args...)
		if usage, ok := errors.AsType[usageError](err); !ok || !usage.isHelp {
			t.Errorf("%v: got %v", args, err)
		}
	}
}
