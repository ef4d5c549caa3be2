package suspects_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/enrich/events"
	"boomerang/shared/enrich/monitor"
	"boomerang/shared/enrich/suspects"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
	"boomerang/shared/site"
)

var noon = time.Date(2026, time.November, 21, 12, 0, 0, 0, time.UTC)

// checkoutAlert is one whose metric jumped after a deploy.
func checkoutAlert() alert.Alert {
	return alert.Alert{
		ID: "1", MonitorID: "7", Date: noon, Transition: alert.Triggered, Title: "[Triggered] Checkout is slow", Tags: alert.Tags{"service:checkout", "env:prod"},
		Query: "avg(last_5m):avg:checkout.duration{env:prod} > 1",
	}
}

func seedCheckout(s *fakedatadog.Server) {
	s.AddMonitor(fakedatadog.Monitor{ID: 7, Name: "Checkout is slow"})
	s.AddEntity(fakedatadog.Entity{Metadata: fakedatadog.EntityMetadata{Name: "checkout"}, Spec: fakedatadog.EntitySpec{DependsOn: []string{"service:payments"}}})
	post(s, -9, fakedatadog.Event{ID: 42, Title: "Deploy checkout to prod succeeded", SourceTypeName: "github", Tags: []string{"service:checkout", "env:prod", "version:2", "author:ann"}})
	post(s, -25, fakedatadog.Event{ID: 43, Title: "[Triggered] Payments fail", AlertType: "error", MonitorID: 8, Tags: []string{"service:payments", "env:prod", "monitor"}})
	s.AddSeries(fakedatadog.Series{Query: "avg:checkout.duration{env:prod}", Points: jump()})
}

// jump is a metric that jumped 6 minutes before noon.
func jump() (points [][2]float64) {
	for minute := -180.0; minute <= 0; minute++ {
		value := 0.3
		if minute >= -6 {
			value = 1.4
		}
		points = append(points, [2]float64{float64(at(minute).UnixMilli()), value})
	}
	return points
}

func at(minute float64) time.Time { return noon.Add(minutes(minute)) }

func post(s *fakedatadog.Server, minute float64, e fakedatadog.Event) {
	e.Text, e.DateHappened = e.Title, at(minute).Unix()
	s.AddEvent(e)
}

