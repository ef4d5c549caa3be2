package snapshot

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fakedatadog"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const query = "avg(last_5m):avg:system.load.1{env:prod} by {host} > 0.8"

func TestConformance(t *testing.T) {
	enrichtest.Conformance(t, enrichtest.Case{
		Kind:  Kind,
		Alert: alert.Alert{ID: "1", Query: query, Date: noon},
		Seed:  func(*fakedatadog.Server) {}, // The fake draws everything.
	})
}

const own = "https://p.datadoghq.com/snapshot/view/own.png"

func TestEnrich(t *testing.T) {
	const drawn = "https://p/drawn.png"
	for name, tt := range map[string]struct {
		c     Config
		a     alert.Alert
		query *datadog.SnapshotQuery // Nil: no request.
		title string
		data  Data
	}{
		"own picture": {a: alert.Alert{Query: query, Snapshot: own + " "}, title: "The alert's graph", data: Data{URL: own, Own: true}},
		"alert's query": {
			a:     alert.Alert{Query: query, Date: noon.Add(-time.Second)},
			query: &datadog.SnapshotQuery{Query: "avg:system.load.1{env:prod} by {host}", From: noon.Add(-time.Hour), To: noon},
			title: "Graph of avg:system.load.1{env:prod} by {host}; it may take some seconds to appear",
			data:  Data{URL: drawn, Query: "avg:system.load.1{env:prod} by {host}"},
		},
		"playbook's query": {
			c: Config{Query: "avg:a{*}", Window: 4 * time.Hour}, a: alert.Alert{Snapshot: own, Date: noon},
			query: &datadog.SnapshotQuery{Query: "avg:a{*}", From: noon.Add(-4 * time.Hour), To: noon},
			title: "Graph of avg:a{*}; it may take some seconds to appear",
			data:  Data{URL: drawn, Query: "avg:a{*}"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var asked *datadog.SnapshotQuery
			render := func(_ context.Context, q datadog.SnapshotQuery) (string, error) { asked = &q; return drawn, nil }
			got := enrichtest.Find(t, newStep(render, tt.c), tt.a)
			if diff := cmp.Diff(tt.query, asked); diff != "" {
				t.Errorf("query (-want +got):\n%s", diff)
			}
			want := enrich.Finding{Title: "Graph", Weight: enrich.Useful, Data: tt.data, Blocks: []enrich.Block{enrich.Image{Title: tt.title, URL: tt.data.URL}}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("finding (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEnrich_InvalidPicture(t *testing.T) {
	for _, address := range []string{
		"", "http://p.datadoghq.com/a.png", "javascript:alert()", "https:///a.png", "https://user:pass@p.datadoghq.com/a.png", "https://%zz", "$SNAPSHOT",
		own + strings.Repeat("x", maxURLBytes),
	} {
		a := alert.Alert{Snapshot: address, Query: "1 && 2"}
		enrichtest.Skips(t, newStep(nil, Config{}), a, "the query of the alert's monitor is a composite of other monitors")
	}
}

func TestConfig_Validate(t *testing.T) {
	enrichtest.Validate(t, Config{Query: "avg:a{*}", Window: time.Hour}, "")
	enrichtest.Validate(t, Config{Window: -1}, "window is -1ns: set a time between 1m and 720h")
}
