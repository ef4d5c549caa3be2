package slo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	"boomerang/shared/site"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

var ofCheckout = alert.Alert{ID: "1", Date: noon.Add(time.Second), Tags: alert.Tags{"service:checkout", "env:prod"}}

func TestConformance(t *testing.T) {
	enrichtest.Conformance(t, enrichtest.Case{
		New:        func(client *datadog.Client) enrich.Step { return New(client, site.US1, Config{}) },
		Permission: "slos_read",
		Alert:      ofCheckout,
		Seed: func(s *fakedatadog.Server) {
			s.AddSLO(fakedatadog.SLO{Name: "Checkout answers", Tags: []string{"service:checkout"}, SLI: new(99.2), Budget: new(20.0), State: "ok"})
		},
		NotFound: "Datadog has no SLO for service:checkout",
	})
}

// source is a Source made of functions.
type source struct {
	slos    func(query string, limit int) ([]datadog.SLO, error)
	history func(ctx context.Context, q datadog.SLOHistoryQuery) (datadog.SLIStatus, error)
}

func (s source) SLOs(_ context.Context, query string, limit int) ([]datadog.SLO, error) {
	return s.slos(query, limit)
}

func (s source) SLOHistory(ctx context.Context, q datadog.SLOHistoryQuery) (datadog.SLIStatus, error) {
	return s.history(ctx, q)
}

func status(sli, budget float64) datadog.SLIStatus {
	return datadog.SLIStatus{SLI: &sli, Budget: &budget}
}

func finds(all ...datadog.SLO) func(string, int) ([]datadog.SLO, error) {
	return func(string, int) ([]datadog.SLO, error) { return all, nil }
}

func unknown(context.Context, datadog.SLOHistoryQuery) (datadog.SLIStatus, error) {
	return datadog.SLIStatus{}, nil
}