// find returns what the step finds among what seed adds.
func find(ctx context.Context, t *testing.T, c suspects.Config, a alert.Alert, seed func(*fakedatadog.Server)) (enrich.Finding, *fakedatadog.Server) {
	t.Helper()
	client, fake := enrichtest.Client(t, fakedatadog.Options{Now: func() time.Time { return noon }})
	seed(fake)
	got, err := suspects.Kind(client).New(c, time.Minute).Enrich(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return got, fake
}

func TestConformance(t *testing.T) {
	a := checkoutAlert()
	a.Date = time.Now().UTC().Truncate(time.Second)
	enrichtest.Conformance(t, enrichtest.Case{
		Kind: suspects.Kind, Alert: a,
		Seed: func(s *fakedatadog.Server) {
			s.AddMonitor(fakedatadog.Monitor{ID: 7, Name: "Checkout is slow"})
			s.AddEvent(fakedatadog.Event{
				Title: "Deploy checkout to prod succeeded", Text: "x", DateHappened: a.Date.Add(-9 * time.Minute).Unix(), SourceTypeName: "github", Tags: []string{"service:checkout", "env:prod"},
			})
		},
	})
}

func TestStep(t *testing.T) {
	got, _ := find(t.Context(), t, suspects.Config{}, checkoutAlert(), seedCheckout)
	deploy := "Deploy checkout to prod succeeded (version 2), by ann; the metric jumped 3 min later"
	upstream := "[Triggered] Payments fail; checkout depends on payments"
	const page = "https://app.datadoghq.com/event/event?event_id="
	enrichtest.Equal(t, got, enrich.Finding{
		Title: "Suspects", Weight: enrich.Essential, Began: noon, Suspect: enrich.Change{Kind: "deploy", Service: "checkout"},
		Blocks: []enrich.Block{enrich.List{Items: []enrich.Item{
			{Time: at(-9), Tag: "deploy", Text: deploy, URL: page + "42", Lead: enrich.Suspect},
			{Time: at(-25), Tag: "alert", Text: upstream, URL: page + "43", Lead: enrich.Suspect},
		}}},
		Lead: []enrich.Lead{
			{Answer: enrich.Suspect, Text: deploy, URL: page + "42", Time: at(-9)},
			{Answer: enrich.Suspect, Text: upstream, URL: page + "43", Time: at(-25)},
		},
	}, `{"began":"2026-11-21T12:00:00Z","suspects":[`+
		`{"kind":"deploy","title":"Deploy checkout to prod succeeded (version 2), by ann","time":"2026-11-21T11:51:00Z","before":540,`+
		`"evidence":["the metric jumped 3 min later"],"rule":"deploy","service":"checkout","url":"`+page+`42","event_id":"42","score":1.3},`+
		`{"kind":"alert","title":"[Triggered] Payments fail","time":"2026-11-21T11:35:00Z","before":1500,`+
		`"evidence":["checkout depends on payments"],"rule":"upstream_alert","service":"payments","url":"`+page+`43","event_id":"43","score":0.95}]}`)
}

// TestStep_MonitorOnly has an alert as of Datadog's default payload, of which only the monitor
// says what it is about.
func TestStep_MonitorOnly(t *testing.T) {
	want, _ := find(t.Context(), t, suspects.Config{}, checkoutAlert(), seedCheckout)
	for name, tags := range map[string][]string{"its tags": {"service:checkout", "env:prod"}, "its query": {"team:shop"}} {
		t.Run(name, func(t *testing.T) {
			a := checkoutAlert()
			query := strings.Replace(a.Query, "{env:prod}", "{env:prod,service:checkout}", 1)
			a.Tags, a.Query = nil, ""
			got, fake := find(t.Context(), t, suspects.Config{}, a, func(s *fakedatadog.Server) {
				seedCheckout(s)
				s.AddSeries(fakedatadog.Series{Query: "avg:checkout.duration{env:prod,service:checkout}", Points: jump()})
				s.AddMonitor(fakedatadog.Monitor{ID: 7, Query: query, Tags: tags})
			})
			if diff := cmp.Diff(want.Data, got.Data); diff != "" {
				t.Errorf("data (-want +got):\n%s", diff)
			}
			if n := strings.Count(fmt.Sprint(fake.Requests()), "/api/v1/monitor/7"); n != 1 {
				t.Errorf("%d reads of the monitor", n)
			}
		})
	}
}

// TestStep_None leaves it to the step monitor to say that Datadog has no such monitor.
func TestStep_None(t *testing.T) {
	for name, monitors := range map[string][]fakedatadog.Monitor{"no event": {{ID: 7}}, "no monitor": nil} {
		got, _ := find(t.Context(), t, suspects.Config{}, checkoutAlert(), func(s *fakedatadog.Server) {
			for _, m := range monitors {
				s.AddMonitor(m)
			}
		})
		if d := got.Data.(suspects.Data); got.PartialReason != nil || len(d.Missing) > 0 || len(got.Lead) != 1 || got.Lead[0] != (enrich.Lead{Answer: enrich.Suspect, Text: enrich.NoSuspect}) {
			t.Errorf("%s: partial: %v, lead %+v, data %+v", name, got.PartialReason, got.Lead, d)
		}
		enrichtest.Blocks(t, got, enrich.List{Items: []enrich.Item{{Text: "No suspect found.", Lead: enrich.Suspect}}})
	}
}

// TestStep_Storm has as many events that Boomerang posted as one search returns, newer than the deploy.
func TestStep_Storm(t *testing.T) {
	want, _ := find(t.Context(), t, suspects.Config{}, checkoutAlert(), seedCheckout)
	got, _ := find(t.Context(), t, suspects.Config{}, checkoutAlert(), func(s *fakedatadog.Server) {
		seedCheckout(s)
		for n := range 1000 {
			key := fmt.Sprintf("idempotency_key:%016x", n)
			post(s, -1, fakedatadog.Event{Title: "[Triggered] Cart is slow", Tags: []string{"boomerang", key, "service:cart", "env:prod"}})
		}
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestStep_Without(t *testing.T) {
	got, _ := find(t.Context(), t, suspects.Config{Without: []string{"deploy", "upstream_alert"}}, checkoutAlert(), seedCheckout)
	if d := got.Data.(suspects.Data); len(d.Suspects) != 0 {
		t.Errorf("got %+v", d.Suspects)
	}
	enrichtest.Validate(t, suspects.Config{Without: []string{"deploy", "metric_move"}}, "")
	enrichtest.Validate(t, suspects.Config{Without: []string{"deploys"}}, `without: "deploys" is not a rule: use one of deploy, flag, config, infrastructure, `+
		`other_change, other_event, dependency_change, upstream_alert, shared_group, only_group, recurring, metric_move, precedent`)
}

func TestStep_Precedents(t *testing.T) {
	ctx := enrich.WithHistory(t.Context(), enrich.History{Precedents: []enrich.Precedent{{Kind: "deploy", Service: "checkout", Times: 3, Of: 9}}})
	got, _ := find(ctx, t, suspects.Config{}, checkoutAlert(), seedCheckout)
	want := []string{"the metric jumped 3 min later", "3 of 9 earlier alerts followed a deploy of checkout"}
	if diff := cmp.Diff(want, got.Data.(suspects.Data).Suspects[0].Evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
}

// TestStep_Reads counts the calls beside those of the other default steps.
func TestStep_Reads(t *testing.T) {
	for name, tt := range map[string]struct {
		transition alert.Transition
		seed       func(*fakedatadog.Server)
		want       string
	}{
		"a suspect": {alert.Triggered, seedCheckout, "catalog.relations events.search metrics.query"},
		"none but an event as before earlier alerts": {
			alert.Triggered, func(s *fakedatadog.Server) {
				post(s, -5, fakedatadog.Event{Title: "Import started", SourceTypeName: "airflow", Tags: []string{"service:checkout"}})
			}, "catalog.relations events.search events.search metrics.query",
		},
		"a reminder": {alert.Renotify, func(s *fakedatadog.Server) {
			seedCheckout(s)
			post(s, -3, fakedatadog.Event{Title: "[Triggered] Checkout is slow", AlertType: "error", MonitorID: 7, Tags: []string{"monitor"}})
		}, "catalog.relations events.search metrics.query"},
	} {
		t.Run(name, func(t *testing.T) {
			client, fake := enrichtest.Client(t, fakedatadog.Options{Now: func() time.Time { return noon }})
			tt.seed(fake)
			fake.AddMonitor(fakedatadog.Monitor{ID: 7})
			a := checkoutAlert()
			a.Transition = tt.transition
			for _, kind := range []enrich.Kind{monitor.Kind(client, site.US1), events.RelatedKind(client)} {
				enrichtest.Find(t, kind.New(kind.Config, time.Minute), a)
			}
			before := len(fake.Requests())
			enrichtest.Find(t, suspects.Kind(client).New(suspects.Config{}, time.Minute), a)
			var further []string
			for _, r := range fake.Requests()[before:] {
				further = append(further, string(r.Route))
			}
			slices.Sort(further)
			if got := strings.Join(further, " "); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestStep_Partial(t *testing.T) {
	for route, want := range map[fakedatadog.Route]string{
		fakedatadog.CatalogRelations: "dependencies", fakedatadog.MetricsQuery: "the metric's move", fakedatadog.MonitorGet: "the monitor's groups",
	} {
		t.Run(string(route), func(t *testing.T) {
			got, _ := find(t.Context(), t, suspects.Config{}, checkoutAlert(), func(s *fakedatadog.Server) {
				seedCheckout(s)
				if err := s.Inject(route, enrichtest.Unavailable, 0); err != nil {
					t.Fatal(err)
				}
			})
			d := got.Data.(suspects.Data)
			if got.PartialReason == nil || len(d.Suspects) == 0 || len(d.Missing) != 1 || !strings.HasPrefix(d.Missing[0], "Unavailable: "+want+": ") {
				t.Errorf("partial: %v, data %+v", fault.Public(got.PartialReason), d)
			}
		})
	}
}

// TestStep_PartialBeside does not repeat what a step says that makes the same read.
func TestStep_PartialBeside(t *testing.T) {
	client, fake := enrichtest.Client(t, fakedatadog.Options{Now: func() time.Time { return noon }})
	fake.AddMonitor(fakedatadog.Monitor{ID: 7})
	if err := fake.Inject(fakedatadog.MonitorGet, enrichtest.Unavailable, 0); err != nil {
		t.Fatal(err)
	}
	named := func(k enrich.Kind) enrich.Named {
		return enrich.Named{Name: k.Name, Step: k.New(k.Config, time.Minute)}
	}
	for name, tt := range map[string]struct {
		beside []enrich.Named
		blocks int
	}{"alone": {nil, 2}, "beside the step monitor": {[]enrich.Named{named(monitor.Kind(client, site.US1))}, 1}} {
		t.Run(name, func(t *testing.T) {
			got := enrich.Run(t.Context(), append([]enrich.Named{named(suspects.Kind(client))}, tt.beside...), checkoutAlert(), time.Minute)[0].Finding
			if d := got.Data.(suspects.Data); got.PartialReason == nil || len(d.Missing) != 1 || len(got.Blocks) != tt.blocks {
				t.Errorf("partial: %v, data %+v, blocks %+v", got.PartialReason, d, got.Blocks)
			}
		})
	}
}
