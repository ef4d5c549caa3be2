package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestScreen shows each sample on one screen, by run and by try.
func TestScreen(t *testing.T) {
	files, err := filepath.Glob("../../../events/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		for _, command := range []string{"run", "try"} {
			t.Run(command+" "+filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				screen, _ := invoke(t, nil, command, file)
				if lines := strings.Count(screen, "\n"); lines > 24 {
					t.Errorf("%d lines:\n%s", lines, screen)
				}
				for l := range strings.Lines(screen) {
					if utf8.RuneCountInString(strings.TrimRight(l, "\n")) > 100 {
						t.Errorf("a line of %d columns: %s", utf8.RuneCountInString(l), l)
					}
				}
			})
		}
	}
}

// TestScreen_AllPlaybooks shows each ready playbook with the part of it that is false.
func TestScreen_AllPlaybooks(t *testing.T) {
	screen := mustInvoke(t, nil, "try", torq, "--playbooks", "../../../shared/playbook")
	contains(t, screen, "✗ disk-memory does not match: false is ", " matches\n", "  │ - Since ")
	if lines := strings.Count(screen, "\n"); lines > 24 {
		t.Errorf("%d lines:\n%s", lines, screen)
	}
}

func TestRun_Screen(t *testing.T) {
	screen := mustInvoke(t, nil, "run", torq)
	contains(t, screen, "200 OK in ", ": posted by the playbook default\n  ✓ metric ", "\n  ✓ suspects ", "\n  · guessed: priority from title\n",
		"\n\n[P2] [Triggered on {availability-zone:eu-west-1b}] Checkout p95 latency is high\nerror · normal\n  │ - 2 of 3 groups fail",
		"\n  │ - Suspect: Deployed checkout 4.2.1 to prod", "\n  │ - Owner: checkout\n  │ - Runbook\n", "\ntags  availability-zone:eu-west-1b, env:prod",
		"more lines of text; -v shows everything\n")
	chat := file(t, "chat.json", `{"text":"*[Triggered]* CPU","attachments":[{"title_link":"https://app.datadoghq.com/monitors/99","fields":["web-1 is hot"]}]}`)
	guesses := regexp.MustCompile("· guessed: .*")
	screen = mustInvoke(t, nil, "run", chat)
	found := guesses.FindAllString(screen, -1)
	if len(found) != 2 || strings.Contains(screen, "…") || !slices.Equal(found, guesses.FindAllString(mustInvoke(t, nil, "try", chat), -1)) {
		t.Error(screen)
	}
	playbooks := file(t, "mine.yaml", "playbooks: [{name: mine, limit: 3, steps: [{uses: owner}]}]")
	contains(t, mustInvoke(t, nil, "run", torq, "--playbooks", playbooks), "posted by the playbook mine", "· the limit of 3 events a minute has no effect here")
	contains(t, mustInvoke(t, nil, "run", "-v", torq, "--playbooks", playbooks), "· the limit of 3 events a minute has no effect here")
	contains(t, mustInvoke(t, nil, "try", torq, "--playbooks", playbooks), "✓ mine matches", "· the limit of 3 events a minute has no effect here")
	playbooks = file(t, "followed.yaml", "playbooks: [{name: mine, after: [15m, 1h], steps: [{uses: owner}]}]")
	contains(t, mustInvoke(t, nil, "try", "../../../events/triggered.json", "--playbooks", playbooks), "· a stack follows up after 15 min and 1 h, unless the alert recovers")
}

func TestTry_Screen(t *testing.T) {
	screen := mustInvoke(t, nil, "try", torq, "testdata/mine.yaml")
	contains(t, screen, "Playbooks: testdata/mine.yaml\n  ✗ other does not match: false is alert.tags.service == \"other\"\n  ✓ mine matches\n",
		"· not reached, because the playbook above does not continue: last\n", "✓ page (oncall) ", "· never ", "skipped: its condition does not hold",
		"· tell (owner), after the post ", "\n\ncheckout owns it\n", "-v shows everything\n")
}

