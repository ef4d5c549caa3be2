package recording

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"boomerang/shared/alert"
)

const hidden = "<secret>"

// scrubber removes secrets, and replaces what identifies a person by an alias that is
// the same everywhere, so that a response still fits its request.
type scrubber []string // texts that are secret wherever they stand

// secretText finds a secret in any text. What its groups match stays.
var secretText = regexp.MustCompile(strings.Join([]string{
	`(?i:(\b(?:bearer|basic)\s+)[a-z0-9._~+/=-]{16,})`,
	`(?i:((?:\b(?:api|app|application)[_-]?key|\b(?:password|token|secret))=)[^&\s"']+)`,
	`(//)[^/\s:@]+:[^/\s@]+(@)`,
	`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`, // JSON Web Token
	`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`,
	`\bgh[pousr]_[A-Za-z0-9]{20,}\b|\bgithub_pat_[A-Za-z0-9_]{20,}\b`,
	`\bxox[abeoprs]-[A-Za-z0-9-]{10,}`, // Slack
	`\bdd(?:apikey|app|p|pat)_[A-Za-z0-9]{20,}`,
}, "|"))

var (
	emails    = regexp.MustCompile(`[A-Za-z0-9._%+-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`)
	addresses = regexp.MustCompile(`[0-9A-Za-z:.]+`)
)

// personFields hold a person.
var personFields = []string{
	"creator", "user", "users", "author", "created_by", "createdby", "modified_by", "modifiedby", "last_modified_by", "modifier", "editor",
	"updated_by", "assignee", "commander", "responders", "responder", "username", "user_name", "usr",
}

// identifyingFields of a person say who it is.
var identifyingFields = []string{
	"name", "handle", "first_name", "last_name", "full_name", "display_name", "username", "user_name", "login", "title", "icon", "avatar", "phone", "email",
}

func (s scrubber) text(text string) string {
	for _, secret := range s {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, hidden)
		}
	}
	text = secretText.ReplaceAllString(text, "${1}${2}${3}"+hidden+"${4}")
	return addresses.ReplaceAllStringFunc(emails.ReplaceAllStringFunc(text, emailAlias), addressAlias)
}

const aliasDomain = "@example.com"

func emailAlias(email string) string {
	if strings.HasSuffix(email, aliasDomain) {
		return email
	}
	return "person-" + digest(strings.ToLower(strings.ReplaceAll(email, "%40", "@"))) + aliasDomain
}

// addressAlias replaces an IP address by one for documentation, and no other word.
func addressAlias(word string) string {
	trimmed := strings.TrimRight(word, ".:")
	alias := trimmed
	if with, err := netip.ParseAddrPort(trimmed); err == nil {
		alias = netip.AddrPortFrom(documentation(with.Addr()), with.Port()).String()
	} else if address, err := netip.ParseAddr(trimmed); err == nil {
		alias = documentation(address).String()
	}
	return alias + word[len(trimmed):]
}

// documentation returns an address of RFC 5737 or RFC 3849.
func documentation(a netip.Addr) netip.Addr {
	sum := sha256.Sum256(a.AsSlice())
	switch {
	case a.IsUnspecified() || a.IsLoopback():
		return a
	case a.Is4():
		return netip.AddrFrom4([4]byte{192, 0, 2, 1 + sum[0]%254})
	}
	return netip.AddrFrom16([16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 14: sum[0], 15: sum[1]})
}

// nameAlias replaces a person's name. An email address stays one.
func (s scrubber) nameAlias(name string) string {
	if scrubbed := s.text(name); scrubbed != name {
		return scrubbed
	}
	if name == "" || name == hidden || strings.HasSuffix(name, aliasDomain) {
		return name
	}
	return "Person " + digest(name)
}

// digest is short because it distinguishes persons and must not identify them.
func digest(text string) string {
	sum := sha256.Sum256([]byte("person:" + text))
	return hex.EncodeToString(sum[:2])
}

// body returns the scrubbed JSON of a body, or its text. Numbers keep their digits.
func (s scrubber) body(raw []byte) any {
	if len(raw) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var body any
	if err := decoder.Decode(&body); err != nil || decoder.More() {
		return s.text(string(raw))
	}
	switch body.(type) {
	case map[string]any, []any:
		return s.value("", body, false)
	}
	return s.text(string(raw))
}

// value scrubs a JSON value in the field of a name, of an object that is, or is not, part of a person.
func (s scrubber) value(name string, value any, ofPerson bool) any {
	lower := strings.ToLower(name)
	isPersonField := slices.Contains(personFields, lower)
	switch v := value.(type) {
	case string:
		switch {
		case alert.IsSecret(name):
			return hidden
		case isPersonField || ofPerson && slices.Contains(identifyingFields, lower):
			return s.nameAlias(v)
		}
		return s.text(v)
	case []any:
		for i := range v {
			v[i] = s.value(name, v[i], ofPerson)
		}
	case map[string]any:
		ofPerson = ofPerson || isPersonField || isPerson(v)
		for field := range v {
			v[field] = s.value(field, v[field], ofPerson)
		}
	}
	return value
}

// isPerson reports whether an object is a user of Datadog's API v2, or has an email
// address beside its name.
func isPerson(object map[string]any) bool {
	kind, _ := object["type"].(string)
	handle, _ := object["handle"].(string)
	_, hasEmail := object["email"].(string)
	return kind == "users" || kind == "user" || hasEmail || strings.Contains(handle, "@")
}

func (s scrubber) query(parameters url.Values) url.Values {
	for name, values := range parameters {
		for i, value := range values {
			if values[i] = s.text(value); alert.IsSecret(name) {
				values[i] = hidden
			}
		}
	}
	return parameters
}
