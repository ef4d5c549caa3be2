package playbook_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr/builtin"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/memory"
	"boomerang/shared/playbook"
)

// flood returns an alert that is larger than one can be.
func flood() alert.Alert {
	long := strings.Repeat("aé", 1<<20)
	a := alert.Alert{
		Title: long, Message: long, Text: long, Status: long, Query: long, Scope: long, Hostname: long, Link: long,
		LogsSample: json.RawMessage(strings.Repeat(`[`, 500) + strings.Repeat(`]`, 500)),
		Extra:      alert.Extra{"long": long, "list": make([]any, 100_000)},
	}
	for i := range 100_000 {
		a.Tags = append(a.Tags, fmt.Sprintf("tag%d:%d", i, i))
	}
	for i := range 5000 {
		a.Extra[fmt.Sprint("key", i)] = long
	}
	return a
}

// TestView checks the bounds, and that no value has a method or is a function.
func TestView(t *testing.T) {
	a := flood()
	a.Extra["a"] = []any{"x", int64(1), uint64(1) << 63, 1.5, true, nil, json.Number("1e400"), map[string]any{"c": map[string]any{}}}
	view := playbook.View(a)
	total, longest := 0, 0
	walk(view, func(v any) {
		switch v := v.(type) {
		case string:
			total += len(v)
			longest = max(longest, len(v))
			if !utf8.ValidString(v) {
				t.Error("a character is truncated")
			}
		case []any:
			total += len(v)
		case nil, bool, int64, uint64, float64, []string, map[string]any, map[string]string:
		default:
			t.Errorf("there is a %T", v)
		}
	})
	// The tags are there as a list and as a map.
	if longest > 64<<10 || longest < 64<<10-1 || total > 600<<10 {
		t.Errorf("%d bytes; the longest text has %d", total, longest)
	}
	if tags, extra := len(view["tag_list"].([]string)), len(view["extra"].(map[string]any)); tags != 1000 || extra > 1000 {
		t.Errorf("%d tags, %d keys", tags, extra)
	}
}

// walk visits everything inside a view.
func walk(v any, visit func(any)) {
	visit(v)
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Slice:
		for i := range r.Len() {
			walk(r.Index(i).Interface(), visit)
		}
	case reflect.Map:
		for _, key := range r.MapKeys() {
			walk(key.Interface(), visit)
			walk(r.MapIndex(key).Interface(), visit)
		}
	}
}

func TestView_EmptyAlert(t *testing.T) {
	empty := playbook.View(alert.Alert{})
	for name := range playbook.View(checkout()) {
		if _, ok := empty[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	for path, want := range map[[2]string]any{
		{"incident", "severity"}: "", {"security", "rule_queries"}: nil, {"synthetics", "test_name"}: "",
	} {
		if got, ok := empty[path[0]].(map[string]any)[path[1]]; !ok || got != want {
			t.Errorf("%v is %v", path, got)
		}
	}
}

// TestExpression_Builtins keeps a function that a new version
// of the language adds.
func TestExpression_Builtins(t *testing.T) {
	var allowed []string
	for _, f := range builtin.Builtins {
		_, err := playbook.Load("test.yaml", []byte(one("match: "+f.Name+"(alert.tag_list, true)")), bench{}.kinds())
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("unknown function %q", f.Name)) {
			allowed = append(allowed, f.Name)
		}
	}
	want := strings.Fields(`all none any one filter map find findIndex findLast findLastIndex count sum len type abs ceil floor round
		int float string trim trimPrefix trimSuffix upper lower indexOf lastIndexOf hasPrefix hasSuffix max min first last get keys values`)
	if diff := cmp.Diff(want, allowed); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestAlert_IsData shows that what an alert says is never read as a template
// or as an expression.
func TestAlert_IsData(t *testing.T) {
	a := checkout()
	a.Title = `{{ .alert.id }}{{ range 1000000000 }}x{{ end }} ${alert.id} %s%d%!`
	a.Tags = append(a.Tags, `env:" || true || "`)
	got, failed := text(t, "{{ .alert.title }}|{{ printf `%s` .alert.title }}|{{ index .alert.tags .alert.title }}", a, nil)
	if want := a.Title + "|" + a.Title + "|"; got != want || len(failed) > 0 {
		t.Errorf("got %s, want %s; %v", got, want, failed)
	}
	plan := bench{}.load(t, one(`match: 'alert.title == "true" || alert.tags[alert.title] == "x"'`)).For(a, memory.Memory{})
	if plan.Name() != "default" {
		t.Error("an alert's text was evaluated")
	}
}

// soon is when an evaluation must have ended that is stopped after a quarter of a second,
// on a machine that has much else to do.
const soon = 5 * time.Second

func TestExpression_Deadline(t *testing.T) {
	for name, expression := range map[string]string{
		"loops inside one another":    `any(alert.tag_list, {any(alert.tag_list, {any(alert.tag_list, {any(alert.tag_list, {alert.message contains #})})})})`,
		"slow regular expressions":    `any(alert.tag_list, {alert.message matches "(.+.+)+y(.{0,50}z)?"})`,
		"lists of lists":              `len(map(alert.tag_list, {map(alert.tag_list, {map(alert.tag_list, {alert.message})})})) == 0`,
		"counting":                    `count(alert.tag_list, {sum(alert.tag_list, {count(alert.tag_list, {# != ""})}) > 0}) == 7`,
		"long texts put together":     `len(` + strings.Repeat("alert.message + ", 100) + `"x") == 1`,
		"long texts in other letters": `any(alert.tag_list, {any(alert.tag_list, {upper(lower(alert.message)) == #})})`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := flood()
			plan, started := bench{}.load(t, one("match: '"+expression+"'")), time.Now()
			got := plan.For(a, memory.Memory{})
			if took := time.Since(started); took > soon {
				t.Errorf("took %s", took)
			}
			if name != "long texts put together" && len(got.Warnings) == 0 {
				t.Errorf("no warning; it matches: %s", got.Name())
			}
		})
	}
}

