package fault_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"

	"boomerang/shared/fault"
)

func TestFrom(t *testing.T) {
	inner := fault.New(fault.Permanent, "Datadog said no", errors.New("403"))
	for name, c := range map[string]struct {
		err       error
		kind      fault.Kind
		public    string
		temporary bool
	}{
		"fault":         {inner, fault.Permanent, "Datadog said no", false},
		"wrapped fault": {fmt.Errorf("post: %w", inner), fault.Permanent, "Datadog said no", false},
		"deadline":      {fmt.Errorf("x: %w", context.DeadlineExceeded), fault.Temporary, "it took too long", true},
		"network":       {&net.OpError{Op: "dial", Err: errors.New("refused")}, fault.Temporary, "the network failed", true},
		"other":         {errors.New("nil map, token=abc"), fault.Internal, "something went wrong inside Boomerang", false},
	} {
		t.Run(name, func(t *testing.T) {
			e := fault.From(c.err)
			if e.Kind != c.kind || e.Public != c.public || fault.Public(c.err) != c.public || fault.IsTemporary(c.err) != c.temporary {
				t.Errorf("got %v %q, temporary %v", e.Kind, e.Public, fault.IsTemporary(c.err))
			}
			if e != inner && !errors.Is(e, c.err) {
				t.Error("the cause is lost")
			}
		})
	}
	if fault.From(nil) != nil || fault.Public(nil) != "" || fault.LogText(nil) != "" || fault.IsTemporary(nil) {
		t.Error("nil became a fault")
	}
}

func TestError_Texts(t *testing.T) {
	cause := errors.New("404")
	for name, c := range map[string]struct {
		err                   *fault.Error
		public, logText, full string
	}{
		"cause":             {fault.New(fault.Temporary, "the queue is down", cause), "the queue is down", "the queue is down", "the queue is down: 404"},
		"no cause":          {fault.New(fault.Invalid, "no id", nil), "no id", "no id", "no id"},
		"redacted, wrapped": {fault.Wrap("the step", fault.NewRedacted(fault.Permanent, "no team ", "jane", "; make it", cause)), "the step: no team jane; make it", "the step: no team …; make it", "the step: no team …; make it: 404"},
		"wrapped":           {fault.Wrap("the step", fault.New(fault.Temporary, "it is late", nil)), "the step: it is late", "the step: it is late", "the step: it is late"},
	} {
		t.Run(name, func(t *testing.T) {
			if fault.Public(c.err) != c.public || fault.LogText(c.err) != c.logText || c.err.Error() != c.full {
				t.Errorf("got %q, %q, %q", fault.Public(c.err), fault.LogText(c.err), c.err.Error())
			}
		})
	}
	if fault.Wrap("the step", fault.New(fault.Temporary, "it is late", nil)).Kind != fault.Temporary {
		t.Error("Wrap lost the kind")
	}
}

func TestKind_String(t *testing.T) {
	seen := map[string]bool{}
	for k := fault.Internal; k <= fault.Permanent; k++ {
		if name := k.String(); name == "" || seen[name] {
			t.Errorf("kind %d has the name %q, which is empty or taken", k, name)
		} else {
			seen[name] = true
		}
	}
	if got := fault.Kind(99).String(); got != "internal" {
		t.Errorf("got %q", got)
	}
}

func TestStripURL(t *testing.T) {
	failed := &url.Error{Op: "Get", URL: "https://example.com/jane?token=abc", Err: context.DeadlineExceeded}
	for name, c := range map[string]struct{ err, is error }{
		"request":         {failed, context.DeadlineExceeded},
		"wrapped request": {fmt.Errorf("read: %w", failed), context.DeadlineExceeded},
		"other":           {context.Canceled, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			got := fault.StripURL(c.err)
			if !errors.Is(got, c.is) || strings.Contains(got.Error(), "example.com") {
				t.Errorf("got %v", got)
			}
		})
	}
	if err := fault.StripURL(nil); err != nil {
		t.Errorf("nil became %v", err)
	}
}

func TestFromPanic(t *testing.T) {
	var none []string
	for name, c := range map[string]struct {
		panics func()
		text   string
	}{
		"runtime error": {func() { _ = none[len(none)+3] }, "panic: runtime error: index out of range [3] with length 0"},
		"string":        {func() { panic("jane@example.com") }, "panic with a string"},
		"error":         {func() { panic(errors.New("jane@example.com")) }, "panic with a *errors.errorString"},
	} {
		t.Run(name, func(t *testing.T) {
			var p *fault.Panic
			func() {
				defer func() { p = fault.FromPanic(recover()) }()
				c.panics()
			}()
			if p.Text != c.text || !strings.Contains(p.Error(), "fault_test.go") || strings.Contains(p.Error(), "jane") {
				t.Errorf("got %s", p)
			}
		})
	}
}
