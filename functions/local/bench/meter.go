package bench

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"boomerang/shared/fakedatadog"
)

// slowest is how long a double may take to answer. One that takes longer says
// something about the machine, and nothing about the subjects.
const slowest = time.Second

// meter watches the doubles: for how long at least one call was under way, which
// one nobody waited for, and whether every call was answered as it should have been.
type meter struct {
	double  *fakedatadog.Server
	slowest time.Duration // that a call may be

	mu         sync.Mutex
	latency    time.Duration // before a call is answered
	underway   int
	unanswered int // of those under way, those of which the caller cannot know the answer
	since      time.Time
	busy       time.Duration
	calls      int
	posted     time.Time // when the last event was taken
	wrong      []error
}

// watch measures one dependency's calls.
func (m *meter) watch(dependency string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route, start := m.double.Route(r), time.Now()
		latency := m.count(1, start)
		heard := &status{ResponseWriter: w, begins: func(code int) { m.answer(route, code) }}
		defer func() { // It ends a call by a panic when it cuts the connection.
			heard.begin(noAnswer)
			now := time.Now()
			m.count(-1, now)
			m.judge(dependency, route, heard.code, now.Sub(start))
		}()
		time.Sleep(latency)
		m.double.ServeHTTP(heard, r)
	})
}

func (m *meter) count(n int, now time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.underway > 0 {
		m.busy += now.Sub(m.since)
	}
	if n > 0 {
		m.calls++
		m.unanswered++
	}
	m.underway, m.since = m.underway+n, now
	return m.latency
}

// answer notes that a call's answer begins. The caller has it only then, and may be
// done with it before the double is.
func (m *meter) answer(route fakedatadog.Route, code int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unanswered--
	if route == fakedatadog.EventsCreate && succeeds(code) {
		m.posted = time.Now()
	}
}

func succeeds(code int) bool { return code >= 200 && code <= 299 }

// slowDown makes all calls that come wait for so long.
func (m *meter) slowDown(latency time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.latency = latency
}

func (m *meter) judge(dependency string, route fakedatadog.Route, code int, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case route == "":
		m.wrong = append(m.wrong, fmt.Errorf("the double of %s was asked for something that it does not know", dependency))
	case code == noAnswer:
		m.wrong = append(m.wrong, fmt.Errorf("the double of %s did not answer %s", dependency, route))
	case !succeeds(code):
		m.wrong = append(m.wrong, fmt.Errorf("the double of %s answered %s with %d", dependency, route, code))
	case took > m.slowest:
		m.wrong = append(m.wrong, fmt.Errorf("the double of %s took %v to answer %s, and at most %v is right: the machine may have too much else to do", dependency, took.Round(time.Millisecond), route, m.slowest))
	}
}

// reading is what a meter showed between two looks at it.
type reading struct {
	busy       time.Duration // with at least one call under way
	calls      int
	unanswered int // at this look
	posted     time.Time
}

// take returns what was measured since the last time.
func (m *meter) take() reading {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := reading{busy: m.busy, calls: m.calls, unanswered: m.unanswered, posted: m.posted}
	m.busy, m.calls, m.posted = 0, 0, time.Time{}
	return r
}

// err says how the doubles misbehaved.
func (m *meter) err() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, met := range m.double.Faulted() {
		return errors.Join(append(m.wrong, fmt.Errorf("the double met %s on %s", met.Fault, met.Route))...)
	}
	return errors.Join(m.wrong...)
}

// noAnswer is the status of a call that is not answered.
const noAnswer = 0

// status hears with which status a call is answered, before the caller does.
type status struct {
	http.ResponseWriter
	begins func(code int)
	begun  bool
	code   int
}

func (s *status) begin(code int) {
	if !s.begun {
		s.begun, s.code = true, code
		s.begins(code)
	}
}

func (s *status) WriteHeader(code int) {
	s.begin(code)
	s.ResponseWriter.WriteHeader(code)
}

func (s *status) Write(p []byte) (int, error) {
	s.begin(http.StatusOK)
	return s.ResponseWriter.Write(p)
}

// Unwrap lets the double cut the connection when it is told to.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }
