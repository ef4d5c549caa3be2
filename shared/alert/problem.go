package alert

import (
	"fmt"
	"strings"
)

// MalformedError says that a body could not be decoded at all, where, and what
// to do. Its text quotes nothing of the body but one character and the name of a
// variable, so that no log holds an alert's words. The caller answers 400.
type MalformedError struct {
	// Reason says what is wrong.
	Reason string
	// Hint says what to do, and is empty where the reason says enough.
	Hint string
	// Field names the form field that held the JSON; empty for a JSON body.
	Field string
	// Line and Column count from 1, in characters; Offset counts bytes from 0.
	// Line is 0 when the whole body is meant.
	Line, Column, Offset int
}

func (e *MalformedError) Error() string {
	var b strings.Builder
	b.WriteString("the ")
	if e.Field != "" {
		fmt.Fprintf(&b, "form field %q", e.Field)
	} else {
		b.WriteString("body")
	}
	b.WriteString(" cannot be read as a JSON object")
	if e.Line > 0 {
		fmt.Fprintf(&b, " at line %d, column %d (byte %d)", e.Line, e.Column, e.Offset)
	}
	b.WriteString(": " + e.Reason)
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// InvalidError says that a payload was decoded and does not say enough to be an
// alert. The caller answers 422.
type InvalidError struct {
	Problems []Problem
}

func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		parts[i] = p.Field + " " + p.Reason
	}
	return "the payload does not say which alert it is about: " + strings.Join(parts, "; ")
}
