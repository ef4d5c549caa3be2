package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEvents_Live sends each documented parameter to Datadog, and shows what Datadog sent as it came.
func TestEvents_Live(t *testing.T) {
	const (
		sent = `{"id":6618108885455469409,"payload":"{\"a\":1}","new":{"z":1.50,"a":"<b>"}}`
		get  = `{
  "id": 6618108885455469409,
  "payload": "{\"a\":1}",
  "new": {
    "z": 1.50,
    "a": "<b>"
  }
}
`
	)
	list := "[\n  " + strings.ReplaceAll(strings.TrimSpace(get), "\n", "\n  ") + "\n]\n"
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.String())
		switch {
		case r.URL.Path != "/api/v1/events":
			fmt.Fprintf(w, `{"event":%s}`, sent)
		case r.URL.Query().Get("page") == "2":
			fmt.Fprintf(w, `{"events":[%s]}`, sent)
		default:
			fmt.Fprint(w, `{"events":[]}`)
		}
	}))
	defer server.Close()
	for _, c := range []struct{ line, asked, want string }{
		{"get 6618108885455469409 --live --output json", "/api/v1/events/6618108885455469409", get},
		{
			"list --live --start 1658732885 --end 2022-07-25T07:08:25Z --priority normal --sources torq,my_apps --tags test,client:go --unaggregated --exclude-aggregate --page 2 --output json",
			"/api/v1/events?end=1658732905&exclude_aggregate=true&page=2&priority=normal&sources=torq%2Cmy_apps&start=1658732885&tags=test%2Cclient%3Ago&unaggregated=true",
			list,
		},
		{"list --live --start 1658732885 --end 1658732905", "/api/v1/events?end=1658732905&start=1658732885", "0 events\n"},
	} {
		asked = nil
		screen := mustInvoke(t, with("DATADOG_API_URL", server.URL), append([]string{"events"}, strings.Fields(c.line)...)...)
		if diff := cmp.Diff(c.want, screen); diff != "" || len(asked) != 1 || asked[0] != c.asked {
			t.Errorf("%s: asked %v, -want +got:\n%s", c.line, asked, diff)
		}
	}
}
