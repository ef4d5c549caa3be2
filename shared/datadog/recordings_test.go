package datadog

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/DataDog/datadog-api-client-go/v2/api/datadogV1"
	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/event"
)

// recording is an exchange with the real API, from the tests of Datadog's client.
type recording struct {
	Request struct {
		Method string `yaml:"method"`
		URL    string `yaml:"url"`
		Body   string `yaml:"body"`
	} `yaml:"request"`
	Response struct {
		Code    int                 `yaml:"code"`
		Headers map[string][]string `yaml:"headers"`
		Body    string              `yaml:"body"`
	} `yaml:"response"`
}

func (r recording) respond() *http.Response {
	resp := respond(r.Response.Code, r.Response.Body)
	for name, values := range r.Response.Headers {
		resp.Header[http.CanonicalHeaderKey(name)] = values
	}
	return resp
}

// plays are the client's calls by the requests that they make. Each returns the
// call's error, after it compared what was read with what Datadog's client reads.
var plays = []struct {
	request *regexp.Regexp
	play    func(t *testing.T, c *Client, r recording, asked *url.URL) error
}{
	{regexp.MustCompile(`^POST /api/v1/events$`), playCreate},
	{regexp.MustCompile(`^GET /api/v1/events/\d+$`), playEvent},
	{regexp.MustCompile(`^GET /api/v1/events$`), playEvents},
	{regexp.MustCompile(`^GET /api/v1/monitor/\d+$`), playMonitor},
}

func TestClient_reads_what_the_real_API_answered(t *testing.T) {
	played := 0
	for name, r := range recordings(t) {
		asked, err := url.Parse(r.Request.URL)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range plays {
			if p.request.MatchString(r.Request.Method + " " + asked.Path) {
				played++
				t.Run(name, func(t *testing.T) {
					var l log
					err := p.play(t, clientOver(t, l.keeping(r.respond), keyring{}), r, asked)
					r.checkRequest(t, l.requests[0])
					r.checkError(t, err)
				})
			}
		}
	}
	if played == 0 {
		t.Error("no recording was of use")
	}
}

func (r recording) checkRequest(t *testing.T, got seen) {
	t.Helper()
	if got.method != r.Request.Method || canonical(t, got.url) != canonical(t, r.Request.URL) {
		t.Errorf("asked %s %s, want %s %s", got.method, got.url, r.Request.Method, r.Request.URL)
	}
	if diff := cmp.Diff(fromJSON(t, r.Request.Body), fromJSON(t, got.body)); diff != "" {
		t.Error(diff)
	}
}

func (r recording) checkError(t *testing.T, err error) {
	t.Helper()
	if r.Response.Code < 300 {
		if err != nil {
			t.Error(err)
		}
		return
	}
	var want struct{ Errors []any }
	if err := json.Unmarshal([]byte(r.Response.Body), &want); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, e := range want.Errors {
		if object, ok := e.(map[string]any); ok {
			e = fmt.Sprint(object["title"], ": ", object["detail"])
		}
		texts = append(texts, fmt.Sprint(e))
	}
	if _, e := failure(t, err); e.Status != r.Response.Code || e.Words != strings.Join(texts, "; ") {
		t.Errorf("got %+v of %s", e, r.Response.Body)
	}
}

func playCreate(t *testing.T, c *Client, r recording, _ *url.URL) error {
	var e event.Event
	if err := json.Unmarshal([]byte(r.Request.Body), &e); err != nil {
		t.Fatal(err)
	}
	got, err := c.Create(t.Context(), e)
	if err != nil {
		return err
	}
	var want datadogV1.EventCreateResponse
	official(t, r.Response.Body, &want)
	if diff := cmp.Diff(event.Posted{ID: want.Event.GetIdStr(), URL: want.Event.GetUrl()}, got); diff != "" {
		t.Error(diff)
	}
	return nil
}

