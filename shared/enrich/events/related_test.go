package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
)

func TestRelated_Conformance(t *testing.T) {
	enrichtest.Conformance(t, enrichtest.Case{
		New:        func(client *datadog.Client) enrich.Step { return NewRelated(client) },
		Permission: "events_read",
		Alert:      alert.Alert{ID: "8306082202796025001", MonitorID: "7", Date: noon, Tags: alert.Tags{"monitor", "service:checkout"}},
		Seed: func(s *fakedatadog.Server) {
			s.AddEvent(fakedatadog.Event{
				Title: "Deployed checkout", SourceTypeName: "github", Tags: []string{"service:checkout"},
				DateHappened: noon.Add(-10 * time.Minute).Unix(),
			})
			s.AddEvent(fakedatadog.Event{
				Title: "[Triggered] Checkout is slow", AlertType: "error", Tags: []string{"monitor", "service:checkout"}, MonitorID: 7,
				DateHappened: noon.Add(-3 * time.Hour).Unix(),
			})
		},
	})
}

// parts answers each call by itself and records it.
type parts struct {
	around, history func(context.Context) ([]datadog.Event, error)

	mu    sync.Mutex
	asked []datadog.EventQuery
}

func (h *parts) Events(ctx context.Context, q datadog.EventQuery) ([]datadog.Event, error) {
	h.mu.Lock()
	h.asked = append(h.asked, q)
	h.mu.Unlock()
	if q.Tags[0] == "monitor" {
		return h.history(ctx)
	}
	return h.around(ctx)
}

func has(events ...datadog.Event) func(context.Context) ([]datadog.Event, error) {
	return func(context.Context) ([]datadog.Event, error) { return events, nil }
}

func fails(err error) func(context.Context) ([]datadog.Event, error) {
	return func(context.Context) ([]datadog.Event, error) { return nil, err }
}

func hangs(ctx context.Context) ([]datadog.Event, error) {
	<-ctx.Done()
	return nil, fault.New(fault.Temporary, "Datadog took too long to list events", ctx.Err())
}

