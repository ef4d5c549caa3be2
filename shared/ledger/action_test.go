package ledger

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/awstest"
	"boomerang/shared/event"
)

// begins begins an action, which must end so.
func (s env) begins(a Action, want State) {
	s.Helper()
	if got, err := s.b.BeginAction(s.Context(), a, start.Add(time.Hour)); got != want || err != nil {
		s.Errorf("BeginAction(%+v): %q, %v; want %q", a, got, err, want)
	}
}

func TestLedger_Action(t *testing.T) {
	first := Action{Alert: "1:7", Step: "shop/ticket"}
	second := Action{Alert: "1:8", Step: "shop/ticket"}
	once := func(a Action) Action { a.Cycle = "1:c"; return a }
	each(t, map[string]func(env){
		"all attempts on one alert may do it until it is done": func(s env) {
			s.begins(first, Granted)
			s.begins(first, Granted)
			s.must(s.a.CompleteAction(s.Context(), first))
			s.begins(first, Done)
			s.begins(second, Granted)
			s.begins(Action{Alert: "1:7", Step: "shop/page"}, Granted)
		},
		"once a cycle, by the first alert": func(s env) {
			s.begins(once(first), Granted)
			s.begins(once(second), Busy)
			s.begins(once(first), Granted)
			s.must(s.a.CompleteAction(s.Context(), once(first)))
			s.begins(once(second), Done)
			s.begins(once(first), Done)
			other := once(second)
			other.Cycle = "1:d"
			s.begins(other, Granted)
		},
		"the next alert does what the first gave up": func(s env) {
			s.begins(once(first), Granted)
			s.must(s.a.ReleaseAction(s.Context(), once(second)))
			s.begins(once(second), Busy)
			s.must(s.a.ReleaseAction(s.Context(), once(first)))
			s.begins(once(second), Granted)
			s.begins(once(first), Busy)
		},
		"the next alert does what a crash left behind": func(s env) {
			s.begins(once(first), Granted)
			s.Advance(time.Hour)
			s.begins(once(second), Busy)
			s.Advance(time.Second)
			s.begins(once(second), Granted)
		},
		"what is done is not given up": func(s env) {
			s.must(s.a.CompleteAction(s.Context(), once(first)))
			s.must(s.a.ReleaseAction(s.Context(), once(first)))
			s.must(s.a.ReleaseAction(s.Context(), first)) // There is none.
			s.begins(once(second), Done)
		},
		"20 alerts of a cycle at once": func(s env) {
			var granted atomic.Int32
			var all sync.WaitGroup
			for i := range 20 {
				all.Go(func() {
					if state, err := s.a.BeginAction(s.Context(), once(Action{Alert: string(rune('a' + i)), Step: "x"}), start.Add(time.Hour)); err == nil && state == Granted {
						granted.Add(1)
					}
				})
			}
			if all.Wait(); granted.Load() != 1 {
				s.Errorf("%d alerts do it", granted.Load())
			}
		},
		"for as long as the alert, or its cycle": func(s env) {
			for _, a := range []Action{first, once(first)} {
				s.must(s.a.CompleteAction(s.Context(), a))
			}
			s.Advance(TTL + time.Second)
			s.begins(first, Granted)
			s.begins(once(second), Done)
			s.Advance(CycleTTL)
			s.begins(once(second), Granted)
		},
		"long keys": func(s env) {
			long := once(Action{Alert: strings.Repeat("a", 4096), Step: "x"})
			long.Cycle = strings.Repeat("c", 4096)
			s.begins(long, Granted)
			s.begins(long, Granted)
			s.must(s.a.ReleaseAction(s.Context(), long))
			s.begins(once(second), Granted)
		},
		"throttled": func(s env) {
			s.aws.Break(awstest.Fault{Effect: awstest.Error(400, "ThrottlingException")})
			_, err := s.a.BeginAction(s.Context(), first, start)
			s.temporary(err)
			s.temporary(s.a.CompleteAction(s.Context(), first))
			s.temporary(s.a.ReleaseAction(s.Context(), first))
			s.temporary(s.a.Keep(s.Context(), "1:c", "1:7", map[string]string{"ticket": "OPS-7"}, nil))
			_, err = s.a.Expect(s.Context(), "1:c", "1:7", []string{"ticket"}, start)
			s.temporary(err)
		},
	})
}

