package httpapi

import (
	"errors"
	"strings"
)

// piece is a part of a text: plain, or one template that is whole by itself.
type piece struct {
	text     string
	template bool
}

var errUnclosed = errors.New(`a template is not closed: each {{ needs its }}, and each if, range or with its {{ end }}`)

// split tells the templates of a text from the text around them. What lies
// between {{ if … }} and its {{ end }} is one template.
func split(text string) ([]piece, error) {
	var pieces []piece
	for {
		start := strings.Index(text, "{{")
		if start < 0 {
			return append(pieces, piece{text: text}), nil
		}
		length := templateLength(text[start:])
		if length == 0 {
			return nil, errUnclosed
		}
		pieces = append(pieces, piece{text: text[:start]}, piece{text: text[start : start+length], template: true})
		text = text[start+length:]
	}
}

// templateLength is the length of the template that text starts with, 0 when it
// never ends.
func templateLength(text string) int {
	depth, at := 0, 0
	for {
		length := actionLength(text[at:])
		if length == 0 {
			return 0
		}
		switch keyword(text[at : at+length]) {
		case "if", "range", "with", "block", "define":
			depth++
		case "end":
			depth--
		}
		at += length
		if depth <= 0 {
			return at
		}
		next := strings.Index(text[at:], "{{")
		if next < 0 {
			return 0
		}
		at += next
	}
}

// actionLength is the length of the {{ … }} that text starts with. What is quoted
// in it, or is a comment, may hold braces.
func actionLength(text string) int {
	if inner := strings.TrimLeft(strings.TrimPrefix(text, "{{"), "- \t\r\n"); strings.HasPrefix(inner, "/*") {
		end := strings.Index(inner, "*/")
		if end < 0 {
			return 0
		}
		closing := strings.Index(inner[end:], "}}")
		if closing < 0 {
			return 0
		}
		return len(text) - len(inner) + end + closing + len("}}")
	}
	var quote byte
	for i := len("{{"); i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0 && c == '\\' && quote != '`':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"', c == '`', c == '\'':
			quote = c
		case strings.HasPrefix(text[i:], "}}"):
			return i + len("}}")
		}
	}
	return 0
}

func keyword(action string) string {
	inner := strings.TrimLeft(strings.Trim(action, "{}"), "- \t\r\n")
	end := strings.IndexFunc(inner, func(r rune) bool { return r < 'a' || r > 'z' })
	if end < 0 {
		return inner
	}
	return inner[:end]
}

// fill joins the pieces, with each template replaced by what value makes of it.
func fill(pieces []piece, value func(at int, template string) (string, error)) (string, error) {
	var b strings.Builder
	for i, p := range pieces {
		text := p.text
		if p.template {
			var err error
			if text, err = value(i, p.text); err != nil {
				return "", err
			}
		}
		b.WriteString(text)
	}
	return b.String(), nil
}
