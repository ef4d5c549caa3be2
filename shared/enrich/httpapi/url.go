package httpapi

import (
	"errors"
	"net/url"
	"path"
	"strings"

	"boomerang/shared/enrich"
	"boomerang/shared/httpx"
)

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
