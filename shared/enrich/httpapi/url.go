package httpapi

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"boomerang/shared/enrich"
)

// URL is an address whose host stands in the playbook as it is. Templates fill
// whole values only, which Fill escapes: nothing that an alert holds can change
// where a call goes or which parameters it has.
type URL string

// maxURLBytes is what servers commonly take.
const maxURLBytes = 8 << 10

// Fill replaces each template by what value makes of it, escaped for the place
// where it stands. The error is one of enrich.Skip when an alert leaves a segment
// of the path without a value.
func (u *URL) Fill(value func(template string) (string, error)) error {
	pieces, places, err := u.parse()
	if err != nil {
		return err
	}
	filled, err := fill(pieces, func(i int, template string) (string, error) {
		text, err := value(template)
		if err != nil {
			return "", err
		}
		if places[i] == inQuery {
			return url.QueryEscape(text), nil
		}
		return url.PathEscape(text), nil
	})
	if err != nil {
		return err
	}
	if err := u.checkSegments(filled); err != nil {
		return err
	}
	if len(filled) > maxURLBytes {
		return enrich.Skip("with this alert's values the address is too long to ask")
	}
	*u = URL(filled)
	return nil
}

// checkSegments refuses values that are no name of anything: an empty one, and
// those that stand for the folder itself or the one above it.
func (u *URL) checkSegments(filled string) error {
	path, _, _ := strings.Cut(filled, "?")
	literal, _ := u.skeleton()
	literal, _, _ = strings.Cut(literal, "?")
	before := strings.Split(literal, "/")
	for i, segment := range strings.Split(path, "/") {
		if !strings.Contains(before[i], placeholder) {
			continue
		}
		switch segment {
		case "":
			return enrich.Skip("the alert has no value for a part of the address to ask")
		case ".", "..":
			return enrich.SkipRedacted("the alert's value for a part of the address to ask is ", strconv.Quote(segment), ", which names nothing")
		}
	}
	return nil
}

// place says where in an address a template stands.
type place int

const (
	inPath place = 1 + iota
	inQuery
)

// parse returns the pieces of the address and the places of its templates.
func (u *URL) parse() ([]piece, []place, error) {
	pieces, err := split(string(*u))
	if err != nil {
		return nil, nil, err
	}
	places := make([]place, len(pieces))
	before := ""
	for i, p := range pieces {
		if p.template {
			if places[i], err = placeAfter(before); err != nil {
				return nil, nil, err
			}
		} else {
			before += p.text
		}
	}
	return pieces, places, nil
}

// placeAfter tells the place of a template from the plain text before it.
func placeAfter(before string) (place, error) {
	_, rest, found := strings.Cut(before, "://")
	end := strings.IndexAny(rest, "/?#")
	if !found || end < 0 {
		return 0, errors.New("a template must not choose where a call goes: write scheme and host as they are, with a / behind them")
	}
	if strings.Contains(rest, "#") {
		return 0, errFragment
	}
	_, query, inside := strings.Cut(rest, "?")
	if !inside {
		return inPath, nil
	}
	if last := query[strings.LastIndexByte(query, '&')+1:]; !strings.Contains(last, "=") {
		return 0, errors.New("in the query a template may fill values only, and not the name of one: write name={{ … }}")
	}
	return inQuery, nil
}

var errFragment = errors.New("what follows a # is never sent: leave it out")

// placeholder stands for a template. No address holds it otherwise.
const placeholder = "\x00"

// skeleton is the address with placeholders for its templates.
func (u *URL) skeleton() (string, error) {
	pieces, _, err := u.parse()
	if err != nil {
		return "", err
	}
	return fill(pieces, func(int, string) (string, error) { return placeholder, nil })
}

func (u URL) check() error {
	if u == "" {
		return errors.New("say which address to ask, such as https://api.example.com/services/{{ .alert.tags.service }}")
	}
	if strings.Contains(string(u), placeholder) {
		return errors.New("it holds a NUL character")
	}
	skeleton, err := u.skeleton()
	if err != nil {
		return err
	}
	_, err = parseAddress(strings.ReplaceAll(skeleton, placeholder, "x"))
	return err
}

// parseAddress returns the address that s is, without templates. Its errors
// never quote s, in which somebody may have written a password.
func parseAddress(s string) (*url.URL, error) {
	address, err := url.Parse(s)
	switch {
	case err != nil || address.Hostname() == "":
		return nil, errors.New("it is no address such as https://api.example.com/path")
	case address.User != nil:
		return nil, errors.New("it holds a user or a password: send them as a secret")
	case address.Fragment != "" || strings.Contains(s, "#"):
		return nil, errFragment
	case address.Scheme != "https" && !(address.Scheme == "http" && isLoopback(address.Hostname())):
		return nil, errors.New("it must start with https://")
	}
	return address, nil
}

// isLoopback is true of the machine's own addresses, which only a Client that
// was told so will call.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || host == "localhost"
}