func enriched(t *testing.T, s source, a alert.Alert) enrich.Finding {
	t.Helper()
	f, err := New(s, site.EU1, Config{}).Enrich(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEnrich(t *testing.T) {
	var mu sync.Mutex
	asked := map[string]datadog.SLOHistoryQuery{}
	got := enriched(t, source{
		finds(
			datadog.SLO{ID: "a", Name: "Checkout answers", Timeframe: "7d", Target: 99.5, Warning: 99.8, State: "ok", SLIStatus: status(99.9, 80)},
			datadog.SLO{ID: "b", Name: "Checkout is quick", Timeframe: "30d", Target: 95, State: "warning", SLIStatus: status(96, 20)},
			datadog.SLO{ID: "c", Name: "Elsewhere", Timeframe: "7d", Tags: []string{"env:dev"}},
			datadog.SLO{ID: "d", Name: "Here", Timeframe: "month", Target: 99, Tags: []string{"env:prod"}, State: "no_data", SLIStatus: datadog.SLIStatus{Problem: "The denominator is zero valued"}},
		),
		func(_ context.Context, q datadog.SLOHistoryQuery) (datadog.SLIStatus, error) {
			mu.Lock()
			defer mu.Unlock()
			asked[q.ID] = q
			if q.ID == "a" {
				return status(99.625, 25), nil
			}
			return status(94.9, -2), nil
		},
	}, ofCheckout)
	worst := SLO{ID: "b", Name: "Checkout is quick", State: "breached", Timeframe: "30d", Target: 95, SLI: 94.9, Budget: -2, Known: true, URL: "https://app.datadoghq.eu/slo?slo_id=b"}
	want := enrich.Finding{
		Title: "Error budget", Weight: enrich.Important,
		Blocks: []enrich.Block{enrich.List{Items: []enrich.Item{
			{Tag: "breached", Text: "Checkout is quick: error budget overspent by 2% (94.9% good, target 95% over 30d)", URL: worst.URL},
			{Tag: "warning", Text: "Checkout answers: 25% of the error budget left (99.625% good, target 99.5% over 7d)", URL: "https://app.datadoghq.eu/slo?slo_id=a"},
			{Tag: "no_data", Text: "Here: error budget unknown: The denominator is zero valued (target 99% over month)", URL: "https://app.datadoghq.eu/slo?slo_id=d"},
		}}},
		Data: Data{SLO: worst, Count: 3, SLOs: []SLO{
			worst,
			{ID: "a", Name: "Checkout answers", State: "warning", Timeframe: "7d", Target: 99.5, SLI: 99.625, Budget: 25, Known: true, URL: "https://app.datadoghq.eu/slo?slo_id=a"},
			{ID: "d", Name: "Here", State: "no_data", Timeframe: "month", Target: 99, URL: "https://app.datadoghq.eu/slo?slo_id=d"},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
	wantAsked := map[string]datadog.SLOHistoryQuery{
		"a": {ID: "a", Timeframe: "7d", Target: 99.5, From: noon.Add(-7 * 24 * time.Hour), To: noon},
		"b": {ID: "b", Timeframe: "30d", Target: 95, From: noon.Add(-30 * 24 * time.Hour), To: noon},
	}
	if diff := cmp.Diff(wantAsked, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestEnrich_Healthy(t *testing.T) {
	got := enriched(t, source{finds(datadog.SLO{ID: "a", Timeframe: "7d", State: "ok", SLIStatus: status(100, 100)}), func(context.Context, datadog.SLOHistoryQuery) (datadog.SLIStatus, error) {
		return status(100, 100), nil
	}}, ofCheckout)
	if got.Weight != enrich.Useful || got.Data.(Data).State != "ok" {
		t.Errorf("weight %v, data %+v", got.Weight, got.Data)
	}
}

func TestEnrich_HistoryUnavailable(t *testing.T) {
	known := datadog.SLO{ID: "a", Name: "Checkout answers", Timeframe: "7d", Target: 99, State: "warning", SLIStatus: status(99.1, 10), Indexed: noon.Add(-5 * time.Minute)}
	limited := &fault.Error{Kind: fault.Temporary, Public: "its rate limit ends in 7s"}
	for name, tt := range map[string]struct {
		history func(context.Context, datadog.SLOHistoryQuery) (datadog.SLIStatus, error)
		missing error
		words   enrich.Block
	}{
		"failed": {
			func(context.Context, datadog.SLOHistoryQuery) (datadog.SLIStatus, error) {
				return datadog.SLIStatus{}, limited
			},
			limited, enrich.Paragraph("Last known values, as of 21 Nov 11:55 UTC: its rate limit ends in 7s."),
		},
		"no data": {unknown, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := enriched(t, source{finds(known), tt.history}, ofCheckout)
			want := []enrich.Block{enrich.List{Items: []enrich.Item{{
				Tag: "warning", Text: "Checkout answers: 10% of the error budget left (99.1% good, target 99% over 7d)", URL: "https://app.datadoghq.eu/slo?slo_id=a",
			}}}}
			if tt.words != nil {
				want = append(want, tt.words)
			}
			if diff := cmp.Diff(want, got.Blocks); diff != "" || !errors.Is(got.PartialReason, tt.missing) {
				t.Errorf("missing %v, blocks (-want +got):\n%s", got.PartialReason, diff)
			}
		})
	}
}

func TestEnrich_HistoryTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		got, err := New(source{finds(datadog.SLO{ID: "a", Name: "A", Timeframe: "7d", State: "ok"}), func(ctx context.Context, _ datadog.SLOHistoryQuery) (datadog.SLIStatus, error) {
			<-ctx.Done()
			return datadog.SLIStatus{}, ctx.Err()
		}}, site.US1, Config{}).Enrich(ctx, ofCheckout)
		if err != nil || ctx.Err() != nil || got.PartialReason == nil || len(got.Blocks) != 2 {
			t.Fatalf("got %+v, %v", got, err)
		}
		if want := enrich.Paragraph("Last known values: no answer within 3.8s."); got.Blocks[1] != want {
			t.Errorf("got %q", got.Blocks[1])
		}
	})
}

func TestEnrich_Search(t *testing.T) {
	for name, tt := range map[string]struct {
		c    Config
		tags alert.Tags
		want string
	}{
		"service tag":            {Config{}, alert.Tags{"service:a/b-c.d"}, "service:a/b-c.d"},
		"quoted value":           {Config{}, alert.Tags{`service:a" OR b\`}, `service:"a OR b"`},
		"configured":             {Config{Query: " team:shop "}, alert.Tags{"service:a"}, "team:shop"},
		"configured without tag": {Config{Query: "Checkout"}, nil, "Checkout"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := ""
			step := New(source{func(query string, limit int) ([]datadog.SLO, error) {
				asked = query
				return []datadog.SLO{{ID: "a"}}, nil
			}, unknown}, site.US1, tt.c)
			if _, err := step.Enrich(t.Context(), alert.Alert{Tags: tt.tags}); err != nil || asked != tt.want {
				t.Errorf("asked %q, %v, want %q", asked, err, tt.want)
			}
		})
	}
}

func TestEnrich_Skipped(t *testing.T) {
	for tag, want := range map[string]string{"env:prod": "the alert has no service tag", "service:checkout": "Datadog has no SLO for service:checkout"} {
		step := enrich.Named{Name: "slo", Step: New(source{finds(), unknown}, site.US1, Config{})}
		r := enrich.Run(t.Context(), []enrich.Named{step}, alert.Alert{Tags: alert.Tags{tag}}, time.Minute)[0]
		if r.Status != enrich.Skipped || fault.Public(r.Err) != want {
			t.Errorf("%s: %s, %v", tag, r.Status, r.Err)
		}
	}
}

func TestEnrich_Limits(t *testing.T) {
	var all []datadog.SLO
	for i := range maxFound {
		all = append(all, datadog.SLO{ID: fmt.Sprint(i, "/../?"), Name: strings.Repeat("é\n", 1000), Timeframe: "7d", State: strings.Repeat("s", 1000), SLIStatus: datadog.SLIStatus{Problem: strings.Repeat("p", 1000)}})
	}
	var mu sync.Mutex
	calls := 0
	got := enriched(t, source{finds(all...), func(context.Context, datadog.SLOHistoryQuery) (datadog.SLIStatus, error) {
		mu.Lock()
		defer mu.Unlock()
		calls++
		return datadog.SLIStatus{}, nil
	}}, ofCheckout)
	list := got.Blocks[0].(enrich.List)
	if calls != maxRefreshed || len(list.Items) != maxShown || list.More != maxFound-maxShown {
		t.Errorf("%d calls, %d items and %d more", calls, len(list.Items), list.More)
	}
	for _, item := range list.Items {
		if len([]rune(item.Text)) > 500 || strings.Contains(item.Text, "\n") || len(item.Tag) > 130 || strings.Contains(item.URL, "/../") {
			t.Errorf("item %+v", item)
		}
	}
}

func TestWorstFirst(t *testing.T) {
	order := []datadog.SLO{
		{State: "breached", SLIStatus: status(1, -50)},
		{State: "breached", SLIStatus: status(1, -5)},
		{State: "warning"},
		{State: "ok", SLIStatus: status(1, 10)},
		{State: "ok"},
		{State: "no_data"},
	}
	for i, a := range order {
		for j, b := range order {
			if got := worstFirst(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%d and %d: %d", i, j, got)
			}
		}
	}
}

func TestTimeframe(t *testing.T) {
	for text, want := range map[string]time.Duration{"7d": 168 * time.Hour, "90d": 2160 * time.Hour, "month": 0, "": 0, "d": 0, "-7d": 0, "9999d": 0, "7h": 0} {
		if got := timeframe(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// TestData_JSON holds the names that playbooks use.
func TestData_JSON(t *testing.T) {
	text, err := json.Marshal(Data{SLO: SLO{ID: "a"}, Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"a","name":"","state":"","timeframe":"","target":0,"sli":0,"budget":0,"known":false,"url":"","count":1}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}
