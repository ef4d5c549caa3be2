package monitor

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/site"
)

func TestEnrich_Composite(t *testing.T) {
	broken := errors.New("broken")
	monitors := map[int64]datadog.Monitor{
		7:  {ID: 7, Name: "Shop", Type: "composite", Query: "( 11 && !12 ) || 11 || 13", OverallState: "Alert", Groups: []datadog.MonitorGroup{{Name: "*", Status: "Alert", LastTriggered: noon.Add(-time.Minute)}}},
		11: {ID: 11, Name: "Latency", OverallState: "Alert"},
		12: {ID: 12, Name: "Traffic", OverallState: "OK"},
	}
	step := newStep(func(_ context.Context, id int64, _ datadog.MonitorQuery) (datadog.Monitor, error) {
		if m, ok := monitors[id]; ok {
			return m, nil
		}
		return datadog.Monitor{}, broken
	}, site.US1)
	got := enrichtest.Find(t, step, alert.Alert{MonitorID: "7", Date: noon, Transition: alert.Triggered, Title: "Shop"})
	if diff := cmp.Diff([]string{"Latency: Alert; Traffic: OK; monitor 13: unknown"}, leadTexts(got, enrich.What)); diff != "" {
		t.Errorf("what fails (-want +got):\n%s", diff)
	}
	wantList := enrich.List{Items: []enrich.Item{
		{Tag: "Alert", Text: "Latency (11)", URL: "https://app.datadoghq.com/monitors/11", Lead: enrich.What},
		{Tag: "OK", Text: "Traffic (12)", URL: "https://app.datadoghq.com/monitors/12", Lead: enrich.What},
		{Tag: "unknown", Text: "13", URL: "https://app.datadoghq.com/monitors/13", Lead: enrich.What},
	}}
	if diff := cmp.Diff(wantList, got.Blocks[0]); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if !errors.Is(got.PartialReason, broken) {
		t.Errorf("partial reason %v", got.PartialReason)
	}
	want := []Part{
		{ID: 11, Name: "Latency", State: "Alert", URL: "https://app.datadoghq.com/monitors/11"},
		{ID: 12, Name: "Traffic", State: "OK", URL: "https://app.datadoghq.com/monitors/12"},
		{ID: 13, URL: "https://app.datadoghq.com/monitors/13"},
	}
	if diff := cmp.Diff(want, got.Data.(Data).Parts); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
}

func TestEnrich_CompositeReads(t *testing.T) {
	reads := make(chan int64, 20)
	step := newStep(func(_ context.Context, id int64, _ datadog.MonitorQuery) (datadog.Monitor, error) {
		reads <- id
		return datadog.Monitor{ID: id, Type: "composite", Query: "1 && 2 && 3 && 4 && 5 && 99999999999999999999"}, nil
	}, site.US1)
	got := enrichtest.Find(t, step, alert.Alert{MonitorID: "7"})
	if len(reads) != 1+maxParts || len(got.Data.(Data).Parts) != 5 {
		t.Errorf("%d reads, parts %+v", len(reads), got.Data.(Data).Parts)
	}
}