func TestTemplate_Limits(t *testing.T) {
	const double = "{{ $x := .alert.message }}{{ range .alert.tag_list }}{{ range $.alert.tag_list }}"
	for name, template := range map[string]string{
		"loops that write nothing": "{{ range .alert.tag_list }}{{ range $.alert.tag_list }}{{ if contains . $.alert.message }}x{{ end }}{{ end }}{{ end }}",
		"loops that write":         "{{ range .alert.tag_list }}{{ range $.alert.tag_list }}{{ . }}{{ end }}{{ end }}",
		"doubling by printf":       double + "{{ $x = printf `%s%s` $x $x }}{{ end }}{{ end }}",
		"doubling by replace":      double + "{{ $x = replace `a` $x $x }}{{ end }}{{ end }}",
		"doubling by join":         double + "{{ $x = join $x $.alert.tag_list }}{{ end }}{{ end }}",
		"doubling by json":         double + "{{ $x = json $x }}{{ end }}{{ end }}",
		"doubling by url":          double + "{{ $x = url $x }}{{ end }}{{ end }}",
		"many verbs":               double + "{{ $x = printf `" + strings.Repeat("%s", 50) + "`" + strings.Repeat(" $x", 50) + " }}{{ end }}{{ end }}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := flood()
			a.Message = strings.Repeat("a", 60<<10) + `"é&`
			started := time.Now()
			got, failed := text(t, template, a, nil)
			if took := time.Since(started); took > soon {
				t.Errorf("took %s", took)
			}
			if got != "" || len(failed) != 1 || !strings.Contains(failed[0].Error(), " exceeds ") {
				t.Errorf("got %d bytes, %v", len(got), failed)
			}
		})
	}
}

func TestStep_LargeFinding(t *testing.T) {
	list := make([]any, 100_000)
	for i := range list {
		list[i] = map[string]any{"text": strings.Repeat("x", 1000)}
	}
	got, failed := text(t, "{{ len .steps.ask.body.list }} {{ len (index .steps.ask.body.list 0).text }}", checkout(), map[string]any{"list": list})
	if len(failed) > 0 || got != "522 1000" {
		t.Errorf("got %s, %v", got, failed)
	}
}

func TestStep_LargeSettings(t *testing.T) {
	a := flood()
	plan := bench{}.load(t, one(`
steps:
  - uses: owner
    with: {service: "{{ range .alert.tag_list }}{{ $.alert.message }}{{ end }}"}
  - uses: monitor`)).For(a, memory.Memory{})
	want := map[string]outcome{"owner": {enrich.Failed, "its settings could not be rendered"}, "monitor": {enrich.OK, ""}}
	if diff := cmp.Diff(want, outcomes(run(t, plan, a))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
