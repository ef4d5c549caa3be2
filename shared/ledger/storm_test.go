package ledger

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/awstest"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

func (s env) window() Window { return WindowAt("org:4711", s.Now()) }

// allows counts an alert, and returns whether the window's summary is queued.
func (s env) allows(l *Ledger, limit int, a Occurrence, want bool) bool {
	s.Helper()
	decision, err := l.Allow(s.Context(), s.window(), limit, a)
	if err != nil || decision.Allowed != want {
		s.Fatalf("Allow(%s) = %v, %v, want %v", a.Key, decision.Allowed, err, want)
	}
	return decision.SummaryQueued
}

func (s env) held(l *Ledger) event.Suppressed {
	s.Helper()
	held, err := l.Suppressed(s.Context(), s.window())
	s.must(err)
	return held
}

func (s env) suppressed(l *Ledger, want event.Suppressed) {
	s.Helper()
	if diff := cmp.Diff(want, s.held(l)); diff != "" {
		s.Fatalf("held (-want +got):\n%s", diff)
	}
}

// fill writes a window with a full list, of as many groups.
func (s env) fill() (groups []string) {
	s.Helper()
	var marks []string
	for i := range MaxListed {
		groups = append(groups, fmt.Sprintf("host:%03d", i))
		marks = append(marks, Occurrence{Key: fmt.Sprint(i)}.mark())
	}
	s.put(item{attrID: text("storm#" + s.window().Key()), "passed": set(Occurrence{Key: "passes"}.mark())})
	s.put(item{
		attrID: text("storm_list#" + s.window().Key()), "held": set(marks...), "groups": set(groups...),
		"transitions": set("Triggered"), "times": set(start.Format(time.RFC3339)),
	})
	return groups
}

func TestLedger_Storm(t *testing.T) { each(t, stormCases) }