func TestRelated_Enrich(t *testing.T) {
	own := datadog.Event{ID: "1", MonitorID: 7, Title: "[Triggered] Checkout is slow", AlertType: "error", Happened: noon}
	source := &parts{
		around: has(
			own,
			datadog.Event{ID: "2", MonitorID: 8, Title: "[Triggered] Cart is slow", AlertType: "error", Happened: noon.Add(time.Minute), URL: "https://app.datadoghq.com/event/event?event_id=2", Tags: []string{"env:prod"}},
			datadog.Event{ID: "3", Title: "Deployed checkout", Happened: noon.Add(-10 * time.Minute), Tags: []string{"version:1.2.3", "source:github"}},
			datadog.Event{ID: "4", Title: "Pod is not ready", Happened: noon.Add(-5 * time.Minute), Source: "Kubernetes"},
			datadog.Event{ID: "5", Title: "Pod is not ready", Happened: noon.Add(-6 * time.Minute), Source: "Kubernetes"},
			datadog.Event{ID: "6", Title: "Deployed checkout", Happened: noon, Tags: []string{"env:staging"}},
			datadog.Event{ID: "7", Title: "[Triggered] Checkout is slow", Happened: noon, Tags: []string{alert.OwnTag}},
		),
		history: has(
			own,
			datadog.Event{ID: "11", MonitorID: 7, Title: "[Triggered on {host:a}] Checkout is slow", AlertType: "error", Happened: noon.Add(-3 * time.Hour)},
			datadog.Event{ID: "12", MonitorID: 7, Title: "[Recovered on {host:a}] Checkout is slow", AlertType: "success", Happened: noon.Add(-2 * time.Hour)},
			datadog.Event{ID: "13", MonitorID: 7, Title: "[Warn] Checkout is slow", AlertType: "warning", Happened: noon.Add(-4 * time.Hour)},
			datadog.Event{ID: "14", MonitorID: 8, Title: "[Triggered] Cart is slow", AlertType: "error", Happened: noon.Add(-time.Hour)},
			datadog.Event{ID: "15", MonitorID: 7, Title: "[Triggered] Checkout is slow", Happened: noon.Add(-time.Hour), Tags: []string{alert.OwnTag}},
		),
	}
	a := alert.Alert{ID: "1", MonitorID: "7", Date: noon.Add(500 * time.Millisecond), Tags: alert.Tags{"monitor", "service:checkout", "env:prod"}}
	got, err := NewRelated(source).Enrich(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}

	from, to := noon.Add(-time.Hour), noon.Add(5*time.Minute)
	deploy := Entry{Kind: Deploy, Title: "Deployed checkout (version 1.2.3)", Source: "github", Time: noon.Add(-10 * time.Minute), Times: 1}
	want := enrich.Finding{
		Title: "Related events", Weight: enrich.Important,
		Blocks: []enrich.Block{
			enrich.Facts{{Name: "Around service:checkout, 11:00 to 12:05 UTC", Value: "1 deploy, 1 other alert, 2 other events"}},
			enrich.List{Items: []enrich.Item{
				{Time: noon.Add(time.Minute), Tag: "alert", Text: "[Triggered] Cart is slow", URL: "https://app.datadoghq.com/event/event?event_id=2"},
				{Time: noon.Add(-5 * time.Minute), Tag: "other", Text: "Pod is not ready (twice)"},
				{Time: noon.Add(-10 * time.Minute), Tag: "deploy", Text: "Deployed checkout (version 1.2.3)"},
			}},
			enrich.Facts{{Name: "This monitor", Value: "fired twice in the day before, last on 21 Nov 09:00 UTC"}},
		},
		Data: RelatedData{
			Around: Around{
				Tags: []string{"service:checkout"}, From: from, To: to,
				Alerts: 1, Deploys: 1, Others: 2, LastChange: &deploy,
				Events: []Entry{
					{Kind: Alert, Title: "[Triggered] Cart is slow", Time: noon.Add(time.Minute), URL: "https://app.datadoghq.com/event/event?event_id=2", Times: 1},
					{Kind: Other, Title: "Pod is not ready", Source: "kubernetes", Time: noon.Add(-5 * time.Minute), Times: 2},
					deploy,
				},
			},
			History: History{FiredLastDay: 2, LastFired: noon.Add(-3 * time.Hour)},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}

	if source.asked[0].Tags[0] == "monitor" {
		source.asked[0], source.asked[1] = source.asked[1], source.asked[0]
	}
	wantAsked := []datadog.EventQuery{
		{Start: from, End: to, Tags: []string{"service:checkout"}, Unaggregated: true, ExcludeAggregate: true},
		{Start: noon.Add(-24 * time.Hour), End: noon.Add(time.Minute), Tags: []string{"monitor"}, Unaggregated: true, ExcludeAggregate: true},
	}
	if diff := cmp.Diff(wantAsked, source.asked); diff != "" {
		t.Errorf("questions (-want +got):\n%s", diff)
	}
}

func TestRelated_OnePart(t *testing.T) {
	for _, tt := range []struct {
		name string
		a    alert.Alert
		want []enrich.Block
	}{
		{
			"no_monitor",
			alert.Alert{Hostname: "a", Date: noon},
			[]enrich.Block{enrich.Facts{{Name: "Around host:a, 11:00 to 12:05 UTC", Value: "no other events"}}},
		},
		{
			"no_tag",
			alert.Alert{MonitorID: "7", Tags: alert.Tags{"monitor", "env:prod"}, Date: noon},
			[]enrich.Block{enrich.Facts{{Name: "This monitor", Value: "did not fire in the day before"}}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			source := &parts{around: has(), history: has()}
			got, err := NewRelated(source).Enrich(t.Context(), tt.a)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.Blocks); diff != "" || len(source.asked) != 1 {
				t.Errorf("asked %d questions, want 1; blocks (-want +got):\n%s", len(source.asked), diff)
			}
		})
	}
}

