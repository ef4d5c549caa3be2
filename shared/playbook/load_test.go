package playbook_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/memory"
	"boomerang/shared/playbook"
	"boomerang/shared/playbook/check"
)

// TestLoad_Problems reads the files of testdata/problems.
func TestLoad_Problems(t *testing.T) {
	files, err := filepath.Glob("testdata/problems/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			err = check.File(filepath.Base(file), source, bench{}.kinds()).Err
			if err == nil {
				t.Fatal("no error")
			}
			if book, err := playbook.Load(filepath.Base(file), source, bench{}.kinds()); book != nil || err == nil {
				t.Error("the file is loaded")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", err.Error()+"\n")
		})
	}
}

// TestLoad_Positions checks that the position of each problem is that of the wrong word,
// with any quotes, escapes, folding, spaces and comments around it.
func TestLoad_Positions(t *testing.T) {
	source, err := os.ReadFile("testdata/problems/positions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{"positions.yaml": string(source)}
	for name, match := range map[string]string{
		"spaces after it":         "alert.titel == 'x'   ",
		"spaces after each line":  "alert.title == 'x' \n        && alert.titel  \n\n",
		"dash on a later line":    "alert.titel == 'x' && 3\n        - 2 > 0",
		"dash on the last line":   "3\n        - 2 > 0 &&\n        - alert.titel > 0",
		"comment before it":       "# why alert.titel\n        # and why\n\n        alert.titel   ",
		"tab before its quotes":   "\t'alert.titel'",
		"unexpected end, spaces":  "alert.title ==  ",
		"escape across two lines": "alert.titel\n    limit: \"\\U0001\n\nF600\"",
	} {
		sources[name] = "playbooks:\n  - name: a  \n    continue: true \n    match: " + match + "\n"
	}
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			_, err := playbook.Load("a.yaml", []byte(source), bench{}.kinds())
			problems, ok := errors.AsType[playbook.Problems](err)
			if !ok || name == "positions.yaml" && len(problems) < 15 {
				t.Fatalf("got %v", err)
			}
			lines := strings.Split(source, "\n")
			for _, p := range problems {
				if strings.Contains(p.Text, "limit") || strings.Contains(p.Text, "YAML") {
					continue
				}
				at := string([]rune(lines[p.Line-1])[p.Column-1:])
				if !strings.HasPrefix(strings.TrimPrefix(at, "."), "titel") && !strings.HasPrefix(at, "{{ if }}") && !strings.HasPrefix(at, "=  ") {
					t.Errorf("%s: the text there is %q", p, at)
				}
			}
		})
	}
}

