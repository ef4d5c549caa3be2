package httpapi

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

const good = URL("https://api.example.com/x")

func TestConfig_Validate(t *testing.T) {
	const where = "url: a template must not choose where a call goes: write scheme and host as they are, with a / behind them"
	for _, tt := range []struct {
		name   string
		config Config
		want   string
	}{
		{"as_small_as_can_be", Config{URL: "https://api.example.com"}, ""},
		{"all_there_is", Config{
			Title: "CMDB {{ .alert.title }}", URL: "https://api.example.com:8443/{{ .a }}/b-{{ .c | lower }}{{ .d }}?e={{ .f }}&g=h{{ .i }}", Method: "POST",
			Headers: map[string]string{"X-Team": "{{ .alert.tags.team }}"}, Body: `{"a":"{{ if .b }}c{{ else }}d{{ end }}", "e": {{ .f }}}`,
			Secret: Secret{"cmdb/token", "X-Token", "%s"}, Show: []Show{{"Team", "team"}},
		}, ""},
		{"quotes_and_comments_may_hold_braces", Config{URL: "https://api.example.com/{{ \"}}\" }}/{{ `}}` }}/{{/* }} */}}{{- \"\\\"}}\" -}}"}, ""},
		{"this_machine_over_http", Config{URL: "http://127.0.0.1:8080/x"}, ""},
		{"no_url", Config{}, "url: say which address to ask, such as https://api.example.com/services/{{ .alert.tags.service }}"},
		{"http", Config{URL: "http://api.example.com/x"}, "url: it must start with https://"},
		{"another_scheme", Config{URL: "file:///etc/passwd"}, "url: it is no address such as https://api.example.com/path"},
		{"no_host", Config{URL: "https:///x"}, "url: it is no address such as https://api.example.com/path"},
		{"a_password", Config{URL: "https://u:p@api.example.com/x"}, "url: it holds a user or a password: send them as a secret"},
		{"a_fragment", Config{URL: "https://api.example.com/x#y"}, "url: what follows a # is never sent: leave it out"},
		{"a_template_in_the_fragment", Config{URL: "https://api.example.com/x#{{ .y }}"}, "url: what follows a # is never sent: leave it out"},
		{"a_NUL", Config{URL: "https://api.example.com/\x00"}, "url: it holds a NUL character"},
		{"a_template_as_the_url", Config{URL: "{{ .alert.link }}"}, where},
		{"a_template_as_the_scheme", Config{URL: "{{ .s }}://api.example.com/"}, where},
		{"a_template_as_the_host", Config{URL: "https://{{ .host }}/x"}, where},
		{"a_template_in_the_host", Config{URL: "https://api.{{ .site }}/x"}, where},
		{"a_template_behind_the_host", Config{URL: "https://api.example.com{{ .path }}"}, where},
		{"a_template_as_the_port", Config{URL: "https://api.example.com:{{ .port }}/x"}, where},
		{"a_template_as_a_name_in_the_query", Config{URL: "https://api.example.com/x?a=b&{{ .c }}=d"}, "url: in the query a template may fill values only, and not the name of one: write name={{ … }}"},
		{"an_open_template", Config{URL: "https://api.example.com/{{ .a"}, "url: " + errUnclosed.Error()},
		{"an_open_comment", Config{URL: "https://api.example.com/{{/* .a }}"}, "url: " + errUnclosed.Error()},
		{"an_open_comment_bracket", Config{URL: "https://api.example.com/{{/* a */"}, "url: " + errUnclosed.Error()},
		{"an_open_if", Config{URL: "https://api.example.com/{{ if .a }}b"}, "url: " + errUnclosed.Error()},
		{"an_open_if_with_more", Config{URL: "https://api.example.com/{{ if .a }}b{{ .c"}, "url: " + errUnclosed.Error()},
		{"another_method", Config{URL: good, Method: "DELETE"}, `method: "DELETE" is neither GET nor POST`},
		{"a_body_with_GET", Config{URL: good, Method: "GET", Body: "{}"}, "body: GET sends none; make the method POST, or leave it out"},
		{"a_body_that_is_no_JSON", Config{URL: good, Body: "text={{ .a }}"}, `body: it is no JSON: {"service": "{{ .alert.tags.service }}"} is`},
		{"a_body_with_an_open_template", Config{URL: good, Body: `{"a":"{{ .a"}`}, "body: " + errUnclosed.Error()},
		{"a_template_behind_a_backslash", Config{URL: good, Body: `{"a":"\{{ .a }}"}`}, `body: a template stands behind a lone \`},
		{"a_template_as_part_of_a_number", Config{URL: good, Body: `{"a":{{ .a }}{{ .b }}}`}, `body: it is no JSON: {"service": "{{ .alert.tags.service }}"} is`},
		{"a_bad_header", Config{URL: good, Headers: map[string]string{"a b": "c"}}, `headers: "a b" is no name of a header`},
		{"a_template_as_a_header", Config{URL: good, Headers: map[string]string{"{{ .a }}": "c"}}, `headers: "{{ .a }}" is no name of a header`},
		{"a_header_of_the_protocol", Config{URL: good, Headers: map[string]string{"host": "evil"}}, "headers: host is not for playbooks to set"},
		{"a_header_twice", Config{URL: good, Headers: map[string]string{"authorization": "x"}, Secret: Secret{Name: "s"}}, "headers: authorization is sent with the secret already"},
		{"a_nameless_secret", Config{URL: good, Secret: Secret{Format: "Bearer %s"}}, "secret.name: name the secret to send"},
		{"a_secret_without_a_place", Config{URL: good, Secret: Secret{Name: "s", Format: "Bearer"}}, `secret.format: "Bearer" needs %s exactly once, where the secret goes`},
		{"a_secret_that_an_alert_chooses", Config{URL: good, Secret: Secret{Name: "{{ .alert.tags.secret }}"}}, "secret: an alert must not choose what is sent as a secret; write it without templates"},
		{"a_secret_in_a_bad_header", Config{URL: good, Secret: Secret{Name: "s", Header: "Host"}}, "secret.header: Host is not for playbooks to set"},
		{"a_fact_without_a_path", Config{URL: good, Show: []Show{{Name: "Team"}}}, "show: each fact needs a name and a path"},
		{"all_problems_at_once", Config{Method: "PUT", Show: []Show{{}}}, "url: say which address to ask, such as https://api.example.com/services/{{ .alert.tags.service }}\n" +
			"method: \"PUT\" is neither GET nor POST\nshow: each fact needs a name and a path"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := tt.config.Validate(); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestConfig_reads_from_YAML(t *testing.T) {
	const text = `
title: CMDB
url: https://api.example.com/{{ .alert.tags.service }}
method: POST
headers: {X-A: b}
body: |
  {"a": "{{ .alert.title }}"}
secret: {name: cmdb/token, header: Authorization, format: "Bearer %s"}
show: [{name: Team, path: owner.team}]
`
	var got Config
	if err := yaml.UnmarshalWithOptions([]byte(text), &got, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	want := Config{
		Title: "CMDB", URL: "https://api.example.com/{{ .alert.tags.service }}", Method: "POST", Headers: map[string]string{"X-A": "b"},
		Body: "{\"a\": \"{{ .alert.title }}\"}\n", Secret: Secret{"cmdb/token", "Authorization", "Bearer %s"}, Show: []Show{{"Team", "owner.team"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
}

// always is a renderer of templates to which they all come out the same.
func always(value string) func(string) (string, error) {
	return func(string) (string, error) { return value, nil }
}

func TestURL_Fill(t *testing.T) {
	for _, tt := range []struct {
		name       string
		url        URL
		value      string
		want, skip string
	}{
		{"a_segment", "https://h.example/a/{{ .x }}/b", "checkout", "https://h.example/a/checkout/b", ""},
		{"a_value_of_the_query", "https://h.example/a?x={{ .x }}&y={{ .x }}", "a b&c=d#e", "https://h.example/a?x=a+b%26c%3Dd%23e&y=a+b%26c%3Dd%23e", ""},
		{"no_way_out_of_a_segment", "https://h.example/a/{{ .x }}", "../admin?b=c#d", "https://h.example/a/..%2Fadmin%3Fb=c%23d", ""},
		{"no_second_escape", "https://h.example/a/{{ .x }}", "%2e%2e", "https://h.example/a/%252e%252e", ""},
		{"no_template_of_an_alert", "https://h.example/a/{{ .x }}", "{{ .y }}", "https://h.example/a/%7B%7B%20.y%20%7D%7D", ""},
		{"no_line_break", "https://h.example/a/{{ .x }}", "a\r\nHost: b", "https://h.example/a/a%0D%0AHost:%20b", ""},
		{"what_an_if_leaves_is_one_value", "https://h.example/a/{{ if .x }}a/b{{ else }}c/d{{ end }}", "a/b", "https://h.example/a/a%2Fb", ""},
		{"a_part_of_a_segment_may_be_empty", "https://h.example/a/b{{ .x }}", "", "https://h.example/a/b", ""},
		{"a_value_of_the_query_may_be_empty", "https://h.example/?x={{ .x }}", "", "https://h.example/?x=", ""},
		{"no_template", "https://h.example/a", "x", "https://h.example/a", ""},
		{"an_empty_segment", "https://h.example/a/{{ .x }}/b", "", "", "the alert has no value for a part of the address to ask"},
		{"the_folder_above", "https://h.example/a/{{ .x }}", "..", "", `the alert's value for a part of the address to ask is "..", which names nothing`},
		{"the_folder_above_in_parts", "https://h.example/a/{{ .x }}{{ .x }}/b", ".", "", `the alert's value for a part of the address to ask is "..", which names nothing`},
		{"too_long", "https://h.example/a/{{ .x }}", strings.Repeat("é", 1<<20), "", "with this alert's values the address is too long to ask"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.url
			err := got.Fill(always(tt.value))
			if fault.Public(err) != tt.skip {
				t.Fatalf("got %v, want %q", err, tt.skip)
			}
			if err == nil && string(got) != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if err != nil && got != tt.url {
				t.Errorf("it changed to %s all the same", got)
			}
		})
	}
}

