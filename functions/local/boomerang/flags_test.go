package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

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
		{line: "-v", want: "unknown shorthand flag: 'v' in -v (its flags: --help, --version); see"},
		{line: "events list --since 2h", want: "unknown flag: --since (its flags: --end, --exclude-aggregate, --help, --limit, --live, --output, --page, --priority, --sources, --start, --tags, --unaggregated); see"},
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
		{line: "serve 127.0.0.1:22222222", want: `"127.0.0.1:22222222" is not an address: write 127.0.0.1:8788, or 8788 alone; a port is a number up to 65535`},
		{line: "serve localhost:http", want: `"localhost:http" is not an address`},
		{line: "bench --base a", want: "boomerang bench: unknown flag: --base (write it behind memory or start); see"},
		{line: "--live run a", want: "unknown flag: --live (write it behind "},
		{line: "serve localhost", want: `"localhost" is not an address: write 127.0.0.1:8788, or 8788 alone`},
		{line: "drill --timeout soon", want: "soon"},
		{line: "drill --stack=", want: "--stack is empty: omit it, or give it a value"},
		{line: "run a --playbooks=", want: "--playbooks is empty"},
		{line: "drill http://example.com/", want: "the address of the webhook is plain http to another machine: give https://"},
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
	for cmd, argument := range map[string]string{"run": "<alert>", "check": "[<playbook file or folder>...]", "serve": "[<address>]"} {
		if _, stderr, code := start(t, nil, cmd, ""); code != 2 || !strings.Contains(stderr, "an argument is empty: omit it, or give "+argument) {
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
