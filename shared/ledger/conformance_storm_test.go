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

// storms is what the suite asks of a ledger that counts gusts.
type storms interface {
	Admit(ctx context.Context, g Gust, limit int, a Arrival) (bool, Held, error)
	Announce(ctx context.Context, g Gust) error
	Held(ctx context.Context, g Gust) (Held, error)
}

func (s stage) gust() Gust { return GustAt("org:4711", s.Now()) }

// admits tells a ledger of an alert, and returns whether its gust is announced.
func (s stage) admits(l implementation, limit int, a Arrival, want bool) bool {
	s.Helper()
	admitted, held, err := l.(storms).Admit(s.Context(), s.gust(), limit, a)
	if err != nil || admitted != want {
		s.Fatalf("Admit(%s) = %v, %v, want %v", a.Key, admitted, err, want)
	}
	return held.Announced
}

func (s stage) held(l implementation) Held {
	s.Helper()
	held, err := l.(storms).Held(s.Context(), s.gust())
	if err != nil {
		s.Fatalf("Held: %v", err)
	}
	return held
}

func (s stage) holds(l implementation, want Held) {
	s.Helper()
	if diff := cmp.Diff(want, s.held(l)); diff != "" {
		s.Fatalf("held (-want +got):\n%s", diff)
	}
}

// fill lets one alert pass, and then fills the list with alerts of as many groups.
func (s stage) fill(l implementation) (groups []string) {
	s.Helper()
	s.admits(l, 1, Arrival{Key: "passes"}, true)
	for i := range MaxListed {
		groups = append(groups, fmt.Sprintf("host:%03d", i))
		s.admits(l, 1, Arrival{Key: fmt.Sprint(i), Group: groups[i], Transition: "Triggered", At: start}, false)
	}
	return groups
}

