package datadog

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/event"
)

var (
	start      = time.Unix(1700000000, 999)
	end        = time.Unix(1700000900, 0)
	definition = json.RawMessage(`{"title":"a"}`)
	webhook    = Webhook{Name: "a-b", URL: "https://example.com/", Payload: `{"id":"$ID"}`, CustomHeaders: `{"X":"$Y"}`, EncodeAs: "json"}
	variable   = SecretVariable{Name: "A_TOKEN", Value: privateValue}
)

// apiCall is one call of the client and the request that it sends. The requests to the v1 API were compared with
// those of Datadog's own client, datadog-api-client-go v2.67.0.
type apiCall struct {
	get        func(context.Context, *Client) (any, error)
	request    string
	body       string
	permission string
}

func (c apiCall) do(ctx context.Context, client *Client) error {
	_, err := c.get(ctx, client)
	return err
}

// readCalls are the calls that change nothing.
var readCalls = map[string]apiCall{
	"event": {func(ctx context.Context, c *Client) (any, error) { return c.Event(ctx, "6327818702635911562") }, "GET /api/v1/events/6327818702635911562", "", "events_read"},
	"events": {func(ctx context.Context, c *Client) (any, error) {
		return c.Events(ctx, EventQuery{Start: start, End: end})
	}, "GET /api/v1/events?end=1700000900&start=1700000000", "", "events_read"},
	"events of a tag": {func(ctx context.Context, c *Client) (any, error) {
		return c.Events(ctx, EventQuery{
			Start: start, End: end, Tags: []string{"env:prod", "service:a&b"},
			Unaggregated: true, ExcludeAggregate: true, Page: 3,
		})
	}, "GET /api/v1/events?end=1700000900&exclude_aggregate=true&page=3&start=1700000000&tags=env%3Aprod%2Cservice%3Aa%26b&unaggregated=true", "", "events_read"},
	"events with all parameters": {func(ctx context.Context, c *Client) (any, error) {
		return c.Events(ctx, EventQuery{Start: start, End: end, Priority: "low", Sources: []string{"torq", "my apps"}, Unaggregated: true})
	}, "GET /api/v1/events?end=1700000900&priority=low&sources=torq%2Cmy+apps&start=1700000000&unaggregated=true", "", "events_read"},
	"search events": {func(ctx context.Context, c *Client) (any, error) {
		return c.SearchEvents(ctx, SearchQuery{Query: `service:"a" -source:alert`, From: start, To: end, Limit: 100})
	}, "POST /api/v2/events/search", `{"filter":{"query":"service:\"a\" -source:alert","from":"2023-11-14T22:13:20Z","to":"2023-11-14T22:28:20Z"},"page":{"limit":100},"sort":"-timestamp"}`, "events_read"},
	"monitor": {func(ctx context.Context, c *Client) (any, error) { return c.Monitor(ctx, 7, MonitorQuery{}) }, "GET /api/v1/monitor/7", "", "monitors_read"},
	"monitor with groups": {func(ctx context.Context, c *Client) (any, error) {
		return c.Monitor(ctx, 7, MonitorQuery{GroupStates: []string{"alert", "warn", "no data"}, WithDowntimes: true, WithAssets: true})
	}, "GET /api/v1/monitor/7?group_states=alert%2Cwarn%2Cno+data&with_assets=true&with_downtimes=true", "", "monitors_read"},
	"series": {func(ctx context.Context, c *Client) (any, error) {
		return c.Series(ctx, SeriesQuery{Query: "avg:a.b{c:d e} by {f}", From: start, To: end})
	}, "GET /api/v1/query?from=1700000000&query=avg%3Aa.b%7Bc%3Ad+e%7D+by+%7Bf%7D&to=1700000900", "", "timeseries_query"},
	"snapshot": {func(ctx context.Context, c *Client) (any, error) {
		return c.Snapshot(ctx, SeriesQuery{Query: "avg:a.b{*}", From: start, To: end})
	}, "GET /api/v1/graph/snapshot?end=1700000900&metric_query=avg%3Aa.b%7B%2A%7D&start=1700000000", "", ""},
	"logs": {func(ctx context.Context, c *Client) (any, error) {
		return c.Logs(ctx, SearchQuery{Query: `service:a "b"`, From: start, To: end})
	}, "POST /api/v2/logs/events/search", `{"filter":{"query":"service:a \"b\"","from":"2023-11-14T22:13:20Z","to":"2023-11-14T22:28:20Z"},"sort":"-timestamp"}`, "logs_read_data"},
	"logs of an index": {func(ctx context.Context, c *Client) (any, error) {
		return c.Logs(ctx, SearchQuery{Query: "*", Indexes: []string{"main"}, From: start, To: end, Limit: 200})
	}, "POST /api/v2/logs/events/search", `{"filter":{"query":"*","indexes":["main"],"from":"2023-11-14T22:13:20Z","to":"2023-11-14T22:28:20Z"},"page":{"limit":200},"sort":"-timestamp"}`, "logs_read_data"},
	"service":            {func(ctx context.Context, c *Client) (any, error) { return c.Service(ctx, "checkout") }, "GET /api/v2/catalog/entity?filter%5Bref%5D=service%3Acheckout&include=schema", "", "apm_service_catalog_read"},
	"service definition": {func(ctx context.Context, c *Client) (any, error) { return c.serviceDefinition(ctx, "a b") }, "GET /api/v2/services/definitions/a%20b?schema_version=v2.2", "", "apm_service_catalog_read"},
	"dependencies":       {func(ctx context.Context, c *Client) (any, error) { return c.Dependencies(ctx, "checkout") }, "GET /api/v2/catalog/relation?filter%5Bfrom_ref%5D=service%3Acheckout&filter%5Btype%5D=RelationTypeDependsOn&includeDiscovered=true&page%5Blimit%5D=100", "", "apm_service_catalog_read"},
	"team":               {func(ctx context.Context, c *Client) (any, error) { return c.Team(ctx, "shop") }, "GET /api/v2/team?fields%5Bteam%5D=id%2Cname%2Chandle&filter%5Bkeyword%5D=shop&page%5Bnumber%5D=0&page%5Bsize%5D=100", "", "teams_read"},
	"on call":            {func(ctx context.Context, c *Client) (any, error) { return c.OnCall(ctx, "7") }, "GET /api/v2/on-call/teams/7/on-call?include=responders%2Cescalations.responders", "", "on_call_read"},
	"hosts": {func(ctx context.Context, c *Client) (any, error) {
		return c.Hosts(ctx, "host:a b", start)
	}, "GET /api/v1/hosts?count=100&filter=host%3Aa+b&from=1700000000&include_hosts_metadata=true&include_muted_hosts_data=true", "", "hosts_read"},
	"incidents": {func(ctx context.Context, c *Client) (any, error) {
		return c.Incidents(ctx, "state:active AND services:a", 5)
	}, "GET /api/v2/incidents/search?page%5Bsize%5D=5&query=state%3Aactive+AND+services%3Aa&sort=-created", "", "incident_read"},
	"downtime matches": {func(ctx context.Context, c *Client) (any, error) { return c.DowntimeMatches(ctx, 7) }, "GET /api/v2/monitor/7/downtime_matches?page%5Blimit%5D=100", "", "monitors_downtime"},
	"downtimes":        {func(ctx context.Context, c *Client) (any, error) { return c.CurrentDowntimes(ctx) }, "GET /api/v2/downtime?current_only=true&include=created_by&page%5Blimit%5D=100", "", "monitors_downtime"},
	"SLOs":             {func(ctx context.Context, c *Client) (any, error) { return c.SLOs(ctx, "service:a b", 5) }, "GET /api/v1/slo/search?page%5Bsize%5D=5&query=service%3Aa+b", "", "slos_read"},
	"SLO history": {func(ctx context.Context, c *Client) (any, error) {
		return c.SLOHistory(ctx, SLOHistoryQuery{ID: "../a?b#c", Timeframe: "7d", Target: 99.95, From: start, To: end})
	}, "GET /api/v1/slo/..%2Fa%3Fb%23c/history?from_ts=1700000000&target=99.95&to_ts=1700000900", "", "slos_read"},
	"dashboards":         {func(ctx context.Context, c *Client) (any, error) { return c.DashboardsTitled(ctx, "a") }, "GET /api/v1/dashboard?count=100&start=0", "", "dashboards_read"},
	"notification rules": {func(ctx context.Context, c *Client) (any, error) { return c.NotificationRules(ctx) }, "GET /api/v2/monitor/notification_rule?page=0&per_page=100", "", "monitors_read"},
	"webhook":            {func(ctx context.Context, c *Client) (any, error) { return c.Webhook(ctx, "a b/c") }, "GET /api/v1/integration/webhooks/configuration/webhooks/a%20b%2Fc", "", "integrations_read"},
}

