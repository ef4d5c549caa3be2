package httpapi

import (
	"encoding/json"
	"errors"
	"strings"
)

// Body is a JSON text with templates inside strings or in place of whole values.
// Fill escapes their values, so that each stays one value.
type Body string

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
		return stringContent, nil
	}
	return jsonValue, nil
}

func stringContent(text string) string {
	quoted, _ := json.Marshal(text) // A string always encodes.
	return string(quoted[1 : len(quoted)-1])
}

func jsonValue(text string) string {
	scalar := strings.TrimSpace(text)
	if scalar != "" && !strings.ContainsAny(scalar[:1], `"[{`) && json.Valid([]byte(scalar)) {
		return scalar
	}
	return `"` + stringContent(text) + `"`
}

func (b Body) check() error {
	if b == "" {
		return nil
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

func (b Body) checkFilled() error {
	switch {
	case len(b) > maxBodyBytes:
		return errors.New("larger than 256 KiB")
	case b != "" && !json.Valid([]byte(b)):
		return errors.New("not valid JSON")
	}
	return nil
}
