package alert

import (
	"slices"
	"strings"
)

// Tags are a monitor notification's tags in the order in which they came, each
// "key:value" or bare, none twice. A value may hold spaces and colons: the first
// colon of a tag ends its key.
type Tags []string

// splitTags reads the text form, "monitor, name:my service,url:http://x".
func splitTags(text string) Tags {
	var tags Tags
	for part := range strings.SplitSeq(text, ",") {
		tags = tags.with(part)
	}
	return tags
}

// with adds one tag, unless it says nothing or is there already.
func (t Tags) with(tag string) Tags {
	tag = strings.TrimSpace(tag)
	if isAbsentText(tag) || slices.Contains(t, tag) {
		return t
	}
	return append(t, tag)
}

// Get returns the value of the first tag with this key, and "" when there is
// none. Keys are compared without regard to case, as Datadog's are lower case
// and people's are not.
func (t Tags) Get(key string) string {
	for _, tag := range t {
		if k, value, ok := strings.Cut(tag, ":"); ok && strings.EqualFold(k, key) {
			return value
		}
	}
	return ""
}

// All returns the values of every tag with this key.
func (t Tags) All(key string) []string {
	var values []string
	for _, tag := range t {
		if k, value, ok := strings.Cut(tag, ":"); ok && strings.EqualFold(k, key) {
			values = append(values, value)
		}
	}
	return values
}

// Has reports whether the whole tag, bare or "key:value", is there.
func (t Tags) Has(tag string) bool {
	return slices.ContainsFunc(t, func(have string) bool { return strings.EqualFold(have, tag) })
}

// Map returns the tags by key for expressions and templates. Of several values
// the first is taken; a bare tag has the value "".
func (t Tags) Map() map[string]string {
	values := make(map[string]string, len(t))
	for _, tag := range t {
		key, value, _ := strings.Cut(tag, ":")
		if _, taken := values[key]; !taken {
			values[key] = value
		}
	}
	return values
}