// writeCalls are the calls that change the setup of an organization.
var writeCalls = map[string]apiCall{
	"create webhook": {
		adding(webhook),
		"POST /api/v1/integration/webhooks/configuration/webhooks", `{"name":"a-b","url":"https://example.com/","payload":"{\"id\":\"$ID\"}","custom_headers":"{\"X\":\"$Y\"}","encode_as":"json"}`, "create_webhooks",
	},
	"update webhook": {
		updating(webhook),
		"PUT /api/v1/integration/webhooks/configuration/webhooks/a-b", `{"name":"a-b","url":"https://example.com/","payload":"{\"id\":\"$ID\"}","custom_headers":"{\"X\":\"$Y\"}","encode_as":"json"}`, "manage_integrations",
	},
	"delete webhook":   {deleting(webhook), "DELETE /api/v1/integration/webhooks/configuration/webhooks/a-b", "", "manage_integrations"},
	"create variable":  {adding(variable), "POST /api/v1/integration/webhooks/configuration/custom-variables", `{"name":"A_TOKEN","value":"the-private-token","is_secret":true}`, "manage_integrations"},
	"update variable":  {updating(variable), "PUT /api/v1/integration/webhooks/configuration/custom-variables/A_TOKEN", `{"value":"the-private-token","is_secret":true}`, "manage_integrations"},
	"delete variable":  {deleting(variable), "DELETE /api/v1/integration/webhooks/configuration/custom-variables/A_TOKEN", "", "manage_integrations"},
	"create dashboard": {adding(Dashboard{Definition: definition}), "POST /api/v1/dashboard", `{"title":"a"}`, "dashboards_write"},
	"update dashboard": {updating(Dashboard{ID: "p63-b2n-sjg", Definition: definition}), "PUT /api/v1/dashboard/p63-b2n-sjg", `{"title":"a"}`, "dashboards_write"},
	"delete dashboard": {deleting(Dashboard{ID: "p63-b2n-sjg"}), "DELETE /api/v1/dashboard/p63-b2n-sjg", "", "dashboards_write"},
	"create monitor":   {adding(MonitorDefinition{Name: "a", Definition: definition}), "POST /api/v1/monitor", `{"title":"a"}`, "monitors_write"},
	"update monitor":   {updating(MonitorDefinition{ID: "7", Definition: definition}), "PUT /api/v1/monitor/7", `{"title":"a"}`, "monitors_write"},
	"delete monitor":   {deleting(MonitorDefinition{ID: "7"}), "DELETE /api/v1/monitor/7", "", "monitors_write"},
	"create notification rule": {
		adding(NotificationRule{Name: "a", Filter: RuleFilter{Scope: "env:prod"}, Recipients: []string{"webhook-a"}}),
		"POST /api/v2/monitor/notification_rule", `{"data":{"attributes":{"name":"a","filter":{"scope":"env:prod"},"recipients":["webhook-a"]},"type":"monitor-notification-rule"}}`, "monitor_config_policy_write",
	},
	"update notification rule": {
		updating(NotificationRule{ID: "5d-6", Name: "a", Filter: RuleFilter{Tags: []string{"env:prod"}}, Recipients: []string{"webhook-a"}}),
		"PATCH /api/v2/monitor/notification_rule/5d-6", `{"data":{"attributes":{"name":"a","filter":{"tags":["env:prod"]},"recipients":["webhook-a"]},"id":"5d-6","type":"monitor-notification-rule"}}`, "monitor_config_policy_write",
	},
	"delete notification rule": {deleting(NotificationRule{ID: "a/b"}), "DELETE /api/v2/monitor/notification_rule/a%2Fb", "", "monitor_config_policy_write"},
}

