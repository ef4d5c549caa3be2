package events

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
		Kind:  RelatedKind,
		Alert: alert.Alert{ID: "8306082202796025001", MonitorID: "7", Date: noon, Tags: alert.Tags{"monitor", "service:checkout"}},
		Seed: func(s *fakedatadog.Server) {
			s.AddEvent(fakedatadog.Event{
				Title: "Deployed checkout", SourceTypeName: "github", Tags: []string{"service:checkout"}, DateHappened: noon.Add(-10 * time.Minute).Unix(),
			})
			s.AddEvent(fakedatadog.Event{
				Title: "[Triggered] Checkout is slow", AlertType: "error", Tags: []string{"monitor", "service:checkout"}, MonitorID: 7,
				DateHappened: noon.Add(-3 * time.Hour).Unix(),
			})
		},
	})
}

// calls answers the two calls by itself and records them.
type calls struct {
	around, history func(context.Context) ([]datadog.Event, error)

	mu   sync.Mutex
	made []datadog.EventQuery
}

func (c *calls) Events(ctx context.Context, q datadog.EventQuery) ([]datadog.Event, error) {
	c.mu.Lock()
	c.made = append(c.made, q)
	c.mu.Unlock()
	if q.Tags[0] == "monitor" {
		return c.history(ctx)
	}
	return c.around(ctx)
}

func has(events ...datadog.Event) func(context.Context) ([]datadog.Event, error) {
	return func(context.Context) ([]datadog.Event, error) { return events, nil }
}

func fails(context.Context) ([]datadog.Event, error) {
	return nil, fault.New(fault.Permanent, "Datadog refused", errors.New("cause"))
}

func hangs(ctx context.Context) ([]datadog.Event, error) {
	<-ctx.Done()
	return nil, fault.New(fault.Temporary, "Datadog took too long", ctx.Err())
}