var stormCases = map[string]func(stage){
	"as many pass as the limit says, and the rest is counted": func(s stage) {
		for i := range 3 {
			s.admits(s.a, 3, Arrival{Key: fmt.Sprint(i), Group: "host:a", Transition: "Warn", At: s.Now()}, true)
		}
		s.admits(s.b, 3, Arrival{Key: "3", Group: "host:b", Transition: "Triggered", At: start.Add(2 * time.Second)}, false)
		s.admits(s.a, 3, Arrival{Key: "4", Group: "host:a", Transition: "Recovered", At: start.Add(time.Second)}, false)
		s.admits(s.b, 3, Arrival{Key: "5", At: start.Add(9 * time.Second)}, false)
		s.holds(s.a, Held{
			Count: 3, Groups: []string{"*", "host:a", "host:b"}, Transitions: []string{"Recovered", "Triggered"},
			First: start.Add(time.Second), Last: start.Add(9 * time.Second),
		})
	},
	"a gust that holds nothing back holds nothing": func(s stage) {
		s.holds(s.a, Held{})
		s.admits(s.a, 1, Arrival{Key: "0", Group: "host:a", Transition: "Triggered", At: s.Now()}, true)
		s.holds(s.b, Held{})
	},
	"an alert that comes twice is counted once": func(s stage) {
		s.admits(s.a, 1, Arrival{Key: "0"}, true)
		s.admits(s.b, 1, Arrival{Key: "0"}, true)
		s.admits(s.a, 1, Arrival{Key: "1"}, false)
		s.admits(s.b, 1, Arrival{Key: "1"}, false)
		s.holds(s.a, Held{Count: 1, Groups: []string{"*"}, First: start, Last: start})
	},
	"a copy is counted once as long as no alert found the list full": func(s stage) {
		groups := s.fill(s.a)
		s.admits(s.b, 1, Arrival{Key: "7", Group: groups[7], At: start}, false)
		s.holds(s.b, Held{Count: MaxListed, Groups: groups, Transitions: []string{"Triggered"}, First: start, Last: start})
	},
	"what the list has no room for is counted, with its times and transitions": func(s stage) {
		groups := s.fill(s.a)
		s.admits(s.b, 1, Arrival{Key: "late", Group: "host:x", Transition: "Recovered", At: start.Add(-time.Hour)}, false)
		s.admits(s.a, 1, Arrival{Key: "next", Group: "host:y", At: start.Add(time.Second)}, false)
		s.admits(s.b, 1, Arrival{Key: "last", Group: "host:z", Transition: "No Data", At: start.Add(9 * time.Second)}, false)
		s.admits(s.a, 1, Arrival{Key: "between", Transition: "Triggered", At: start.Add(2 * time.Second)}, false)
		s.holds(s.b, Held{
			Count: MaxListed + 4, Groups: groups, MoreGroups: true, Transitions: []string{"No Data", "Recovered", "Triggered"},
			First: start.Add(-time.Hour), Last: start.Add(9 * time.Second),
		})
		s.admits(s.a, 1, Arrival{Key: "passes"}, true)
	},
	"of many at once as many pass as the limit says": func(s stage) {
		const limit, alerts = 7, 30
		var passed atomic.Int64
		var all sync.WaitGroup
		for i := range alerts {
			all.Go(func() {
				for _, l := range []implementation{s.a, s.b} {
					admitted, _, err := l.(storms).Admit(s.Context(), s.gust(), limit, Arrival{Key: fmt.Sprint(i)})
					if err != nil {
						s.Errorf("Admit: %v", err)
					}
					if admitted {
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
		s.admits(s.a, 1, Arrival{Key: "0"}, true)
		s.admits(s.a, 1, Arrival{Key: "1"}, false)
		s.Advance(Window)
		s.admits(s.a, 1, Arrival{Key: "2"}, true)
	},
	"a summary is announced once and known to all, of a full list too": func(s stage) {
		s.fill(s.a)
		if s.admits(s.a, 1, Arrival{Key: "over"}, false) {
			s.Error("announced by nobody")
		}
		if err := s.a.(storms).Announce(s.Context(), s.gust()); err != nil {
			s.Fatal(err)
		}
		for _, key := range []string{"1", "and over"} {
			if !s.admits(s.b, 1, Arrival{Key: key}, false) {
				s.Errorf("alert %s does not learn that the summary is announced", key)
			}
		}
		if !s.held(s.b).Announced {
			s.Error("the summary is not announced")
		}
	},
	"words of any length are cut and stay apart from others": func(s stage) {
		s.admits(s.a, 1, Arrival{Key: "0"}, true)
		long := strings.Repeat("ж", 5000)
		s.admits(s.a, 1, Arrival{Key: long + "1", Group: "1" + long, Transition: "1" + long, At: start}, false)
		s.admits(s.a, 1, Arrival{Key: long + "2", Group: "2" + long, Transition: "2" + long, At: start}, false)
		held := s.held(s.b)
		if held.Count != 2 || len(held.Groups) != 2 || len(held.Transitions) != 2 ||
			len(held.Groups[0]) > maxGroupBytes || len(held.Transitions[0]) > maxTransitionBytes {
			s.Errorf("held %+v", held)
		}
	},
	"who counts too late is refused and changes nothing": func(s stage) {
		ctx, cancel := context.WithCancel(s.Context())
		cancel()
		admitted, _, admitErr := s.a.(storms).Admit(ctx, s.gust(), 1, Arrival{Key: "0"})
		_, heldErr := s.a.(storms).Held(ctx, s.gust())
		for _, err := range []error{admitErr, heldErr, s.a.(storms).Announce(ctx, s.gust())} {
			if admitted || !fault.IsTemporary(err) {
				s.Errorf("admitted: %v, error: %v, want a temporary fault", admitted, err)
			}
		}
		s.holds(s.b, Held{})
	},
}

func TestGust_has_a_key_for_each_source_and_minute(t *testing.T) {
	a, b := GustAt("x", start), GustAt("x", start.Add(59*time.Second))
	if a.Key() != b.Key() || a.Key() == GustAt("x", start.Add(time.Minute)).Key() || a.Key() == GustAt("y", start).Key() {
		t.Errorf("keys %q and %q", a.Key(), b.Key())
	}
}
