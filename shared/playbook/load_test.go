package playbook_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"boomerang/shared/alert"
	"boomerang/shared/playbook"
)

// TestLoad_tells_every_mistake_with_its_place reads the files of testdata/problems,
// each about one part of the language.
func TestLoad_tells_every_mistake_with_its_place(t *testing.T) {
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
			book, err := playbook.Load(filepath.Base(file), source, bench{}.kinds())
			if book != nil || err == nil {
				t.Fatal("a bad file was loaded")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", err.Error()+"\n")
		})
	}
}

// TestLoad_places_are_those_of_the_word shows that positions.golden is right: at
// each place stands the word that is wrong, whatever is quoted, escaped or folded
// before it.
func TestLoad_places_are_those_of_the_word(t *testing.T) {
	source, err := os.ReadFile("testdata/problems/positions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = playbook.Load("positions.yaml", source, bench{}.kinds())
	problems, ok := errors.AsType[playbook.Problems](err)
	if !ok || len(problems) < 15 {
		t.Fatalf("got %v", err)
	}
	lines := strings.Split(string(source), "\n")
	for _, p := range problems {
		at := string([]rune(lines[p.Line-1])[p.Column-1:])
		if !strings.HasPrefix(strings.TrimPrefix(at, "."), "titel") && !strings.HasPrefix(at, "{{ if }}") {
			t.Errorf("%s: there stands %q", p, at)
		}
	}
}

func TestLoad_places_do_not_depend_on_what_stands_around_a_text(t *testing.T) {
	for name, match := range map[string]string{
		"spaces behind it":                 "alert.titel == 'x'   ",
		"spaces behind each line":          "alert.title == 'x' \n        && alert.titel  \n\n",
		"a dash on a further line":         "alert.titel == 'x' && 3\n        - 2 > 0",
		"a dash on its last line":          "3\n        - 2 > 0 &&\n        - alert.titel > 0",
		"a comment before it":              "# why\n        # and why\n\n        alert.titel   ",
		"a tab before its quotes":          "\t'alert.titel'",
		"an end in the middle, and spaces": "alert.titel ==  ",
	} {
		t.Run(name, func(t *testing.T) {
			source := "playbooks:\n  - name: a  \n    continue: true \n    match: " + match + "\n"
			_, err := playbook.Load("a.yaml", []byte(source), bench{}.kinds())
			problems, ok := errors.AsType[playbook.Problems](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			want := "titel"
			if strings.Contains(problems[0].Text, "EOF") {
				want = "="
			}
			lines := strings.Split(source, "\n")
			if at := problems[0]; at.Line > len(lines) || at.Column > len(lines[at.Line-1]) ||
				!strings.HasPrefix(lines[at.Line-1][at.Column-1:], want) {
				t.Errorf("%s, of\n%s", at, source)
			}
		})
	}
}

func TestLoad_bears_an_escape_that_a_line_break_cuts_off(t *testing.T) {
	_, err := playbook.Load("a.yaml", []byte("playbooks:\n  - name: \"\\U0001\n\nF600\"\n    match: alert.titel\n"), bench{}.kinds())
	if _, ok := errors.AsType[playbook.Problems](err); !ok {
		t.Errorf("got %v", err)
	}
}

func TestLoad_takes_what_is_right(t *testing.T) {
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

func TestLoad_refuses_a_file_that_is_too_large(t *testing.T) {
	_, err := playbook.Load("big.yaml", []byte(strings.Repeat("#", 1<<20+1)), nil)
	if err == nil || err.Error() != "big.yaml: the file is larger than 1 MiB" {
		t.Errorf("got %v", err)
	}
}

func TestLoad_refuses_texts_that_are_too_long(t *testing.T) {
	for name, keys := range map[string]string{
		"an expression": "match: '" + strings.Repeat("alert.test && ", 400) + "true'",
		"many terms":    "match: '" + strings.Repeat("!", 600) + "alert.test'",
		"a template":    "event: {title: '{{ .alert.title }}" + strings.Repeat("x", 16<<10) + "'}",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := playbook.Load("long.yaml", []byte(one(keys)), bench{}.kinds()); err == nil {
				t.Error("it was loaded")
			}
		})
	}
}

// TestLoad_without_the_embedded_steps shows that a book is never without what it
// falls back to.
func TestLoad_without_the_embedded_steps(t *testing.T) {
	_, err := playbook.Load("test.yaml", []byte(one("match: alert.test")), nil)
	if err == nil || !strings.HasPrefix(err.Error(), "default.yaml:") {
		t.Errorf("got %v", err)
	}
}

// TestLoad_a_file_of_the_user_is_not_the_embedded_one holds whatever it is called.
func TestLoad_a_file_of_the_user_is_not_the_embedded_one(t *testing.T) {
	book, err := playbook.Load("default.yaml", []byte(one("match: alert.test")), bench{}.kinds())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []alert.Alert{{}, checkout()} {
		plan := book.For(a)
		if plan.Name() != "default" || plan.API != playbook.APIv1 || len(plan.Warnings) > 0 {
			t.Errorf("an alert that nothing matches got %v, %s, %v", plan.Names, plan.API, plan.Warnings)
		}
	}
}

func TestRead_is_as_strict_as_Load(t *testing.T) {
	var cases struct {
		Cases []struct {
			Event string         `yaml:"event" required:"true"`
			Steps map[string]any `yaml:"steps"`
			Count *int           `yaml:"count"`
		} `yaml:"cases"`
	}
	source := playbook.Read("cases.yaml", []byte("cases:\n  - event: a.json\n    steps: {owner: {team: x, n: [1, 2.5]}}\n    count: 3\n  - evnt: b\n"), &cases)
	source.Report("cases[0].steps.owner", "there is no such step")
	source.Report("cases[7]", "there is no such case")
	want := `cases.yaml:2:3: there is no such case
cases.yaml:3:20: there is no such step
cases.yaml:5:5: unknown key "evnt"; did you mean "event"?
cases.yaml:5:5: missing key "event"`
	if err := source.Err(); err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if got := cases.Cases[0]; *got.Count != 3 || fmt.Sprint(got.Steps) != "map[owner:map[n:[1 2.5] team:x]]" {
		t.Errorf("got %+v", got)
	}
	if err := playbook.Read("cases.yaml", []byte("cases: []"), &cases).Err(); err != nil {
		t.Error(err)
	}
}

// TestShape_is_what_files_are_read_into keeps each key explained.
func TestShape_is_what_files_are_read_into(t *testing.T) {
	var walk func(t *testing.T, shape reflect.Type)
	walk = func(t *testing.T, shape reflect.Type) {
		for i := range shape.NumField() {
			f := shape.Field(i)
			if f.Tag.Get("yaml") == "" || f.Tag.Get("doc") == "" {
				t.Errorf("%s.%s lacks a name or an explanation", shape, f.Name)
			}
			inner := f.Type
			if inner.Kind() == reflect.Slice {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct {
				walk(t, inner)
			}
		}
	}
	walk(t, playbook.Shape())
}
