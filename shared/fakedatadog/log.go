package fakedatadog

import (
	"net/http"
	"net/url"
	"time"
)

// Request is one call as it arrived. Keys and signatures are named, never kept.
type Request struct {
	Time time.Time `json:"time"`
	// Route is empty when the call belongs to none.
	Route  Route      `json:"route"`
	Method string     `json:"method"`
	Path   string     `json:"path"`
	Query  url.Values `json:"query,omitempty"`
	// Credentials are the headers and query parameters by which the caller showed
	// who it is: DD-API-KEY, DD-APPLICATION-KEY, Authorization, api_key, application_key.
	Credentials []string `json:"credentials,omitempty"`
	Body        string   `json:"body,omitempty"`
	// Fault is what the call met instead of the right answer.
	Fault Fault `json:"fault,omitempty"`
}

func newRequest(now time.Time, name Route, f Fault, r *http.Request, body []byte) Request {
	e := Request{
		Time: now, Route: name, Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(),
		Body: string(body), Fault: f,
	}
	for _, header := range []string{apiKeyHeader, appKeyHeader, "Authorization"} {
		if r.Header.Get(header) != "" {
			e.Credentials = append(e.Credentials, header)
		}
	}
	for _, param := range []string{apiKeyParam, appKeyParam} {
		if e.Query.Has(param) {
			e.Credentials = append(e.Credentials, param)
			e.Query.Del(param)
		}
	}
	return e
}

// history keeps the latest requests, the oldest first.
type history []Request

func (h *history) add(e Request, bound int) {
	*h = append((*h)[max(0, len(*h)+1-bound):], e)
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
