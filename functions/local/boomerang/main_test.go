package main

import (
	"bytes"
	"context"
	"io"
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

// TestProcess_Interrupt ends each command that waits for its input by the first signal.
func TestProcess_Interrupt(t *testing.T) {
	for _, line := range []string{"run -", "try -", "check --payload -", "backtest --file -", "setup --live --url https://a.lambda-url.eu-west-1.on.aws"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0], strings.Fields(line)...)
			cmd.Env = append(processEnv(t), "DD_API_KEY=a", "DD_APP_KEY=b")
			if _, err := cmd.StdinPipe(); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second) // It waits then. An earlier signal ends the process by itself.
			_ = cmd.Process.Signal(os.Interrupt)
			if err := cmd.Wait(); ctx.Err() != nil {
				t.Errorf("it goes on: %v", err)
			}
		})
	}
}

// TestProcess_WrongUse answers each wrong use with one sentence and the exit code 2.
func TestProcess_WrongUse(t *testing.T) {
	for _, c := range []struct {
		line, want string
		env        []string
	}{
		{line: "dance", want: `boomerang: "dance" is not a command; see boomerang --help`},
		{line: "tryy", want: `"tryy" is not a command (did you mean try?); see boomerang --help`},
		{line: "help dance", want: `"dance" is not a command`},
		{line: "version", want: `"version" is not a command (did you mean --version?)`},
		{line: "run", want: "boomerang run: give <alert>, or - for the standard input; see boomerang run --help"},
		{line: "run a --playbook b", want: "unknown flag: --playbook (did you mean --playbooks?); see boomerang run --help"},
		{line: "run a --json", want: "unknown flag: --json (use: boomerang run <alert> [flags]); see"},
		{line: "serve --port 9000", want: "unknown flag: --port (use: boomerang serve [<address>] [flags]); see"},
		{line: "-v", want: "unknown shorthand flag: 'v' in -v (use: boomerang [flags])"},
		{line: "run a --verbos", want: "unknown flag: --verbos (did you mean --verbose?)"},
		{line: "run a b", want: `"b" is one argument too many`},
		{line: "run a --live=soon", want: "write yes or no"},
		{line: "run a", env: []string{"LIVE=soon"}, want: "LIVE=soon is not understood: write yes or no"},
		{line: "setup", env: []string{"DELETE=all"}, want: "DELETE=all is not understood"},
		{line: "redrive", env: []string{"GO=go1.26"}, want: "GO=go1.26 is not understood"},
		{line: "test a", env: []string{"LIVE=yes"}, want: "LIVE=yes changes nothing here: omit it"},
		{line: "run a", env: []string{"UPDATE=1"}, want: "UPDATE=1 changes nothing here: omit it"},
		{line: "try", want: "give <alert>, or - for the standard input; see"},
		{line: "try a --record x --replay y", want: "either --record or --replay"},
		{line: "try a --live --replay y", want: "omit LIVE=1"},
		{line: "try a --replay y", env: []string{"LIVE=on"}, want: "omit LIVE=1"},
		{line: "serve a b", want: `"b" is one argument too many`},
		{line: "serve localhost", want: `"localhost" is not an address: write 127.0.0.1:8788, or 8788 alone`},
		{line: "drill --timeout soon", want: "soon"},
		{line: "drill --stack=", want: "--stack is empty: omit it, or give it a value"},
		{line: "run a --playbooks=", want: "--playbooks is empty"},
		{line: "drill http://example.com/", want: "the address of the webhook must start with https://"},
		{line: "serve 0.0.0.0:0", want: "other machines can reach 0.0.0.0:0: use 127.0.0.1, or --remote"},
		{line: "drill --timeout 0s", want: "--timeout must be positive"},
		{line: "test", want: "give a playbook file or a folder"},
		{line: "check", want: "give a playbook file or a folder"},
		{line: "check a --payload b", want: "either playbooks or a --payload"},
		{line: "check --payload a --strict", want: "omit them with --payload"},
		{line: "check --payload a --stack b", want: "omit them with --payload"},
		{line: "setup --check --delete", want: "--check changes nothing: omit --delete"},
		{line: "setup --check -p a", want: "--check changes nothing"},
		{line: "backtest --file a --base b --base-playbooks c", want: "either with --base or with --base-playbooks"},
		{line: "schema a", env: []string{"LIVE=1"}, want: "LIVE=1 changes nothing here"},
		{line: "check a --live", want: "omit LIVE=1"},
		{line: "schema", want: "give <folder>"},
		{line: "setup --url https://example.com/", want: "omit --url, or add LIVE=1"},
		{line: "setup a", want: `"a" is one argument too many`},
		{line: "bench fly", want: `boomerang bench: "fly" is not a command`},
		{line: "bench soak --intake fast", want: "write direct or queue"},
		{line: "bench soak --alerts 0", want: "write a number from 1 to 1000000"},
		{line: "bench start --rounds many", want: `boomerang bench start: invalid argument "many" for "--rounds" flag: write a number from 1 to 1000; see`},
		{line: "events dance", want: `boomerang events: "dance" is not a command; see boomerang events --help`},
		{line: "events lists", want: `"lists" is not a command (did you mean list?)`},
		{line: "events get", want: "give <id>"},
		{line: "events get 7 --output xml", want: "write text, json or event"},
		{line: "events list --start soon", want: `"--start" flag: "soon" is not a time: write 2026-11-29T12:00:00Z`},
		{line: "events list --start 1h --end 2h", want: "the start, "},
		{line: "events list --priority high", want: "write normal or low"},
		{line: "events list --page 0", want: "a page needs --unaggregated or --exclude-aggregate"},
		{line: "events list --tags a,,b", want: "write one, or several with a comma between"},
		{line: "events list --limit 0", want: "write a number from 1"},
		{line: "backtest", want: "say where the alerts are read: set DD_API_KEY"},
		{line: "backtest --file a --live", want: "say where the alerts are read"},
		{line: "backtest --file a --record x", want: "only what is read with LIVE=1"},
		{line: "backtest --file a --since soon", want: `"soon" is not a time`},
		{line: "backtest --file a --fail-if-default-over many", want: `"many" is neither a number of alerts`},
		{line: "completion tcsh", want: `"tcsh" is not a command`},
		{line: "completion bash zsh", want: "zsh"},
	} {
		t.Run(strings.Join(append(c.env, c.line), " "), func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := start(t, c.env, strings.Fields(c.line)...)
			if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.want) {
				t.Errorf("exit code %d, stdout %q, stderr %q; want %q", code, stdout, stderr, c.want)
			}
		})
	}
}

func TestProcess_EmptyArgument(t *testing.T) {
	for _, cmd := range []string{"run", "check", "serve"} {
		if _, stderr, code := start(t, nil, cmd, ""); code != 2 || !strings.Contains(stderr, "an argument is empty: omit it, or give ") {
			t.Errorf("%s: exit code %d, %q", cmd, code, stderr)
		}
	}
}

// TestProcess_Full fails where the output cannot be written.
func TestProcess_Full(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	var stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), os.Args[0], "run", torq, "--output", "json")
	cmd.Env, cmd.Stdout, cmd.Stderr = processEnv(t), full, &stderr
	_ = cmd.Run()
	if want := "the output is not complete: write /dev/stdout: no space left on device\n"; cmd.ProcessState.ExitCode() != 1 || stderr.String() != want {
		t.Errorf("exit code %d, %q", cmd.ProcessState.ExitCode(), stderr.String())
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
	if code != 1 || !strings.Contains(stdout, "401 Unauthorized") || stderr != "no event was posted\n" || strings.Contains(stdout, "\x1b[") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}
