package alert

import (
	"slices"
	"strings"
	"unicode"
)

// Tags are unique tags in their order, each "key:value" or bare. The first colon ends
// the key.
type Tags []string

// splitTags reads "monitor, name:my service,url:http://x", and "env:prod;team:a", also with other
// marks between tags, if each has a key.
func splitTags(text string) Tags {
	if !strings.Contains(text, ",") {
		parts := strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == '|' || unicode.IsSpace(r) })
		if !slices.ContainsFunc(parts, func(tag string) bool { return !areTags(tag) }) {
			return uniqueTags(parts)
		}
	}
	return uniqueTags(strings.Split(text, ","))
}

// hasSeveral reports whether an entry of a list is several tags: $TAGS. A tag's value may hold commas,
// too, but no keys.
func hasSeveral(entry string) bool {
	parts := slices.DeleteFunc(strings.Split(entry, ","), func(tag string) bool { return !areTags(tag) })
	return len(parts) > 1
}

// uniqueTags returns the tags that are not absent, each once.
func uniqueTags(parts []string) Tags {
	var tags Tags
	seen := make(map[string]bool, len(parts))
	for _, tag := range parts {
		tag = strings.TrimPrefix(strings.Trim(strings.TrimSpace(tag), "\"'`"), "#")
		if !isAbsentText(tag) && !seen[tag] {
			seen[tag] = true
			tags = append(tags, tag)
		}
	}
	return tags
}

// Get returns the value of the first tag with this key, in any case, or "".
func (t Tags) Get(key string) string {
	if values := t.All(key); len(values) > 0 {
		return values[0]
	}
	return ""
}

// All returns the values of every tag with this key, in any case.
func (t Tags) All(key string) []string {
	var values []string
	for _, tag := range t {
		if k, value, ok := strings.Cut(tag, ":"); ok && strings.EqualFold(k, key) {
			values = append(values, value)
		}
	}
	return values
}

// Has reports whether the whole tag is there, in any case.
func (t Tags) Has(tag string) bool {
	return slices.ContainsFunc(t, func(have string) bool { return strings.EqualFold(have, tag) })
}

// Map returns the first value of each key. A bare tag has the value "".
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