func adding(m Managed) func(context.Context, *Client) (any, error) {
	return func(ctx context.Context, c *Client) (any, error) { return c.Add(ctx, m) }
}

func updating(m Managed) func(context.Context, *Client) (any, error) {
	return func(ctx context.Context, c *Client) (any, error) { return nil, c.Update(ctx, m) }
}

func deleting(m Managed) func(context.Context, *Client) (any, error) {
	return func(ctx context.Context, c *Client) (any, error) { return nil, c.Delete(ctx, m) }
}

// createCalls are the calls that post an event.
var createCalls = map[string]apiCall{
	"create": {func(ctx context.Context, c *Client) (any, error) {
		return c.Create(ctx, event.Event{
			Title: "title <&>", Text: "text é", DateHappened: 1700000000, AggregationKey: "cycle", RelatedEventID: 6327818702635911562,
			AlertType: "error", Priority: "low", Host: "web-1", Tags: []string{"a:b", "boomerang"},
		})
	}, "POST /api/v1/events", `{"title":"title \u003c\u0026\u003e","text":"text é","date_happened":1700000000,"aggregation_key":"cycle","related_event_id":6327818702635911562,"alert_type":"error","priority":"low","host":"web-1","tags":["a:b","boomerang"]}`, ""},
	"create alert": {func(ctx context.Context, c *Client) (any, error) {
		return c.CreateAlert(ctx, event.AlertEvent{Data: event.AlertData{Type: "event", Attributes: event.AlertAttributes{
			Title: "title", Message: "%%% \ntext é \n %%%", Category: "alert", Timestamp: "2026-03-14T03:00:00.000Z", AggregationKey: "cycle",
			Host: "web-1", IntegrationID: "custom-events", Tags: []string{"a:b", "boomerang"},
			Attributes: event.AlertDetails{
				Status: "error", Priority: "1", Links: []event.AlertLink{{Category: "runbook", URL: "https://run.example", Title: "Run"}},
				Custom: map[string]any{"owner": map[string]any{"team": "shop"}},
			},
		}}})
	}, "POST /api/v2/events", `{"data":{"type":"event","attributes":{"title":"title","message":"%%% \ntext é \n %%%","category":"alert",` +
		`"timestamp":"2026-03-14T03:00:00.000Z","aggregation_key":"cycle","host":"web-1","integration_id":"custom-events","tags":["a:b","boomerang"],` +
		`"attributes":{"status":"error","priority":"1","links":[{"category":"runbook","url":"https://run.example","title":"Run"}],"custom":{"owner":{"team":"shop"}}}}}}`, ""},
	"create with few fields": {func(ctx context.Context, c *Client) (any, error) {
		return c.Create(ctx, event.Event{Title: "a", Text: "b"})
	}, "POST /api/v1/events", `{"title":"a","text":"b"}`, ""},
	"create alert with few fields": {func(ctx context.Context, c *Client) (any, error) {
		return c.CreateAlert(ctx, event.AlertEvent{Data: event.AlertData{Type: "event", Attributes: event.AlertAttributes{
			Title: "a", Category: "alert", IntegrationID: "custom-events", Attributes: event.AlertDetails{Status: "ok"},
		}}})
	}, "POST /api/v2/events", `{"data":{"type":"event","attributes":{"title":"a","category":"alert","integration_id":"custom-events","attributes":{"status":"ok"}}}}`, ""},
}

