package fakedatadog

import (
	"fmt"
	"math/rand/v2"
)

// plan is what the server has been told to do wrong.
type plan struct {
	orders map[Route][]order
	storm  *storm
}

// order is one misbehaviour for the next calls of a route.
type order struct {
	name Misbehaviour
	act  misdeed
	left int // Zero: for every call.
}

// next returns what the next call of a route has to endure; nil is nothing. What
// was ordered for the route goes before what was ordered for all routes, that
// before the storm.
func (p *plan) next(name Route) (Misbehaviour, misdeed) {
	for _, queue := range []Route{name, AnyRoute} {
		if orders := p.orders[queue]; len(orders) > 0 {
			o := &orders[0]
			taken := *o
			if o.left == 1 {
				p.orders[queue] = orders[1:]
			}
			o.left = max(0, o.left-1)
			return taken.name, taken.act
		}
	}
	return p.storm.next()
}

// Misbehave makes the next calls of a route go wrong, as many as times says; zero
// means every call until Behave. Orders queue: three of them, each for one call,
// are a script for the next three calls. An order for AnyRoute serves the routes
// that have none of their own. An unknown route or misbehaviour is an error,
// because a test that breaks nothing proves nothing.
func (s *Server) Misbehave(name Route, m Misbehaviour, times int) error {
	act, err := m.parse()
	switch {
	case err != nil:
		return err
	case !s.knows(name):
		return fmt.Errorf("there is no route %q to misbehave on; see Routes", name)
	case times < 0:
		return fmt.Errorf("%d calls cannot misbehave; 0 means every call", times)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.plan.orders == nil {
		s.plan.orders = map[Route][]order{}
	}
	s.plan.orders[name] = append(s.plan.orders[name], order{name: m, act: act, left: times})
	return nil
}

// Behave ends every misbehaviour and the storm.
func (s *Server) Behave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan = plan{}
}

// storm lets a share of all calls meet one of its misbehaviours.
type storm struct {
	rate   float64
	dice   *rand.Rand
	orders []order
}

// Storm makes a share of all calls go wrong, rate between 0 and 1, each in one of
// the given ways. The same seed gives the same storm to the same sequence of calls.
func (s *Server) Storm(rate float64, seed uint64, ways ...Misbehaviour) error {
	if !(rate >= 0 && rate <= 1) || len(ways) == 0 {
		return fmt.Errorf("a storm needs a rate from 0 to 1 (not %v) and at least one misbehaviour", rate)
	}
	st := &storm{rate: rate, dice: rand.New(rand.NewPCG(seed, seed))} //nolint:gosec // It has to repeat, not to be unpredictable.
	for _, m := range ways {
		act, err := m.parse()
		if err != nil {
			return err
		}
		st.orders = append(st.orders, order{name: m, act: act})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan.storm = st
	return nil
}

func (st *storm) next() (Misbehaviour, misdeed) {
	if st == nil || st.dice.Float64() >= st.rate {
		return "", nil
	}
	o := st.orders[st.dice.IntN(len(st.orders))]
	return o.name, o.act
}
