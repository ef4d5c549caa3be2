package pipeline_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
	"boomerang/shared/memory"
)

// store is a ledger in memory.
type store struct {
	mu      sync.Mutex
	fails   map[string]error
	calls   []string
	claims  map[string]claim
	cycles  map[string][]ledger.Notification
	past    map[string][]memory.Cycle
	windows map[string]*window
	known   []string // keys that are done or queued
	actions map[string]action
	kept    map[string]ledger.Kept // by cycle
}

type action struct {
	alert string
	done  bool
	until time.Time // of a claim
}

type claim struct {
	until, receivedAt time.Time
	done              bool
	posted            event.Posted // of a claim that is not done, too
	doneAt            time.Time
}

type window struct {
	passed        map[string]bool
	summaryQueued bool
	event.Suppressed
}

func newStore() store {
	return store{fails: map[string]error{}, claims: map[string]claim{}, cycles: map[string][]ledger.Notification{}, past: map[string][]memory.Cycle{}, windows: map[string]*window{}, actions: map[string]action{}, kept: map[string]ledger.Kept{}}
}

// call records a call, and returns the error that it is to have. Two calls have no place among the others, beside which
// they run.
func (s *store) call(ctx context.Context, name string) error {
	s.mu.Lock()
	if name != "history" && name != "expect" {
		s.calls = append(s.calls, name)
	}
	err := s.fails[name]
	s.mu.Unlock()
	if errors.Is(err, errHang) {
		<-ctx.Done()
		return fault.New(fault.Temporary, name+" did not answer", context.Cause(ctx))
	}
	return err
}

