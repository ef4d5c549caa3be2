package jsonvalue

import (
	"bytes"
	"cmp"
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

// kinds are the values that are not objects, by their first byte; the rest are numbers.
var kinds = map[byte]string{'[': "a list", '"': "a text", 't': "true or false", 'f': "true or false", 'n': "null"}

// explain says where and why body[start:] is not a JSON object, as encoding/json says it.
func explain(body []byte, start int) error {
	text := bytes.Trim(body[start:], whiteSpace)
	if len(text) == 0 {
		return &SyntaxError{Reason: "it is empty"}
	}
	syntax, invalid := errors.AsType[*json.SyntaxError](json.Unmarshal(body[start:], new(json.RawMessage)))
	if !invalid {
		return &SyntaxError{Reason: "it is " + cmp.Or(kinds[text[0]], "a number") + `; send an object: {"id": "$ID", …}`}
	}
	offset, reason := start+int(syntax.Offset)-1, syntax.Error()
	before := bytes.TrimRight(body[:offset], whiteSpace)
	const maxVariable = 64 // Bytes; Datadog's names are shorter.
	switch {
	case strings.HasPrefix(reason, "unexpected end"):
		offset, reason = len(bytes.TrimRight(body, whiteSpace)), "it ends in the middle of the JSON"
	case len(before) <= start:
		reason = strings.TrimSuffix(reason, " looking for beginning of value") + "; it is not JSON"
	case strings.HasSuffix(reason, "after top-level value"):
		reason = "something follows the JSON"
	case strings.HasSuffix(reason, "looking for beginning of value") && bytes.HasSuffix(before, []byte(":")), strings.Contains(reason, " in literal "):
		if name, _, _ := strings.Cut(Variable(string(body[offset:min(offset+maxVariable, len(body))])), "["); name != "" {
			reason += ", found " + name
		}
		reason += `; most likely a variable without quotes: put it in quotes in the webhook's payload, "$NAME"`
	case strings.HasSuffix(reason, "after object key:value pair") && (bytes.HasSuffix(before, []byte(`"{"`)) || bytes.HasSuffix(before, []byte(`"[{"`))):
		reason += "; most likely a variable that holds JSON stands in quotes: take them away in the webhook's payload"
	case strings.HasPrefix(reason, `invalid character '"' after`):
		reason += "; most likely a comma is missing before it"
	}
	return errorAt(body, offset, reason)
}

func errorAt(body []byte, offset int, reason string) *SyntaxError {
	before := body[:min(max(offset, 0), len(body))]
	lineStart := bytes.LastIndexByte(before, '\n') + 1
	return &SyntaxError{
		Reason: reason,
		Line:   bytes.Count(before, []byte("\n")) + 1,
		Column: utf8.RuneCount(before[lineStart:]) + 1,
		Offset: len(before),
	}
}
