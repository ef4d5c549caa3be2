package standin

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// maxRequests is how many of the latest requests a Server remembers.
const maxRequests = 1000

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
	// Misbehaviour is what the call met instead of the honest answer.
	Misbehaviour Misbehaviour `json:"misbehaviour,omitempty"`
}

func entry(now time.Time, name Route, m Misbehaviour, r *http.Request, body []byte) Request {
	e := Request{
		Time: now, Route: name, Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(),
		Body: string(body), Misbehaviour: m,
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

// requestLog keeps the latest requests, the oldest first.
type requestLog struct{ entries []Request }

func (l *requestLog) add(e Request) {
	// Cutting only at twice the bound keeps the copying rare.
	if len(l.entries) == 2*maxRequests {
		l.entries = slices.Delete(l.entries, 0, maxRequests)
	}
	l.entries = append(l.entries, e)
}

// Requests returns the latest calls in the order in which they arrived, at most
// 1,000 of them. Calls to /standin/ are not among them.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	latest := s.log.entries[max(0, len(s.log.entries)-maxRequests):]
	return append([]Request{}, latest...)
}
