package httpapi

import (
	"encoding/json"
	"errors"
	"strings"
)

// Body is a JSON text whose templates fill strings, or stand for a whole value.
// Fill escapes them: whatever an alert holds, it stays one value.
type Body string

// Fill replaces each template by what value makes of it. Inside a string that is
// its text. Outside of one, a number, true, false and null stay what they are,
// and everything else becomes a string.
func (b *Body) Fill(value func(template string) (string, error)) error {
	pieces, quoted, err := b.parse()
	if err != nil {
		return err
	}
	filled, err := fill(pieces, func(i int, template string) (string, error) {
		text, err := value(template)
		if err != nil {
			return "", err
		}
		return inJSON(text, quoted[i]), nil
	})
	if err == nil {
		*b = Body(filled)
	}
	return err
}

// inJSON returns text as it stands inside or outside a JSON string.
func inJSON(text string, quoted bool) string {
	if trimmed := strings.TrimSpace(text); !quoted && isScalar(trimmed) {
		return trimmed
	}
	encoded, _ := json.Marshal(text) // A string always encodes.
	if quoted {
		return string(encoded[1 : len(encoded)-1])
	}
	return string(encoded)
}

func isScalar(text string) bool {
	return text != "" && !strings.ContainsAny(text[:1], `"[{`) && json.Valid([]byte(text))
}

// parse returns the pieces of the body and which of its templates stand inside
// a JSON string.
func (b *Body) parse() ([]piece, []bool, error) {
	pieces, err := split(string(*b))
	if err != nil {
		return nil, nil, err
	}
	quoted := make([]bool, len(pieces))
	inside, escaped := false, false
	for i, p := range pieces {
		if p.template {
			if escaped {
				return nil, nil, errors.New(`a template stands behind a lone \`)
			}
			quoted[i] = inside
			continue
		}
		for _, c := range []byte(p.text) {
			switch {
			case escaped:
				escaped = false
			case inside && c == '\\':
				escaped = true
			case c == '"':
				inside = !inside
			}
		}
	}
	return pieces, quoted, nil
}

func (b Body) check() error {
	if b == "" {
		return nil
	}
	// A number is a value by itself and a piece of text inside a string.
	sample := b
	if err := sample.Fill(func(string) (string, error) { return "0", nil }); err != nil {
		return err
	}
	if !json.Valid([]byte(sample)) {
		return errors.New(`it is no JSON: {"service": "{{ .alert.tags.service }}"} is`)
	}
	return nil
}

// maxBodyBytes bounds what a long alert makes of a body.
const maxBodyBytes = 256 << 10

// checkFilled looks at a body whose templates are filled in.
func (b Body) checkFilled() error {
	switch {
	case b == "":
		return nil
	case len(b) > maxBodyBytes:
		return errors.New("it is larger than 256 KiB")
	case !json.Valid([]byte(b)):
		return errors.New("it is no JSON")
	}
	return nil
}
