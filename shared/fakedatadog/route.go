package fakedatadog

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Route names one endpoint, "events.create".
type Route string

// AnyRoute stands for every route where a fault is injected.
const AnyRoute Route = "*"

// route is one line of the table of endpoints.
type route struct {
	name    Route
	pattern string // Of http.ServeMux; {number} takes decimal digits only.
	access  access
	limit   limit
	// permission is what the application key must have; empty: nothing is checked.
	permission string
	handle     func(*call) answer
}

// call is a request to a route.
type call struct {
	*http.Request
	params
	now   time.Time
	body  []byte
	fault Fault
}

func (s *Server) register() {
	s.table = slices.Concat(
		s.keyRoutes(), s.eventRoutes(), s.monitorRoutes(), s.downtimeRoutes(), s.catalogRoutes(), s.teamRoutes(), s.incidentRoutes(),
		s.metricRoutes(), s.logRoutes(), s.sloRoutes(), s.hostRoutes(), s.webhookRoutes(), s.dashboardRoutes(), s.ruleRoutes(),
	)
	s.limits = newLimits(s.table)
	s.mux = http.NewServeMux()
	for _, rt := range s.table {
		s.mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(rt.or(notFound, r), w, r) })
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.serve(notFound, w, r) })
	s.registerControls()
}

var notFound = route{access: public, handle: func(*call) answer { return failure(http.StatusNotFound, "Not found") }}

// or returns the route, or the other one if the path has text in the place of a number.
func (rt route) or(other route, r *http.Request) route {
	segments := strings.Split(r.URL.Path, "/")
	for i, segment := range strings.Split(rt.pattern, "/") {
		if segment == "{number}" && strings.Trim(segments[i], "0123456789") != "" {
			return other
		}
	}
	return rt
}

// Routes returns the names of all routes, sorted.
func (s *Server) Routes() []Route {
	var names []Route
	for _, rt := range s.table {
		names = append(names, rt.name)
	}
	slices.Sort(names)
	return names
}

// Route returns the name of the route that a request takes, empty without one.
func (s *Server) Route(r *http.Request) Route {
	_, pattern := s.mux.Handler(r)
	for _, rt := range s.table {
		if rt.pattern == pattern {
			return rt.or(notFound, r).name
		}
	}
	return notFound.name
}

func (s *Server) knows(name Route) bool {
	return slices.ContainsFunc(s.table, func(rt route) bool { return rt.name == name })
}

// tooMany answers that the limit is used up until the end of its period.
func (rt route) tooMany(l limit, now time.Time) answer {
	if l.period == 0 {
		l = globalLimit
	}
	return failure(http.StatusTooManyRequests, l.text()).with(l.headers(0, l.reset(now)))
}
