package httpapi

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
	"text/template/parse"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/httpx"
	"boomerang/shared/jsonvalue"
)

// escaper returns how to escape a template's value by the plain text before it.
type escaper func(before string) (func(value string) string, error)

var parseErrorPlace = alert.Pattern(`^template: :\d+: `)

// fill replaces each template of a text with its escaped value. From {{ if … }} to
// its {{ end }} is one template.
func fill(text string, escapeAfter escaper, value func(template string) (string, error)) (string, error) {
	tree := parse.New("")
	tree.Mode = parse.ParseComments | parse.SkipFuncCheck // Package playbook checks the functions.
	if _, err := tree.Parse(text, "", "", map[string]*parse.Tree{}); err != nil {
		return "", fmt.Errorf("invalid template: %s", parseErrorPlace().ReplaceAllString(err.Error(), ""))
	}
	var filled, before strings.Builder
	for i, node := range tree.Root.Nodes {
		if plain, ok := node.(*parse.TextNode); ok {
			filled.Write(plain.Text)
			before.Write(plain.Text)
			continue
		}
		escape, err := escapeAfter(before.String())
		if err != nil {
			return "", err
		}
		end := len(text)
		if i+1 < len(tree.Root.Nodes) {
			end = start(text, tree.Root.Nodes[i+1])
		}
		v, err := value(text[start(text, node):end])
		if err != nil {
			return "", err
		}
		filled.WriteString(escape(v))
	}
	return filled.String(), nil
}

// sample is a value for checking a text before an alert comes.
func sample(value string) func(string) (string, error) {
	return func(string) (string, error) { return value, nil }
}

// start returns where a node's source starts. A template's position is that of the
// first word inside its braces.
func start(text string, node parse.Node) int {
	at := int(node.Position())
	if node.Type() == parse.NodeText {
		return at
	}
	return strings.LastIndex(text[:at], "{{")
}

func isTemplate(s string) bool { return strings.Contains(s, "{{") }

// URL is an address with templates in its path and query. Fill escapes their values,
// so that an alert changes neither the host nor the parameters of a request.
type URL string

// maxURLBytes is a length that servers commonly accept.
const maxURLBytes = 8 << 10

// Fill replaces each template with its value. It returns an error of enrich.Skip if
// the alert has no value for a segment of the path.
func (u *URL) Fill(value func(template string) (string, error)) error {
	filled, err := fill(string(*u), escapeInURL, value)
	if err != nil {
		return err
	}
	// The playbook's own segments are those that a plain value leaves.
	if plain, _ := fill(string(*u), escapeInURL, sample("x")); segments(filled) != segments(plain) {
		return enrich.Skip("the alert has no usable value for a part of the url")
	}
	if len(filled) > maxURLBytes {
		return enrich.Skip("the url is too long with this alert's values")
	}
	*u = URL(filled)
	return nil
}

var errFragment = errors.New("remove the # and what follows it, which is never sent")

// escapeInURL returns how to escape a template's value by the text before it.
func escapeInURL(before string) (func(string) string, error) {
	_, rest, found := strings.Cut(before, "://")
	if !found || !strings.ContainsAny(rest, "/?#") {
		return nil, errors.New("templates are not allowed in scheme and host; write them in full, with a / after the host")
	}
	if strings.Contains(rest, "#") {
		return nil, errFragment
	}
	_, query, inQuery := strings.Cut(rest, "?")
	if !inQuery {
		return url.PathEscape, nil
	}
	if last := query[strings.LastIndexByte(query, '&')+1:]; !strings.Contains(last, "=") {
		return nil, errors.New("in the query, templates are allowed in values only: write name={{ … }}")
	}
	return url.QueryEscape, nil
}

// segments counts the path segments that a server sees, after removing "." and "..".
func segments(u string) int {
	u, _, _ = strings.Cut(u, "?")
	_, u, _ = strings.Cut(u, "://")
	return strings.Count(path.Clean(u), "/")
}

func (u URL) check() error {
	if u == "" {
		return errors.New("set the address to call, such as https://api.example.com/services/{{ .alert.tags.service }}")
	}
	filled, err := fill(string(u), escapeInURL, sample("x"))
	if err != nil {
		return err
	}
	_, err = parseURL(filled)
	return err
}

// parseURL parses a URL without templates. Its errors do not quote s, which may
// have a password.
func parseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "":
		return nil, errors.New("it is not an address such as https://api.example.com/path")
	case u.User != nil:
		return nil, errors.New("it has a user or a password; send them as a secret")
	case strings.Contains(s, "#"):
		return nil, errFragment
	case u.Scheme != "https" && (u.Scheme != "http" || !httpx.IsLoopback(u.Hostname())):
		return nil, errNotHTTPS
	}
	return u, nil
}

var errNotHTTPS = errors.New("it must start with https://")

// Body is a JSON text with templates inside strings or in place of whole values.
// Fill escapes their values, so that each stays one value. A playbook can also write it as a
// mapping or a list, whose texts have the templates.
type Body string

// SetJSON sets the body to a value.
func (b *Body) SetJSON(value any) {
	text, _ := jsonvalue.Encode(value, "") // A value of YAML always encodes.
	*b = Body(strings.TrimSpace(text))
}

// maxBodyBytes is the limit of a body with an alert's values.
const maxBodyBytes = 256 << 10

// Fill replaces each template with its value. Outside of a string, a number, true,
// false and null keep their type, and everything else becomes a string.
func (b *Body) Fill(value func(template string) (string, error)) error {
	filled, err := fill(string(*b), escapeInJSON, value)
	if err != nil {
		return err
	}
	*b = Body(filled)
	return nil
}

// escapeInJSON returns how to escape a template's value by the text before it.
func escapeInJSON(before string) (func(string) string, error) {
	inString, escaped := false, false
	for _, c := range []byte(before) {
		switch {
		case escaped:
			escaped = false
		case inString && c == '\\':
			escaped = true
		case c == '"':
			inString = !inString
		}
	}
	switch {
	case escaped:
		return nil, errors.New(`a template follows a single \`)
	case inString:
		return jsonvalue.InString, nil
	}
	return jsonValue, nil
}

func jsonValue(text string) string {
	scalar := strings.TrimSpace(text)
	if scalar != "" && !strings.ContainsAny(scalar[:1], `"[{`) && json.Valid([]byte(scalar)) {
		return scalar
	}
	return `"` + jsonvalue.InString(text) + `"`
}

func (b Body) check() error {
	if b == "" {
		return nil
	}
	if value, err := enrich.DecodeJSON([]byte(b)); err == nil { // Such as a mapping, whose templates are whole texts.
		return checkTexts(value)
	}
	// A number is valid as a value and as part of a string.
	if err := b.Fill(sample("0")); err != nil {
		return err
	}
	if !json.Valid([]byte(b)) {
		return errors.New(`not valid JSON; write for example {"service": "{{ .alert.tags.service }}"}`)
	}
	return nil
}

// checkTexts parses the templates in the texts of a value.
func checkTexts(value any) error {
	var err error
	switch value := value.(type) {
	case string:
		_, err = fill(value, escapeInJSON, sample("0"))
	case []any:
		for _, one := range value {
			err = cmp.Or(err, checkTexts(one))
		}
	case map[string]any:
		for _, one := range value {
			err = cmp.Or(err, checkTexts(one))
		}
	}
	return err
}

func (b Body) checkFilled() error {
	switch {
	case len(b) > maxBodyBytes:
		return errors.New("larger than 256 KiB")
	case b != "" && !json.Valid([]byte(b)):
		return errors.New("not valid JSON")
	}
	return nil
}
