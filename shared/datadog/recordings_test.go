package datadog

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"boomerang/shared/fakedatadog/recordings"
)

// recordedReads say which call reads a recorded response, and where the response holds values that must be in the
// result.
var recordedReads = []recordedRead{
	{`^POST /api/v1/events$`, createCalls["create"], []string{"event.id_str", "event.url"}},
	{`^POST /api/v2/events$`, createCalls["create alert"], []string{"data.attributes.attributes.evt.uid", "links.self"}},
	{`^GET /api/v1/events/\d+$`, readCalls["event"], []string{"event.id_str", "event.title", "event.text", "event.tags.*", "event.url", "event.host", "event.source", "event.alert_type"}},
	{`^GET /api/v1/events$`, readCalls["events"], []string{"events.*.id_str", "events.*.title", "events.*.text", "events.*.tags.*", "events.*.url"}},
	{`^POST /api/v2/events/search$`, readCalls["search events"], []string{
		"data.*.attributes.message", "data.*.attributes.tags.*", "data.*.attributes.attributes.title", "data.*.attributes.attributes.evt.id",
	}},
	{`^(GET|PUT) /api/v1/monitor/\d+$`, readCalls["monitor"], []string{"id", "name", "type", "query", "message", "tags.*", "overall_state"}},
	{`^GET /api/v1/monitor$`, otherCalls["monitors"], []string{"*.id", "*.name"}},
	{`^GET /api/v1/query$`, readCalls["series"], []string{"series.*.tag_set.*", "series.*.pointlist.*.1"}},
	{`^GET /api/v1/graph/snapshot$`, readCalls["snapshot"], []string{"snapshot_url"}},
	{`^GET /api/v1/slo/search$`, readCalls["SLOs"], []string{
		"data.attributes.slos.*.data.id", "data.attributes.slos.*.data.attributes.name", "data.attributes.slos.*.data.attributes.status.state",
	}},
	{`^GET /api/v1/slo/\w+/history$`, readCalls["SLO history"], []string{"data.overall.errors.*.error_message"}},
	{`^POST /api/v2/logs/events/search$`, readCalls["logs"], []string{"data.*.attributes.message"}},
	{`^GET /api/v2/catalog/entity$`, apiCall{get: func(ctx context.Context, c *Client) (any, error) {
		return read(ctx, c, call{op: "get the service", method: http.MethodGet, path: "/"}, entityResponse.whole)
	}}, []string{"data.*.attributes.name", "data.*.attributes.owner"}},
	{`^GET /api/v2/catalog/relation$`, readCalls["dependencies"], []string{"data.*.attributes.to.kind", "data.*.attributes.to.name"}},
	{`^GET /api/v2/services/definitions/[^/]+$`, readCalls["service definition"], []string{
		"data.attributes.schema.dd-service", "data.attributes.schema.team", "data.attributes.schema.contacts.*.contact", "data.attributes.schema.links.*.url",
	}},
	{`^GET /api/v2/team$`, apiCall{get: func(ctx context.Context, c *Client) (any, error) {
		return readEach(ctx, c, call{op: "get the team", method: http.MethodGet, path: "/"}, "data", team)
	}}, []string{"data.*.id", "data.*.attributes.handle", "data.*.attributes.name"}},
	{`^GET /api/v2/on-call/teams/[^/]+/on-call$`, readCalls["on call"], []string{"included.*.attributes.email"}},
	{`^GET /api/v2/incidents/search$`, readCalls["incidents"], []string{
		"data.attributes.total", "data.attributes.incidents.*.data.attributes.title", "data.attributes.incidents.*.data.attributes.state",
	}},
	{`^GET /api/v2/monitor/\d+/downtime_matches$`, readCalls["downtime matches"], []string{"data.*.id", "data.*.attributes.scope", "data.*.attributes.groups.*"}},
	{`^GET /api/v2/downtime$`, readCalls["downtimes"], []string{"data.*.id", "data.*.attributes.message"}},
	{`^GET /api/v1/hosts$`, readCalls["hosts"], []string{"host_list.*.name", "host_list.*.apps.*", "host_list.*.meta.platform", "host_list.*.meta.agent_version"}},
}

type recordedRead struct {
	request string // A regular expression.
	call    apiCall
	paths   []string
}

// TestRecordings reads what the real API answered in the tests of Datadog's own clients.
func TestRecordings(t *testing.T) {
	exchanges, played := recordings.Read(t), make([]int, len(recordedReads))
	for _, e := range exchanges {
		asked, err := url.Parse(e.Request.URL)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(recordedReads, func(recorded recordedRead) bool {
			return regexp.MustCompile(recorded.request).MatchString(e.Request.Method + " " + asked.Path)
		})
		if i < 0 {
			continue
		}
		played[i]++
		t.Run(e.File, func(t *testing.T) { recordedReads[i].check(t, e) })
	}
	for i, n := range played {
		if n == 0 {
			t.Errorf("no recording of %s", recordedReads[i].request)
		}
	}
}

func (r recordedRead) check(t *testing.T, e recordings.Exchange) {
	got, err := r.call.get(t.Context(), clientOver(t, func(*http.Request) (*http.Response, error) {
		resp := respond(e.Response.Code, e.Response.Body)
		resp.Header = e.Response.Headers
		return resp, nil
	}, keyring{}))
	if e.Response.Code >= 300 {
		if _, got := failure(t, err); got.Status != e.Response.Code || got.Text == "" {
			t.Errorf("got %+v of %s", got, e.Response.Body)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var body any
	decoder := json.NewDecoder(strings.NewReader(e.Response.Body))
	decoder.UseNumber()
	if err := decoder.Decode(&body); err != nil {
		t.Fatal(err)
	}
	result := fmt.Sprintf("%+v", got)
	for _, path := range r.paths {
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
