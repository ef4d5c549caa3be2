package datadog

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"boomerang/shared/event"
)

// recordedReads say which recorded responses a call reads, and where they hold values that must be in the result.
var recordedReads = []recordedRead{
	{regexp.MustCompile(`^POST /api/v1/events$`), func(ctx context.Context, c *Client) (any, error) { return c.Create(ctx, event.Event{}) }, []string{"event.id_str", "event.url"}},
	{regexp.MustCompile(`^POST /api/v2/events$`), func(ctx context.Context, c *Client) (any, error) { return c.CreateAlert(ctx, event.AlertEvent{}) },
		[]string{"data.attributes.attributes.evt.uid", "links.self"}},
	{regexp.MustCompile(`^GET /api/v1/events/\d+$`), func(ctx context.Context, c *Client) (any, error) { return c.Event(ctx, "7") },
		[]string{"event.id_str", "event.title", "event.text", "event.tags.*", "event.url", "event.host", "event.source", "event.alert_type"}},
	{regexp.MustCompile(`^GET /api/v1/events$`), func(ctx context.Context, c *Client) (any, error) { return c.Events(ctx, EventQuery{}) },
		[]string{"events.*.id_str", "events.*.title", "events.*.text", "events.*.tags.*", "events.*.url"}},
	{regexp.MustCompile(`^POST /api/v2/events/search$`), func(ctx context.Context, c *Client) (any, error) { return c.SearchEvents(ctx, EventSearch{}) },
		[]string{"data.*.id", "data.*.attributes.message", "data.*.attributes.tags.*", "data.*.attributes.attributes.title", "data.*.attributes.attributes.evt.id"}},
	{regexp.MustCompile(`^(GET|PUT) /api/v1/monitor/\d+$`), func(ctx context.Context, c *Client) (any, error) { return c.Monitor(ctx, 7, MonitorQuery{}) },
		[]string{"id", "name", "type", "query", "message", "tags.*", "overall_state"}},
	{regexp.MustCompile(`^GET /api/v1/monitor$`), func(ctx context.Context, c *Client) (any, error) { return c.MonitorsTagged(ctx, "") }, []string{"*.id", "*.name"}},
	{regexp.MustCompile(`^GET /api/v1/query$`), func(ctx context.Context, c *Client) (any, error) { return c.Series(ctx, SeriesQuery{}) },
		[]string{"series.*.metric", "series.*.scope", "series.*.tag_set.*", "series.*.pointlist.*.1"}},
	{regexp.MustCompile(`^GET /api/v1/graph/snapshot$`), func(ctx context.Context, c *Client) (any, error) { return c.Snapshot(ctx, SnapshotQuery{}) }, []string{"snapshot_url"}},
	{regexp.MustCompile(`^GET /api/v1/slo/search$`), func(ctx context.Context, c *Client) (any, error) { return c.SLOs(ctx, "", 5) },
		[]string{"data.attributes.slos.*.data.id", "data.attributes.slos.*.data.attributes.name", "data.attributes.slos.*.data.attributes.status.state"}},
	{regexp.MustCompile(`^GET /api/v1/slo/\w+/history$`), func(ctx context.Context, c *Client) (any, error) { return c.SLOHistory(ctx, SLOHistoryQuery{}) },
		[]string{"data.overall.errors.*.error_message"}},
	{regexp.MustCompile(`^POST /api/v2/logs/events/search$`), func(ctx context.Context, c *Client) (any, error) { return c.Logs(ctx, LogQuery{}) },
		[]string{"data.*.id", "data.*.attributes.message", "data.*.attributes.host", "data.*.attributes.status"}},
	{regexp.MustCompile(`^GET /api/v2/catalog/entity$`), func(ctx context.Context, c *Client) (any, error) {
		return read(ctx, c, call{op: "get the service", method: http.MethodGet, path: "/"}, unchanged[entityResponse])
	}, []string{"data.*.attributes.name", "data.*.attributes.owner"}},
	{regexp.MustCompile(`^GET /api/v2/services/definitions/[^/]+$`), func(ctx context.Context, c *Client) (any, error) { return c.serviceDefinition(ctx, "any") },
		[]string{"data.attributes.schema.dd-service", "data.attributes.schema.team", "data.attributes.schema.contacts.*.contact", "data.attributes.schema.links.*.url"}},
	{regexp.MustCompile(`^GET /api/v2/team$`), func(ctx context.Context, c *Client) (any, error) {
		return read(ctx, c, call{op: "get the team", method: http.MethodGet, path: "/"}, unchanged[list[resource[teamFields]]])
	}, []string{"data.*.id", "data.*.attributes.handle", "data.*.attributes.name"}},
	{regexp.MustCompile(`^GET /api/v2/on-call/teams/[^/]+/on-call$`), func(ctx context.Context, c *Client) (any, error) { return c.OnCall(ctx, "any") },
		[]string{"data.relationships.responders.data.*.id"}},
	{regexp.MustCompile(`^GET /api/v2/incidents/search$`), func(ctx context.Context, c *Client) (any, error) { return c.Incidents(ctx, "", 5) },
		[]string{"data.attributes.total", "data.attributes.incidents.*.data.id", "data.attributes.incidents.*.data.attributes.title", "data.attributes.incidents.*.data.attributes.state"}},
	{regexp.MustCompile(`^GET /api/v2/monitor/\d+/downtime_matches$`), func(ctx context.Context, c *Client) (any, error) { return c.DowntimeMatches(ctx, 7) },
		[]string{"data.*.id", "data.*.attributes.scope", "data.*.attributes.groups.*"}},
	{regexp.MustCompile(`^GET /api/v2/downtime$`), func(ctx context.Context, c *Client) (any, error) { return c.CurrentDowntimes(ctx) },
		[]string{"data.*.id", "data.*.attributes.message"}},
	{regexp.MustCompile(`^GET /api/v1/hosts$`), func(ctx context.Context, c *Client) (any, error) { return c.Hosts(ctx, HostQuery{}) },
		[]string{"host_list.*.name", "host_list.*.apps.*", "host_list.*.meta.platform", "host_list.*.meta.agent_version"}},
}

