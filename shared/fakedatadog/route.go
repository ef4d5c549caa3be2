package fakedatadog

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"boomerang/shared/fakeaws"
)

// Route names one call that the stand-in answers, "events.create".
type Route string

// AnyRoute stands for every route where a fault is injected.
const AnyRoute Route = "*"

// route is one line of the table.
type route struct {
	name   Route
	method string
	// path holds parameters in braces, each a whole segment: {name} takes anything,
	// {name:number} decimal digits only.
	path  string
	needs needs
	limit limit
	// permission is what the application key must be allowed; empty: nothing is checked.
	permission string
	handle     func(call) answer
	// aws is set for an AWS JSON call, all of which share method and path.
	aws *fakeaws.Operation
}

// call is what a handler may look at.
type call struct {
	now    time.Time
	params map[string]string
	query  url.Values
	body   []byte
	// fault is what the call meets.
	fault Fault
}

// routes joins the tables of all families. A new family adds one line.
func (s *Server) routes() []route {
	return slices.Concat(
		validateRoutes(),
		s.stream.routes(),
		s.stream.routesV2(),
		s.monitors.routes(),
		s.catalog.routes(),
		s.teams.routes(),
		s.incidents.routes(),
		s.downtimes.routes(),
		s.metrics.routes(),
		snapshotRoutes(),
		s.logs.routes(),
		s.slos.routes(),
		s.hosts.routes(),
		s.stream.searchRoutes(),
		s.webhooks.routes(),
		s.dashboards.routes(),
		s.awsRoutes(),
	)
}

// Routes returns the names of all routes, sorted.
func (s *Server) Routes() []Route {
	names := make([]Route, 0, len(s.table))
	for _, rt := range s.table {
		names = append(names, rt.name)
	}
	slices.Sort(names)
	return names
}

// Route returns the name of the route that a request would take, empty when the
// stand-in has none for it.
func (s *Server) Route(r *http.Request) Route {
	rt, _ := s.find(r)
	return rt.name
}

func (s *Server) knows(name Route) bool {
	return slices.ContainsFunc(s.table, func(rt route) bool { return rt.name == name })
}

// find returns the route of a request and its path's parameters. A request that
// belongs to none gets one that answers 404, without a name.
func (s *Server) find(r *http.Request) (route, map[string]string) {
	for _, rt := range s.table {
		if params, ok := rt.match(r); ok {
			return rt, params
		}
	}
	if r.Header.Get(amzTarget) != "" {
		return route{handle: func(call) answer { return awsAnswer(fakeaws.UnknownOperation()) }}, nil
	}
	return route{handle: func(call) answer { return failure(http.StatusNotFound, "Not found") }}, nil
}

func (rt route) match(r *http.Request) (map[string]string, bool) {
	if r.Method != rt.method || r.Header.Get(amzTarget) != rt.target() {
		return nil, false
	}
	want, got := strings.Split(rt.path, "/"), strings.Split(r.URL.Path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	params := map[string]string{}
	for i, segment := range want {
		if !strings.HasPrefix(segment, "{") {
			if segment != got[i] {
				return nil, false
			}
			continue
		}
		name, kind, _ := strings.Cut(strings.Trim(segment, "{}"), ":")
		if got[i] == "" || kind == "number" && !isDecimal(got[i]) {
			return nil, false
		}
		params[name] = got[i]
	}
	return params, true
}

func isDecimal(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// isAWS reports whether the route speaks AWS's JSON protocol and not Datadog's.
func (rt route) isAWS() bool { return rt.aws != nil }

// fail answers with the status and the body that the real service sends with it.
func (rt route) fail(status int, now time.Time) answer {
	switch {
	case rt.isAWS():
		return awsAnswer(rt.aws.Fail(status))
	case status == http.StatusTooManyRequests:
		return rt.tooMany(rt.limit, now)
	default:
		return datadogFailure(status)
	}
}

// tooMany answers that the limit is used up until the end of its period.
func (rt route) tooMany(l limit, now time.Time) answer {
	if rt.isAWS() {
		return awsAnswer(rt.aws.Throttle())
	}
	if l.period == 0 {
		l = globalLimit
	}
	return failure(http.StatusTooManyRequests, l.text()).with(l.headers(0, l.reset(now)))
}

// forbid answers that whoever calls may not.
func (rt route) forbid() answer {
	if rt.isAWS() {
		return awsAnswer(rt.aws.Forbid())
	}
	return frontDoor(http.StatusForbidden)
}