// otherCalls need responses of their own.
var otherCalls = map[string]apiCall{
	"dashboard": {func(ctx context.Context, c *Client) (any, error) { return c.Dashboard(ctx, "p63-b2n-sjg") }, "GET /api/v1/dashboard/p63-b2n-sjg", "", "dashboards_read"},
	"monitors":  {func(ctx context.Context, c *Client) (any, error) { return c.MonitorsTagged(ctx, "a:b", "c") }, "GET /api/v1/monitor?monitor_tags=a%3Ab%2Cc", "", "monitors_read"},
	"variable":  {func(ctx context.Context, c *Client) (any, error) { return c.HasVariable(ctx, "A_TOKEN") }, "GET /api/v1/integration/webhooks/configuration/custom-variables/A_TOKEN", "", "integrations_read"},
	"validate":  {func(ctx context.Context, c *Client) (any, error) { return nil, c.Validate(ctx) }, "GET /api/v1/validate", "", ""},
}

func TestClient_Requests(t *testing.T) {
	all := map[string]apiCall{}
	for _, calls := range []map[string]apiCall{readCalls, writeCalls, createCalls, otherCalls} {
		maps.Copy(all, calls)
	}
	for name, tt := range all {
		t.Run(name, func(t *testing.T) {
			var l log
			_ = tt.do(t.Context(), clientOver(t, l.answering(200, wholeAnswer), keyring{}))
			got := l.requests[0]
			host := "https://api.datadoghq.com"
			if strings.HasPrefix(name, "create alert") {
				host = "https://event-management-intake.datadoghq.com"
			}
			if sent := got.method + " " + strings.TrimPrefix(got.url, host); sent != tt.request || got.body != tt.body {
				t.Errorf("sent\n%s %s, want\n%s %s", sent, got.body, tt.request, tt.body)
			}
			want := http.Header{"Accept": {"application/json"}, "User-Agent": {"boomerang"}, "Dd-Api-Key": {apiKey}, "Dd-Application-Key": {appKey}}
			if name == "create" || name == "create with few fields" || name == "validate" {
				want.Del("DD-APPLICATION-KEY")
			}
			if tt.body != "" {
				want.Set("Content-Type", "application/json")
			}
			if diff := cmp.Diff(want, got.header); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
}
