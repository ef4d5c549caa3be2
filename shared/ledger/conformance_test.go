package ledger

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/event"
	"boomerang/shared/fault"
)

// implementation is everything the suite asks of a ledger.
type implementation interface {
	Claim(ctx context.Context, key string, until time.Time) (Claim, error)
	Complete(ctx context.Context, key string, posted event.Posted) error
	Release(ctx context.Context, key string, maybePosted bool) error
	AddNotification(ctx context.Context, cycleKey string, seen Notification) (Cycle, error)
	FilterKnown(ctx context.Context, keys ...string) (map[string]bool, error)
	MarkQueued(ctx context.Context, key string) error
	Watermark(ctx context.Context, name string) (time.Time, error)
	SetWatermark(ctx context.Context, name string, until time.Time) error
}

// opener returns two processes on one empty table.
type opener func(t *testing.T, o Options) (a, b implementation)

var (
	start  = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	posted = event.Posted{ID: "8306082202796025694", URL: "https://app.datadoghq.com/event/event?id=8306082202796025694"}
	other  = event.Posted{ID: "8306082202796025695", URL: "https://app.datadoghq.com/event/event?id=8306082202796025695"}
)

const (
	key     = "352347:8306082202796025694"
	runTime = 14 * time.Second
)

// clock only moves when it is told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// stage is one subtest's two processes and their clock.
type stage struct {
	*testing.T
	*clock
	a, b implementation
}