// TestOutput prints what programs read, and nothing else.
func TestOutput(t *testing.T) {
	var request struct{ Title, Text string }
	if err := json.Unmarshal([]byte(mustInvoke(t, nil, "try", "--output", "json", torq)), &request); err != nil || !strings.Contains(request.Title, "Checkout") {
		t.Errorf("%+v, %v", request, err)
	}
	var sent struct {
		StatusCode int `json:"status_code"`
		Answer     struct{ Status string }
		Events     []struct {
			Path string
			Body struct{ Title string }
		}
	}
	if err := json.Unmarshal([]byte(mustInvoke(t, nil, "run", "-o", "json", torq)), &sent); err != nil || sent.StatusCode != 200 || sent.Answer.Status != "posted" ||
		len(sent.Events) != 1 || sent.Events[0].Path != "/api/v1/events" || sent.Events[0].Body.Title != request.Title {
		t.Errorf("%+v, %v", sent, err)
	}
	for _, command := range []string{"run", "try"} {
		if text := mustInvoke(t, nil, command, "--output", "event", torq); !strings.HasPrefix(text, "- 2 of 3 groups fail") || strings.Contains(text, "%%%") {
			t.Errorf("%s: %s", command, text)
		}
	}
	var checked struct {
		Files    []string
		Problems []struct {
			File   string
			Line   int
			Column int
			Text   string
		}
	}
	screen, err := invoke(t, nil, "check", "--output", "json", "testdata/bad")
	if err == nil || json.Unmarshal([]byte(screen), &checked) != nil || len(checked.Files) == 0 || checked.Problems[0].Line != 1 || checked.Problems[0].Text == "" {
		t.Errorf("%v: %s", err, screen)
	}
	errorContains(t, err, "the playbooks have mistakes")
	var tested map[string]struct {
		Cases []struct {
			Name     string
			Failures []string
		}
	}
	screen, err = invoke(t, nil, "test", "--output", "json", "testdata/passing", "testdata/failing")
	if err == nil || json.Unmarshal([]byte(screen), &tested) != nil || len(tested) != 2 || len(tested["testdata/failing/a.test.yaml"].Cases[0].Failures) == 0 {
		t.Errorf("%v: %s", err, screen)
	}
	var template struct{ Problems, Missing []string }
	screen, err = invoke(t, nil, "check", "--output", "json", "--payload", "testdata/payload.json")
	if err == nil || json.Unmarshal([]byte(screen), &template) != nil || len(template.Problems) != 1 || len(template.Missing) == 0 {
		t.Errorf("%v: %s", err, screen)
	}
}

// TestPlaybooks names playbooks in the same way for each command that takes alerts.
func TestPlaybooks(t *testing.T) {
	one := folder(t, map[string]string{
		"default.yaml": "playbooks: [{name: all, steps: [{uses: owner}]}]", "mine.yaml": `playbooks: [{name: mine, match: alert.tags.service == "checkout", steps: [{name: mine, uses: owner}]}]`,
		"owners.yaml": "a: {team: b}", "mine.test.yaml": "cases: []",
	})
	other := file(t, "other.yaml", `playbooks: [{name: other, match: alert.priority == "P5"}]`)
	for _, line := range []string{"run " + torq, "try " + torq, "drill", "setup"} {
		for _, paths := range [][]string{{filepath.Join(one, "mine.yaml")}, {one}, {other, one}} {
			args := strings.Fields(line)
			for _, path := range paths {
				args = append(args, "--playbooks", path)
			}
			if line == "drill" || line == "setup" { // Their alerts have other tags.
				mustInvoke(t, nil, args...)
				continue
			}
			contains(t, mustInvoke(t, nil, args...), "playbook:mine")
		}
	}
	same := folder(t, map[string]string{"a.yaml": "playbooks: [{name: one}]", "b.yaml": "playbooks: [{name: one}]"})
	for _, line := range []string{"run " + torq, "try " + torq, "drill", "setup", "serve 127.0.0.1:0"} {
		_, err := invoke(t, nil, append(strings.Fields(line), "--playbooks", "none")...)
		errorContains(t, err, "none")
		_, err = invoke(t, nil, append(strings.Fields(line), "--playbooks", t.TempDir())...)
		errorContains(t, err, "no playbooks in ")
		_, err = invoke(t, nil, append(strings.Fields(line), "--playbooks", filepath.Join(one, "mine.test.yaml"))...)
		errorContains(t, err, "is a test of playbooks: run boomerang test ")
		_, err = invoke(t, nil, append(strings.Fields(line), "--playbooks", same)...)
		errorContains(t, err, `there is another playbook "one"`)
	}
	contains(t, mustInvoke(t, nil, "check", "--playbooks", one, other), "3 playbook files, no mistakes")
	contains(t, mustInvoke(t, nil, "test", "--playbooks", "testdata/passing"), "pass urgent")
	_, err := invoke(t, nil, "test", other)
	errorContains(t, err, "has no tests: write ")
}

