package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// makeTarget returns what make would run, or says.
func makeTarget(t *testing.T, env []string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "make", append([]string{"-n", "-C", "../../.."}, args...)...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestMake passes the variables of each target on.
func TestMake(t *testing.T) {
	for target, want := range map[string]string{
		"run": `run "events/torq-payload.json"`,
		"run EVENT=a.json PLAYBOOKS=b.yaml LIVE=1 V=1": `run "a.json" --playbooks b.yaml`,
		"try EVENT=a.json PLAYBOOKS=b REPLAY=d V=0":    `try "a.json" --playbooks b --replay d`,
		"try RECORD=c": "--record c",
		"serve ADDRESS=127.0.0.1:0 PLAYBOOKS=b.yaml": "serve 127.0.0.1:0 --playbooks b.yaml",
		"test-playbooks PLAYBOOKS=b UPDATE=1":        "test b",
		"check-playbooks PLAYBOOKS=b":                "check b",
		"check PLAYBOOKS=b":                          "check b",
		"check-payload PAYLOAD=b":                    `check --payload "b"`,
		"drill URL=https://example.com/ V=1":         "drill https://example.com/",
		"drill PLAYBOOKS=b.yaml":                     "drill --playbooks b.yaml",
		"setup LIVE=1 URL=https://example.com/":      "setup --url https://example.com/",
		"setup DELETE=no":                            "setup",
		"redrive GO=1":                               "redrive",
		"backtest REPLAY=a BASE=b PLAYBOOKS=c":       "backtest --replay=a --playbooks=c --base=b",
		"cover RACE=no":                              ".ci/with-moto go test -tags=noown -shuffle=on -timeout=20m  -coverpkg",
		"cover RACE=Yes COVERAGE=80":                 "CGO_ENABLED=1 .ci/with-moto go test",
		"soak ALERTS=200 INTAKE=queue":               `bench soak --alerts "200" --intake "queue"`,
		"matrix":                                     "bench matrix",
		"scale STORM=5":                              `bench scale --seconds "5"`,
		"bench BASE=a":                               `bench start --rounds "10" --base=a`,
		"bench-memory ROUNDS=2":                      `bench memory --rounds "2"`,
		"golden":                                     "-update",
		"help":                                       "awk",
	} {
		out, err := makeTarget(t, nil, strings.Fields(target)...)
		if err != nil || !strings.Contains(strings.Join(strings.Fields(out), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("make %s: %v, want %q in\n%s", target, err, want, out)
		}
	}
}

// TestMake_Refused has a sentence for a variable that a target does not use, and for a
// switch that says neither yes nor no.
func TestMake_Refused(t *testing.T) {
	for target, want := range map[string]string{
		"run RECORD=x":            "make run does not use RECORD: omit it",
		"run EVENTS=x":            "make run does not use EVENTS: omit it",
		"try playbook=x":          "make try does not use playbook: omit it",
		"run test RACE=1":         "make run test does not use RACE: omit it",
		"help PLAYBOOKS=x":        "make help does not use PLAYBOOKS: omit it",
		"check-playbooks EVENT=x": "make check-playbooks does not use EVENT: omit it",
		"cover RACE=maybe":        "RACE=maybe is not understood: write yes or no",
		"deploy GUIDED=maybe":     "GUIDED=maybe is not understood: write yes or no",
	} {
		if out, err := makeTarget(t, nil, strings.Fields(target)...); err == nil || !strings.Contains(out, want) {
			t.Errorf("make %s: %v, want %q in\n%s", target, err, want, out)
		}
	}
	if out, err := makeTarget(t, []string{"LIVE=yes"}, "test-playbooks"); err == nil || !strings.Contains(out, "make test-playbooks does not use LIVE: omit it") {
		t.Errorf("%v: %s", err, out)
	}
	for _, env := range []string{"LIVE=0", "LIVE=False", "DELETE=n", "UPDATE=", "GO=/usr/local/go/bin/go", "SHELL=/bin/zsh", "RECORD=x"} {
		if out, err := makeTarget(t, []string{env}, "run"); err != nil {
			t.Errorf("%s: %v: %s", env, err, out)
		}
	}
}

// TestMake_Build says at once that it builds, and how far it is.
func TestMake_Build(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	files := map[string]string{
		"bin/go": `#!/bin/sh
if [ "$1" = list ]; then printf 'a\nb\nc\nd\n'; exit; fi
echo internal/a; echo internal/b; echo "x.go:1:2: a warning"
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\necho ran "$@"; exit 3\n' > "$2"; chmod +x "$2"
`,
	}
	for _, name := range []string{".ci/boomerang", ".ci/build"} {
		script, err := os.ReadFile("../../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(script)
	}
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o700); err != nil { //nolint:gosec // They are run.
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, ".build"), 0o755); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, ".ci/boomerang"), "run", "a b")
	cmd.Env = []string{"PROGRESS_INTERVAL=0", "PATH=" + filepath.Join(root, "bin") + ":" + os.Getenv("PATH")}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run()
	if cmd.ProcessState.ExitCode() != 3 || stdout.String() != "ran run a b\n" {
		t.Errorf("exit code %d, %q, %q", cmd.ProcessState.ExitCode(), stdout.String(), stderr.String())
	}
	want := regexp.MustCompile(`^Building boomerang. The first time takes some minutes.\nBuilding boomerang: 1 of 4 packages, \d+ a second, at most \d+ s left\nBuilding boomerang: 2 of 4 packages, \d+ a second, at most \d+ s left\nx.go:1:2: a warning\nBuilt boomerang in \d+ s.\n$`)
	if !want.MatchString(stderr.String()) {
		t.Errorf("it says %q", stderr.String())
	}
}

// TestBench_Verdict ends with one line about how a measurement ended, and with all that it started.
func TestBench_Verdict(t *testing.T) {
	for _, c := range []struct {
		verdict, script string
		code            int
	}{
		{`^scale failed after \d+s: go list -f failed, see above$`, "echo 'x.go:1:2: a mistake' >&2; exit 1", 1},
		{`^interrupted$`, "trap 'echo it ended >&2; exit 1' TERM; sleep 1; sleep 60 & kill -INT $PPID; wait", 130},
	} {
		t.Run(c.verdict, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			if err := os.MkdirAll(filepath.Join(root, "shared/playbook"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, "go"), []byte("#!/bin/sh\n"+c.script), 0o700); err != nil { //nolint:gosec // It is run.
				t.Fatal(err)
			}
			var stderr strings.Builder
			cmd := exec.CommandContext(t.Context(), os.Args[0], "bench", "scale")
			cmd.Dir, cmd.Stderr = root, &stderr
			cmd.Env = append(processEnv(t), "PATH="+root+":"+os.Getenv("PATH"))
			_ = cmd.Run()
			lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
			if cmd.ProcessState.ExitCode() != c.code || len(lines) != 3 || !regexp.MustCompile(c.verdict).MatchString(lines[2]) {
				t.Errorf("exit code %d, %q", cmd.ProcessState.ExitCode(), lines)
			}
		})
	}
}
