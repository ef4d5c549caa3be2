package ledger

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// storms is what the suite asks of a ledger that counts gusts.
type storms interface {
	Admit(ctx context.Context, g Gust, limit int, a Arrival) (bool, Held, error)
	Announce(ctx context.Context, g Gust) error
	Held(ctx context.Context, g Gust) (Held, error)
}

func (s stage) admits(l implementation, limit int, a Arrival, want bool) Held {
	s.Helper()
	admitted, held, err := l.(storms).Admit(s.Context(), GustAt("org:4711", s.Now()), limit, a)
	if err != nil || admitted != want {
		s.Fatalf("Admit(%s) = %v, %v, want %v", a.Key, admitted, err, want)
	}
	return held
}

var stormCases = map[string]func(stage){
	"as many pass as the limit says, and the rest is counted": func(s stage) {
		for i := range 3 {
			s.admits(s.a, 3, Arrival{Key: fmt.Sprint(i), Group: "host:a", At: s.Now()}, true)
		}
		s.admits(s.b, 3, Arrival{Key: "3", Group: "host:b", At: start.Add(2 * time.Second)}, false)
		s.admits(s.a, 3, Arrival{Key: "4", Group: "host:a", At: start.Add(time.Second)}, false)
		held := s.admits(s.b, 3, Arrival{Key: "5", At: start.Add(9 * time.Second)}, false)
		want := Held{Count: 3, Groups: []string{"*", "host:a", "host:b"}, First: start.Add(time.Second), Last: start.Add(9 * time.Second)}
		if diff := cmp.Diff(want, held); diff != "" {
			s.Errorf("held (-want +got):\n%s", diff)
		}
	},
	"an alert that comes twice is counted once": func(s stage) {
		s.admits(s.a, 1, Arrival{Key: "0"}, true)
		s.admits(s.b, 1, Arrival{Key: "0"}, true)
		s.admits(s.a, 1, Arrival{Key: "1"}, false)
		if held := s.admits(s.b, 1, Arrival{Key: "1"}, false); held.Count != 1 {
			s.Errorf("held %d", held.Count)
		}
	},
	"the next minute starts anew": func(s stage) {
		s.admits(s.a, 1, Arrival{Key: "0"}, true)
		s.admits(s.a, 1, Arrival{Key: "1"}, false)
		s.Advance(Window)
		s.admits(s.a, 1, Arrival{Key: "2"}, true)
	},
	"a summary is announced once and known to all": func(s stage) {
		s.admits(s.a, 1, Arrival{Key: "0"}, true)
		if held := s.admits(s.a, 1, Arrival{Key: "1"}, false); held.Announced {
			s.Error("announced by nobody")
		}
		gust := GustAt("org:4711", s.Now())
		if err := s.a.(storms).Announce(s.Context(), gust); err != nil {
			s.Fatal(err)
		}
		if held := s.admits(s.b, 1, Arrival{Key: "2"}, false); !held.Announced || held.Count != 2 {
			s.Errorf("held %+v", held)
		}
		held, err := s.b.(storms).Held(s.Context(), gust)
		if err != nil || !held.Announced || held.Count != 2 {
			s.Errorf("held %+v, %v", held, err)
		}
	},
}

func TestGust_has_a_key_for_each_source_and_minute(t *testing.T) {
	a, b := GustAt("x", start), GustAt("x", start.Add(59*time.Second))
	if a.Key() != b.Key() || a.Key() == GustAt("x", start.Add(time.Minute)).Key() || a.Key() == GustAt("y", start).Key() {
		t.Errorf("keys %q and %q", a.Key(), b.Key())
	}
}
