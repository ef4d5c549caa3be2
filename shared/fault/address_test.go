package fault_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"boomerang/shared/fault"
)

func TestWithoutAddress(t *testing.T) {
	asked := &url.Error{Op: "Get", URL: "https://example.com/jane?token=abc", Err: context.DeadlineExceeded}
	for name, c := range map[string]struct{ err, is error }{
		"a request keeps its cause":         {asked, context.DeadlineExceeded},
		"so does one that is inside others": {fmt.Errorf("read: %w", asked), context.DeadlineExceeded},
		"anything else stays as it is":      {context.Canceled, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			got := fault.WithoutAddress(c.err)
			if !errors.Is(got, c.is) || strings.Contains(got.Error(), "example.com") {
				t.Errorf("got %v", got)
			}
		})
	}
	if err := fault.WithoutAddress(nil); err != nil {
		t.Errorf("no failure became %v", err)
	}
}
