package playbook_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/memory"
	"boomerang/shared/playbook"
	"boomerang/shared/playbook/check"
)

func FuzzLoad(f *testing.F) {
	files, _ := filepath.Glob("testdata/problems/*.yaml")
	for _, file := range append(files, "default.yaml") {
		source, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(source)
	}
	f.Add([]byte("\r\ro\xf3:"))
	f.Add([]byte("playbooks:\n- name: a\n  event:\n    text: |\n      {{ if .alert.title }}\n\n\n"))
	f.Add([]byte("playbooks:\n  - name: a\n    event:\n      tags: x\n        - {{ printf }}\n        - {{ lower }}\n"))
	f.Add([]byte("playbooks:\n  - name: \"\\U0001\n\nF600\"\n    match: alert.titel == \n"))
	f.Add([]byte("playbooks:\n  - name: a\n    event:\n      \u2028\u00a0"))
	f.Add([]byte(services))
	f.Add([]byte(one(everything)))
	kinds := bench{}.kinds()
	f.Fuzz(func(t *testing.T, source []byte) {
		book, err := playbook.Load("fuzz.yaml", source, kinds)
		if checked := check.File("fuzz.yaml", source, kinds).Err; checked == nil && err != nil {
			t.Errorf("Check lets %v pass", err)
		}
		if err == nil {
			plan := book.For(checkout(), memory.Memory{})
			if len(plan.Names) == 0 || plan.Name() == "" {
				t.Error("an alert without a playbook")
			}
			return
		}
		problems, ok := errors.AsType[playbook.Problems](err)
		if !ok || len(problems) == 0 || book != nil {
			t.Fatalf("got %v, %v", book, err)
		}
		lines := len(regexp.MustCompile("[\r\n\u0085\u2028\u2029]").FindAll(source, -1)) + 1
		for i, p := range problems {
			if p.File != "fuzz.yaml" || strings.TrimSpace(p.Text) == "" || p.Line < 0 || p.Column < 0 || p.Line > lines {
				t.Errorf("%+v", p)
			}
			if i > 0 && p.Line < problems[i-1].Line {
				t.Errorf("%s comes after %s", p, problems[i-1])
			}
		}
	})
}

// expressions look at everything in every way.
var expressions = []string{
	`alert.title == alert.message`, `alert.title contains alert.text`, `alert.title startsWith alert.tags.env`, `alert.text endsWith "x"`,
	`alert.message matches "(?i)(a|b)*c+$"`, `not (alert.title matches "^\\s*$") and false`, `alert.title in alert.tag_list`, `alert.title in alert.tags`,
	`any(alert.tag_list, {# startsWith alert.title})`, `all(alert.tag_list, {len(#) > 3})`, `one(alert.tag_list, {# == "x"})`,
	`count(alert.tag_list, {any(alert.tag_list, {# contains ":"})}) > 7`, `len(filter(alert.tag_list, {# matches "[0-9]+"})) == 3`,
	`sum(map(alert.tag_list, {len(#)})) > 10000`, `find(alert.tag_list, {# > "m"}) == "x"`, `first(alert.tag_list) == last(alert.tag_list)`,
	`int(alert.tags.n) > 3`, `float(alert.title) < 1.5`, `string(alert.extra) == ""`, `type(alert.extra.a) == "map"`, `len(alert.title) > 65535`,
	`alert.extra.a.b.c == 1`, `alert.extra.a?.b?.c > 1`, `alert.extra.a == alert.extra.b`, `alert.extra.a > 3`, `alert.extra.a in alert.extra.b`,
	`alert.extra.a[0] == alert.extra.a[-1]`, `alert.extra[alert.title] ?? false`, `alert.extra.a matches "x"`, `alert.extra.a`, `alert.logs_sample.a.b < 3`,
	`"x" in keys(alert.extra)`, `any(values(alert.extra), {# == 1})`, `max(alert.extra.a) > 3`, `-alert.extra.a > 0`, `alert.extra.a / alert.extra.b > 0`,
	`alert.extra.a % 0 == 0`, `alert.extra.a ** alert.extra.b > 1`, `alert.title[0:3] == "abc"`, `alert.date > alert.last_updated`,
	`trim(upper(lower(alert.title))) == "X"`, `indexOf(alert.title, alert.text) > 3`, `alert.recovered ? alert.test : alert.extra.a`,
}

// fuzzed makes an alert of fuzzed texts.
func fuzzed(title, message, tags, extra string) alert.Alert {
	a := alert.Alert{
		ID: title, Title: title, Message: message, Text: tags, Scope: extra, Transition: alert.Transition(tags), Link: message,
		Tags: strings.Split(tags, ","), LogsSample: json.RawMessage(extra),
	}
	if decoded, err := alert.Decode([]byte(extra)); err == nil {
		a.Extra, a.Incident, a.Security = decoded.Extra, decoded.Incident, decoded.Security
	}
	return a
}

