package fakedatadog

import (
	"net/http"
	"net/url"
)

// Request is one call as it arrived, without its headers, which have the keys.
type Request struct {
	// Route is empty when the call belongs to none.
	Route  Route
	Method string
	Path   string
	Query  url.Values
	Body   string
	// Fault is what the call met instead of the right answer.
	Fault Fault
}

// history keeps the latest requests, the oldest first.
type history []Request

func (h *history) add(e Request, bound int) {
	*h = append((*h)[max(0, len(*h)+1-bound):], e)
}

// arrived logs a call and returns what it meets, and the limit of its route.
func (s *Server) arrived(rt route, r *http.Request, body []byte) (Fault, limit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fault := s.faults.next(rt.name)
	request := Request{rt.name, r.Method, r.URL.Path, r.URL.Query(), string(body), fault}
	s.requests.add(request, maxRequests)
	if fault != "" {
		s.faulted.add(request, maxFaulted)
	}
	return fault, s.limits.of[rt.name]
}

// Requests returns the latest calls in the order in which they arrived, at most
// 1,000 of them. Calls to /_fake/ are not among them.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return orEmpty(s.requests)
}

// Faulted returns the latest calls that met a fault, at most 20,000 of
// them.
func (s *Server) Faulted() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return orEmpty(s.faulted)
}
