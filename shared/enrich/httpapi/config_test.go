package httpapi

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fault"
)

const good = URL("https://api.example.com/x")

func TestConfig_Validate(t *testing.T) {
	const (
		inHost   = "url: templates are not allowed in scheme and host; write them in full, with a / after the host"
		noURL    = "url: set the address to call, such as https://api.example.com/services/{{ .alert.tags.service }}"
		fragment = "url: remove the # and what follows it, which is never sent"
		notJSON  = `body: not valid JSON; write for example {"service": "{{ .alert.tags.service }}"}`
	)
	for name, tt := range map[string]struct {
		config Config
		want   string
	}{
		"minimal": {Config{URL: "https://api.example.com"}, ""},
		"all fields": {Config{
			Title: "CMDB {{ .alert.title }}", URL: "https://api.example.com:8443/{{ .a }}/b-{{ .c | lower }}{{ .d }}?e={{ .f }}&g=h{{ .i }}", Method: "POST",
			Headers: map[string]string{"X-Team": "{{ .alert.tags.team }}"}, Body: `{"a":"{{ if .b }}c{{ else }}d{{ end }}", "e": {{ .f }}}`,
			Secret: Secret{"cmdb/token", "X-Token", "%s"}, Show: []Show{{"Team", "team"}},
		}, ""},
		"braces in quotes and comments": {Config{URL: "https://api.example.com/{{ \"}}\" }}/{{ `}}` }}/{{/* }} */}}{{- \"\\\"}}\" -}}"}, ""},
		"http to loopback":              {Config{URL: "http://127.0.0.1:8080/x"}, ""},
		"no url":                        {Config{}, noURL},
		"http":                          {Config{URL: "http://api.example.com/x"}, "url: it must start with https://"},
		"other scheme":                  {Config{URL: "file:///etc/passwd"}, "url: it is not an address such as https://api.example.com/path"},
		"no host":                       {Config{URL: "https:///x"}, "url: it is not an address such as https://api.example.com/path"},
		"password":                      {Config{URL: "https://u:p@api.example.com/x"}, "url: it has a user or a password; send them as a secret"},
		"fragment":                      {Config{URL: "https://api.example.com/x#y"}, fragment},
		"empty fragment":                {Config{URL: "https://api.example.com/x#"}, fragment},
		"template in the fragment":      {Config{URL: "https://api.example.com/x#{{ .y }}"}, fragment},
		"NUL":                           {Config{URL: "https://api.example.com/\x00"}, "url: it is not an address such as https://api.example.com/path"},
		"template as the url":           {Config{URL: "{{ .alert.link }}"}, inHost},
		"template as the scheme":        {Config{URL: "{{ .s }}://api.example.com/"}, inHost},
		"template as the host":          {Config{URL: "https://{{ .host }}/x"}, inHost},
		"template in the host":          {Config{URL: "https://api.{{ .site }}/x"}, inHost},
		"template after the host":       {Config{URL: "https://api.example.com{{ .path }}"}, inHost},
		"template as the port":          {Config{URL: "https://api.example.com:{{ .port }}/x"}, inHost},
		"template as a query name":      {Config{URL: "https://api.example.com/x?a=b&{{ .c }}=d"}, "url: in the query, templates are allowed in values only: write name={{ … }}"},
		"open template":                 {Config{URL: "https://api.example.com/{{ .a"}, "url: invalid template: unclosed action"},
		"open comment":                  {Config{URL: "https://api.example.com/{{/* .a }}"}, "url: invalid template: unclosed comment"},
		"open if":                       {Config{URL: "https://api.example.com/{{ if .a }}b"}, "url: invalid template: unexpected EOF"},
		"GET with a body":               {Config{URL: good, Method: "GET", Body: "{}"}, "body: GET sends no body; use POST, or remove method"},
		"body of another type":          {Config{URL: good, Body: "text={{ .a }}"}, notJSON},
		"open template in the body":     {Config{URL: good, Body: `{"a":"{{ .a"}`}, "body: invalid template: unclosed action"},
		"template after a backslash":    {Config{URL: good, Body: `{"a":"\{{ .a }}"}`}, `body: a template follows a single \`},
		"template in a number":          {Config{URL: good, Body: `{"a":{{ .a }}{{ .b }}}`}, notJSON},
		"invalid header":                {Config{URL: good, Headers: map[string]string{"a b": "c"}}, `headers: invalid header name "a b"`},
		"template as a header":          {Config{URL: good, Headers: map[string]string{"{{ .a }}": "c"}}, `headers: invalid header name "{{ .a }}"`},
		"reserved header":               {Config{URL: good, Headers: map[string]string{"host": "evil"}}, "headers: a playbook cannot set the header host"},
		"header of the secret":          {Config{URL: good, Headers: map[string]string{"authorization": "x"}, Secret: Secret{Name: "s"}}, "headers: the secret is already sent as authorization"},
		"secret without a name":         {Config{URL: good, Secret: Secret{Format: "Bearer %s"}}, "secret.name: set the secret to send"},
		"secret without a place":        {Config{URL: good, Secret: Secret{Name: "s", Format: "Bearer"}}, `secret.format: "Bearer" needs exactly one %s, for the secret`},
		"template as the secret":        {Config{URL: good, Secret: Secret{Name: "{{ .alert.tags.secret }}"}}, "secret: templates are not allowed, because an alert must not choose the secret"},
		"secret in a reserved header":   {Config{URL: good, Secret: Secret{Name: "s", Header: "Host"}}, "secret.header: a playbook cannot set the header Host"},
		"fact without a path":           {Config{URL: good, Show: []Show{{Name: "Team"}}}, "show: each fact needs a name and a path"},
		"all problems": {
			Config{Body: "{", Show: []Show{{}}}, noURL + "\n" + notJSON + "\nshow: each fact needs a name and a path",
		},
	} {
		t.Run(name, func(t *testing.T) { enrichtest.Validate(t, tt.config, tt.want) })
	}
}

func TestURL_Fill(t *testing.T) {
	for name, tt := range map[string]struct {
		url        URL
		value      string
		want, skip string
	}{
		"segment":                   {"https://h.example/a/{{ .x }}/b", "checkout", "https://h.example/a/checkout/b", ""},
		"query values":              {"https://h.example/a?x={{ .x }}&y={{ .x }}", "a b&c=d#e", "https://h.example/a?x=a+b%26c%3Dd%23e&y=a+b%26c%3Dd%23e", ""},
		"path in a value":           {"https://h.example/a/{{ .x }}", "../admin?b=c#d", "https://h.example/a/..%2Fadmin%3Fb=c%23d", ""},
		"escaped value":             {"https://h.example/a/{{ .x }}", "%2e%2e", "https://h.example/a/%252e%252e", ""},
		"template in a value":       {"https://h.example/a/{{ .x }}", "{{ .y }}", "https://h.example/a/%7B%7B%20.y%20%7D%7D", ""},
		"line break in a value":     {"https://h.example/a/{{ .x }}", "a\r\nHost: b", "https://h.example/a/a%0D%0AHost:%20b", ""},
		"if":                        {"https://h.example/a/{{ if .x }}a/b{{ else }}c/d{{ end }}", "a/b", "https://h.example/a/a%2Fb", ""},
		"part of a segment":         {"https://h.example/a/b{{ .x }}", "", "https://h.example/a/b", ""},
		"empty query value":         {"https://h.example/?x={{ .x }}", "", "https://h.example/?x=", ""},
		"no template":               {"https://h.example/a", "x", "https://h.example/a", ""},
		"empty segment":             {"https://h.example/a/{{ .x }}/b", "", "", "the alert has no usable value for a part of the url"},
		"parent folder":             {"https://h.example/a/{{ .x }}", "..", "", "the alert has no usable value for a part of the url"},
		"parent folder at the root": {"https://h.example/{{ .x }}", "..", "", "the alert has no usable value for a part of the url"},
		"same folder":               {"https://h.example/a/{{ .x }}/b", ".", "", "the alert has no usable value for a part of the url"},
		"parent folder in parts":    {"https://h.example/a/{{ .x }}{{ .x }}/b", ".", "", "the alert has no usable value for a part of the url"},
		"too long":                  {"https://h.example/a/{{ .x }}", strings.Repeat("é", 1<<20), "", "the url is too long with this alert's values"},
	} {
		t.Run(name, func(t *testing.T) {
			got := tt.url
			err := got.Fill(sample(tt.value))
			if fault.Public(err) != tt.skip {
				t.Fatalf("got %v, want %q", err, tt.skip)
			}
			if err == nil && string(got) != tt.want || err != nil && got != tt.url {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestBody_Fill(t *testing.T) {
	for name, tt := range map[string]struct{ body, value, want string }{
		"in a string":              {`{"a":"b {{ .x }} c"}`, "x\ny", `{"a":"b x\ny c"}`},
		"quotes in a value":        {`{"a":"{{ .x }}"}`, `x","admin":true,"b":"\`, `{"a":"x\",\"admin\":true,\"b\":\"\\"}`},
		"after an escaped quote":   {`{"a":"\"{{ .x }}"}`, `"`, `{"a":"\"\""}`},
		"text as a value":          {`{"a":{{ .x }}}`, "x", `{"a":"x"}`},
		"number as a value":        {`{"a":{{ .x }}}`, " 12.5 ", `{"a":12.5}`},
		"true as a value":          {`{"a":{{ .x }}}`, "true", `{"a":true}`},
		"object as a value":        {`{"a":{{ .x }}}`, `{"admin":true}`, `{"a":"{\"admin\":true}"}`},
		"several values as one":    {`{"a":{{ .x }}}`, `1,"admin":true`, `{"a":"1,\"admin\":true"}`},
		"empty value":              {`{"a":{{ .x }}}`, "", `{"a":""}`},
		"invalid UTF-8 in a value": {`{"a":"{{ .x }}"}`, "a\xffb", `{"a":"a\ufffdb"}`},
	} {
		t.Run(name, func(t *testing.T) {
			got := Body(tt.body)
			if err := got.Fill(sample(tt.value)); err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want || got.checkFilled() != nil {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestFill_Errors(t *testing.T) {
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
	if u.Fill(sample("evil")) == nil || b.Fill(sample("evil")) == nil {
		t.Error("an invalid text was filled")
	}
}

func TestFill_Templates(t *testing.T) {
	var templates []string
	u := URL("https://h.example/{{ .a }}/{{ if .b }}c{{ .d }}{{ end }}{{- .g -}}?e={{ .f }}{{/* no */}}{{ with .h }}{{ . }}{{ end }}")
	err := u.Fill(func(template string) (string, error) {
		templates = append(templates, template)
		return "x", nil
	})
	want := []string{"{{ .a }}", "{{ if .b }}c{{ .d }}{{ end }}", "{{- .g -}}", "{{ .f }}", "{{/* no */}}", "{{ with .h }}{{ . }}{{ end }}"}
	if diff := cmp.Diff(want, templates); diff != "" || err != nil {
		t.Errorf("%v; templates (-want +got):\n%s", err, diff)
	}
}

// FuzzFill checks that no value changes what the playbook wrote around it.
func FuzzFill(f *testing.F) {
	for _, seed := range []string{"checkout", "..", "../x", "a/b?c=d#e", `"},{"`, "%2f", "\r\n", "{{.}}", "@evil.example", "\\", "é\xff", "4E444"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		u := URL("https://h.example/a/{{ .x }}/b?c={{ .x }}&d=e")
		if err := u.Fill(sample(value)); err == nil {
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
		if err := b.Fill(sample(value)); err != nil {
			t.Fatal(err)
		}
		var object map[string]json.RawMessage // A number may be too large for Go.
		var a string
		err := errors.Join(json.Unmarshal([]byte(b), &object), json.Unmarshal(object["a"], &a))
		valid := strings.ToValidUTF8(value, "\ufffd")
		if err != nil || len(object) != 2 || a != valid && value == valid {
			t.Errorf("%q makes %s: %v", value, b, err)
		}
	})
}

func TestKind_Grant(t *testing.T) {
	account := enrich.Account{Partition: "aws-cn", Region: "cn-north-1", ID: "123456789012"}
	const whole = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a/b-AbCdEf"
	for name, want := range map[string]string{
		"":       "",
		"a/b":    "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:a/b-??????",
		"my-key": "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:my-key-??????",
		whole:    whole,
	} {
		if got := Kind(nil, nil).Grant.ARN(Config{Secret: Secret{Name: name}}, account); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}
