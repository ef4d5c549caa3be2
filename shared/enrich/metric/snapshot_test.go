package metric

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

func TestSnapshot_Conformance(t *testing.T) {
	enrichtest.Conformance(t, enrichtest.Case{
		Kind:  SnapshotKind,
		Alert: alert.Alert{ID: "1", Query: query, Date: noon},
		Seed:  func(*fakedatadog.Server) {}, // The fake draws everything.
	})
}

const own = "https://p.datadoghq.com/snapshot/view/own.png"

func TestSnapshot(t *testing.T) {
	const drawn = "https://p/drawn.png"
	for name, tt := range map[string]struct {
		c     SnapshotConfig
		a     alert.Alert
		query *datadog.SeriesQuery // Nil: no request.
		title string
		data  SnapshotData
	}{
		"own picture": {a: alert.Alert{Query: query, Snapshot: own + " "}, title: "The alert's graph", data: SnapshotData{URL: own, Own: true}},
		"alert's query": {
			a:     alert.Alert{Query: query, Date: noon.Add(-time.Second)},
			query: &datadog.SeriesQuery{Query: "avg:system.load.1{env:prod} by {host}", From: noon.Add(-time.Hour), To: noon},
			title: "Graph of avg:system.load.1{env:prod} by {host}; it may take some seconds to appear",
			data:  SnapshotData{URL: drawn, Query: "avg:system.load.1{env:prod} by {host}"},
		},
		"playbook's query": {
			c: SnapshotConfig{Query: "avg:a{*}", Window: 4 * time.Hour}, a: alert.Alert{Snapshot: own, Date: noon},
			query: &datadog.SeriesQuery{Query: "avg:a{*}", From: noon.Add(-4 * time.Hour), To: noon},
			title: "Graph of avg:a{*}; it may take some seconds to appear",
			data:  SnapshotData{URL: drawn, Query: "avg:a{*}"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var asked *datadog.SeriesQuery
			render := func(_ context.Context, q datadog.SeriesQuery) (string, error) { asked = &q; return drawn, nil }
			got := enrichtest.Find(t, newSnapshot(render, tt.c), tt.a)
			if diff := cmp.Diff(tt.query, asked); diff != "" {
				t.Errorf("query (-want +got):\n%s", diff)
			}
			enrichtest.Blocks(t, got, enrich.Image{Title: tt.title, URL: tt.data.URL})
			if got.Data != tt.data {
				t.Errorf("data %+v", got.Data)
			}
		})
	}
}

func TestSnapshot_InvalidPicture(t *testing.T) {
	for _, address := range []string{
		"", "http://p.datadoghq.com/a.png", "javascript:alert()", "https:///a.png", "https://user:pass@p.datadoghq.com/a.png", "https://%zz", "$SNAPSHOT",
		own + strings.Repeat("x", maxURLBytes),
	} {
		a := alert.Alert{Snapshot: address, Query: "1 && 2"}
		enrichtest.Skips(t, newSnapshot(nil, SnapshotConfig{}), a, "the query of the alert's monitor is a composite of other monitors")
	}
}

func TestSnapshotConfig_Validate(t *testing.T) {
	enrichtest.Validate(t, SnapshotConfig{Query: "avg:a{*}", Window: time.Hour}, "")
	enrichtest.Validate(t, SnapshotConfig{Window: -1}, "window is -1ns: set a time between 1m and 720h")
}
