package fakedatadog_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
	gocmp "github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

var update = flag.Bool("update", false, "write testdata/api.json from the recordings")

const tableFile = "testdata/api.json"

// table says what recorded exchanges prove about each status of each endpoint. A key
// is "monitor.get 200".
type table map[string]row

type row struct {
	Media string `json:"media"`
	// Limit is "name calls/period", where a recording shows one.
	Limit string `json:"limit,omitempty"`
	// Body is a shape, or the body itself of an error.
	Body any `json:"body"`
}

// The keys whose contents belong to the organisation that was recorded, or that the
// fake leaves empty.
var opaqueKeys = map[fakedatadog.Route][]string{
	fakedatadog.DashboardCreate: {"widgets"},
	"hosts.list":                {"meta", "tags_by_source"},
	"logs.search":               {"attributes.attributes"},
	fakedatadog.MonitorCreate:   {"options"},
	fakedatadog.MonitorGet:      {"options"},
	"monitor.list":              {"options"},
	fakedatadog.MonitorUpdate:   {"options"},
	fakedatadog.RuleList:        {"attributes"}, // One of their forms was recorded.
	"service_definition.get":    {"schema"},
	"incident.search": {
		"attachments", "facets", "field_analytics", "impacts", "incidents_relationship", "integrations", "responders", "user_defined_fields",
		"included", // The incidents once more.
	},
}

// The keys that Datadog added to an answer after some of the recordings were made.
var addedKeys = map[fakedatadog.Route][]string{
	fakedatadog.MonitorCreate: {"restriction_policy"},
	fakedatadog.MetricsQuery:  {"times", "values"},
	"logs.search":             {"meta"},
	"incident.search":         {"archived", "declared", "declared_by", "declared_by_uuid", "declared_by_user", "incident_type_uuid", "is_test", "slug"},
}

// TestRecordings holds the table to the recordings of the tests of Datadog's own
// clients (https://github.com/DataDog/datadog-api-client-go), which are in the folder
// that RECORDINGS names.
func TestRecordings(t *testing.T) {
	folder := os.Getenv("RECORDINGS")
	if folder == "" {
		t.Skip("RECORDINGS is not set: name the folder of recorded exchanges to compare the table with them")
	}
	derived := deriveTable(t, folder)
	if *update {
		raw, _ := json.MarshalIndent(derived, "", " ") // It came from JSON.
		if err := os.WriteFile(tableFile, append(raw, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := gocmp.Diff(derived, readTable(t)); diff != "" {
		t.Errorf("%s is not what the recordings say; write it anew with -update (-recordings +table):\n%s", tableFile, diff)
	}
}

func readTable(t *testing.T) table {
	t.Helper()
	raw, err := os.ReadFile(tableFile)
	if err != nil {
		t.Fatal(err)
	}
	return decode[table](t, string(raw))
}

type cassette struct {
	Interactions []struct {
		Request struct {
			Method string `yaml:"method"`
			URL    string `yaml:"url"`
		} `yaml:"request"`
		Response struct {
			Code    int         `yaml:"code"`
			Headers http.Header `yaml:"headers"`
			Body    string      `yaml:"body"`
		} `yaml:"response"`
	} `yaml:"interactions"`
}

func deriveTable(t *testing.T, folder string) table {
	t.Helper()
	rows, bodies := table{}, map[string]*observed{}
	routes := map[string]fakedatadog.Route{}
	server := newServer()
	for _, c := range cassettes(t, folder) {
		for _, e := range c.Interactions {
			route := server.Route(httptest.NewRequest(e.Request.Method, e.Request.URL, nil))
			if route == "" {
				continue
			}
			key := fmt.Sprintf("%s %d", route, e.Response.Code)
			if bodies[key] == nil {
				bodies[key], routes[key] = &observed{}, route
			}
			body := decode[any](t, cmp.Or(e.Response.Body, "null"))
			bodies[key].add(body)
			r := row{Media: mediaType(t, e.Response.Headers), Limit: cmp.Or(limitOf(e.Response.Headers), rows[key].Limit)}
			if e.Response.Code >= http.StatusBadRequest {
				r.Body = body
			}
			rows[key] = r
		}
	}
	for key, r := range rows {
		if r.Body == nil {
			r.Body = bodies[key].shape("", opaqueKeys[routes[key]], addedKeys[routes[key]])
			rows[key] = r
		}
	}
	return rows
}

func cassettes(t *testing.T, folder string) (all []cassette) {
	t.Helper()
	if _, err := os.Stat(folder); err != nil && !filepath.IsAbs(folder) {
		folder = filepath.Join("..", "..", folder)
	}
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var c cassette
		if err := yaml.Unmarshal(raw, &c); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, c)
		return nil
	})
	if err != nil {
		t.Fatalf("reading the recordings: %v", err)
	}
	return all
}

func mediaType(t *testing.T, header http.Header) string {
	t.Helper()
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		t.Fatalf("Content-Type %q: %v", header.Get("Content-Type"), err)
	}
	return media
}

func limitOf(header http.Header) string {
	name := header.Get("X-Ratelimit-Name")
	if name == "" {
		return ""
	}
	return name + " " + header.Get("X-Ratelimit-Limit") + "/" + header.Get("X-Ratelimit-Period") + "s"
}