func (s stage) claims(l implementation, key string, want Claim) {
	s.Helper()
	got, err := l.Claim(s.Context(), key, s.Now().Add(runTime))
	if err != nil {
		s.Fatalf("Claim: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.Fatalf("Claim (-want +got):\n%s", diff)
	}
}

func (s stage) completes(l implementation, key string, p event.Posted) {
	s.Helper()
	if err := l.Complete(s.Context(), key, p); err != nil {
		s.Fatalf("Complete: %v", err)
	}
}

func (s stage) releases(l implementation, key string) {
	s.Helper()
	if err := l.Release(s.Context(), key, false); err != nil {
		s.Fatalf("Release: %v", err)
	}
}

func (s stage) abandons(l implementation, key string) {
	s.Helper()
	if err := l.Release(s.Context(), key, true); err != nil {
		s.Fatalf("Abandon: %v", err)
	}
}

func (s stage) remembers(l implementation, seen Notification) Cycle {
	s.Helper()
	c, err := l.AddNotification(s.Context(), "cycle-1", seen)
	if err != nil {
		s.Fatalf("AddNotification: %v", err)
	}
	return c
}

var (
	granted         = Claim{State: Granted}
	previousExpired = Claim{State: Granted, PreviousExpired: true}
)

func busy(until time.Time) Claim { return Claim{State: Busy, Until: until} }

func done(p event.Posted) Claim { return Claim{State: Done, Posted: p} }

// conform is the suite that every ledger passes.
func conform(t *testing.T, open opener) {
	t.Helper()
	for _, cases := range []map[string]func(stage){claimCases, cycleCases, stormCases, knownCases, watermarkCases} {
		for name, test := range cases {
			t.Run(name, func(t *testing.T) { test(newStage(t, open)) })
		}
	}
}

func newStage(t *testing.T, open opener) stage {
	c := &clock{now: start}
	a, b := open(t, Options{Now: c.Now})
	return stage{T: t, clock: c, a: a, b: b}
}

var claimCases = map[string]func(stage){
	"the first claim is granted and the next is busy until its end": func(s stage) {
		s.claims(s.a, key, granted)
		s.claims(s.b, key, busy(start.Add(runTime)))
		s.claims(s.a, key, busy(start.Add(runTime)))
	},
	"a claim is void a millisecond after its end and not before": func(s stage) {
		s.claims(s.a, key, granted)
		s.Advance(runTime)
		s.claims(s.b, key, busy(start.Add(runTime)))
		s.Advance(time.Millisecond)
		s.claims(s.b, key, previousExpired)
		s.claims(s.a, key, busy(s.Now().Add(runTime)))
	},
	"a completed alert is done for everyone": func(s stage) {
		s.claims(s.a, key, granted)
		s.completes(s.a, key, posted)
		s.claims(s.a, key, done(posted))
		s.Advance(time.Hour)
		s.claims(s.b, key, done(posted))
	},
	"a completed alert is known for the whole TTL and not beyond": func(s stage) {
		s.completes(s.a, key, posted)
		s.Advance(DefaultTTL)
		s.claims(s.b, key, done(posted))
		s.Advance(time.Second)
		s.claims(s.b, key, granted)
		s.claims(s.a, key, busy(s.Now().Add(runTime)))
	},
	"another notification of the same monitor passes": func(s stage) {
		s.claims(s.a, key, granted)
		s.completes(s.a, key, posted)
		s.claims(s.a, "352347:8306082202796025695", granted)
	},
	"a released alert is granted again at once": func(s stage) {
		s.claims(s.a, key, granted)
		s.releases(s.a, key)
		s.claims(s.b, key, granted)
	},
	"a late release or abandoning leaves the claim of whoever took over": func(s stage) {
		s.claims(s.a, key, granted)
		s.Advance(runTime + time.Second)
		s.claims(s.b, key, previousExpired)
		until := s.Now().Add(runTime)
		s.releases(s.a, key)
		s.abandons(s.a, key)
		s.claims(s.a, key, busy(until))
	},
	"a release or abandoning leaves a completed alert done": func(s stage) {
		s.claims(s.a, key, granted)
		s.completes(s.a, key, posted)
		s.releases(s.a, key)
		s.abandons(s.a, key)
		s.claims(s.b, key, done(posted))
	},
	"a release of nothing is no error": func(s stage) {
		s.releases(s.a, key)
		s.claims(s.a, key, granted)
	},
	"an abandoned alert is granted again at once, and previousExpired": func(s stage) {
		s.claims(s.a, key, granted)
		s.abandons(s.a, key)
		s.claims(s.b, key, previousExpired)
	},
	"an alert is previousExpired however often it is abandoned": func(s stage) {
		s.claims(s.a, key, granted)
		for range 3 {
			s.abandons(s.a, key)
			s.claims(s.a, key, previousExpired)
		}
	},
	"an abandoning of nothing leaves nothing": func(s stage) {
		s.abandons(s.a, key)
		s.claims(s.a, key, granted)
	},
	"a late complete wins over the claim that took over": func(s stage) {
		s.claims(s.a, key, granted)
		s.Advance(runTime + time.Second)
		s.claims(s.b, key, previousExpired)
		s.completes(s.a, key, posted)
		s.releases(s.b, key)
		s.claims(s.b, key, done(posted))
	},
	"a late complete wins over a release": func(s stage) {
		s.claims(s.a, key, granted)
		s.Advance(runTime + time.Second)
		s.claims(s.b, key, previousExpired)
		s.releases(s.b, key)
		s.completes(s.a, key, posted)
		s.claims(s.b, key, done(posted))
	},
	"of two completes the later is kept": func(s stage) {
		s.completes(s.a, key, posted)
		s.completes(s.b, key, other)
		s.claims(s.a, key, done(other))
	},
	"of 20 claims at once one is granted": func(s stage) {
		s.race(runTime, granted)
	},
	"of 20 claims at once on a void claim one is granted": func(s stage) {
		s.claims(s.a, key, granted)
		s.Advance(runTime + time.Millisecond)
		s.race(runTime, previousExpired)
	},
	"keys of any length and alphabet stay apart": func(s stage) {
		long := strings.Repeat("k", 5000)
		for _, k := range []string{long + "1", long + "2", "org:ключ\x00'\"", "org:ключ\x00'", "#", " "} {
			s.claims(s.a, k, granted)
		}
		s.claims(s.b, long+"2", busy(start.Add(runTime)))
	},
	"an empty key is refused": func(s stage) {
		_, claimErr := s.a.Claim(s.Context(), "", s.Now().Add(runTime))
		_, rememberErr := s.a.AddNotification(s.Context(), "", Notification{})
		for _, err := range []error{claimErr, rememberErr, s.a.Complete(s.Context(), "", posted), s.a.Release(s.Context(), "", false), s.a.Release(s.Context(), "", true)} {
			if err == nil || fault.From(err).Kind != fault.Internal {
				s.Errorf("got %v, want an internal fault", err)
			}
		}
	},
	"a caller whose time is up is refused and changes nothing": func(s stage) {
		ctx, cancel := context.WithCancel(s.Context())
		cancel()
		_, claimErr := s.a.Claim(ctx, key, s.Now().Add(runTime))
		_, rememberErr := s.a.AddNotification(ctx, "cycle-1", Notification{ID: "1"})
		for _, err := range []error{claimErr, rememberErr, s.a.Complete(ctx, key, posted), s.a.Release(ctx, key, false), s.a.Release(ctx, key, true)} {
			if !fault.IsTemporary(err) {
				s.Errorf("got %v, want a temporary fault", err)
			}
		}
		s.claims(s.b, key, granted)
	},
}

// race lets 20 claims start together, half of them by each process.
func (s stage) race(d time.Duration, first Claim) {
	s.Helper()
	const claims = 20
	until := s.Now().Add(d)
	results := make([]Claim, claims)
	errs := make([]error, claims)
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for i := range claims {
		l := s.a
		if i%2 == 1 {
			l = s.b
		}
		wg.Go(func() {
			<-begin
			results[i], errs[i] = l.Claim(s.Context(), key, until)
		})
	}
	close(begin)
	wg.Wait()
	counts := map[string]int{}
	for i, c := range results {
		if errs[i] != nil {
			s.Fatalf("Claim: %v", errs[i])
		}
		counts[fmt.Sprint(c)]++
	}
	want := map[string]int{fmt.Sprint(first): 1, fmt.Sprint(busy(until)): claims - 1}
	if diff := cmp.Diff(want, counts); diff != "" {
		s.Fatalf("claims (-want +got):\n%s", diff)
	}
}
