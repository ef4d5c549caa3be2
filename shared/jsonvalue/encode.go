package jsonvalue

import (
	"encoding/json"
	"strings"
)

// Encode returns a value as JSON for people and services, in which <, > and & stay as they
// are. With an indent, each member has its own line. The text ends with a line break.
func Encode(v any, indent string) (string, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	err := encoder.Encode(v)
	return text.String(), err
}

// InString returns a text as it stands between the quotes of a JSON string.
func InString(text string) string {
	quoted, _ := json.Marshal(text) // A string always encodes.
	return string(quoted[1 : len(quoted)-1])
}
