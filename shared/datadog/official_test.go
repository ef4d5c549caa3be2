package datadog

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	api "github.com/DataDog/datadog-api-client-go/v2/api/datadog"
	"github.com/DataDog/datadog-api-client-go/v2/api/datadogV1"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/event"
)

// The requests must be those that the typed half of Datadog's client, datadogV1,
// makes from the published specification. Only tests import it: it costs a first
// build about twenty seconds, decodes four times slower, and gives up objects
// that hold a value it does not know.
func TestClient_asks_what_the_official_client_asks(t *testing.T) {
	start, end := time.Unix(1700000000, 0), time.Unix(1700000900, 0)
	tests := map[string]struct {
		ours     func(context.Context, *Client) error
		official func(context.Context, *api.APIClient) error
	}{
		"create": {
			func(ctx context.Context, c *Client) error {
				_, err := c.Create(ctx, event.Event{
					Title: "title <&>", Text: "text é", DateHappened: 1700000000, AggregationKey: "cycle", RelatedEventID: 6327818702635911562,
					AlertType: "error", Priority: "low", Host: "web-1", Tags: []string{"a:b", "boomerang"},
				})
				return err
			},
			func(ctx context.Context, c *api.APIClient) error {
				body := datadogV1.NewEventCreateRequest("text é", "title <&>")
				body.SetDateHappened(1700000000)
				body.SetAggregationKey("cycle")
				body.SetRelatedEventId(6327818702635911562)
				body.SetAlertType(datadogV1.EVENTALERTTYPE_ERROR)
				body.SetPriority(datadogV1.EVENTPRIORITY_LOW)
				body.SetHost("web-1")
				body.SetTags([]string{"a:b", "boomerang"})
				_, _, err := datadogV1.NewEventsApi(c).CreateEvent(ctx, *body)
				return err
			},
		},
		"event": {
			func(ctx context.Context, c *Client) error { _, err := c.Event(ctx, "6327818702635911562"); return err },
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewEventsApi(c).GetEvent(ctx, 6327818702635911562)
				return err
			},
		},
		"events": {
			func(ctx context.Context, c *Client) error {
				_, err := c.Events(ctx, EventQuery{
					Start: start, End: end, Priority: "normal", Sources: []string{"github", "my apps"}, Tags: []string{"env:prod", "service:a&b"},
					Unaggregated: true, ExcludeAggregate: true, Page: 2,
				})
				return err
			},
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewEventsApi(c).ListEvents(ctx, start.Unix(), end.Unix(), *datadogV1.NewListEventsOptionalParameters().
					WithPriority(datadogV1.EVENTPRIORITY_NORMAL).WithSources("github,my apps").WithTags("env:prod,service:a&b").
					WithUnaggregated(true).WithExcludeAggregate(true).WithPage(2))
				return err
			},
		},
		"events_of_a_time": {
			func(ctx context.Context, c *Client) error {
				_, err := c.Events(ctx, EventQuery{Start: start, End: end})
				return err
			},
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewEventsApi(c).ListEvents(ctx, start.Unix(), end.Unix())
				return err
			},
		},
		"monitor": {
			func(ctx context.Context, c *Client) error {
				_, err := c.Monitor(ctx, 155844758, MonitorQuery{GroupStates: []string{"alert", "warn", "no data"}, WithDowntimes: true, WithAssets: true})
				return err
			},
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewMonitorsApi(c).GetMonitor(ctx, 155844758, datadogV1.GetMonitorOptionalParameters{
					GroupStates: api.PtrString("alert,warn,no data"), WithDowntimes: api.PtrBool(true), WithAssets: api.PtrBool(true),
				})
				return err
			},
		},
		"series": {
			func(ctx context.Context, c *Client) error {
				_, err := c.Series(ctx, SeriesQuery{Query: "avg:a.b{c:d e} by {f}", From: start, To: end})
				return err
			},
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewMetricsApi(c).QueryMetrics(ctx, start.Unix(), end.Unix(), "avg:a.b{c:d e} by {f}")
				return err
			},
		},
		"hosts": {
			func(ctx context.Context, c *Client) error {
				_, err := c.Hosts(ctx, HostQuery{Filter: "host:a b", From: start})
				return err
			},
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewHostsApi(c).ListHosts(ctx, datadogV1.ListHostsOptionalParameters{
					Filter: api.PtrString("host:a b"), From: api.PtrInt64(start.Unix()), Count: api.PtrInt64(100),
					IncludeHostsMetadata: api.PtrBool(true), IncludeMutedHostsData: api.PtrBool(true),
				})
				return err
			},
		},
		"snapshot": {
			func(ctx context.Context, c *Client) error {
				_, err := c.Snapshot(ctx, SnapshotQuery{Query: "avg:a.b{*}", From: start, To: end})
				return err
			},
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewSnapshotsApi(c).GetGraphSnapshot(ctx, start.Unix(), end.Unix(), datadogV1.GetGraphSnapshotOptionalParameters{
					MetricQuery: api.PtrString("avg:a.b{*}"),
				})
				return err
			},
		},
		"slos": {
			func(ctx context.Context, c *Client) error { _, err := c.SLOs(ctx, "service:a b", 5); return err },
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewServiceLevelObjectivesApi(c).SearchSLO(ctx, datadogV1.SearchSLOOptionalParameters{
					Query: api.PtrString("service:a b"), PageSize: api.PtrInt64(5),
				})
				return err
			},
		},
		"slo_history": {
			func(ctx context.Context, c *Client) error {
				_, err := c.SLOHistory(ctx, SLOHistoryQuery{ID: "a1", Timeframe: "7d", Target: 99.95, From: start, To: end})
				return err
			},
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewServiceLevelObjectivesApi(c).GetSLOHistory(ctx, "a1", start.Unix(), end.Unix(), datadogV1.GetSLOHistoryOptionalParameters{
					Target: api.PtrFloat64(99.95),
				})
				return err
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var ours, official log
			if err := tt.ours(t.Context(), clientOver(t, ours.answering(200, wholeAnswer), keyring{})); err != nil {
				t.Fatal(err)
			}
			if err := tt.official(officialContext(t), officialClient(official.answering(200, `{"type":"log alert","query":""}`))); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(essence(t, official.requests), essence(t, ours.requests)); diff != "" {
				t.Errorf("-official +ours\n%s", diff)
			}
		})
	}
}

