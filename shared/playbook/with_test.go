package playbook_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/httpapi"
	"boomerang/shared/playbook"
)

func TestWith_Fill(t *testing.T) {
	var got httpapi.Config
	kinds := append(bench{}.kinds(), enrich.KindOf(enrich.Kind{Name: "http", Data: httpapi.Data{}}, func(c httpapi.Config, _ time.Duration) enrich.Step {
		return enrich.StepFunc(func(context.Context, alert.Alert) (enrich.Finding, error) {
			got = c
			return enrich.Finding{}, nil
		})
	}))
	book, err := playbook.Load("test.yaml", []byte(one(`
steps:
  - uses: http
    with:
      title: "{{ .alert.title }}"
      url: https://api.example.com/{{ .alert.title }}?q={{ if .alert.title }}{{ .alert.title }}{{ end }}
      headers: {X-Title: "{{ .alert.type }}"}
      body: '{"title": "{{ .alert.title }}", "size": {{ .alert.logs_sample.count }}, "all": {{ json .alert.tags }}}'`)), kinds)
	if err != nil {
		t.Fatal(err)
	}
	a := checkout()
	a.Title = `../a"b&c`
	result := outcomes(run(t, book.For(a), a))["http"]
	if result.Status != enrich.OK {
		t.Fatal(result)
	}
	if want := "https://api.example.com/..%2Fa%22b&c?q=..%2Fa%22b%26c"; string(got.URL) != want {
		t.Errorf("got %s, want %s", got.URL, want)
	}
	if want := `{"title": "../a\"b\u0026c", "size": 3, "all": "{\"bare\":\"\",`; !strings.HasPrefix(string(got.Body), want) {
		t.Errorf("got %s, want %s", got.Body, want)
	}
	if got.Title != a.Title || got.Headers["X-Title"] != "error" {
		t.Errorf("got %+v", got)
	}
	result = outcomes(run(t, book.For(alert.Alert{}), alert.Alert{}))["http"]
	if result.Status != enrich.Skipped {
		t.Errorf("without a value for its path it is %v", result)
	}
}

func TestWith_FillPositions(t *testing.T) {
	kinds := append(bench{}.kinds(), enrich.KindOf(enrich.Kind{Name: "http", Data: httpapi.Data{}}, func(httpapi.Config, time.Duration) enrich.Step { return nil }))
	_, err := playbook.Load("test.yaml", []byte(one(`
steps:
  - uses: http
    with:
      url: "https://api.example.com/{{ .alert.title }}/{{ .alert.titel }}"
  - name: host
    uses: http
    with:
      url: "https://{{ .alert.host }}/"
      body: '{"a": {{ .alert.title }'
      secret: {name: "{{ .alert.title }}"}`)), kinds)
	want := `test.yaml:6:69: alert has no "titel"; did you mean "title"?
test.yaml:10:16: url: templates are not allowed in scheme and host; write them in full, with a / after the host
test.yaml:11:17: body: invalid template: unexpected "}" in operand
test.yaml:12:19: secret: templates are not allowed, because an alert must not choose the secret`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}
