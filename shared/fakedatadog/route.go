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

// The routes that tests name. Server.routes has all.
const (
	CatalogRelations Route = "catalog.relations"
	DashboardCreate  Route = "dashboard.create"
	DashboardDelete  Route = "dashboard.delete"
	DashboardList    Route = "dashboard.list"
	EventsCreate     Route = "events.create"
	EventsCreateV2   Route = "events.create_v2"
	EventsList       Route = "events.list"
	MetricsQuery     Route = "metrics.query"
	MonitorCreate    Route = "monitor.create"
	MonitorGet       Route = "monitor.get"
	MonitorUpdate    Route = "monitor.update"
	RuleCreate       Route = "notification_rule.create"
	RuleList         Route = "notification_rule.list"
	Validate         Route = "validate"
	VariableCreate   Route = "variable.create"
	VariableUpdate   Route = "variable.update"
	WebhookCreate    Route = "webhook.create"
	WebhookGet       Route = "webhook.get"
	WebhookUpdate    Route = "webhook.update"
)

// route is one line of the table of endpoints.
type route struct {
	name    Route
	pattern string // Of http.ServeMux; {number} takes decimal digits only.
	handle  func(*call) answer
	limit   limit
	// permission is what the application key must have; empty: nothing is checked.
	permission string
	access     access
}

type call struct {
	*http.Request
	params
	now   time.Time
	body  []byte
	fault Fault
}