func TestLoad_Valid(t *testing.T) {
	for name, source := range map[string]string{
		"everything that there is": one(`
match: |
  alert.tags.service == "checkout"
    && alert.transition in ["Triggered", "Re-Triggered"]
continue: true
limit: 10
steps:
  - uses: monitor
  - name: owner-2
    uses: owner
    with: {service: "{{ .alert.tags.service }}"}
    when: alert.tags.service != ""
    timeout: 2s
    cache: 0s
  - uses: ask
    when: steps["owner-2"].ok && len(steps["owner-2"].contacts) > 0 && steps["owner-2"].manager?.name != "x"
    with:
      url: https://example.com/{{ (index .steps "owner-2").team }}
      body: {a: [1, 2.5, true, null, "x"], b: {c: '{{ index .steps "owner-2" "team" }}'}}
event:
  api: v2
  title: '{{ $t := .alert.title }}{{ $t | shorten 20 | printf "%q" }}'
  text: |
    {{ range $i, $tag := .alert.tag_list }}{{ if eq $i 0 }}{{ continue }}{{ end }}{{ $tag }}{{ else }}none{{ end }}
    {{ with .steps.ask.body }}{{ .anything.at.all }}{{ else with .alert.extra }}{{ .x.y }}{{ end }}
  tags: ["team:{{ .alert.tags.team }}", plain]
  priority: low
  alert_type: "{{ if .alert.recovered }}success{{ end }}"
then:
  - uses: ask
    name: tell
    when: event.url startsWith "https://" && steps.ask.status == 200
    with: {url: "https://example.com/{{ .event.id }}?title={{ .event.title }}"}
  - uses: owner
    when: steps.tell.ok`),
		"keys that are null are left out": "playbooks:\n  - name: a\n    match:\n    steps:\n    event: ~\n    then: null\n",
		"numbers where text is wanted":    "playbooks:\n  - name: 42\n    match: true\n    event: {title: 1.10}\n",
		"a byte order mark, and Windows":  "\ufeffplaybooks:\r\n  - name: a\r\n    match: |\r\n      alert.test &&\r\n      alert.recovered\r\n",
		"JSON":                            `{"playbooks": [{"name": "a", "match": "alert.test"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			book := bench{}.load(t, source)
			if got := len(book.Names()); got != 1 {
				t.Errorf("%d playbooks", got)
			}
		})
	}
}

func TestLoad_Limits(t *testing.T) {
	for name, source := range map[string]string{
		"file":       strings.Repeat("#", 1<<20+1),
		"expression": one("match: '" + strings.Repeat("alert.test && ", 400) + "true'"),
		"nodes":      one("match: '" + strings.Repeat("!", 600) + "alert.test'"),
		"template":   one("event: {title: '{{ .alert.title }}" + strings.Repeat("x", 16<<10) + "'}"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := playbook.Load("big.yaml", []byte(source), bench{}.kinds())
			if err == nil || name == "file" && err.Error() != "big.yaml: the file is larger than 1 MiB" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestLoad_Fallback(t *testing.T) {
	book, err := playbook.Load("default.yaml", []byte(one("match: alert.test")), bench{}.kinds())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []alert.Alert{{}, checkout()} {
		plan := book.For(a, memory.Memory{})
		if plan.Name() != "default" || plan.API != playbook.APIv1 || len(plan.Warnings) > 0 {
			t.Errorf("got %v, %s, %v", plan.Names, plan.API, plan.Warnings)
		}
	}
	if _, err := playbook.Load("test.yaml", []byte(one("match: alert.test")), nil); err == nil || !strings.HasPrefix(err.Error(), "default.yaml:") {
		t.Errorf("without the steps of the fallback: %v", err)
	}
}

func TestDeployed(t *testing.T) {
	files := fstest.MapFS{
		"README.md":         {Data: []byte("# Mine")},
		"a.test.yaml":       {Data: []byte("cases: []")},
		"b.yml":             {Data: []byte("playbooks: [{name: b, match: alert.host == \"b\"}, {name: every, match: alert.host != \"\"}]")},
		"a.yaml":            {Data: []byte("playbooks: [{name: a, match: alert.host == \"a\"}]")},
		"owners.csv":        {Data: []byte("service,team")},
		"tables/sites.yaml": {Data: []byte("[{site: a}]")},
	}
	book, err := playbook.Deployed(files, bench{}.kinds())
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{"a": "a", "b": "b", "c": "every", "": "default"} {
		if got := book.For(alert.Alert{Hostname: host}, memory.Memory{}).Name(); got != want {
			t.Errorf("an alert of the host %q gets %s, want %s", host, got, want)
		}
	}
	files["a.yaml"].Data = []byte("playbok: []")
	if _, err := playbook.Deployed(files, bench{}.kinds()); err == nil || !strings.Contains(err.Error(), "own/a.yaml:1") {
		t.Errorf("a mistake: %v", err)
	}
}

func TestRead(t *testing.T) {
	var cases struct {
		Cases []struct {
			Event string         `yaml:"event" required:"true"`
			Steps map[string]any `yaml:"steps"`
			Count *int           `yaml:"count"`
			Wait  time.Duration  `yaml:"wait"`
		} `yaml:"cases"`
	}
	source := playbook.Read("cases.yaml", []byte("cases:\n  - event: a.json\n    steps: {owner: {team: x, n: [1, 2.5]}}\n    count: 3\n    wait: 2s\n  - evnt: b\n"), &cases, &playbook.Checks{})
	source.Report("cases[0].steps.owner", "unknown %s", "step")
	source.Report("cases[0].steps.owner.n[1]", "unknown number")
	source.Report("cases[7]", "unknown case")
	want := `cases.yaml:2:3: unknown case
cases.yaml:3:20: unknown step
cases.yaml:3:37: unknown number
cases.yaml:6:5: unknown key "evnt"; did you mean "event"?`
	if err := source.Err(); err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if got := cases.Cases[0]; *got.Count != 3 || got.Wait != 2*time.Second || fmt.Sprint(got.Steps) != "map[owner:map[n:[1 2.5] team:x]]" {
		t.Errorf("got %+v", got)
	}
	if err := playbook.Read("cases.yaml", []byte("cases: []"), &cases, &playbook.Checks{}).Err(); err != nil {
		t.Error(err)
	}
	if err := playbook.Read("cases.yaml", []byte("["), &cases, &playbook.Checks{}).Err(); err == nil {
		t.Error("no error")
	}
}

// TestShape checks that each key has a description.
func TestShape(t *testing.T) {
	for shapes := []reflect.Type{playbook.Shape()}; len(shapes) > 0; shapes = shapes[1:] {
		for _, f := range reflect.VisibleFields(shapes[0]) {
			if f.Tag.Get("yaml") == "" || f.Tag.Get("doc") == "" {
				t.Errorf("%s.%s has no name or no description", shapes[0], f.Name)
			}
			if f.Type.Kind() == reflect.Slice {
				f.Type = f.Type.Elem()
			}
			if f.Type.Kind() == reflect.Struct {
				shapes = append(shapes, f.Type)
			}
		}
	}
}

// TestLoad_Deployed loads what only Check refuses, as it was loaded before.
func TestLoad_Deployed(t *testing.T) {
	for _, keys := range []string{
		`match: alert.tags.team == nil`, `match: alert.transition == "triggered"`, `match: (alert.tags.team ?? "x") == "y"`, `match: '"team:b" in alert.tags'`,
		`event: {title: '{{ if eq .alert.priority 2 }}{{ end }}'}`, `limit: 010`, `limit: 1_000`, "match: alert.test &&\talert.recovered",
		`steps: [{uses: ask, with: {url: "https://example.com", body: {n: 010}}}]`,
		`event: {priority: urgent}`, `event: {priority: P2}`, `event: {api: v2, priority: normal}`, `event: {api: v2, priority: 6}`, `event: {alert_type: critical}`,
		`event: {api: v2, source: torq}`,
	} {
		bench{}.load(t, one(keys))
		if err := checkError(one(keys)); err == "<nil>" {
			t.Errorf("%s is not refused", keys)
		}
	}
}
