package ledger

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fault"
)

// storms is what the suite asks of a ledger that counts windows.
type storms interface {
	Allow(ctx context.Context, g Window, limit int, a Occurrence) (Decision, error)
	MarkSummaryQueued(ctx context.Context, g Window) error
	Suppressed(ctx context.Context, g Window) (Suppressed, error)
}

func (s stage) window() Window { return WindowAt("org:4711", s.Now()) }

// admits tells a ledger of an alert, and returns whether its window is announced.
func (s stage) admits(l implementation, limit int, a Occurrence, want bool) bool {
	s.Helper()
	decision, err := l.(storms).Allow(s.Context(), s.window(), limit, a)
	if err != nil || decision.Allowed != want {
		s.Fatalf("Allow(%s) = %v, %v, want %v", a.Key, decision.Allowed, err, want)
	}
	return decision.SummaryQueued
}

func (s stage) held(l implementation) Suppressed {
	s.Helper()
	held, err := l.(storms).Suppressed(s.Context(), s.window())
	if err != nil {
		s.Fatalf("Suppressed: %v", err)
	}
	return held
}

func (s stage) holds(l implementation, want Suppressed) {
	s.Helper()
	if diff := cmp.Diff(want, s.held(l)); diff != "" {
		s.Fatalf("held (-want +got):\n%s", diff)
	}
}

// fill lets one alert pass, and then fills the list with alerts of as many groups.
func (s stage) fill(l implementation) (groups []string) {
	s.Helper()
	s.admits(l, 1, Occurrence{Key: "passes"}, true)
	for i := range MaxListed {
		groups = append(groups, fmt.Sprintf("host:%03d", i))
		s.admits(l, 1, Occurrence{Key: fmt.Sprint(i), Group: groups[i], Transition: "Triggered", At: start}, false)
	}
	return groups
}

