package ledger

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	triggered = Notification{At: start.Add(-time.Hour), Transition: "Triggered", ID: "100"}
	renotify  = Notification{At: start.Add(-50 * time.Minute), Transition: "Renotify", ID: "101"}
	recovered = Notification{At: start.Add(-10 * time.Minute), Transition: "Recovered", ID: "102"}
)

var wholeCycle = Cycle{
	FirstSeen:      triggered.At,
	LastSeen:       recovered.At,
	LastTransition: "Recovered",
	Notified:       3,
}

func (s stage) same(what string, want, got Cycle) {
	s.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

var cycleCases = map[string]func(stage){
	"a recovery knows how long its cycle lasted and how often it was notified": func(s stage) {
		s.same("after the trigger", Cycle{triggered.At, triggered.At, "Triggered", 1}, s.remembers(s.a, triggered))
		s.same("after the renotify", Cycle{triggered.At, renotify.At, "Renotify", 2}, s.remembers(s.b, renotify))
		s.same("after the recovery", wholeCycle, s.remembers(s.a, recovered))
	},
	"the order of arrival makes no difference": func(s stage) {
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
	"a repeated delivery changes nothing": func(s stage) {
		s.remembers(s.a, triggered)
		s.remembers(s.b, renotify)
		s.remembers(s.a, recovered)
		for _, seen := range []Notification{triggered, recovered, renotify, recovered} {
			s.same(seen.Transition, wholeCycle, s.remembers(s.b, seen))
		}
	},
	"a copy with a later time counts as the original": func(s stage) {
		s.remembers(s.a, triggered)
		s.remembers(s.a, renotify)
		s.remembers(s.a, recovered)
		late := triggered
		late.At = start
		s.same("the trigger again", wholeCycle, s.remembers(s.b, late))
	},
	"notifications without an id are told apart by time and transition": func(s stage) {
		for _, seen := range []Notification{triggered, triggered, renotify, recovered, recovered} {
			seen.ID = ""
			s.remembers(s.a, seen)
		}
		recovered := recovered
		recovered.ID = ""
		s.same("the recovery again", wholeCycle, s.remembers(s.a, recovered))
	},
	"a notification without a time happened now": func(s stage) {
		s.same("first", Cycle{start, start, "Triggered", 1}, s.remembers(s.a, Notification{Transition: "Triggered", ID: "1"}))
		s.Advance(time.Minute)
		s.same("again", Cycle{start, start, "Triggered", 1}, s.remembers(s.a, Notification{Transition: "Triggered", ID: "1"}))
	},
	"of two transitions at one time the one with the higher id is the last": func(s stage) {
		s.remembers(s.a, Notification{At: start, Transition: "Recovered", ID: "1000"})
		s.same("both", Cycle{start, start, "Recovered", 2}, s.remembers(s.a, Notification{At: start, Transition: "Triggered", ID: "999"}))
	},
	"notifications that arrive at once are all counted": func(s stage) {
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
		s.same("all", Cycle{start, renotification(notifications - 1).At, "Renotify", notifications}, s.remembers(s.b, renotification(0)))
	},
	"a long cycle is counted to the end": func(s stage) {
		const notifications = maxEntries + 10
		var got Cycle
		for i := range notifications {
			got = s.remembers(s.a, renotification(i))
		}
		want := Cycle{start, renotification(notifications - 1).At, "Renotify", notifications}
		s.same("all", want, got)
		s.same("a copy of a recent one", want, s.remembers(s.b, renotification(notifications-20)))

		want.FirstSeen, want.Notified = triggered.At, notifications+1
		s.same("the trigger, last of all", want, s.remembers(s.b, triggered))
	},
	"an alert and a cycle of one key stay apart": func(s stage) {
		s.claims(s.a, "cycle-1", granted)
		s.completes(s.a, "cycle-1", posted)
		s.same("the trigger", Cycle{triggered.At, triggered.At, "Triggered", 1}, s.remembers(s.a, triggered))
		s.claims(s.a, "cycle-1", done(posted))
	},
	"a hostile id and transition are kept short and apart": func(s stage) {
		long := strings.Repeat("é", 300_000)
		s.remembers(s.a, Notification{At: start, Transition: long, ID: long + "1"})
		got := s.remembers(s.a, Notification{At: start, Transition: "\"}\x00|" + long, ID: long + "2"})
		if got.Notified != 2 || len(got.LastTransition) > maxTransitionBytes {
			s.Fatalf("got %+v", got)
		}
	},
}

func renotification(i int) Notification {
	return Notification{At: start.Add(time.Duration(i) * 10 * time.Minute), Transition: "Renotify", ID: strconv.Itoa(1000 + i)}
}