func TestRelated_Partial(t *testing.T) {
	refused := fault.New(fault.Permanent, "Datadog refused to list events (400 Bad Request)", errors.New("cause"))
	a := alert.Alert{MonitorID: "7", Hostname: "a", Date: noon}
	around := enrich.Facts{{Name: "Around host:a, 11:00 to 12:05 UTC", Value: "no other events"}}
	for _, tt := range []struct {
		name    string
		source  *parts
		want    []enrich.Block
		missing []string
	}{
		{
			"history_refused", &parts{around: has(), history: fails(refused)},
			[]enrich.Block{around, enrich.Paragraph("Unavailable: this monitor's history: Datadog refused to list events (400 Bad Request).")},
			[]string{"Unavailable: this monitor's history: Datadog refused to list events (400 Bad Request)."},
		},
		{
			"history_slow", &parts{around: has(), history: hangs},
			[]enrich.Block{around, enrich.Paragraph("Unavailable: this monitor's history: no answer within 4.8s.")},
			[]string{"Unavailable: this monitor's history: no answer within 4.8s."},
		},
		{
			"stream_slow", &parts{around: hangs, history: has()},
			[]enrich.Block{
				enrich.Facts{{Name: "This monitor", Value: "did not fire in the day before"}},
				enrich.Paragraph("Unavailable: other events: no answer within 4.8s."),
			},
			[]string{"Unavailable: other events: no answer within 4.8s."},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := enrich.Run(t.Context(), []enrich.Named{{Name: RelatedName, Step: NewRelated(tt.source)}}, a, 5*time.Second)[0]
				if r.Status != enrich.OK {
					t.Fatalf("ended %s: %v", r.Status, r.Err)
				}
				if diff := cmp.Diff(tt.want, r.Finding.Blocks); diff != "" {
					t.Errorf("blocks (-want +got):\n%s", diff)
				}
				if partial := r.Finding.PartialReason != nil; partial != (tt.missing != nil) {
					t.Errorf("partial reason %v", r.Finding.PartialReason)
				}
				if diff := cmp.Diff(tt.missing, r.Finding.Data.(RelatedData).Missing); diff != "" {
					t.Errorf("missing (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRelated_Failed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		step := NewRelated(&parts{around: hangs, history: hangs})
		a := alert.Alert{MonitorID: "7", Hostname: "a", Date: noon}
		if r := enrich.Run(t.Context(), []enrich.Named{{Name: RelatedName, Step: step}}, a, 5*time.Second)[0]; r.Status != enrich.TimedOut {
			t.Errorf("ended %s: %v", r.Status, r.Err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := step.Enrich(ctx, a); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want that of the context", err)
		}
		started := time.Now()
		if _, err := step.Enrich(t.Context(), a); !errors.Is(err, context.DeadlineExceeded) || time.Since(started) != time.Minute {
			t.Errorf("without a deadline: error %v after %v, want one after %v", err, time.Since(started), time.Minute)
		}
	})
}

func TestRelated_NoDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &parts{around: has()}
		if _, err := NewRelated(source).Enrich(t.Context(), alert.Alert{Hostname: "a"}); err != nil || !source.asked[0].End.Equal(time.Now().Add(after)) {
			t.Errorf("asked %+v, error %v", source.asked, err)
		}
	})
}

