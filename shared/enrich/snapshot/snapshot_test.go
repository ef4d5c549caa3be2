package snapshot

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const query = "avg(last_5m):avg:system.load.1{env:prod} by {host} > 0.8"

func TestConformance(t *testing.T) {
	enrichtest.Conformance(t, enrichtest.Case{
		New:        func(client *datadog.Client) enrich.Step { return New(client, Config{}) },
		Permission: Permission,
		Alert:      alert.Alert{ID: "1", Query: query, Date: noon},
		Seed:       func(*fakedatadog.Server) {}, // There is a picture of everything.
	})
}

type sourceFunc func(context.Context, datadog.SnapshotQuery) (string, error)

func (f sourceFunc) Snapshot(ctx context.Context, q datadog.SnapshotQuery) (string, error) {
	return f(ctx, q)
}

const own = "https://p.datadoghq.com/snapshot/view/own.png"

func TestEnrich(t *testing.T) {
	for name, tt := range map[string]struct {
		c     Config
		a     alert.Alert
		asked *datadog.SnapshotQuery // Nil: nothing may be.
		title string
		data  Data
	}{
		"the_alerts_own_picture_costs_no_call": {
			a:     alert.Alert{Query: query, Snapshot: own + " "},
			title: "The alert's graph", data: Data{URL: own, Own: true},
		},
		"an_alert_without_one_has_its_query_drawn": {
			a:     alert.Alert{Query: query, Date: noon.Add(-time.Second)},
			asked: &datadog.SnapshotQuery{Query: "avg:system.load.1{env:prod} by {host}", From: noon.Add(-time.Hour), To: noon},
			title: "Graph of avg:system.load.1{env:prod} by {host}; it may take some seconds to appear",
			data:  Data{URL: "https://p/drawn.png", Query: "avg:system.load.1{env:prod} by {host}"},
		},
		"the_playbooks_query_goes_before_the_alerts_picture": {
			c: Config{Query: "avg:a{*}", Window: 4 * time.Hour}, a: alert.Alert{Snapshot: own, Date: noon},
			asked: &datadog.SnapshotQuery{Query: "avg:a{*}", From: noon.Add(-4 * time.Hour), To: noon},
			title: "Graph of avg:a{*}; it may take some seconds to appear",
			data:  Data{URL: "https://p/drawn.png", Query: "avg:a{*}"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var asked *datadog.SnapshotQuery
			got, err := New(sourceFunc(func(_ context.Context, q datadog.SnapshotQuery) (string, error) {
				asked = &q
				return "https://p/drawn.png", nil
			}), tt.c).Enrich(t.Context(), tt.a)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.asked, asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			want := enrich.Finding{
				Title: "Graph", Weight: enrich.Useful, Data: tt.data,
				Blocks: []enrich.Block{enrich.Image{Title: tt.title, URL: tt.data.URL}},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("finding (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEnrich_a_picture_from_nowhere_is_none(t *testing.T) {
	for _, address := range []string{
		"", "http://p.datadoghq.com/a.png", "javascript:alert()", "https:///a.png", "https://user:pass@p.datadoghq.com/a.png", "https://%zz", "$SNAPSHOT",
		own + strings.Repeat("x", maxAddress),
	} {
		step := enrich.Named{Name: Name, Step: New(nil, Config{})}
		r := enrich.Run(t.Context(), []enrich.Named{step}, alert.Alert{Snapshot: address, Query: "1 && 2"}, time.Minute)[0]
		if r.Status != enrich.Skipped || fault.Public(r.Err) != "the query of the alert's monitor is a composite of other monitors" {
			t.Errorf("%.60s: %s, %v", address, r.Status, r.Err)
		}
	}
}

func TestConfig_Validate(t *testing.T) {
	for _, tt := range []struct {
		c    Config
		want string
	}{
		{Config{}, ""},
		{Config{Query: "avg:a{*}", Window: time.Hour}, ""},
		{Config{Window: -1}, "window is -1ns: give a time between 1m and 720h"},
		{Config{Query: "logs('a')"}, "query is a log query: give a metric query such as avg:system.load.1{*}"},
	} {
		got := ""
		if err := tt.c.Validate(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.c, got, tt.want)
		}
	}
}

// TestData_as_playbooks_see_it holds the names that playbooks rely on.
func TestData_as_playbooks_see_it(t *testing.T) {
	text, err := json.Marshal(Data{URL: "u"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"url":"u","query":"","own":false}`, string(text)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}
