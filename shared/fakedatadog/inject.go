package fakedatadog

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// faults are what the next calls meet.
type faults struct {
	queued map[Route][]queuedFault
	// rate is the share of calls that meet one of random.
	rate   float64
	random []Fault
	rand   *rand.Rand
}

type queuedFault struct {
	Fault
	calls int // How many calls it has left. 0: all.
}

// next returns what the next call of a route meets. A fault of the route goes before
// one of all routes, and that before a random one.
func (f *faults) next(name Route) Fault {
	for _, key := range []Route{name, AnyRoute} {
		if queue := f.queued[key]; len(queue) > 0 {
			first := queue[0]
			if first.calls == 1 {
				f.queued[key] = queue[1:]
			}
			queue[0].calls = max(0, first.calls-1)
			return first.Fault
		}
	}
	if f.rand == nil || f.rand.Float64() >= f.rate {
		return ""
	}
	return f.random[f.rand.IntN(len(f.random))]
}

// Inject makes the next calls of a route fail; 0 calls means all until ClearFaults.
// Faults queue: three of them for one call each are a script for the next three
// calls. An unknown route or fault is an error, because a test that breaks nothing
// proves nothing.
func (s *Server) Inject(name Route, f Fault, calls int) error {
	if _, err := f.effect(globalLimit, time.Time{}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.limits.of[name]; !known && name != AnyRoute {
		return fmt.Errorf("unknown route %q", name)
	}
	if calls < 0 {
		return fmt.Errorf("invalid number of calls %d: want 0 for all, or more", calls)
	}
	if s.faults.queued == nil {
		s.faults.queued = map[Route][]queuedFault{}
	}
	s.faults.queued[name] = append(s.faults.queued[name], queuedFault{f, calls})
	return nil
}

// InjectRandom makes a share of all calls fail, rate between 0 and 1, each in one of
// the given ways. The same seed breaks the same calls of a sequence.
func (s *Server) InjectRandom(rate float64, seed uint64, ways ...Fault) error {
	if !(rate >= 0 && rate <= 1) || len(ways) == 0 {
		return fmt.Errorf("random faults need a rate from 0 to 1 (not %v) and at least one fault", rate)
	}
	for _, f := range ways {
		if _, err := f.effect(globalLimit, time.Time{}); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.rate, s.faults.random = rate, ways
	s.faults.rand = rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // It must be repeatable, not secure.
	return nil
}

// ClearFaults removes all faults.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = faults{}
}