func TestBody_Fill(t *testing.T) {
	for _, tt := range []struct{ name, body, value, want string }{
		{"inside_a_string", `{"a":"b {{ .x }} c"}`, "x\ny", `{"a":"b x\ny c"}`},
		{"no_way_out_of_a_string", `{"a":"{{ .x }}"}`, `x","admin":true,"b":"\`, `{"a":"x\",\"admin\":true,\"b\":\"\\"}`},
		{"behind_an_escaped_quote", `{"a":"\"{{ .x }}"}`, `"`, `{"a":"\"\""}`},
		{"a_value_that_is_text", `{"a":{{ .x }}}`, "x", `{"a":"x"}`},
		{"a_value_that_is_a_number", `{"a":{{ .x }}}`, " 12.5 ", `{"a":12.5}`},
		{"a_value_that_is_true", `{"a":{{ .x }}}`, "true", `{"a":true}`},
		{"a_value_that_would_be_more", `{"a":{{ .x }}}`, `{"admin":true}`, `{"a":"{\"admin\":true}"}`},
		{"a_value_that_would_be_two", `{"a":{{ .x }}}`, `1,"admin":true`, `{"a":"1,\"admin\":true"}`},
		{"an_empty_value", `{"a":{{ .x }}}`, "", `{"a":""}`},
		{"bytes_that_are_no_text", `{"a":"{{ .x }}"}`, "a\xffb", `{"a":"a\ufffdb"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Body(tt.body)
			if err := got.Fill(always(tt.value)); err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want || got.checkFilled() != nil {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestFill_ends_with_the_renderers_error(t *testing.T) {
	broken := errors.New("the template is broken")
	fails := func(string) (string, error) { return "", broken }
	u, b := URL("https://h.example/{{ .x }}"), Body(`"{{ .x }}"`)
	if err := u.Fill(fails); !errors.Is(err, broken) || u != "https://h.example/{{ .x }}" {
		t.Errorf("url: %v, %s", err, u)
	}
	if err := b.Fill(fails); !errors.Is(err, broken) || b != `"{{ .x }}"` {
		t.Errorf("body: %v, %s", err, b)
	}
	u, b = "https://{{ .x }}", `"{{`
	if u.Fill(always("evil")) == nil || b.Fill(always("evil")) == nil {
		t.Error("what is not valid was filled")
	}
}

func TestFill_each_template_once(t *testing.T) {
	var templates []string
	u := URL("https://h.example/{{ .a }}/{{ if .b }}c{{ .d }}{{ end }}?e={{ .f }}")
	err := u.Fill(func(template string) (string, error) {
		templates = append(templates, template)
		return "x", nil
	})
	want := []string{"{{ .a }}", "{{ if .b }}c{{ .d }}{{ end }}", "{{ .f }}"}
	if diff := cmp.Diff(want, templates); diff != "" || err != nil {
		t.Errorf("%v; templates (-want +got):\n%s", err, diff)
	}
}

func TestEnrich_asks_no_address_whose_templates_are_left(t *testing.T) {
	_, err := asked(t, Config{URL: "https://h.example/{{ .x }}"})
	if want := "the url of this step cannot be asked: its templates are not filled in"; fault.Public(err) != want {
		t.Errorf("got %v", err)
	}
}

// FuzzFill holds that no value changes what a playbook wrote around it.
func FuzzFill(f *testing.F) {
	for _, seed := range []string{"checkout", "..", "../x", "a/b?c=d#e", `"},{"`, "%2f", "\r\n", "{{.}}", "@evil.example", "\\", "é\xff", "4E444"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		u := URL("https://h.example/a/{{ .x }}/b?c={{ .x }}&d=e")
		if err := u.Fill(always(value)); err == nil {
			address, err := url.Parse(string(u))
			if err != nil {
				t.Fatal(err)
			}
			if parts := strings.Split(address.EscapedPath(), "/"); address.Host != "h.example" || address.Scheme != "https" || len(parts) != 4 || parts[3] != "b" {
				t.Errorf("%q makes %s", value, u)
			}
			if q := address.Query(); len(q) != 2 || q.Get("c") != value || q.Get("d") != "e" {
				t.Errorf("%q makes the query %v", value, q)
			}
		}
		b := Body(`{"a":"{{ .x }}","b":{{ .x }}}`)
		if err := b.Fill(always(value)); err != nil {
			t.Fatal(err)
		}
		var object map[string]json.RawMessage // A number may be larger than any that Go has.
		var a string
		err := json.Unmarshal([]byte(b), &object)
		if err == nil {
			err = json.Unmarshal(object["a"], &a)
		}
		if err != nil || len(object) != 2 || a != strings.ToValidUTF8(value, "\ufffd") && isText(value) {
			t.Errorf("%q makes %s: %v", value, b, err)
		}
	})
}

// isText leaves out bytes that JSON cannot hold, for which there is more than
// one replacement.
func isText(s string) bool { return s == strings.ToValidUTF8(s, "") }

var _ enrich.Step = New(nil, nil, Config{})
