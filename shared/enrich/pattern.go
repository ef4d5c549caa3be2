package enrich

import (
	"regexp"
	"sync"
)

// Pattern is a regular expression that is compiled when it is first used. The
// steps have dozens, which together take as long as a bare function's whole cold
// start, and an alert meets only those of its own playbook's steps.
func Pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