// routes is the table of endpoints. The limits are recorded; that on submitted
// events, 250,000 a minute, is left out. The permissions are those of the published
// specification: to create a webhook and to change one take different ones.
func (s *Server) routes() []route {
	const (
		read, write        = "monitors_read", "monitors_write"
		policy             = "monitor_config_policy_write"
		boards, setBoards  = "dashboards_read", "dashboards_write"
		integrations       = "integrations_read"
		manageIntegrations = "manage_integrations"

		monitor   = " /api/v1/monitor"
		rule      = " /api/v2/monitor/notification_rule"
		dashboard = " /api/v1/dashboard"
		webhook   = " /api/v1/integration/webhooks/configuration/webhooks"
		variable  = " /api/v1/integration/webhooks/configuration/custom-variables"
	)
	stream := limit{name: "event_stream_api", calls: 600, period: time.Minute}
	per10s := func(name string, calls int) limit { return limit{name: name, calls: calls, period: 10 * time.Second} }
	perHour := func(name string, calls int) limit { return limit{name: name, calls: calls, period: time.Hour} }
	return []route{
		{name: Validate, pattern: "GET /api/v1/validate", access: apiKeyOnly, handle: func(*call) answer { return success(object{"valid": true}) }},

		{name: EventsCreate, pattern: "POST /api/v1/events", access: apiKeyOnly, handle: s.createEvent},
		{name: EventsCreateV2, pattern: "POST /api/v2/events", handle: s.createEventV2}, // Datadog has it on a host of its own.
		{name: "events.get", pattern: "GET /api/v1/events/{number}", limit: globalLimit, handle: s.getEvent},
		{name: EventsList, pattern: "GET /api/v1/events", limit: stream, handle: s.listEvents},
		{name: "events.search", pattern: "POST /api/v2/events/search", limit: globalLimit, handle: s.searchEvents},
		{name: "logs.search", pattern: "POST /api/v2/logs/events/search", limit: per10s("logs_public_search_api", 10), handle: s.searchLogs},

		{name: MonitorCreate, pattern: "POST" + monitor, permission: write, limit: per10s("post_monitors", 500), handle: s.monitors.create(http.StatusOK)},
		{name: "monitor.list", pattern: "GET" + monitor, permission: read, limit: per10s("get_all_monitors", 1000), handle: s.listMonitors},
		{name: MonitorGet, pattern: "GET" + monitor + "/{number}", permission: read, limit: per10s("get_monitors", 3000), handle: s.monitors.found(getMonitor)},
		{name: MonitorUpdate, pattern: "PUT" + monitor + "/{number}", permission: write, limit: per10s("put_monitors", 500), handle: s.monitors.update()},
		{name: "monitor.delete", pattern: "DELETE" + monitor + "/{number}", permission: write, limit: globalLimit, handle: s.monitors.found(s.deleteMonitor)},
		{name: "downtime.matches", pattern: "GET /api/v2/monitor/{number}/downtime_matches", handle: s.matchDowntimes},
		{name: "downtime.list", pattern: "GET /api/v2/downtime", handle: s.listDowntimes},

		{name: RuleCreate, pattern: "POST" + rule, permission: policy, handle: s.rules.create(http.StatusOK)},
		{name: RuleList, pattern: "GET" + rule, permission: read, handle: s.listRules},
		{name: "notification_rule.update", pattern: "PATCH" + rule + "/{id}", permission: policy, handle: s.rules.update()},
		{name: "notification_rule.delete", pattern: "DELETE" + rule + "/{id}", permission: policy, handle: s.rules.found(s.deleteRule)},

		{name: "catalog.list", pattern: "GET /api/v2/catalog/entity", handle: s.listEntities},
		{name: CatalogRelations, pattern: "GET /api/v2/catalog/relation", handle: s.listRelations},
		{name: "service_definition.get", pattern: "GET /api/v2/services/definitions/{id}", handle: s.getDefinition},
		{name: "team.list", pattern: "GET /api/v2/team", handle: s.listTeams},
		{name: "team.on_call", pattern: "GET /api/v2/on-call/teams/{id}/on-call", handle: s.teams.found(getOnCall)},
		{name: "incident.search", pattern: "GET /api/v2/incidents/search", handle: s.searchIncidents},

		{name: MetricsQuery, pattern: "GET /api/v1/query", limit: perHour("query_metrics", 1600), handle: s.queryMetrics},
		{name: "graph.snapshot", pattern: "GET /api/v1/graph/snapshot", limit: perHour("graph_snapshot", 60), handle: takeSnapshot},
		{name: "hosts.list", pattern: "GET /api/v1/hosts", limit: globalLimit, handle: s.listHosts},
		{name: "slo.search", pattern: "GET /api/v1/slo/search", limit: globalLimit, handle: s.searchSLOs},
		{name: "slo.history", pattern: "GET /api/v1/slo/{id}/history", limit: per10s("slo_history", 150), handle: s.slos.found(sloHistory)},

		{name: DashboardCreate, pattern: "POST" + dashboard, permission: setBoards, handle: s.dashboards.create(http.StatusOK)},
		{name: DashboardList, pattern: "GET" + dashboard, permission: boards, handle: s.listDashboards},
		{name: "dashboard.get", pattern: "GET" + dashboard + "/{id}", permission: boards, handle: s.dashboards.get()},
		{name: "dashboard.update", pattern: "PUT" + dashboard + "/{id}", permission: setBoards, handle: s.dashboards.update()},
		{name: DashboardDelete, pattern: "DELETE" + dashboard + "/{id}", permission: setBoards, handle: s.dashboards.delete("deleted_dashboard_id")},

		{name: WebhookCreate, pattern: "POST" + webhook, permission: "create_webhooks", handle: s.webhooks.create(http.StatusCreated)},
		{name: WebhookGet, pattern: "GET" + webhook + "/{id}", permission: integrations, handle: s.webhooks.get()},
		{name: WebhookUpdate, pattern: "PUT" + webhook + "/{id}", permission: manageIntegrations, handle: s.webhooks.update()},
		{name: "webhook.delete", pattern: "DELETE" + webhook + "/{id}", permission: manageIntegrations, handle: s.webhooks.delete("")},
		{name: VariableCreate, pattern: "POST" + variable, permission: manageIntegrations, handle: s.variables.create(http.StatusCreated)},
		{name: "variable.get", pattern: "GET" + variable + "/{id}", permission: integrations, handle: s.variables.get()},
		{name: VariableUpdate, pattern: "PUT" + variable + "/{id}", permission: manageIntegrations, handle: s.variables.update()},
		{name: "variable.delete", pattern: "DELETE" + variable + "/{id}", permission: manageIntegrations, handle: s.variables.delete("")},
	}
}

var notFound = route{access: public, handle: func(*call) answer { return failure(http.StatusNotFound, "Not found") }}

func (s *Server) register() {
	s.mux = http.NewServeMux()
	s.table = s.routes()
	for _, rt := range s.table {
		s.mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(rt.or(notFound, r), w, r) })
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.serve(notFound, w, r) })
	// Other processes see what was posted. It requires no key, because the server is for loopback.
	s.mux.HandleFunc("GET /_fake/posted", func(w http.ResponseWriter, _ *http.Request) { success(s.Posted()).response().Write(w) })
}

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
	names := list(s.table, func(rt route) Route { return rt.name })
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
