package alert

import (
	"strings"

	"boomerang/shared/jsonvalue"
)

// MalformedError says where and why a body cannot be decoded, and what to do. The HTTP
// status is 400.
type MalformedError = jsonvalue.SyntaxError

// InvalidError says that a payload lacks what an alert needs. The HTTP status is 422.
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
