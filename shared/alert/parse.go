package alert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	// maxDepth bounds the nesting of a payload. Datadog's own object variables
	// stay below ten.
	maxDepth = 64
	// maxVariable is more than any of Datadog's variables is long.
	maxVariable = 64
)

// whiteSpace is what JSON allows between its tokens.
const whiteSpace = " \t\r\n"

var byteOrderMark = []byte("\xef\xbb\xbf")

// parseObject reads one JSON object and nothing after it. Its values may be JSON
// between quotes, see parseLoose.
func parseObject(body []byte) (map[string]any, error) {
	v, err := parse(body)
	if err != nil {
		loose, ok := parseLoose(body)
		if !ok {
			return nil, err
		}
		v = loose
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, &MalformedError{Reason: "it is " + kindOf(v), Hint: "send an object: {\"id\": \"$ID\", …}"}
	}
	return object, nil
}

// parse reads one JSON value. Numbers stay as they were spelled.
func parse(body []byte) (any, error) {
	rest := bytes.TrimPrefix(bytes.TrimLeft(body, whiteSpace), byteOrderMark)
	start := len(body) - len(rest)
	if len(bytes.TrimLeft(rest, whiteSpace)) == 0 {
		return nil, &MalformedError{Reason: "it is empty"}
	}
	c := cutter{text: string(rest)}
	v, ok := c.whole()
	switch {
	case ok:
		return v, nil
	case c.tooDeep:
		return nil, malformed(body, start+c.at, fmt.Sprintf("it is nested more than %d deep", maxDepth), "")
	default:
		return nil, syntaxProblem(body, start)
	}
}

// syntaxProblem says where and why body, from start on, is not JSON, in the
// words of encoding/json.
func syntaxProblem(body []byte, start int) error {
	var ignored json.RawMessage
	err := json.Unmarshal(body[start:], &ignored)
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	if !ok {
		return &MalformedError{Reason: "it is not JSON"}
	}
	offset := start + int(syntax.Offset) - 1
	switch {
	case strings.HasPrefix(syntax.Error(), "unexpected end"):
		return malformed(body, len(bytes.TrimRight(body, whiteSpace)), "it ends in the middle of the JSON", "")
	case strings.HasSuffix(syntax.Error(), "after top-level value"):
		return malformed(body, offset, "something follows the JSON", "")
	default:
		return malformed(body, offset, syntax.Error(), hintFor(body[:offset], syntax.Error()))
	}
}

// hintFor recognises the mistakes that a webhook's payload template invites.
func hintFor(before []byte, message string) string {
	before = bytes.TrimRight(before, whiteSpace)
	switch {
	case strings.HasSuffix(message, "looking for beginning of value") && bytes.HasSuffix(before, []byte(":")):
		return "most likely a variable without quotes, which Datadog left empty or as it was: " +
			"put it in quotes in the webhook's payload, \"$NAME\""
	case strings.HasSuffix(message, "after object key:value pair") &&
		(bytes.HasSuffix(before, []byte(`"{"`)) || bytes.HasSuffix(before, []byte(`"[{"`))):
		return "most likely a variable that holds JSON stands in quotes: take them away in the webhook's payload"
	case strings.HasPrefix(message, `invalid character '"' after`):
		return "most likely a comma is missing before it"
	default:
		return ""
	}
}

// malformed places a problem at a byte of the body.
func malformed(body []byte, offset int, reason, hint string) *MalformedError {
	offset = min(max(offset, 0), len(body))
	lineStart := bytes.LastIndexByte(body[:offset], '\n') + 1
	if name := variableAt(body[offset:]); name != "" {
		reason += ", found " + name
	}
	return &MalformedError{
		Reason: reason,
		Hint:   hint,
		Line:   bytes.Count(body[:lineStart], []byte("\n")) + 1,
		Column: utf8.RuneCount(body[lineStart:offset]) + 1,
		Offset: offset,
	}
}

// variableAt returns the variable's name at the start of b that Datadog left as it
// was, or "".
func variableAt(b []byte) string {
	end := 1
	for end < min(len(b), maxVariable) && isName(string(b[1:end+1])) {
		end++
	}
	if name := string(b[:min(end, len(b))]); isUnresolved(name) {
		return name
	}
	return ""
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
