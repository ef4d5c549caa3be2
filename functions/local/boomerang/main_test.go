package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"boomerang/functions/local/output"
)

const torq = "../../../events/torq-payload.json"

func newCLI(screen io.Writer) cli { return cli{out: output.New(screen), stderr: io.Discard} }

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

func TestMain(m *testing.M) {
	if os.Getenv(asBoomerang) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// asBoomerang makes the test binary the command.
const asBoomerang = "TEST_AS_BOOMERANG"

// processEnv is the environment of the command. A test binary that measures coverage warns without
// GOCOVERDIR.
func processEnv(t *testing.T) []string {
	return []string{asBoomerang + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GOCOVERDIR=" + t.TempDir()}
}

// start runs the command as a process, and returns what it prints and its exit code.
func start(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, err bytes.Buffer
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(processEnv(t), env...)
	cmd.Stdout, cmd.Stderr = &out, &err
	if failed := cmd.Run(); failed != nil && cmd.ProcessState == nil {
		t.Fatal(failed)
	}
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

// TestProcess_Interrupt ends each command that waits for its input or for Datadog by the first signal.
func TestProcess_Interrupt(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // It accepts and never answers.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	for _, line := range []string{"run -", "try -", "check --payload -", "backtest --file -", "setup --live --url https://a.lambda-url.eu-west-1.on.aws", "events list --live"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0], strings.Fields(line)...)
			cmd.Env = append(processEnv(t), "DD_API_KEY=a", "DD_APP_KEY=b", "DATADOG_API_URL=http://"+silent.Addr().String())
			var stderr strings.Builder
			cmd.Stderr = &stderr
			if _, err := cmd.StdinPipe(); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second) // It waits then. An earlier signal ends the process by itself.
			_ = cmd.Process.Signal(os.Interrupt)
			if err := cmd.Wait(); ctx.Err() != nil || cmd.ProcessState.ExitCode() != 130 || !strings.HasSuffix(stderr.String(), "interrupted\n") || strings.Contains(stderr.String(), "reached") {
				t.Errorf("%v, %q", err, stderr.String())
			}
		})
	}
}

// TestProcess_Help shows how each command is used, on the standard output.
func TestProcess_Help(t *testing.T) {
	lines := []string{"", "--help", "help", "help try", "completion --help", "completion bash --help"}
	for _, cmd := range (cli{out: output.New(&bytes.Buffer{})}).root().Commands() {
		lines = append(lines, cmd.Name()+" --help", cmd.Name()+" -h")
	}
	for _, line := range lines {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := start(t, []string{"LIVE=1", "UPDATE=maybe"}, strings.Fields(line)...)
			if code != 0 || stderr != "" || !strings.Contains(stdout, "Usage:\n  boomerang") || !strings.Contains(stdout, ".\n") {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
			for l := range strings.Lines(stdout) {
				if len(line) > 4 && !strings.HasPrefix(line, "completion") && utf8.RuneCountInString(l) > 101 {
					t.Errorf("a line is %d wide: %s", len(l), l)
				}
			}
		})
	}
}

// TestProcess_Switches reads the words for yes and no, of a flag and of a variable.
func TestProcess_Switches(t *testing.T) {
	t.Parallel()
	path := folder(t, map[string]string{"a.yaml": "playbooks: [{name: one}]", "a.test.yaml": "cases: [{name: any, alert: {title: x}, expect: {golden: a.golden}}]"})
	golden := filepath.Join(path, "a.golden")
	for _, c := range []struct {
		env, flag string
		on        bool
	}{
		{"UPDATE=0", "", false},
		{"UPDATE=no", "", false},
		{"UPDATE=", "", false},
		{"UPDATE=off", "", false},
		{"", "--update=false", false},
		{"UPDATE=1", "--update=no", false},
		{"UPDATE=1", "", true},
		{"UPDATE=YES", "", true},
		{"UPDATE=true", "", true},
		{"UPDATE=on", "", true},
		{"", "--update", true},
		{"UPDATE=0", "--update=yes", true},
	} {
		if err := os.RemoveAll(golden); err != nil {
			t.Fatal(err)
		}
		_, stderr, code := start(t, []string{c.env}, slices.DeleteFunc([]string{"test", path, c.flag}, func(arg string) bool { return arg == "" })...)
		_, err := os.Stat(golden)
		if (code == 0) != c.on || (err == nil) != c.on {
			t.Errorf("%s %s: exit code %d, %v, %s", c.env, c.flag, code, err, stderr)
		}
	}
}

func TestProcess_Completion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			script, stderr, code := start(t, nil, "completion", shell)
			if code != 0 || stderr != "" || !strings.Contains(script, "boomerang") {
				t.Fatalf("exit code %d, stderr %q", code, stderr)
			}
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skipf("%s is not installed", shell)
			}
			if out, err := exec.CommandContext(t.Context(), path, "-n", file(t, "completion", script)).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	stdout, _, _ := start(t, nil, "__complete", "re")
	if !strings.HasPrefix(stdout, "redrive\t") {
		t.Errorf("re is completed to %q", stdout)
	}
}

func TestProcess_Version(t *testing.T) {
	stdout, stderr, code := start(t, nil, "--version")
	if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "boomerang version ") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

// TestProcess_Failure shows what was done on the standard output, and the error in one
// sentence beside it.
func TestProcess_Failure(t *testing.T) {
	stdout, stderr, code := start(t, nil, "run", "../../../events/wrong-token.json")
	if code != 1 || !strings.Contains(stdout, "401 Unauthorized") || !strings.HasPrefix(stderr, "no event was posted: the request's token is") || strings.Count(stderr, "\n") != 1 || strings.Contains(stdout, "\x1b[") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}