var stormCases = map[string]func(env){
	"above the limit": func(s env) {
		for i := range 3 {
			s.allows(s.a, 3, Occurrence{Key: fmt.Sprint(i), Group: "host:a", Transition: "Warn", At: s.Now()}, true)
		}
		s.allows(s.b, 3, Occurrence{Key: "3", Group: "host:b", Transition: "Triggered", At: start.Add(2 * time.Second)}, false)
		s.allows(s.a, 3, Occurrence{Key: "4", Group: "host:a", Transition: "Recovered", At: start.Add(time.Second)}, false)
		s.allows(s.b, 3, Occurrence{Key: "5", At: start.Add(9 * time.Second)}, false)
		s.suppressed(s.a, event.Suppressed{
			Count: 3, Groups: []string{"*", "host:a", "host:b"}, Transitions: []string{"Recovered", "Triggered"},
			First: start.Add(time.Second), Last: start.Add(9 * time.Second),
		})
	},
	"above the limit, not counted": func(s env) {
		for key, want := range []bool{false, false, true, true} {
			for _, l := range []*Ledger{s.a, s.b} {
				if full, err := l.IsFull(s.Context(), s.window(), 2, fmt.Sprint(key)); full != want || err != nil {
					s.Errorf("alert %d: full %t, %v", key, full, err)
				}
			}
		}
		s.suppressed(s.a, event.Suppressed{})
	},
	"below the limit": func(s env) {
		s.suppressed(s.a, event.Suppressed{})
		s.allows(s.a, 1, Occurrence{Key: "0", Group: "host:a", Transition: "Triggered", At: s.Now()}, true)
		s.suppressed(s.b, event.Suppressed{})
	},
	"repeated delivery": func(s env) {
		s.allows(s.a, 1, Occurrence{Key: "0"}, true)
		s.allows(s.b, 1, Occurrence{Key: "0"}, true)
		s.allows(s.a, 1, Occurrence{Key: "1"}, false)
		s.allows(s.b, 1, Occurrence{Key: "1"}, false)
		s.suppressed(s.a, event.Suppressed{Count: 1, Groups: []string{"*"}, First: start, Last: start})
	},
	"repeated delivery, list full": func(s env) {
		groups := s.fill()
		s.allows(s.b, 1, Occurrence{Key: "7", Group: groups[7], At: start}, false)
		s.suppressed(s.b, event.Suppressed{Count: MaxListed, Groups: groups, Transitions: []string{"Triggered"}, First: start, Last: start})
	},
	"more than the list holds": func(s env) {
		groups := s.fill()
		s.allows(s.b, 1, Occurrence{Key: "late", Group: "host:x", Transition: "Recovered", At: start.Add(-time.Hour)}, false)
		s.allows(s.a, 1, Occurrence{Key: "next", Group: "host:y", At: start.Add(time.Second)}, false)
		s.allows(s.b, 1, Occurrence{Key: "last", Group: "host:z", Transition: "No Data", At: start.Add(9 * time.Second)}, false)
		s.allows(s.a, 1, Occurrence{Key: "between", Transition: "Triggered", At: start.Add(2 * time.Second)}, false)
		s.suppressed(s.b, event.Suppressed{
			Count: MaxListed + 4, Groups: groups, MoreGroups: true, Transitions: []string{"No Data", "Recovered", "Triggered"},
			First: start.Add(-time.Hour), Last: start.Add(9 * time.Second),
		})
		s.allows(s.a, 1, Occurrence{Key: "passes"}, true)
	},
	"30 at once, twice": func(s env) {
		const limit, alerts = 7, 30
		var passed atomic.Int64
		var all sync.WaitGroup
		for i := range alerts {
			all.Go(func() {
				for _, l := range []*Ledger{s.a, s.b} {
					decision, err := l.Allow(s.Context(), s.window(), limit, Occurrence{Key: fmt.Sprint(i)})
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
			s.Errorf("%d of %d passed, both times, and %d are suppressed", passed.Load()/2, alerts, held.Count)
		}
	},
	"the next minute": func(s env) {
		s.allows(s.a, 1, Occurrence{Key: "0"}, true)
		s.allows(s.a, 1, Occurrence{Key: "1"}, false)
		s.Advance(WindowLength)
		s.allows(s.a, 1, Occurrence{Key: "2"}, true)
	},
	"summary queued": func(s env) {
		s.fill()
		if s.allows(s.a, 1, Occurrence{Key: "over"}, false) {
			s.Error("it is queued already")
		}
		s.must(s.a.MarkSummaryQueued(s.Context(), s.window()))
		for _, key := range []string{"1", "and over"} {
			if !s.allows(s.b, 1, Occurrence{Key: key}, false) {
				s.Errorf("alert %s does not know that the summary is queued", key)
			}
		}
	},
	"list fails": func(s env) {
		s.allows(s.a, 1, Occurrence{Key: "0"}, true)
		// The refused Allow, the list and the count.
		s.aws.Break(awstest.Fault{Operation: "UpdateItem", Effect: awstest.Error(400, "ValidationException"), Every: 2, Times: 1})
		s.allows(s.a, 1, Occurrence{Key: "1", Group: "host:a"}, false)
		if got := s.held(s.a); got.Count != 1 || !got.MoreGroups || len(got.Groups) > 0 {
			s.Errorf("got %+v", got)
		}
	},
	"count fails": func(s env) {
		s.allows(s.a, 1, Occurrence{Key: "0"}, true)
		s.must(s.a.MarkSummaryQueued(s.Context(), s.window()))
		fails := awstest.Error(400, "ValidationException")
		s.aws.Break(awstest.Fault{Operation: "UpdateItem", Effect: fails})
		s.aws.Break(awstest.Fault{Operation: "UpdateItem", Effect: forward, Times: 1})
		decision, err := s.a.Allow(s.Context(), s.window(), 1, Occurrence{Key: "1"})
		if decision != (Decision{SummaryQueued: true}) || !fault.IsTemporary(err) {
			s.Errorf("got %+v, %v", decision, err)
		}
		decision, err = s.a.Allow(s.Context(), s.window(), 1, Occurrence{Key: "2"})
		if decision != (Decision{}) || !fault.IsTemporary(err) {
			s.Errorf("the table fails: got %+v, %v", decision, err)
		}
	},
	"window of an older version": func(s env) {
		s.put(item{
			attrID: text("storm#" + s.window().Key()), attrExpiresAt: number(start.Unix()), "passed": set("352347:1"), "held": set("352347:2", "352347:3"),
			"groups": set("host:a", "host:b"), "times": set("2026-11-21T10:00:01Z", "2026-11-21T10:00:03Z"),
		})
		s.allows(s.a, 1, Occurrence{Key: "4", Group: "host:c", Transition: "Triggered", At: start}, false)
		s.suppressed(s.a, event.Suppressed{
			Count: 3, Groups: []string{"host:a", "host:b", "host:c"}, Transitions: []string{"Triggered"}, First: start, Last: start.Add(3 * time.Second),
		})
	},
}

func forward(w http.ResponseWriter, _ *http.Request, call func() awstest.Response) {
	r := call()
	maps.Copy(w.Header(), r.Header)
	w.Header().Del("Content-Length")
	w.WriteHeader(r.Status)
	_, _ = w.Write(r.Body)
}

// A window's items stay small for all alerts, and each suppressed alert beyond
// the list takes two writes.
func TestLedger_StormSize(t *testing.T) {
	const limit = 60
	for name, c := range map[string]struct {
		alert func(int) Occurrence
		room  int // for the window's own item
	}{
		"Datadog's alerts": {func(i int) Occurrence {
			return Occurrence{Key: fmt.Sprintf("352347:83060822027960%05d", i), Group: fmt.Sprintf("host:i-0a1b2c3d4e5f%05d,service:checkout", i), Transition: "Triggered", At: start}
		}, 1 << 10},
		"hand-made alerts": {func(i int) Occurrence {
			long := fmt.Sprint(i, strings.Repeat("ж", 5000))
			return Occurrence{Key: long, Group: long, Transition: long, At: start.Add(time.Duration(i) * time.Hour)}
		}, 3 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			s := newEnv(t, awstest.New(t))
			var passed, held, groups, transitions, times []string
			for i := range limit - 1 {
				passed = append(passed, c.alert(i).mark())
			}
			for i := range MaxListed - 1 {
				o := c.alert(limit + i)
				held, groups, times, transitions = append(held, o.mark()), append(groups, o.group()), append(times, o.time(start)), append(transitions, o.transition())
			}
			ownID, listID := "storm#"+s.window().Key(), "storm_list#"+s.window().Key()
			slices.Sort(transitions)
			slices.Sort(times)
			s.put(item{attrID: text(ownID), "passed": set(passed...)})
			s.put(item{attrID: text(listID), "held": set(held...), "groups": set(groups...), "times": set(slices.Compact(times)...), "transitions": set(slices.Compact(transitions)...)})
			const last = limit + MaxListed + 2*maxTransitions
			for i := limit + MaxListed - 1; i < last; i++ {
				s.allows(s.a, limit, c.alert(i), i == limit+MaxListed-1) // The last that is allowed.
			}
			suppressed := last - (limit + MaxListed) // The first of them fills the list.
			if writes := len(s.aws.Calls("DynamoDB", "UpdateItem")); writes != 1+2*suppressed+1 {
				t.Errorf("%d writes for 1 allowed and %d suppressed alerts", writes, suppressed)
			}
			if got := s.held(s.a); got.Count != MaxListed-1+suppressed || len(got.Groups) != MaxListed || !got.MoreGroups {
				t.Errorf("suppressed %d in %d groups", got.Count, len(got.Groups))
			}
			own, list := s.item(ownID), s.item(listID)
			if n := len(readSet(own, "transitions")); n > maxTransitions {
				t.Errorf("the window has %d transitions", n)
			}
			if size(own) > c.room || size(list) > 32<<10 {
				t.Errorf("the window has %d bytes, its list %d", size(own), size(list))
			}
			for _, i := range []item{own, list} {
				if expires, err := readNumber(i, attrExpiresAt); err != nil || expires != start.Add(TTL).Unix() {
					t.Errorf("%s expires at %d, %v", readText(i, attrID), expires, err)
				}
			}
		})
	}
}

// size is an item's size in bytes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func size(i item) int {
	n := 0
	for name, v := range i {
		n += len(name) + 1 + len(readText(i, name)) + len(strings.Join(readSet(i, name), ""))
		if v, ok := v.(*types.AttributeValueMemberN); ok {
			n += (len(v.Value)+1)/2 + 1
		}
	}
	return n
}

func TestWindow_Key(t *testing.T) {
	a, b := WindowAt("x", start), WindowAt("x", start.Add(59*time.Second))
	if a.Key() != b.Key() || a.Key() == WindowAt("x", start.Add(time.Minute)).Key() || a.Key() == WindowAt("y", start).Key() {
		t.Errorf("keys %q and %q", a.Key(), b.Key())
	}
}