// get is a call that returns something, and do one that does not.
func get[R any](ctx context.Context, s *store, name string, f func() R) (r R, err error) {
	if err := s.call(ctx, name); err != nil {
		return r, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return f(), nil
}

func (s *store) do(ctx context.Context, name string, f func()) error {
	_, err := get(ctx, s, name, func() struct{} { f(); return struct{}{} })
	return err
}

// crashed leaves the claim of a run that ended without a word, so long ago that the search
// finds what it posted.
func (s *store) crashed(key string) { s.claims[key] = claim{until: time.Now().Add(-time.Minute)} }

func (s *store) Claim(ctx context.Context, d ledger.Delivery, until time.Time) (ledger.Claim, error) {
	return get(ctx, s, "claim", func() ledger.Claim {
		c, exists := s.claims[d.Key]
		same := exists && (d.Window == 0 || d.ReceivedAt.Sub(c.receivedAt).Abs() <= d.Window)
		switch {
		case c.done && same:
			return ledger.Claim{State: ledger.Done, Posted: c.posted}
		case exists && !c.done && time.Now().Before(c.until):
			return ledger.Claim{State: ledger.Busy, Until: c.until}
		}
		s.claims[d.Key] = claim{until: until, receivedAt: d.ReceivedAt}
		granted := ledger.Claim{State: ledger.Granted}
		if same && !c.done {
			granted.Earlier = &ledger.Run{ReceivedAt: c.receivedAt, EndedAt: c.until, Posted: c.posted}
		}
		return granted
	})
}

func (s *store) Complete(ctx context.Context, d ledger.Delivery, posted event.Posted) error {
	return s.do(ctx, "complete", func() {
		s.claims[d.Key] = claim{done: true, posted: posted, receivedAt: d.ReceivedAt, doneAt: time.Now()}
		s.known = append(s.known, d.Alias)
	})
}

func (s *store) Release(ctx context.Context, d ledger.Delivery, maybePosted bool) error {
	return s.do(ctx, "release", func() {
		posted := s.claims[d.Key].posted
		delete(s.claims, d.Key)
		if maybePosted {
			s.claims[d.Key] = claim{until: time.Now(), receivedAt: d.ReceivedAt, posted: posted}
		}
	})
}

func (s *store) MarkPosted(ctx context.Context, d ledger.Delivery, posted event.Posted) error {
	return s.do(ctx, "mark posted", func() {
		c := s.claims[d.Key]
		c.posted = posted
		s.claims[d.Key] = c
	})
}

func (s *store) actionKey(a ledger.Action) string {
	if a.Cycle != "" {
		return a.Cycle + " " + a.Step
	}
	return a.Alert + " " + a.Step
}

func (s *store) BeginAction(ctx context.Context, a ledger.Action, until time.Time) (ledger.State, error) {
	return get(ctx, s, "begin", func() ledger.State {
		known, exists := s.actions[s.actionKey(a)]
		switch {
		case known.done:
			return ledger.Done
		case exists && known.alert != a.Alert && time.Now().Before(known.until):
			return ledger.Busy
		}
		s.actions[s.actionKey(a)] = action{alert: a.Alert, until: until}
		return ledger.Granted
	})
}

func (s *store) CompleteAction(ctx context.Context, a ledger.Action) error {
	return s.do(ctx, "act done", func() { s.actions[s.actionKey(a)] = action{alert: a.Alert, done: true} })
}

func (s *store) ReleaseAction(ctx context.Context, a ledger.Action) error {
	return s.do(ctx, "release action", func() {
		if known := s.actions[s.actionKey(a)]; known.alert == a.Alert && !known.done {
			delete(s.actions, s.actionKey(a))
		}
	})
}

// Expect names the alert in the text of a name that is pending.
func (s *store) Expect(ctx context.Context, cycleKey, alert string, names []string, until time.Time) (ledger.Kept, error) {
	if !until.After(time.Now()) {
		names = nil
	}
	return get(ctx, s, "expect", func() ledger.Kept {
		all, k := s.keptOf(cycleKey).Texts, ledger.Kept{Texts: map[string]string{}}
		for _, name := range names {
			if all["pending "+name] == "" {
				all["pending "+name] = alert
			}
		}
		for name, text := range all {
			if pending, ok := strings.CutPrefix(name, "pending "); !ok {
				k.Texts[name] = text
			} else if text != alert && all[pending] == "" {
				k.Pending = append(k.Pending, pending)
			}
		}
		return k
	})
}

func (s *store) Keep(ctx context.Context, cycleKey, alert string, texts map[string]string, names []string) error {
	return s.do(ctx, "keep", func() {
		k := s.keptOf(cycleKey)
		maps.Copy(k.Texts, texts)
		for _, name := range names {
			if texts[name] != "" || k.Texts["pending "+name] == alert {
				delete(k.Texts, "pending "+name)
			}
		}
	})
}

func (s *store) keptOf(cycleKey string) ledger.Kept {
	if s.kept[cycleKey].Texts == nil {
		s.kept[cycleKey] = ledger.Kept{Texts: map[string]string{}}
	}
	return s.kept[cycleKey]
}

func (s *store) MarkQueued(ctx context.Context, key string) error {
	s.known = append(s.known, key)
	return s.call(ctx, "mark queued")
}

func (s *store) AddNotification(ctx context.Context, key string, n ledger.Notification) (ledger.Cycle, error) {
	return get(ctx, s, "add notification", func() ledger.Cycle {
		s.cycles[key] = append(s.cycles[key], n)
		return ledger.Cycle{FirstSeen: s.cycles[key][0].At, LastSeen: n.At, Notified: len(s.cycles[key])}
	})
}

func (s *store) Posted(ctx context.Context, d ledger.Delivery) (event.Posted, time.Time, error) {
	c, err := get(ctx, s, "posted", func() claim { return s.claims[d.Key] })
	return c.posted, c.doneAt, err
}

func (s *store) ReadCycle(ctx context.Context, key string, n ledger.Notification) (c ledger.Cycle, later []ledger.Notification, err error) {
	err = s.do(ctx, "read cycle", func() {
		for _, one := range s.cycles[key] {
			if c.Notified++; c.FirstSeen.IsZero() || one.At.Before(c.FirstSeen) {
				c.FirstSeen = one.At
			}
			if one.At.After(n.At) {
				later = append(later, one)
			}
		}
	})
	return c, later, err
}

func (s *store) History(ctx context.Context, key string) ([]memory.Cycle, error) {
	return get(ctx, s, "history", func() []memory.Cycle { return s.past[key] })
}

func (s *store) AddToHistory(ctx context.Context, key string, _ []memory.Cycle, more ...memory.Cycle) error {
	return s.do(ctx, "add to history", func() { s.past[key] = memory.Add(s.past[key], more...) })
}

func (s *store) window(w ledger.Window) *window {
	if s.windows[w.Key()] == nil {
		s.windows[w.Key()] = &window{passed: map[string]bool{}}
	}
	return s.windows[w.Key()]
}

func (s *store) Allow(ctx context.Context, w ledger.Window, limit int, o ledger.Occurrence) (ledger.Decision, error) {
	err := s.call(ctx, "allow")
	win := s.window(w)
	if err != nil {
		return ledger.Decision{SummaryQueued: win.summaryQueued}, err
	}
	if win.passed[o.Key] || len(win.passed) < limit {
		win.passed[o.Key] = true
		return ledger.Decision{Allowed: true}, nil
	}
	win.Count++
	win.Groups = slices.Compact(slices.Sorted(slices.Values(append(win.Groups, o.Group))))
	win.Transitions, win.Last = []string{o.Transition}, o.At
	if win.First.IsZero() {
		win.First = o.At
	}
	return ledger.Decision{SummaryQueued: win.summaryQueued}, nil
}

func (s *store) IsFull(ctx context.Context, w ledger.Window, limit int, key string) (bool, error) {
	return get(ctx, s, "is full", func() bool {
		passed := s.window(w).passed
		if passed[key] || len(passed) < limit {
			passed[key] = true
			return false
		}
		return true
	})
}

func (s *store) MarkSummaryQueued(ctx context.Context, w ledger.Window) error {
	return s.do(ctx, "mark summary", func() { s.window(w).summaryQueued = true })
}

func (s *store) Suppressed(ctx context.Context, w ledger.Window) (event.Suppressed, error) {
	return get(ctx, s, "suppressed", func() event.Suppressed { return s.window(w).Suppressed })
}