func playEvent(t *testing.T, c *Client, r recording, asked *url.URL) error {
	got, err := c.Event(t.Context(), path.Base(asked.Path))
	if err != nil {
		return err
	}
	var want datadogV1.EventResponse
	official(t, r.Response.Body, &want)
	sameEvent(t, want.GetEvent(), got)
	return nil
}

func playEvents(t *testing.T, c *Client, r recording, asked *url.URL) error {
	q := asked.Query()
	query := EventQuery{
		Start: time.Unix(number64(q.Get("start")), 0), End: time.Unix(number64(q.Get("end")), 0),
		Priority: q.Get("priority"), Unaggregated: q.Get("unaggregated") == "true",
	}
	if q.Has("tags") {
		query.Tags = strings.Split(q.Get("tags"), ",")
	}
	got, err := c.Events(t.Context(), query)
	if err != nil {
		return err
	}
	var want datadogV1.EventListResponse
	official(t, r.Response.Body, &want)
	if len(got) != len(want.Events) {
		t.Fatalf("got %d events, want %d", len(got), len(want.Events))
	}
	for i := range want.Events {
		sameEvent(t, want.Events[i], got[i])
	}
	return nil
}

func playMonitor(t *testing.T, c *Client, r recording, asked *url.URL) error {
	got, err := c.Monitor(t.Context(), number64(path.Base(asked.Path)), MonitorQuery{WithDowntimes: asked.Query().Get("with_downtimes") == "true"})
	if err != nil {
		return err
	}
	var want datadogV1.Monitor
	official(t, r.Response.Body, &want)
	sameMonitor(t, want, got)
	return nil
}

// Monitors look the same in answers to calls that the client does not make:
// created, changed and listed ones.
func TestClient_reads_every_monitor_that_was_recorded(t *testing.T) {
	request := regexp.MustCompile(`^(GET|POST|PUT) /api/v1/monitor(/\d+)?$`)
	c := clientOver(t, nil, keyring{})
	read := 0
	for name, r := range recordings(t) {
		if asked, err := url.Parse(r.Request.URL); err != nil || r.Response.Code != 200 || !request.MatchString(r.Request.Method+" "+asked.Path) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			body := "[" + strings.Trim(r.Response.Body, "[]\n ") + "]"
			var got []wireMonitor
			if err := decode([]byte(body), &got); err != nil {
				t.Fatal(err)
			}
			var want []datadogV1.Monitor
			official(t, body, &want)
			for i := range want {
				read++
				if !got[i].complete() {
					t.Errorf("monitor %d was not read", i)
				}
				if i < comparedMonitors && want[i].UnparsedObject == nil {
					sameMonitor(t, want[i], c.monitor(got[i]))
				}
			}
		})
	}
	if read == 0 {
		t.Error("no monitor was read")
	}
}

// comparedMonitors keeps the test quick: one recording lists all of an organisation.
const comparedMonitors = 50

// recordings returns the recorded exchanges about events and monitors by name.
func recordings(t *testing.T) map[string]recording {
	t.Helper()
	root := os.Getenv("RECORDINGS")
	if root == "" {
		t.Skip("set RECORDINGS to the folder with the recorded exchanges of datadog-api-client-go")
	}
	var files []string
	for _, pattern := range []string{"Events/*", "Monitors/*", "sdk/TestEvent*", "sdk/TestEvent*/*", "sdk/TestMonitor*", "sdk/TestMonitor*/*"} {
		matches, err := filepath.Glob(filepath.Join(root, "v1", pattern+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, matches...)
	}
	all := map[string]recording{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var cassette struct {
			Interactions []recording `yaml:"interactions"`
		}
		if err := yaml.Unmarshal(raw, &cassette); err != nil {
			t.Fatal(file, err)
		}
		for i, r := range cassette.Interactions {
			name, _ := filepath.Rel(root, strings.TrimSuffix(file, ".yaml"))
			all[name+"/"+strconv.Itoa(i)] = r
		}
	}
	return all
}

func canonical(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.RawQuery = u.Query().Encode()
	return u.String()
}

func fromJSON(t *testing.T, text string) any {
	t.Helper()
	var v any
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func number64(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}
