package fault_test

import (
	"errors"
	"strings"
	"testing"

	"boomerang/shared/fault"
)

func TestPanicked_tells_where_and_not_what_anybody_sent(t *testing.T) {
	var none []string
	for name, c := range map[string]struct {
		panics func()
		words  string
	}{
		"a mistake of the program": {func() { _ = none[len(none)+3] }, "panic: runtime error: index out of range [3] with length 0"},
		"words":                    {func() { panic("jane@example.com") }, "panic with a string"},
		"an error":                 {func() { panic(errors.New("jane@example.com")) }, "panic with a *errors.errorString"},
	} {
		t.Run(name, func(t *testing.T) {
			var p *fault.Panic
			func() {
				defer func() { p = fault.Panicked(recover()) }()
				c.panics()
			}()
			if p.Words != c.words || !strings.Contains(p.Error(), "panic_test.go") || strings.Contains(p.Error(), "jane") {
				t.Errorf("got %s", p)
			}
		})
	}
}
