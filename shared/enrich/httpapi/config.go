package httpapi

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"boomerang/shared/enrich"
)

// Config says what to ask whom, and what of the answer to show.
type Config struct {
	Title   string            `yaml:"title" doc:"What the finding is called in the event; the host's name when it is empty."`
	URL     URL               `yaml:"url" required:"true" doc:"The address, https only: templates may fill segments of its path and values of its query, never its host."`
	Method  string            `yaml:"method" doc:"GET or POST; when it is empty, POST with a body and GET without."`
	Headers map[string]string `yaml:"headers" doc:"Headers to send, by name; no secrets, which belong under secret."`
	Body    Body              `yaml:"body" doc:"JSON to send with POST; templates may fill strings in it, or stand for a whole value."`
	Secret  Secret            `yaml:"secret" doc:"A secret to send in a header, to the url's host and to no other."`
	Show    []Show            `yaml:"show" doc:"The parts of the answer to show in the event; when there are none, its first plain values."`
}

// Secret says which secret goes into which header.
type Secret struct {
	Name   string `yaml:"name" required:"true" doc:"Name or ARN of the secret in AWS Secrets Manager, whose whole text is sent."`
	Header string `yaml:"header" doc:"The header to send it in; Authorization when it is empty."`
	Format string `yaml:"format" doc:"The header's value, with the secret in the place of %s; 'Bearer %s' for Authorization and '%s' for other headers when it is empty."`
}

// Show is one fact to show of the answer.
type Show struct {
	Name string `yaml:"name" doc:"What the fact is called in the event."`
	Path string `yaml:"path" required:"true" doc:"Where it is in the answer's JSON: keys and list positions from 0, joined by dots, such as owners.0.email."`
}

// Validate returns all that is wrong with the configuration as it stands in a
// playbook, before its templates are filled in.
func (c Config) Validate() error {
	var problems []error
	problem := func(field, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: "+format, append([]any{field}, args...)...))
	}
	if err := c.URL.check(); err != nil {
		problem("url", "%w", err)
	}
	if !slices.Contains([]string{"", http.MethodGet, http.MethodPost}, c.Method) {
		problem("method", "%q is neither GET nor POST", c.Method)
	}
	if c.Method == http.MethodGet && c.Body != "" {
		problem("body", "GET sends none; make the method POST, or leave it out")
	}
	if err := c.Body.check(); err != nil {
		problem("body", "%w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		if err := checkHeader(name); err != nil {
			problem("headers", "%w", err)
		}
		if c.Secret.Name != "" && strings.EqualFold(name, c.Secret.header()) {
			problem("headers", "%s is sent with the secret already", name)
		}
	}
	problems = append(problems, c.Secret.problems()...)
	for _, show := range c.Show {
		if show.Name == "" || show.Path == "" {
			problem("show", "each fact needs a name and a path")
		}
	}
	return errors.Join(problems...)
}

func (s Secret) problems() []error {
	var problems []error
	if s.Name == "" && (s.Header != "" || s.Format != "") {
		problems = append(problems, errors.New("secret.name: name the secret to send"))
	}
	if isTemplate(s.Name) || isTemplate(s.Header) || isTemplate(s.Format) {
		// Whoever could choose the secret could have any that this account holds.
		problems = append(problems, errors.New("secret: an alert must not choose what is sent as a secret; write it without templates"))
		return problems
	}
	if s.Name != "" && strings.Count(s.format(), "%s") != 1 {
		problems = append(problems, fmt.Errorf("secret.format: %q needs %%s exactly once, where the secret goes", s.format()))
	}
	if err := checkHeader(s.header()); err != nil {
		problems = append(problems, fmt.Errorf("secret.header: %w", err))
	}
	return problems
}

const authorization = "Authorization"

func (s Secret) header() string {
	if s.Header == "" {
		return authorization
	}
	return s.Header
}

func (s Secret) format() string {
	switch {
	case s.Format != "":
		return s.Format
	case strings.EqualFold(s.header(), authorization):
		return "Bearer %s"
	}
	return "%s"
}

// A header's name is a token (https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2).
var headerName = enrich.Pattern("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// framing are the headers that say how long a request is and where it goes.
var framing = []string{"Connection", "Content-Length", "Host", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

func checkHeader(name string) error {
	switch {
	case !headerName().MatchString(name):
		return fmt.Errorf("%q is no name of a header", name)
	case slices.Contains(framing, http.CanonicalHeaderKey(name)):
		return fmt.Errorf("%s is not for playbooks to set", name)
	}
	return nil
}

func (c Config) method() string {
	switch {
	case c.Method != "":
		return c.Method
	case c.Body != "":
		return http.MethodPost
	}
	return http.MethodGet
}

func isTemplate(s string) bool { return strings.Contains(s, "{{") }
