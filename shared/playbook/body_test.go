package playbook_test

import (
	"strings"
	"testing"

	"boomerang/shared/enrich"
	"boomerang/shared/enrich/httpapi"
	"boomerang/shared/memory"
	"boomerang/shared/playbook"
	"boomerang/shared/playbook/check"
)

// TestHTTP_Body writes the body of the step http in all ways.
func TestHTTP_Body(t *testing.T) {
	for body, want := range map[string]string{
		`{a: 1, b: 2.50, c: true, d: null, e: "1", f: [x, {g: h}]}`:     `{"a":1,"b":2.5,"c":true,"d":null,"e":"1","f":["x",{"g":"h"}]}`,
		`[a, "{{ .alert.host }}"]`:                                      `["a","web-\"1\"\n"]`,
		`{host: "on {{ .alert.host }}", "{{ key }}": x}`:                `{"host":"on web-\"1\"\n","{{ key }}":"x"}`,
		`{title: '{{ index .alert "title" | printf "%s!" }}'}`:          `{"title":"{{ .x }} <b> & \\!"}`,
		`{count: "{{ .memory.count }}"}`:                                `{"count":"0"}`,
		`{}`:                                                            `{}`,
		`'{"host": "{{ .alert.host }}", "count": {{ .memory.count }}}'`: `{"host": "web-\"1\"\n", "count": 0}`,
		"\n  title: |\n    first\n    {{ .alert.priority }}\n  tags: [\"{{ .alert.tags.env }}\"]": `{"tags":["prod"],"title":"first\nP2\n"}`,
	} {
		book, err := playbook.Load("test.yaml", []byte(one("steps:\n  - uses: http\n    with:\n      url: https://example.com\n      body: "+strings.ReplaceAll(body, "\n", "\n      "))), append(bench{}.kinds(), httpapi.Kind(nil, nil)))
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		a := checkout()
		a.Hostname, a.Title = "web-\"1\"\n", `{{ .x }} <b> & \`
		step, err := book.For(a, memory.Memory{}).Steps()[0].Make(nil)
		if err != nil {
			t.Fatal(err)
		}
		if sent := step.(enrich.Made).Config.(httpapi.Config).Body; string(sent) != want {
			t.Errorf("%s:\ngot  %s\nwant %s", body, sent, want)
		}
	}
}

func TestHTTP_BodyProblems(t *testing.T) {
	for with, want := range map[string]string{
		`body: {a: [b, "{{ .alert.titel }}"]}`: `test.yaml:5:68: alert has no "titel"; did you mean "title"?`,
		`body: {a: "{{ .alert.title"}`:         `test.yaml:5:55: this {{ has no }}`,
		`method: GET, body: {a: b}`:            `test.yaml:5:63: body: GET sends no body; use POST, or remove method`,
		`body: '{"a": "{{ .alert.title"}'`:     `test.yaml:5:58: this {{ has no }}`,
		`body: {a: &b c}`:                      `test.yaml:5:54: anchors (&), aliases (*), tags (!) and merges (<<) are not supported: write out the value`,
	} {
		source := one("steps:\n  - uses: http\n    with: {url: 'https://example.com', " + with + "}")
		err := check.File("test.yaml", []byte(source), []enrich.Kind{httpapi.Kind(nil, nil)}).Err
		if err == nil || err.Error() != want {
			t.Errorf("%s:\ngot  %v\nwant %s", with, err, want)
		}
	}
}