func TestSearchTags(t *testing.T) {
	for _, tt := range []struct {
		name string
		tags alert.Tags
		want []string
	}{
		{"none", nil, nil},
		{"environment", alert.Tags{"monitor", "env:prod", "priority:p1"}, nil},
		{"service before host", alert.Tags{"host:a", "service:checkout", "env:prod"}, []string{"service:checkout"}},
		{"host before namespace", alert.Tags{"kube_namespace:shop", "host:a"}, []string{"host:a"}},
		{"deployment", alert.Tags{"kube_namespace:shop", "kube_deployment:cart", "env:prod"}, []string{"kube_deployment:cart"}},
		{"namespace with environment", alert.Tags{"kube_namespace:shop", "env:prod"}, []string{"kube_namespace:shop", "env:prod"}},
		{"team", alert.Tags{"team:shop"}, []string{"team:shop"}},
		{"empty value", alert.Tags{"service:", "host:a"}, []string{"host:a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, searchTags(tt.tags)); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRelated_NoisySource(t *testing.T) {
	events := []datadog.Event{
		{Title: "Deployed checkout", Happened: noon.Add(-time.Hour)},
		{Title: "Config updated", Happened: noon.Add(-30 * time.Minute)},
		{Title: "Deployed elsewhere", Happened: noon, Tags: []string{"env:dev"}},
	}
	for i := range 100 {
		happened := noon.Add(-time.Duration(i) * time.Second)
		events = append(events,
			datadog.Event{Title: fmt.Sprintf("Pod %d is not ready", i), Happened: happened, Tags: []string{"env:dev", "env:prod"}},
			datadog.Event{Title: fmt.Sprintf("[Triggered] %d", i), Happened: happened, MonitorID: 8},
		)
	}
	f := aroundFinding(Around{}, related(events, alert.Alert{ID: "1", Tags: alert.Tags{"env:prod"}}))
	d, list := f.Data.(Around), f.Blocks[1].(enrich.List)
	var shown []string
	for _, e := range d.Events {
		shown = append(shown, e.Title)
	}
	want := []string{
		"Pod 0 is not ready", "[Triggered] 0", "Pod 1 is not ready", "[Triggered] 1", "[Triggered] 2", "[Triggered] 3",
		"Config updated", "Deployed checkout",
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
	if d.Alerts != 100 || d.Others != 100 || d.Deploys != 1 || d.Changes != 1 || d.LastChange.Title != "Config updated" || list.More != 202-len(want) {
		t.Errorf("%d more, %+v", list.More, d)
	}
}

func TestAround_Summary(t *testing.T) {
	for _, tt := range []struct {
		r    Around
		want string
	}{
		{Around{Deploys: 2, Changes: 1, Alerts: 3, Others: 1}, "2 deploys, 1 change, 3 other alerts, 1 other event"},
		{Around{}, "no other events"},
		{Around{AtLeast: true, Deploys: 1, Alerts: 900}, "at least 1 deploy, 900 other alerts"},
		{Around{AtLeast: true, Changes: 2}, "at least 2 changes"},
		{Around{AtLeast: true, Others: 999}, "at least 999 other events; no deploy or change among the newest 1000 events"},
		{Around{AtLeast: true}, "unknown: the newest 1000 events are all of this alert or of another environment"},
	} {
		if got := tt.r.summary(); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.r, got, tt.want)
		}
	}
}

func TestRelated_FullPage(t *testing.T) {
	for n, want := range map[int]string{
		maxListed - 1: "998 other alerts",
		maxListed:     "at least 999 other alerts; no deploy or change among the newest 1000 events",
	} {
		events := []datadog.Event{{ID: "1", Happened: noon}}
		for i := range n - 1 {
			events = append(events, datadog.Event{MonitorID: 8, Title: fmt.Sprintf("[Triggered] %d", i), Happened: noon})
		}
		got, err := NewRelated(&parts{around: has(events...), history: has()}).Enrich(t.Context(), alert.Alert{ID: "1", Hostname: "a", Date: noon})
		if err != nil {
			t.Fatal(err)
		}
		if facts := got.Blocks[0].(enrich.Facts); facts[0].Value != want || got.Data.(RelatedData).AtLeast != (n == maxListed) {
			t.Errorf("%d events: got %+v, at least %v; want %q", n, facts, got.Data.(RelatedData).AtLeast, want)
		}
	}
}

// TestRelatedData_JSON holds the names that playbooks use.
func TestRelatedData_JSON(t *testing.T) {
	deploy := Entry{Kind: Deploy, Title: "Deployed", Source: "github", Time: noon, URL: "https://x", Times: 1}
	text, err := json.Marshal(RelatedData{
		Around: Around{
			Tags: []string{"service:a"}, From: noon, To: noon, Alerts: 1, Deploys: 2, Changes: 3, Others: 4, AtLeast: true,
			LastChange: &deploy, Events: []Entry{deploy},
		},
		History: History{FiredLastDay: 5, FiredAtLeast: true, LastFired: noon},
		Missing: []string{"Unavailable: it."},
	})
	if err != nil {
		t.Fatal(err)
	}
	const entry = `{"kind":"deploy","title":"Deployed","source":"github","time":"2026-11-21T12:00:00Z","url":"https://x","times":1}`
	want := `{"tags":["service:a"],"from":"2026-11-21T12:00:00Z","to":"2026-11-21T12:00:00Z","alerts":1,"deploys":2,"changes":3,"others":4,"at_least":true,` +
		`"last_change":` + entry + `,"events":[` + entry + `],` +
		`"fired_last_day":5,"fired_at_least":true,"last_fired":"2026-11-21T12:00:00Z","missing":["Unavailable: it."]}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}