func (s env) keeps(texts map[string]string, pending ...string) {
	s.Helper()
	got, err := s.b.Expect(s.Context(), "1:c", "1:9", nil, start)
	if diff := cmp.Diff(Kept{texts, pending}, got); diff != "" || err != nil {
		s.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func (s env) expects(alert string, names ...string) {
	s.Helper()
	_, err := s.a.Expect(s.Context(), "1:c", alert, names, start.Add(time.Hour))
	s.must(err)
}

func TestLedger_Kept(t *testing.T) {
	type texts = map[string]string
	each(t, map[string]func(env){
		"nothing": func(s env) { s.keeps(texts{}) },
		"expected, then kept": func(s env) {
			s.expects("1:7", "ticket", "page")
			s.expects("1:8", "ticket", "thread")
			s.keeps(texts{}, "page", "thread", "ticket")
			own, err := s.b.Expect(s.Context(), "1:c", "1:7", nil, start)
			if diff := cmp.Diff(Kept{texts{}, []string{"thread"}}, own); diff != "" || err != nil {
				s.Errorf("%v, to the alert itself (-want +got):\n%s", err, diff)
			}
			s.must(s.a.Keep(s.Context(), "1:c", "1:8", nil, []string{"ticket", "page"})) // Another alert will keep them.
			s.must(s.a.Keep(s.Context(), "1:c", "1:", nil, []string{"ticket", "page"}))
			s.keeps(texts{}, "page", "thread", "ticket")
			s.must(s.a.Keep(s.Context(), "1:c", "1:7", texts{"ticket": "OPS-7"}, []string{"ticket", "page"}))
			s.keeps(texts{"ticket": "OPS-7"}, "thread")
			s.must(s.a.Keep(s.Context(), "1:c", "1:7", texts{"ticket": "OPS-7"}, []string{"ticket"})) // Once more.
			s.must(s.a.Keep(s.Context(), "1:c", "1:9", texts{"ticket": "OPS-8", "thread": "T"}, nil))
			s.keeps(texts{"ticket": "OPS-8", "thread": "T"})
		},
		"expected for a time": func(s env) {
			s.expects("1:7", "ticket")
			s.Advance(time.Hour)
			s.keeps(texts{})
		},
		"an answer without the item": func(s env) {
			s.aws.Break(awstest.Fault{Effect: awstest.Empty})
			_, err := s.a.Expect(s.Context(), "1:c", "1:7", nil, start)
			s.temporary(err)
			s.temporary(s.a.Keep(s.Context(), "1:c", "1:7", texts{"ticket": "OPS-7"}, nil))
		},
		"ten long texts": func(s env) {
			all := texts{}
			for i := range 10 {
				all[string(rune('a'+i))] = strings.Repeat("x", 1<<10)
			}
			s.must(s.a.Keep(s.Context(), "1:c", "1:7", all, nil))
			s.keeps(all)
		},
		"an item of a later version": func(s env) {
			s.put(item{attrID: text("kept#1:c"), "kept_ticket": text("OPS-7"), "pending_page": number(1), "pending_x": text("soon"), "more": text("x")})
			s.keeps(texts{"ticket": "OPS-7"})
		},
	})
}

// The next run knows the event of one that ended with more to do.
func TestLedger_MarkPosted(t *testing.T) {
	each(t, map[string]func(env){
		"crashed": func(s env) {
			s.claims(s.a, key, granted)
			s.must(s.a.MarkPosted(s.Context(), Delivery{Key: key}, posted))
			s.claims(s.b, key, busy(start.Add(runTime)))
			s.Advance(runTime + time.Second)
			s.claims(s.b, key, Claim{State: Granted, Earlier: &Run{EndedAt: start.Add(runTime), Posted: posted}})
			s.must(s.a.MarkPosted(s.Context(), Delivery{Key: key}, other)) // It is too late.
			s.Advance(runTime + time.Second)
			s.claims(s.a, key, Claim{State: Granted, Earlier: &Run{EndedAt: start.Add(2*runTime + time.Second), Posted: event.Posted{}}})
		},
		"released": func(s env) {
			d := Delivery{Key: key, ReceivedAt: start, Window: time.Minute}
			s.claimsDelivery(s.a, d, granted)
			s.must(s.a.MarkPosted(s.Context(), d, posted))
			s.must(s.a.Release(s.Context(), d, true))
			s.claimsDelivery(s.b, d, Claim{State: Granted, Earlier: &Run{ReceivedAt: start, EndedAt: start.Add(-time.Millisecond), Posted: posted}})
		},
		"completed": func(s env) {
			s.claims(s.a, key, granted)
			s.must(s.a.MarkPosted(s.Context(), Delivery{Key: key}, posted))
			s.completes(s.a, key, posted)
			s.claims(s.b, key, done(posted))
		},
	})
}
