package fault_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"boomerang/shared/fault"
)

func TestOf_finds_or_makes_the_fault(t *testing.T) {
	inner := fault.New(fault.Refused, "Datadog said no", errors.New("403"))
	for name, c := range map[string]struct {
		err       error
		kind      fault.Kind
		public    string
		temporary bool
	}{
		"a fault":         {inner, fault.Refused, "Datadog said no", false},
		"a wrapped fault": {fmt.Errorf("post: %w", inner), fault.Refused, "Datadog said no", false},
		"a deadline":      {fmt.Errorf("x: %w", context.DeadlineExceeded), fault.Temporary, "it took too long", true},
		"the network":     {&net.OpError{Op: "dial", Err: errors.New("refused")}, fault.Temporary, "the network failed", true},
		"anything else":   {errors.New("nil map, token=abc"), fault.Internal, "something went wrong inside Boomerang", false},
	} {
		t.Run(name, func(t *testing.T) {
			e := fault.Of(c.err)
			if e.Kind != c.kind || e.Public != c.public || fault.Public(c.err) != c.public || fault.IsTemporary(c.err) != c.temporary {
				t.Errorf("got %v %q, temporary %v", e.Kind, e.Public, fault.IsTemporary(c.err))
			}
			if e != inner && !errors.Is(e, c.err) {
				t.Error("the cause is lost")
			}
		})
	}
	if fault.Of(nil) != nil || fault.Public(nil) != "" || fault.IsTemporary(nil) {
		t.Error("no error is a fault")
	}
}

func TestError_shows_its_cause_to_the_log_only(t *testing.T) {
	e := fault.New(fault.Temporary, "the queue is down", errors.New("dial tcp 10.0.0.1"))
	if e.Error() != "the queue is down: dial tcp 10.0.0.1" || fault.Public(e) != "the queue is down" {
		t.Errorf("got %q and %q", e.Error(), fault.Public(e))
	}
	if bare := fault.New(fault.Invalid, "no id", nil); bare.Error() != "no id" {
		t.Errorf("got %q", bare.Error())
	}
}

func TestError_keeps_the_words_of_others_out_of_the_log(t *testing.T) {
	e := fault.About("the step", fault.Quoting(fault.Refused, "there is no team ", "jane", "; make it", errors.New("404")))
	if e.Public != "the step: there is no team jane; make it" || fault.Public(e) != e.Public {
		t.Errorf("people are told %q", e.Public)
	}
	if want := "the step: there is no team …; make it"; fault.Logged(e) != want || e.Error() != want+": 404" {
		t.Errorf("the log says %q and %q", fault.Logged(e), e.Error())
	}
	ours := fault.About("the step", fault.New(fault.Temporary, "it is late", nil))
	if want := "the step: it is late"; fault.Logged(ours) != want || ours.Error() != want || ours.Kind != fault.Temporary {
		t.Errorf("the log says %q and %q of %v", fault.Logged(ours), ours, ours.Kind)
	}
	if fault.Logged(nil) != "" {
		t.Error("no error is logged")
	}
}

func TestKind_has_a_name_for_every_log_record(t *testing.T) {
	seen := map[string]bool{}
	for k := fault.Internal; k <= fault.Refused; k++ {
		if name := k.String(); name == "" || seen[name] {
			t.Errorf("kind %d is called %q, which is empty or taken", k, name)
		} else {
			seen[name] = true
		}
	}
}