var stormCases = map[string]func(stage){
	"as many pass as the limit says, and the rest is counted": func(s stage) {
		for i := range 3 {
			s.admits(s.a, 3, Occurrence{Key: fmt.Sprint(i), Group: "host:a", Transition: "Warn", At: s.Now()}, true)
		}
		s.admits(s.b, 3, Occurrence{Key: "3", Group: "host:b", Transition: "Triggered", At: start.Add(2 * time.Second)}, false)
		s.admits(s.a, 3, Occurrence{Key: "4", Group: "host:a", Transition: "Recovered", At: start.Add(time.Second)}, false)
		s.admits(s.b, 3, Occurrence{Key: "5", At: start.Add(9 * time.Second)}, false)
		s.holds(s.a, Suppressed{
			Count: 3, Groups: []string{"*", "host:a", "host:b"}, Transitions: []string{"Recovered", "Triggered"},
			First: start.Add(time.Second), Last: start.Add(9 * time.Second),
		})
	},
	"a window that holds nothing back holds nothing": func(s stage) {
		s.holds(s.a, Suppressed{})
		s.admits(s.a, 1, Occurrence{Key: "0", Group: "host:a", Transition: "Triggered", At: s.Now()}, true)
		s.holds(s.b, Suppressed{})
	},
	"an alert that comes twice is counted once": func(s stage) {
		s.admits(s.a, 1, Occurrence{Key: "0"}, true)
		s.admits(s.b, 1, Occurrence{Key: "0"}, true)
		s.admits(s.a, 1, Occurrence{Key: "1"}, false)
		s.admits(s.b, 1, Occurrence{Key: "1"}, false)
		s.holds(s.a, Suppressed{Count: 1, Groups: []string{"*"}, First: start, Last: start})
	},
	"a copy is counted once as long as no alert found the list full": func(s stage) {
		groups := s.fill(s.a)
		s.admits(s.b, 1, Occurrence{Key: "7", Group: groups[7], At: start}, false)
		s.holds(s.b, Suppressed{Count: MaxListed, Groups: groups, Transitions: []string{"Triggered"}, First: start, Last: start})
	},
	"what the list has no room for is counted, with its times and transitions": func(s stage) {
		groups := s.fill(s.a)
		s.admits(s.b, 1, Occurrence{Key: "late", Group: "host:x", Transition: "Recovered", At: start.Add(-time.Hour)}, false)
		s.admits(s.a, 1, Occurrence{Key: "next", Group: "host:y", At: start.Add(time.Second)}, false)
		s.admits(s.b, 1, Occurrence{Key: "last", Group: "host:z", Transition: "No Data", At: start.Add(9 * time.Second)}, false)
		s.admits(s.a, 1, Occurrence{Key: "between", Transition: "Triggered", At: start.Add(2 * time.Second)}, false)
		s.holds(s.b, Suppressed{
			Count: MaxListed + 4, Groups: groups, MoreGroups: true, Transitions: []string{"No Data", "Recovered", "Triggered"},
			First: start.Add(-time.Hour), Last: start.Add(9 * time.Second),
		})
		s.admits(s.a, 1, Occurrence{Key: "passes"}, true)
	},
	"of many at once as many pass as the limit says": func(s stage) {
		const limit, alerts = 7, 30
		var passed atomic.Int64
		var all sync.WaitGroup
		for i := range alerts {
			all.Go(func() {
				for _, l := range []implementation{s.a, s.b} {
					decision, err := l.(storms).Allow(s.Context(), s.window(), limit, Occurrence{Key: fmt.Sprint(i)})
					if err != nil {
						s.Errorf("Allow: %v", err)
					}
					if decision.Allowed {
						passed.Add(1)
					}
				}
			})
		}
		all.Wait()
		if held := s.held(s.a); passed.Load() != 2*limit || held.Count != alerts-limit {
			s.Errorf("%d of %d passed, both times, and %d are held back", passed.Load()/2, alerts, held.Count)
		}
	},
	"the next minute starts anew": func(s stage) {
		s.admits(s.a, 1, Occurrence{Key: "0"}, true)
		s.admits(s.a, 1, Occurrence{Key: "1"}, false)
		s.Advance(WindowLength)
		s.admits(s.a, 1, Occurrence{Key: "2"}, true)
	},
	"a summary is announced once and known to all, of a full list too": func(s stage) {
		s.fill(s.a)
		if s.admits(s.a, 1, Occurrence{Key: "over"}, false) {
			s.Error("announced by nobody")
		}
		if err := s.a.(storms).MarkSummaryQueued(s.Context(), s.window()); err != nil {
			s.Fatal(err)
		}
		for _, key := range []string{"1", "and over"} {
			if !s.admits(s.b, 1, Occurrence{Key: key}, false) {
				s.Errorf("alert %s does not learn that the summary is announced", key)
			}
		}
		if !s.held(s.b).SummaryQueued {
			s.Error("the summary is not announced")
		}
	},
	"words of any length are cut and stay apart from others": func(s stage) {
		s.admits(s.a, 1, Occurrence{Key: "0"}, true)
		long := strings.Repeat("ж", 5000)
		s.admits(s.a, 1, Occurrence{Key: long + "1", Group: "1" + long, Transition: "1" + long, At: start}, false)
		s.admits(s.a, 1, Occurrence{Key: long + "2", Group: "2" + long, Transition: "2" + long, At: start}, false)
		held := s.held(s.b)
		if held.Count != 2 || len(held.Groups) != 2 || len(held.Transitions) != 2 ||
			len(held.Groups[0]) > maxGroupBytes || len(held.Transitions[0]) > maxTransitionBytes {
			s.Errorf("held %+v", held)
		}
	},
	"who counts too late is refused and changes nothing": func(s stage) {
		ctx, cancel := context.WithCancel(s.Context())
		cancel()
		decision, admitErr := s.a.(storms).Allow(ctx, s.window(), 1, Occurrence{Key: "0"})
		_, heldErr := s.a.(storms).Suppressed(ctx, s.window())
		for _, err := range []error{admitErr, heldErr, s.a.(storms).MarkSummaryQueued(ctx, s.window())} {
			if decision.Allowed || !fault.IsTemporary(err) {
				s.Errorf("admitted: %v, error: %v, want a temporary fault", decision.Allowed, err)
			}
		}
		s.holds(s.b, Suppressed{})
	},
}

func TestGust_has_a_key_for_each_source_and_minute(t *testing.T) {
	a, b := WindowAt("x", start), WindowAt("x", start.Add(59*time.Second))
	if a.Key() != b.Key() || a.Key() == WindowAt("x", start.Add(time.Minute)).Key() || a.Key() == WindowAt("y", start).Key() {
		t.Errorf("keys %q and %q", a.Key(), b.Key())
	}
}