type recordedRead struct {
	request *regexp.Regexp
	read    func(context.Context, *Client) (any, error)
	paths   []string
}

type recording struct {
	Request struct {
		Method string `yaml:"method"`
		URL    string `yaml:"url"`
	} `yaml:"request"`
	Response struct {
		Code    int         `yaml:"code"`
		Headers http.Header `yaml:"headers"`
		Body    string      `yaml:"body"`
	} `yaml:"response"`
}

// TestRecordings reads what the real API answered in the tests of Datadog's own clients.
func TestRecordings(t *testing.T) {
	folder := os.Getenv("RECORDINGS")
	if folder == "" {
		t.Skip("RECORDINGS is not set: name the folder with the recorded exchanges of datadog-api-client-go")
	}
	played := make([]int, len(recordedReads))
	for file, recordings := range recordingsIn(t, folder) {
		for _, r := range recordings {
			asked, err := url.Parse(r.Request.URL)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(recordedReads, func(call recordedRead) bool {
				return call.request.MatchString(r.Request.Method + " " + asked.Path)
			})
			if i < 0 {
				continue
			}
			played[i]++
			t.Run(file, func(t *testing.T) { r.check(t, recordedReads[i]) })
		}
	}
	for i, n := range played {
		if n == 0 {
			t.Errorf("no recording of %s", recordedReads[i].request)
		}
	}
}

func (r recording) check(t *testing.T, call recordedRead) {
	got, err := call.read(t.Context(), clientOver(t, func(*http.Request) (*http.Response, error) {
		resp := respond(r.Response.Code, r.Response.Body)
		resp.Header = r.Response.Headers
		return resp, nil
	}, keyring{}))
	if r.Response.Code >= 300 {
		if _, e := failure(t, err); e.Status != r.Response.Code || e.Text == "" {
			t.Errorf("got %+v of %s", e, r.Response.Body)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var body any
	decoder := json.NewDecoder(strings.NewReader(r.Response.Body))
	decoder.UseNumber()
	if err := decoder.Decode(&body); err != nil {
		t.Fatal(err)
	}
	result := fmt.Sprintf("%+v", got)
	for _, path := range call.paths {
		for _, want := range valuesAt(body, strings.Split(path, ".")) {
			if number, ok := want.(json.Number); ok && !strings.Contains(result, number.String()) {
				want, _ = number.Float64()
			}
			if !strings.Contains(result, fmt.Sprint(want)) {
				t.Errorf("%s of the response is %v, which the result lacks", path, want)
			}
		}
	}
}

// valuesAt returns the values at a path, in which * stands for every element.
func valuesAt(v any, path []string) (found []any) {
	if len(path) == 0 {
		if v != nil {
			found = append(found, v)
		}
		return found
	}
	switch v := v.(type) {
	case map[string]any:
		return valuesAt(v[path[0]], path[1:])
	case []any:
		for i, item := range v {
			if path[0] == "*" || path[0] == fmt.Sprint(i) {
				found = append(found, valuesAt(item, path[1:])...)
			}
		}
	}
	return found
}

func recordingsIn(t *testing.T, folder string) map[string][]recording {
	t.Helper()
	all := map[string][]recording{}
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var cassette struct {
			Interactions []recording `yaml:"interactions"`
		}
		all[path] = nil
		err = yaml.Unmarshal(raw, &cassette)
		all[path] = cassette.Interactions
		return err
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("%d files of recordings: %v", len(all), err)
	}
	return all
}