// TestRun_StandardInput reads an alert from the input.
func TestRun_StandardInput(t *testing.T) {
	for _, command := range []string{"run", "try"} {
		in, err := os.Open(file(t, "body", `{"id":"7","title":"Disk is full","tags":"service:checkout"}`))
		if err != nil {
			t.Fatal(err)
		}
		var screen strings.Builder
		c := newCLI(&screen)
		c.stdin = in
		if err := c.run(t.Context(), command, "-"); err != nil {
			t.Error(err)
		}
		_ = in.Close()
		contains(t, screen.String(), "Disk is full\n", "service:checkout")
		contains(t, mustInvoke(t, nil, command, file(t, "text", "Disk is full on db-1")), "unreadable: payload", "│ Disk is full on db-1")
	}
}

// TestOutput_Drill prints the event of a drill, and its progress on the error output.
func TestOutput_Drill(t *testing.T) {
	var drilled struct {
		ID    string
		Event struct{ Title string }
	}
	if err := json.Unmarshal([]byte(mustInvoke(t, nil, "drill", "--output", "json")), &drilled); err != nil || drilled.ID == "" || !strings.Contains(drilled.Event.Title, "[Drill]") {
		t.Errorf("%+v, %v", drilled, err)
	}
	if text := mustInvoke(t, nil, "drill", "--output", "event"); text == "" || strings.Contains(text, "200 OK") || strings.Contains(text, "%%%") {
		t.Errorf("got %q", text)
	}
}

// TestOutput_Ignored says on the error output why no event was posted.
func TestOutput_Ignored(t *testing.T) {
	for line, want := range map[string]string{"run -o event": "", "try -o event": "", "try -o json": "null\n"} {
		stdout, stderr, code := start(t, nil, append(strings.Fields(line), "../../../events/own-event.json")...)
		if code != 0 || stdout != want || !strings.Contains(stderr, "Boomerang posted this event itself") {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", line, code, stdout, stderr)
		}
	}
}

// TestOutput_Lists has a list where there is none, and the error of a file that cannot be read.
func TestOutput_Lists(t *testing.T) {
	for line, want := range map[string]string{
		"check testdata/passing/a.yaml": `"problems": []`, "check " + file(t, "none.yaml", "playbooks: [{name: a}]"): `"permissions": []`,
		"check --payload ../../../events/webhook-payload.json": `"missing": []`, "check --payload testdata/payload.json": `"problems": [`,
		"test testdata/unfinished": `"error": "testdata/unfinished/a.test.yaml:1:8: cases must be a list`,
	} {
		stdout, _, _ := start(t, nil, append(strings.Fields(line), "--output", "json")...)
		if !json.Valid([]byte(stdout)) || !strings.Contains(stdout, want) || strings.Contains(stdout, "null") {
			t.Errorf("%s: %s", line, stdout)
		}
	}
	if _, stderr, code := start(t, nil, "check", "testdata/good/source.yaml", "--strict", "--output", "json"); code != 1 || stderr != "1 warning, which --strict does not let pass\n" {
		t.Errorf("exit code %d, %q", code, stderr)
	}
}

// TestColor shows color on a terminal only, and not where NO_COLOR is set.
func TestColor(t *testing.T) {
	terminal, err := exec.LookPath("script")
	if err != nil {
		t.Skip("script, which gives a command a terminal, is not installed")
	}
	for _, c := range []struct {
		noColor string
		want    bool
	}{{"", true}, {"1", false}} {
		cmd := exec.CommandContext(t.Context(), terminal, "-qec", os.Args[0]+" run "+torq, "/dev/null")
		cmd.Env = append(processEnv(t), "NO_COLOR="+c.noColor)
		screen, err := cmd.CombinedOutput()
		if err != nil || strings.Contains(string(screen), "\x1b[") != c.want || !strings.Contains(string(screen), "200 OK") {
			t.Errorf("NO_COLOR=%s: %v: %q", c.noColor, err, screen)
		}
	}
}