const everything = `
steps:
  - uses: owner
    with: {service: "{{ .alert.title }}{{ default .alert.text .alert.extra.a }}"}
  - uses: ask
    with:
      url: https://example.com/{{ .alert.title }}?q={{ .alert.message }}
      body: {"a": "{{ json .alert.extra }}", "b": ["{{ url .alert.tags.env }}"]}
event:
  title: '{{ .alert.title | shorten 50 }} {{ .alert.extra.a.b.c }} {{ printf "%s %d %.2f %q %t" .alert.extra.a .alert.extra.a .alert.extra.b .alert.title .alert.extra.b }}'
  text: |
    {{ range .alert.tag_list }}{{ range $.alert.extra }}{{ . }}{{ len . }}{{ end }}{{ end }}
    {{ range $k, $v := .alert.tags }}{{ if and (gt $v 3) (lt $k $v) (ne $v $k) }}{{ $k }}={{ index $.alert.tags $k | upper | lower | trim }}{{ end }}{{ end }}
    {{ with .alert.logs_sample }}{{ .a }}{{ .b.c }}{{ index . "a" 0 "b" }}{{ join ", " .b }}{{ end }}
    {{ replace .alert.title .alert.message .alert.text }}{{ contains .alert.title .alert.extra }}{{ span .alert.extra.a }}{{ clock .alert.extra.a }}{{ day .alert.date }}
    {{ $x := .alert.title }}{{ range .alert.tag_list }}{{ $x = printf "%s%s" $x $x }}{{ end }}{{ $x }}
  tags: ["{{ .alert.extra }}", "{{ json .alert.logs_sample }}", "{{ .steps.owner.team }}{{ .steps.ask.body.a.b }}", "{{ eq .alert.title .alert.extra.a .alert.extra.b }}"]
  priority: "{{ .alert.incident.severity }}{{ .alert.security.rule_queries }}"
  alert_type: "{{ url .alert.message }}"
  source: "{{ .alert.title }}"
  device_name: "{{ .alert.host }}"
`

// FuzzAlert matches all expressions and renders all templates.
func FuzzAlert(f *testing.F) {
	f.Add("Errors", "too many", "env:prod,n:4,bare", `{"a": {"b": {"c": 1}}, "b": [1, "x", null, true, 2.5], "$x": "y"}`)
	f.Add("", "", "", ``)
	f.Add("{{ .alert.id }}", "%!s(<nil>) %%% @all", strings.Repeat("tag:x,", 2000), `{"a": 1e400, "b": 9223372036854775808}`)
	f.Add("\x00\xff\u202e", strings.Repeat("a", 70_000), ":,::,:x", `{"a": [[[[[[[[[[]]]]]]]]]], "b": ""}`)
	f.Add("..", "a\r\nb", "env:..", `{"a": "..", "b": {"": ""}}`)
	var file strings.Builder
	file.WriteString(one(everything + "continue: true\n"))
	for i, e := range expressions {
		fmt.Fprintf(&file, "  - name: p%d\n    continue: true\n    match: '%s'\n", i, strings.ReplaceAll(e, "'", "''"))
	}
	book := bench{}.load(f, file.String())
	allowed := regexp.MustCompile(`^playbook test, event\.[a-z_]+: (the template: (the output exceeds|the evaluation exceeds|the alert's value )|Datadog does not know "…"|the template came out empty)`)
	f.Fuzz(func(t *testing.T, title, message, tags, extra string) {
		a := fuzzed(title, message, tags, extra)
		started := time.Now()
		plan := book.For(a, memory.Memory{})
		if took := time.Since(started); took > soon {
			t.Errorf("matching took %s", took)
		}
		for _, w := range plan.Warnings {
			if public := fault.Public(w); !strings.Contains(public, "exceeds") && !strings.Contains(public, "memory budget") || len(w.Error()) > 64<<10 {
				t.Errorf("a warning of %d bytes: %.1000s: %.1000s", len(w.Error()), w, public)
			}
		}
		started = time.Now()
		results := run(t, plan, a)
		results[1] = enrich.Result{Name: "ask", Status: enrich.OK, Finding: enrich.Finding{Data: askData{Body: a.Extra}}}
		draft, failed := plan.Draft(results, event.Cycle{})
		if took := time.Since(started); took > soon {
			t.Errorf("rendering took %s", took)
		}
		given := title + message + tags + extra
		for _, written := range append(draft.Tags, draft.Title, draft.Text, draft.Priority, draft.AlertType, draft.Source, draft.Device) {
			if len(written) > 256<<10 {
				t.Errorf("%d bytes", len(written))
			}
			for _, leak := range []string{"<no value>", "<nil>", "%!", "map["} {
				if strings.Contains(written, leak) && !strings.Contains(given, leak[:1]) {
					t.Errorf("%q in %.1000q", leak, written)
				}
			}
		}
		for _, err := range failed {
			if !allowed.MatchString(err.Error()) {
				t.Errorf("a template failed over its data: %v", err)
			}
		}
	})
}
