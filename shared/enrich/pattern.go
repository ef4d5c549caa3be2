package enrich

import (
	"regexp"
	"sync"
)

// Pattern is a regular expression that is compiled when it is first used. There are
// dozens, in the steps above all, which together take as long as a bare function's
// whole cold start, and an alert meets few of them.
func Pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
