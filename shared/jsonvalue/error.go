package jsonvalue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError says where and why a body cannot be read, and what to do. Its text quotes
// at most one character and the name of a variable, so that a log has nothing of an
// alert.
type SyntaxError struct {
	Reason string // And what to do, if that is known.
	Field  string // The form field that held the JSON, if it was a form.
	// Line and Column count characters from 1, Offset counts bytes from 0. Line is 0
	// when the reason is about the whole body.
	Line, Column, Offset int
}

func (e *SyntaxError) Error() string {
	what, where := "body", ""
	if e.Field != "" {
		what = fmt.Sprintf("form field %q", e.Field)
	}
	if e.Line > 0 {
		where = fmt.Sprintf(" at line %d, column %d (byte %d)", e.Line, e.Column, e.Offset)
	}
	return fmt.Sprintf("the %s cannot be read as a JSON object%s: %s", what, where, e.Reason)
}

// syntaxError says where and why body[start:] is not JSON, as encoding/json says it.
func syntaxError(body []byte, start int) error {
	var ignored json.RawMessage
	err := json.Unmarshal(body[start:], &ignored)
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	if !ok {
		return &SyntaxError{Reason: "it is not JSON"}
	}
	offset := start + int(syntax.Offset) - 1
	switch {
	case strings.HasPrefix(syntax.Error(), "unexpected end"):
		return malformedAt(body, len(bytes.TrimRight(body, whiteSpace)), "it ends in the middle of the JSON", "")
	case strings.HasSuffix(syntax.Error(), "after top-level value"):
		return malformedAt(body, offset, "something follows the JSON", "")
	default:
		return malformedAt(body, offset, syntax.Error(), hintFor(body[:offset], syntax.Error()))
	}
}

// hintFor recognises the usual mistakes of payload templates.
func hintFor(before []byte, message string) string {
	before = bytes.TrimRight(before, whiteSpace)
	switch {
	case strings.HasSuffix(message, "looking for beginning of value") && bytes.HasSuffix(before, []byte(":")),
		strings.Contains(message, " in literal "):
		return "; most likely a variable without quotes: put it in quotes in the webhook's payload, \"$NAME\""
	case strings.HasSuffix(message, "after object key:value pair") &&
		(bytes.HasSuffix(before, []byte(`"{"`)) || bytes.HasSuffix(before, []byte(`"[{"`))):
		return "; most likely a variable that holds JSON stands in quotes: take them away in the webhook's payload"
	case strings.HasPrefix(message, `invalid character '"' after`):
		return "; most likely a comma is missing before it"
	default:
		return ""
	}
}

func malformedAt(body []byte, offset int, reason, hint string) *SyntaxError {
	offset = min(max(offset, 0), len(body))
	lineStart := bytes.LastIndexByte(body[:offset], '\n') + 1
	const maxVariable = 64 // Datadog's names are shorter.
	if name := Variable(string(body[offset:min(offset+maxVariable, len(body))])); name != "" {
		name, _, _ = strings.Cut(name, "[")
		reason += ", found " + name
	}
	return &SyntaxError{
		Reason: reason + hint,
		Line:   bytes.Count(body[:lineStart], []byte("\n")) + 1,
		Column: utf8.RuneCount(body[lineStart:offset]) + 1,
		Offset: offset,
	}
}

func kindOf(v any) string {
	switch v.(type) {
	case []any:
		return "a list"
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	default:
		return "null"
	}
}