func officialClient(transport roundTrip) *api.APIClient {
	cfg := api.NewConfiguration()
	cfg.HTTPClient = &http.Client{Transport: transport}
	return api.NewAPIClient(cfg)
}

func officialContext(t *testing.T) context.Context {
	return context.WithValue(t.Context(), api.ContextAPIKeys, map[string]api.APIKey{"apiKeyAuth": {Key: apiKey}, "appKeyAuth": {Key: appKey}})
}

// essence returns what must be equal of requests: all but who sends them and
// the order of fields.
func essence(t *testing.T, requests []seen) []map[string]any {
	var all []map[string]any
	for _, r := range requests {
		r.header.Del("User-Agent")
		r.header.Del("Content-Length")
		var body any
		if r.body != "" {
			if err := json.Unmarshal([]byte(r.body), &body); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, map[string]any{"method": r.method, "url": r.url, "header": r.header, "body": body})
	}
	return all
}

// official decodes body as Datadog's own client does.
func official(t *testing.T, body string, out any) {
	t.Helper()
	if err := api.Unmarshal([]byte(body), out); err != nil {
		t.Fatal(err)
	}
}

func sameEvent(t *testing.T, want datadogV1.Event, got Event) {
	t.Helper()
	w := Event{
		ID: want.GetIdStr(), Title: want.GetTitle(), Text: want.GetText(), Happened: epoch(want.GetDateHappened()),
		AlertType: string(want.GetAlertType()), Priority: string(want.GetPriority()), Source: want.GetSourceTypeName(),
		Host: want.GetHost(), Device: want.GetDeviceName(), Tags: want.GetTags(), URL: "https://app.datadoghq.com" + want.GetUrl(), Payload: want.GetPayload(),
		MonitorGroups: []string{},
	}
	if source, ok := want.AdditionalProperties["source"].(string); ok {
		w.Source = source
	}
	if diff := cmp.Diff(w, got); diff != "" {
		t.Error(diff)
	}
}

func sameMonitor(t *testing.T, want datadogV1.Monitor, got Monitor) {
	t.Helper()
	w := Monitor{
		ID: want.GetId(), Name: want.GetName(), Type: string(want.Type), Query: want.Query, Message: want.GetMessage(), Tags: want.GetTags(),
		Priority: int(want.GetPriority()), Multi: want.GetMulti(), OverallState: string(want.GetOverallState()),
		Created: want.GetCreated().UTC(), Modified: want.GetModified().UTC(),
		OverallStateModified: got.OverallStateModified, OrgID: got.OrgID, // The official model does not know them.
	}
	if creator, ok := want.GetCreatorOk(); ok && creator != nil {
		w.Creator = Creator{Name: creator.GetName(), Handle: creator.GetHandle(), Email: creator.GetEmail()}
	}
	if o, ok := want.GetOptionsOk(); ok && o != nil {
		w.NotifyNoData, w.EscalationMessage = o.GetNotifyNoData(), o.GetEscalationMessage()
		w.NoDataTimeframe = time.Duration(o.GetNoDataTimeframe()) * time.Minute
		w.RenotifyInterval = time.Duration(o.GetRenotifyInterval()) * time.Minute
		if th, ok := o.GetThresholdsOk(); ok && th != nil {
			w.Thresholds = Thresholds{
				Critical: th.Critical, CriticalRecovery: th.CriticalRecovery.Get(), Warning: th.Warning.Get(),
				WarningRecovery: th.WarningRecovery.Get(), OK: th.Ok.Get(), Unknown: th.Unknown.Get(),
			}
		}
	}
	for _, d := range want.MatchingDowntimes {
		w.Downtimes = append(w.Downtimes, Downtime{ID: d.Id, Scope: d.Scope, Start: epoch(d.GetStart()), End: epoch(d.GetEnd())})
	}
	if diff := cmp.Diff(w, got); diff != "" {
		t.Error(diff)
	}
}
