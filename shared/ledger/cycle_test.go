package ledger

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/awstest"
	"boomerang/shared/fault"
)

var (
	triggered = Notification{At: start.Add(-time.Hour), Transition: "Triggered", ID: "100"}
	renotify  = Notification{At: start.Add(-50 * time.Minute), Transition: "Renotify", ID: "101"}
	recovered = Notification{At: start.Add(-10 * time.Minute), Transition: "Recovered", ID: "102"}
)

var wholeCycle = Cycle{FirstSeen: triggered.At, LastSeen: recovered.At, Notified: 3}

func (s env) same(what string, want, got Cycle) {
	s.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func TestLedger_AddNotification(t *testing.T) { each(t, cycleCases) }

var cycleCases = map[string]func(env){
	"trigger to recovery": func(s env) {
		s.same("after the trigger", Cycle{triggered.At, triggered.At, 1}, s.adds(s.a, triggered))
		s.same("after the renotify", Cycle{triggered.At, renotify.At, 2}, s.adds(s.b, renotify))
		s.same("after the recovery", wholeCycle, s.adds(s.a, recovered))
	},
	"any order of arrival": func(s env) {
		orders := [][]Notification{
			{triggered, recovered, renotify},
			{renotify, triggered, recovered},
			{renotify, recovered, triggered},
			{recovered, triggered, renotify},
			{recovered, renotify, triggered},
		}
		for i, order := range orders {
			var got Cycle
			var err error
			for _, seen := range order {
				if got, err = s.a.AddNotification(s.Context(), "cycle-"+strconv.Itoa(i), seen); err != nil {
					s.Fatal(err)
				}
			}
			s.same(fmt.Sprint(order), wholeCycle, got)
		}
	},
	"repeated delivery": func(s env) {
		s.adds(s.a, triggered)
		s.adds(s.b, renotify)
		s.adds(s.a, recovered)
		for _, seen := range []Notification{triggered, recovered, renotify, recovered} {
			s.same(seen.Transition, wholeCycle, s.adds(s.b, seen))
		}
	},
	"repeated delivery with a later time": func(s env) {
		s.adds(s.a, triggered)
		s.adds(s.a, renotify)
		s.adds(s.a, recovered)
		late := triggered
		late.At = start
		s.same("the trigger again", wholeCycle, s.adds(s.b, late))
	},
	"no id": func(s env) {
		for _, seen := range []Notification{triggered, triggered, renotify, recovered, recovered} {
			seen.ID = ""
			s.adds(s.a, seen)
		}
		recovered := recovered
		recovered.ID = ""
		s.same("the recovery again", wholeCycle, s.adds(s.a, recovered))
	},
	"no time": func(s env) {
		s.same("first", Cycle{start, start, 1}, s.adds(s.a, Notification{Transition: "Triggered", ID: "1"}))
		s.Advance(time.Minute)
		s.same("again", Cycle{start, start, 1}, s.adds(s.a, Notification{Transition: "Triggered", ID: "1"}))
	},
	"two transitions at one time": func(s env) {
		s.adds(s.a, Notification{At: start, Transition: "Recovered"})
		s.same("both", Cycle{start, start, 2}, s.adds(s.a, Notification{At: start, Transition: "Triggered"}))
	},
	"20 at once": func(s env) {
		const notifications = 20
		var wg sync.WaitGroup
		for i := range notifications {
			wg.Go(func() {
				if _, err := s.a.AddNotification(s.Context(), "cycle-1", renotification(i)); err != nil {
					s.Error(err)
				}
			})
		}
		wg.Wait()
		s.same("all", Cycle{start, renotification(notifications - 1).At, notifications}, s.adds(s.b, renotification(0)))
	},
	"long cycle": func(s env) {
		const notifications = maxEntries + 10
		s.putCycle(maxEntries - 3)
		var got Cycle
		for i := maxEntries - 3; i < notifications; i++ {
			got = s.adds(s.a, renotification(i))
		}
		want := Cycle{start, renotification(notifications - 1).At, notifications}
		s.same("all", want, got)
		s.same("a copy of a recent one", want, s.adds(s.b, renotification(notifications-20)))

		want.FirstSeen, want.Notified = triggered.At, notifications+1
		s.same("the trigger, last of all", want, s.adds(s.b, triggered))
	},
	"same key as an alert": func(s env) {
		s.claims(s.a, "cycle-1", granted)
		s.completes(s.a, "cycle-1", posted)
		s.same("the trigger", Cycle{triggered.At, triggered.At, 1}, s.adds(s.a, triggered))
		s.claims(s.a, "cycle-1", done(posted))
	},
	"long id and transition": func(s env) {
		long := strings.Repeat("é", 300_000)
		s.adds(s.a, Notification{At: start, Transition: long, ID: long + "1"})
		got := s.adds(s.a, Notification{At: start, Transition: "\"}\x00|" + long, ID: long + "2"})
		if seen := strings.Join(readSet(s.item("cycle#cycle-1"), attrSeen), ""); got.Notified != 2 || len(seen) > 1<<10 {
			s.Fatalf("got %+v, in %d bytes", got, len(seen))
		}
	},
	"fold": func(s env) {
		s.putCycle(maxEntries - 1)
		// A fold that fails is left to the next notification.
		s.aws.Break(awstest.Fault{Operation: "UpdateItem", Effect: awstest.Error(400, "ValidationException"), Every: 2, Times: 1})
		s.adds(s.a, renotification(maxEntries-1))
		if seen := readSet(s.item("cycle#cycle-1"), attrSeen); len(seen) != maxEntries {
			s.Fatalf("%d entries after a fold that failed", len(seen))
		}
		s.adds(s.a, renotification(maxEntries))
		i := s.item("cycle#cycle-1")
		folded, err := readNumber(i, attrFolded)
		if err != nil || folded != maxEntries+1-keptIDs || len(readSet(i, attrSeen)) != keptIDs {
			s.Fatalf("folded %d, %d entries left, %v", folded, len(readSet(i, attrSeen)), err)
		}
	},
	"fold at once": func(s env) {
		// Two runs read the same full cycle. The second must not count what the first folded.
		full := cycle{folded: 7, firstSeen: start.UnixMilli()}
		for i := range maxEntries {
			full.seen = append(full.seen, newEntry(renotification(i), start).String())
		}
		s.put(item{attrID: text("cycle#cycle-1"), attrSeen: set(full.seen...), attrFolded: number(7), attrFirstSeen: number(full.firstSeen)})
		more := full
		more.seen = append(slices.Clone(full.seen), newEntry(renotification(maxEntries), start).String())
		s.adds(s.a, renotification(maxEntries)) // Folds the 65 entries.
		s.b.fold(s.Context(), "cycle-1", more)
		s.a.fold(s.Context(), "cycle-1", full) // Last, because the fold of more has the right count in any case.
		want := Cycle{start, renotification(maxEntries).At, 7 + maxEntries + 1}
		s.same("all folds", want, s.adds(s.b, renotification(maxEntries)))
	},
	"unreadable record": func(s env) {
		for i, broken := range []item{
			{attrSeen: set("{}"), attrFolded: text("x")},
			{attrSeen: set("{}"), attrFolded: number(1)},
		} {
			broken[attrID] = text(fmt.Sprint("cycle#", i))
			s.put(broken)
			_, err := s.a.AddNotification(s.Context(), strconv.Itoa(i), triggered)
			s.temporary(err)
		}
	},
}

// putCycle writes a cycle of so many notifications.
func (s env) putCycle(notifications int) {
	s.Helper()
	var seen []string
	for i := range notifications {
		seen = append(seen, newEntry(renotification(i), start).String())
	}
	s.put(item{attrID: text("cycle#cycle-1"), attrSeen: set(seen...)})
}

func renotification(i int) Notification {
	return Notification{At: start.Add(time.Duration(i) * 10 * time.Minute), Transition: "Renotify", ID: strconv.Itoa(1000 + i)}
}

func TestCycle_Fold(t *testing.T) {
	t.Run("copies are dropped and not counted", func(t *testing.T) {
		var c cycle
		for i := range maxEntries {
			e := newEntry(renotification(i%8), start)
			e.At += int64(i)
			c.seen = append(c.seen, e.String())
		}
		before := c.summary()
		dropped, folded, _ := c.fold()
		c.seen = slices.DeleteFunc(c.seen, func(s string) bool { return slices.Contains(dropped, s) })
		if folded != 0 || len(c.seen) != 8 || c.summary() != before {
			t.Errorf("folded %d, %d entries left, %+v became %+v", folded, len(c.seen), before, c.summary())
		}
	})
	t.Run("foreign members stay and are not counted", func(t *testing.T) {
		var c cycle
		for i := range maxEntries {
			c.seen = append(c.seen, strconv.Itoa(i))
		}
		if dropped, _, _ := c.fold(); len(dropped) != 0 || c.summary() != (Cycle{}) {
			t.Errorf("dropped %v, summary %+v", dropped, c.summary())
		}
	})
}

func TestLedger_ReadCycle(t *testing.T) { each(t, readCycleCases) }

// later returns the transitions after a notification, as the other process reads them.
func (s env) later(n Notification) (transitions []string) {
	s.Helper()
	_, later, err := s.b.ReadCycle(s.Context(), "cycle-1", n)
	s.must(err)
	for _, one := range later {
		transitions = append(transitions, one.Transition)
	}
	return transitions
}

var readCycleCases = map[string]func(env){
	"unknown cycle": func(s env) {
		c, later, err := s.a.ReadCycle(s.Context(), "cycle-1", triggered)
		if c != (Cycle{}) || len(later) > 0 || err != nil {
			s.Errorf("got %+v, %v, %v", c, later, err)
		}
	},
	"any order of arrival": func(s env) {
		for _, n := range []Notification{recovered, triggered, renotify} {
			s.adds(s.a, n)
		}
		for n, want := range map[Notification][]string{triggered: {"Renotify", "Recovered"}, renotify: {"Recovered"}, recovered: nil} {
			if diff := cmp.Diff(want, s.later(n)); diff != "" {
				s.Errorf("after %s (-want +got):\n%s", n.Transition, diff)
			}
		}
		c, _, err := s.b.ReadCycle(s.Context(), "cycle-1", triggered)
		if s.same("cycle", wholeCycle, c); err != nil {
			s.Error(err)
		}
	},
	"the same time": func(s env) {
		warned, over := triggered, recovered
		warned.ID, warned.Transition, over.ID = "099", "Warn", "098"
		warned.At, over.At = triggered.At, triggered.At
		for _, n := range []Notification{triggered, warned, over} {
			s.adds(s.a, n)
		}
		if got := s.later(triggered); !slices.Equal(got, []string{"Recovered"}) {
			s.Errorf("after the trigger: %v", got)
		}
		if got := s.later(warned); !slices.Equal(got, []string{"Recovered", "Triggered"}) {
			s.Errorf("after the warning: %v", got)
		}
	},
	"a notification without a time": func(s env) {
		noTime := Notification{Transition: "Triggered", ID: "100"}
		s.adds(s.a, noTime)
		s.Advance(time.Minute)
		s.adds(s.a, Notification{Transition: "Recovered", ID: "101"})
		s.Advance(time.Minute)
		if got := s.later(noTime); !slices.Equal(got, []string{"Recovered"}) {
			s.Errorf("got %v", got)
		}
	},
	"folded away": func(s env) {
		s.adds(s.a, triggered)
		for i := range maxEntries {
			s.adds(s.a, renotification(i))
		}
		if got := len(s.later(triggered)); got < keptIDs || got > maxEntries {
			s.Errorf("%d later notifications", got)
		}
	},
	"failures": func(s env) {
		s.aws.Break(awstest.Fault{Effect: awstest.Error(400, "ThrottlingException")})
		if _, _, err := s.a.ReadCycle(s.Context(), "cycle-1", triggered); !fault.IsTemporary(err) {
			s.Errorf("got %v", err)
		}
	},
	"unreadable": func(s env) {
		s.put(item{attrID: text(cyclePrefix + "cycle-1"), attrSeen: text("x")})
		if _, _, err := s.a.ReadCycle(s.Context(), "cycle-1", triggered); !fault.IsTemporary(err) {
			s.Errorf("got %v", err)
		}
	},
}