func TestRelated_Enrich(t *testing.T) {
	own := datadog.Event{ID: "1", MonitorID: 7, Title: "[Triggered] Checkout is slow", AlertType: "error", Happened: noon}
	fired, recovered, warned := own, own, own
	fired.ID, fired.Title, fired.Happened = "11", "[Triggered on {host:a}] Checkout is slow", noon.Add(-3*time.Hour)
	recovered.ID, recovered.Title, recovered.Happened = "12", "[Recovered on {host:a}] Checkout is slow", noon.Add(-2*time.Hour)
	warned.ID, warned.Title, warned.Happened = "13", "[Warn] Checkout is slow", noon.Add(-4*time.Hour)
	posted, other := own, own
	posted.ID, posted.Happened, posted.Tags = "14", noon.Add(-time.Hour), []string{alert.SourceTag}
	other.ID, other.MonitorID, other.Happened = "15", 8, noon.Add(-time.Hour)
	const eventURL = "https://app.datadoghq.com/event/event?event_id=2"
	source := &calls{
		around: has(
			own, posted,
			datadog.Event{ID: "2", MonitorID: 8, Title: "[Triggered] Cart is slow", Happened: noon.Add(time.Minute), URL: eventURL, Tags: []string{"env:prod"}},
			datadog.Event{ID: "3", Title: "Deployed checkout", Happened: noon.Add(-10 * time.Minute), Tags: []string{"version:1.2.3", "source:github"}},
			datadog.Event{ID: "4", Title: "Pod is not ready", Happened: noon.Add(-5 * time.Minute), Source: "Kubernetes"},
			datadog.Event{ID: "5", Title: "Pod is not ready", Happened: noon.Add(-6 * time.Minute), Source: "Kubernetes"},
			datadog.Event{ID: "6", Title: "Deployed checkout", Happened: noon, Tags: []string{"env:staging"}},
		),
		history: has(own, fired, recovered, warned, posted, other),
	}
	a := alert.Alert{ID: "1", MonitorID: "7", Date: noon.Add(500 * time.Millisecond), Tags: alert.Tags{"monitor", "service:checkout", "env:prod"}}
	got := enrichtest.Find(t, newRelated(source.Events), a)

	const deploy = `{"kind":"deploy","title":"Deployed checkout (version 1.2.3)","source":"github","time":"2026-11-21T11:50:00Z","times":1}`
	from, to := noon.Add(-time.Hour), noon.Add(5*time.Minute)
	enrichtest.Equal(t, got, enrich.Finding{
		Title: "Related events", Weight: enrich.Important,
		Changes: []enrich.Change{{Kind: "deploy", Title: "Deployed checkout (version 1.2.3)", Time: noon.Add(-10 * time.Minute)}},
		Blocks: []enrich.Block{
			enrich.Facts{{Name: "Around service:checkout, 11:00 to 12:05 UTC", Value: "1 deploy, 1 other alert, 2 other events"}},
			enrich.List{Items: []enrich.Item{
				{Time: noon.Add(time.Minute), Tag: "alert", Text: "[Triggered] Cart is slow", URL: eventURL},
				{Time: noon.Add(-5 * time.Minute), Tag: "other", Text: "Pod is not ready (twice)"},
				{Time: noon.Add(-10 * time.Minute), Tag: "deploy", Text: "Deployed checkout (version 1.2.3)"},
			}},
			enrich.Facts{{Name: "This monitor", Value: "fired twice in the day before, last at 09:00 UTC, 3 h before"}},
		},
	}, `{"tags":["service:checkout"],"from":"2026-11-21T11:00:00Z","to":"2026-11-21T12:05:00Z","alerts":1,"deploys":1,"changes":0,"others":2,"last_change":`+deploy+
		`,"events":[{"kind":"alert","title":"[Triggered] Cart is slow","time":"2026-11-21T12:01:00Z","url":"`+eventURL+`","times":1},`+
		`{"kind":"other","title":"Pod is not ready","source":"kubernetes","time":"2026-11-21T11:55:00Z","times":2},`+deploy+
		`],"fired_last_day":2,"last_fired":"2026-11-21T09:00:00Z"}`)
	slices.SortFunc(source.made, func(a, b datadog.EventQuery) int { return -strings.Compare(a.Tags[0], b.Tags[0]) })
	wantCalls := []datadog.EventQuery{
		{Start: from, End: to, Tags: []string{"service:checkout"}, Unaggregated: true, ExcludeAggregate: true, MaxText: maxText},
		{Start: noon.Add(-24 * time.Hour), End: noon.Add(time.Minute), Tags: []string{"monitor"}, Unaggregated: true, ExcludeAggregate: true, MaxText: 1},
	}
	if diff := cmp.Diff(wantCalls, source.made); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestRelated_Parts(t *testing.T) {
	around := enrich.Facts{{Name: "Around host:a, 11:00 to 12:05 UTC", Value: "no other events"}}
	history := enrich.Facts{{Name: "This monitor", Value: "did not fire in the day before"}}
	both := alert.Alert{MonitorID: "7", Hostname: "a", Date: noon}
	for _, tt := range []struct {
		name    string
		a       alert.Alert
		source  *calls
		want    enrich.Block
		missing string
	}{
		{"no monitor", alert.Alert{Hostname: "a", Date: noon}, &calls{around: has()}, around, ""},
		{"no tag", alert.Alert{MonitorID: "7", Tags: alert.Tags{"monitor", "env:prod"}, Date: noon}, &calls{history: has()}, history, ""},
		{"history refused", both, &calls{around: has(), history: fails}, around, "Unavailable: this monitor's history: Datadog refused."},
		{"history slow", both, &calls{around: has(), history: hangs}, around, "Unavailable: this monitor's history: no answer within 4.8s."},
		{"events slow", both, &calls{around: hangs, history: has()}, history, "Unavailable: other events: no answer within 4.8s."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := enrich.Run(t.Context(), []enrich.Named{{Step: newRelated(tt.source.Events)}}, tt.a, 5*time.Second)[0]
				want := []enrich.Block{tt.want}
				var missing []string
				if tt.missing != "" {
					want, missing = append(want, enrich.Paragraph(tt.missing)), []string{tt.missing}
				}
				if diff := cmp.Diff(want, r.Finding.Blocks); r.Status != enrich.OK || r.Complete() != (tt.missing == "") || diff != "" {
					t.Errorf("ended %s, partial reason %v, blocks (-want +got):\n%s", r.Status, r.Finding.PartialReason, diff)
				}
				if diff := cmp.Diff(missing, r.Finding.Data.(RelatedData).Missing); diff != "" {
					t.Errorf("missing (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestRelated_OwnMonitor counts the monitor's other groups as other alerts, and not the same
// group's notifications, which the history counts.
func TestRelated_OwnMonitor(t *testing.T) {
	for name, tt := range map[string]struct {
		scope  string
		e      datadog.Event
		alerts int
	}{
		"the same group":   {"env:prod,host:a", datadog.Event{MonitorID: 7, MonitorGroups: []string{"host:a"}}, 0},
		"another group":    {"env:prod,host:a", datadog.Event{MonitorID: 7, MonitorGroups: []string{"host:b"}}, 1},
		"no groups":        {"", datadog.Event{MonitorID: 7, MonitorGroups: []string{"*"}}, 0},
		"an unknown group": {"host:a", datadog.Event{MonitorID: 7}, 0},
		"another monitor":  {"host:a", datadog.Event{MonitorID: 8, MonitorGroups: []string{"host:a"}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			tt.e.ID, tt.e.Title, tt.e.Happened = "2", "[Triggered] Checkout is slow", noon.Add(-30*time.Minute)
			a := alert.Alert{ID: "1", MonitorID: "7", Scope: tt.scope, Date: noon}
			if d := aroundFinding(Around{}, related([]datadog.Event{tt.e}, a)).Data.(Around); d.Alerts != tt.alerts {
				t.Errorf("%d other alerts, want %d", d.Alerts, tt.alerts)
			}
		})
	}
}

func TestSearchTags(t *testing.T) {
	for tags, want := range map[string]string{
		"":                              "",
		"monitor env:prod priority:p1":  "",
		"host:a service:checkout env:x": "service:checkout",
		"kube_namespace:shop host:a":    "host:a",
		"kube_namespace:shop kube_deployment:cart env:prod": "kube_deployment:cart",
		"kube_namespace:shop env:prod":                      "kube_namespace:shop env:prod",
		"team:shop":                                         "team:shop",
		"service: host:a":                                   "host:a",
	} {
		if got := strings.Join(searchTags(strings.Fields(tags)), " "); got != want {
			t.Errorf("%q: got %q, want %q", tags, got, want)
		}
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
	for n, want := range map[int]bool{maxListed - 1: false, maxListed: true} {
		f := enrichtest.Find(t, newRelated((&calls{around: has(make([]datadog.Event, n)...)}).Events), alert.Alert{ID: "1", Hostname: "a", Date: noon})
		if got := f.Data.(RelatedData).AtLeast; got != want {
			t.Errorf("%d events: at least is %v", n, got)
		}
	}
}
