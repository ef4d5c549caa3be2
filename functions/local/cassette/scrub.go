package cassette

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const hidden = "<secret>"

// scrubber takes out what is secret or personal. What names a person is replaced
// by a word of its own, the same one wherever it stands, so that an answer still
// fits its question.
type scrubber struct {
	// secrets are texts that are known to be secret, wherever they stand.
	secrets []string
}

// secretName is the name of a field or parameter that holds a secret.
var secretName = regexp.MustCompile(`(?i)(?:(?:api|app|application|access|private|secret)[._-]?key|token|password|passwd|secret|authorization|cookie|credentials?)$`)

// secretForm is how common tokens look: bearer and basic authorisation, JSON web
// tokens, and those of AWS, GitHub, Slack and Datadog; or a password in an address.
var secretForm = regexp.MustCompile(strings.Join([]string{
	`(?i:\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{16,}`,
	`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`,
	`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`,
	`\bgh[pousr]_[A-Za-z0-9]{20,}\b`, `\bgithub_pat_[A-Za-z0-9_]{20,}\b`,
	`\bxox[abeoprs]-[A-Za-z0-9-]{10,}`,
	`\bdd(?:apikey|app|p|pat)_[A-Za-z0-9]{20,}`,
	`(?i:\b(?:api|app|application)[_-]?key=)[^&\s"']+`,
	`(?i:\b(?:password|token|secret)=)[^&\s"']+`,
	`//[^/\s:@]+:[^/\s@]+@`,
}, "|"))

var (
	email   = regexp.MustCompile(`[A-Za-z0-9._%+-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`)
	address = regexp.MustCompile(`[0-9A-Za-z:.]+`)
)

// text scrubs a text.
func (s scrubber) text(text string) string {
	for _, secret := range s.secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, hidden)
		}
	}
	text = secretForm.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasPrefix(found, "//") {
			return "//" + hidden + "@"
		}
		if at := strings.IndexAny(found, "= "); at >= 0 {
			return found[:at+1] + hidden
		}
		return hidden
	})
	text = email.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasSuffix(found, "@example.com") {
			return found
		}
		return "somebody-" + digest(strings.ToLower(strings.ReplaceAll(found, "%40", "@"))) + "@example.com"
	})
	return address.ReplaceAllStringFunc(text, ip)
}

// ip returns an address of the ranges for documentation in the place of a real
// one, and any other word as it is.
func ip(word string) string {
	trimmed := strings.TrimRight(word, ".:")
	rest := word[len(trimmed):]
	if with, err := netip.ParseAddrPort(trimmed); err == nil {
		return netip.AddrPortFrom(documented(with.Addr()), with.Port()).String() + rest
	}
	one, err := netip.ParseAddr(trimmed)
	if err != nil {
		return word
	}
	return documented(one).String() + rest
}

func documented(a netip.Addr) netip.Addr {
	sum := sha256.Sum256(a.AsSlice())
	switch {
	case a.IsUnspecified() || a.IsLoopback():
		return a
	case a.Is4(): // https://www.rfc-editor.org/rfc/rfc5737
		return netip.AddrFrom4([4]byte{192, 0, 2, 1 + sum[0]%254})
	}
	// https://www.rfc-editor.org/rfc/rfc3849
	return netip.AddrFrom16([16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 14: sum[0], 15: sum[1]})
}

// person are the fields whose value is somebody.
var person = []string{
	"creator", "user", "users", "author", "created_by", "createdby", "modified_by", "modifiedby", "last_modified_by", "modifier", "editor",
	"updated_by", "assignee", "commander", "responders", "responder", "username", "user_name", "usr",
}

// naming are the fields of a person that say who it is.
var naming = []string{
	"name", "handle", "first_name", "last_name", "full_name", "display_name", "username", "user_name", "login", "title", "icon", "avatar", "phone", "email",
}

// value scrubs what JSON holds. somebody is true inside what describes a person.
func (s scrubber) value(v any, somebody bool) any {
	switch v := v.(type) {
	case string:
		return s.text(v)
	case []any:
		for i := range v {
			v[i] = s.value(v[i], somebody)
		}
	case map[string]any:
		somebody = somebody || describesPerson(v)
		for name, field := range v {
			v[name] = s.field(name, field, somebody)
		}
	}
	return v
}

func (s scrubber) field(name string, field any, somebody bool) any {
	lower := strings.ToLower(name)
	is := slices.Contains(person, lower)
	text, isText := field.(string)
	switch {
	case secretName.MatchString(name) && isText:
		return hidden
	case isText && text != "" && (is || somebody && slices.Contains(naming, lower)):
		return s.named(text)
	case isText:
		return s.text(text)
	}
	if list, isList := field.([]any); isList {
		for i := range list {
			list[i] = s.field(name, list[i], somebody)
		}
		return list
	}
	return s.value(field, somebody || is)
}

// named replaces the name of a person; an e-mail address stays one.
func (s scrubber) named(text string) string {
	if scrubbed := s.text(text); scrubbed != text {
		return scrubbed
	}
	if strings.HasSuffix(text, "@example.com") || text == hidden {
		return text
	}
	return "Somebody " + digest(text)
}

// describesPerson reports whether an object is one of a person: Datadog's type
// for it is "users" in version 2 of its API, and people alone have an e-mail
// address beside their name.
func describesPerson(object map[string]any) bool {
	if kind, ok := object["type"].(string); ok && (kind == "users" || kind == "user") {
		return true
	}
	if _, ok := object["email"].(string); ok {
		return true
	}
	handle, _ := object["handle"].(string)
	return strings.Contains(handle, "@")
}

// query scrubs the parameters of an address.
func (s scrubber) query(parameters url.Values) url.Values {
	scrubbed := url.Values{}
	for name, values := range parameters {
		for _, value := range values {
			if secretName.MatchString(name) {
				value = hidden
			}
			scrubbed.Add(name, s.text(value))
		}
	}
	return scrubbed
}

// digest is short on purpose: it tells people apart and names none.
func digest(text string) string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("person:%s", text)))
	return hex.EncodeToString(sum[:2])
}
