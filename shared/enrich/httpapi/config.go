package httpapi

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

type Config struct {
	Title   string            `yaml:"title" doc:"Title of the finding in the event; the host's name by default."`
	URL     URL               `yaml:"url" required:"true" doc:"Address to call, https only; templates may fill path segments and query values, never the host."`
	Method  string            `yaml:"method" values:"GET,POST" doc:"GET or POST; by default POST with a body and GET without."`
	Headers map[string]string `yaml:"headers" doc:"Headers to send, by name; send secrets under secret instead. A POST also has an Idempotency-Key, the same in all attempts of the step on the alert, unless you set one."`
	Body    Body              `yaml:"body" doc:"JSON to send with POST: a mapping or a list, whose texts may be templates, or a text of JSON, where a template may also stand for a whole value."`
	Secret  Secret            `yaml:"secret" doc:"A secret to send in a header, to the url's host only."`
	Show    []Show            `yaml:"show" doc:"Parts of the response to show in the event; by default its first plain values."`
}

// Secret is a secret and the header to send it in.
type Secret struct {
	Name   string `yaml:"name" required:"true" doc:"Name or ARN of a secret in AWS Secrets Manager, whose whole text is sent."`
	Header string `yaml:"header" doc:"Header to send it in; Authorization by default."`
	Format string `yaml:"format" doc:"Value of the header, with the secret in place of %s; by default 'Bearer %s' for Authorization and '%s' for other headers."`
}

// Show is one fact to show of the response.
type Show struct {
	Name string `yaml:"name" doc:"Name of the fact in the event."`
	Path string `yaml:"path" required:"true" doc:"Place in the response's JSON: keys and list positions from 0, joined by dots, such as owners.0.email."`
}

// Validate returns all problems of the configuration as it is in a playbook, with
// its templates.
func (c Config) Validate() error {
	var problems []error
	check := func(field string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", field, err))
		}
	}
	check("url", c.URL.check())
	if c.Method == http.MethodGet && c.Body != "" {
		check("body", errors.New("GET sends no body; use POST, or remove method"))
	}
	check("body", c.Body.check())
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		check("headers", checkHeader(name))
		if c.Secret.Name != "" && strings.EqualFold(name, c.Secret.header()) {
			check("headers", fmt.Errorf("the secret is already sent as %s", name))
		}
	}
	problems = append(problems, c.Secret.problems()...)
	if slices.ContainsFunc(c.Show, func(s Show) bool { return s.Name == "" || s.Path == "" }) {
		check("show", errors.New("each fact needs a name and a path"))
	}
	return errors.Join(problems...)
}

func (s Secret) problems() []error {
	if isTemplate(s.Name + s.Header + s.Format) {
		return []error{errors.New("secret: templates are not allowed, because an alert must not choose the secret")}
	}
	var problems []error
	if s.Name == "" && (s.Header != "" || s.Format != "") {
		problems = append(problems, errors.New("secret.name: set the secret to send"))
	}
	if s.Name != "" && strings.Count(s.format(), "%s") != 1 {
		problems = append(problems, fmt.Errorf("secret.format: %q needs exactly one %%s, for the secret", s.format()))
	}
	if err := checkHeader(s.header()); err != nil {
		problems = append(problems, fmt.Errorf("secret.header: %w", err))
	}
	return problems
}

func (s Secret) header() string { return cmp.Or(s.Header, "Authorization") }

func (s Secret) format() string {
	if strings.EqualFold(s.header(), "Authorization") {
		return cmp.Or(s.Format, "Bearer %s")
	}
	return cmp.Or(s.Format, "%s")
}

// headerName matches tokens (https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2).
var headerName = alert.Pattern("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// reservedHeaders decide where a request goes and where it ends.
var reservedHeaders = []string{"Connection", "Content-Length", "Host", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

func checkHeader(name string) error {
	switch {
	case !headerName().MatchString(name):
		return fmt.Errorf("invalid header name %q", name)
	case slices.Contains(reservedHeaders, http.CanonicalHeaderKey(name)):
		return fmt.Errorf("a playbook cannot set the header %s", name)
	}
	return nil
}

// secretARN returns the ARN of a secret. Secrets Manager adds six characters to a name.
func secretARN(config any, in enrich.Account) string {
	name := config.(Config).Secret.Name
	if name == "" || strings.HasPrefix(name, "arn:") {
		return name
	}
	return strings.Join([]string{"arn", in.Partition, "secretsmanager", in.Region, in.ID, "secret", name}, ":") + "-??????"
}
