package slo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
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

var ofCheckout = alert.Alert{ID: "1", Date: noon.Add(time.Minute + time.Second), Tags: alert.Tags{"service:checkout", "env:prod"}}

func TestConformance(t *testing.T) {
	enrichtest.Conformance(t, enrichtest.Case{
		Kind:  func(c *datadog.Client) enrich.Kind { return Kind(c, site.US1) },
		Alert: ofCheckout,
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

func enriched(t *testing.T, s source) enrich.Finding {
	t.Helper()
	return enrichtest.Find(t, newStep(s, site.EU1, Config{}), ofCheckout)
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
	})
	enrichtest.Equal(t, got, enrich.Finding{
		Title: "Error budget", Weight: enrich.Important,
		Lead: []enrich.Lead{{
			Answer: enrich.What, Text: "Checkout is quick: error budget overspent by 2 % (94.9 % good, target 95 % over 30d)", URL: "https://app.datadoghq.eu/slo?slo_id=b",
		}},
		Blocks: []enrich.Block{enrich.List{Items: []enrich.Item{
			{Tag: "breached", Text: "Checkout is quick: error budget overspent by 2 % (94.9 % good, target 95 % over 30d)", URL: "https://app.datadoghq.eu/slo?slo_id=b", Lead: enrich.What},
			{Tag: "warning", Text: "Checkout answers: 25 % of the error budget left (99.625 % good, target 99.5 % over 7d)", URL: "https://app.datadoghq.eu/slo?slo_id=a"},
			{Tag: "no_data", Text: "Here: error budget unknown: The denominator is zero valued (target 99 % over month)", URL: "https://app.datadoghq.eu/slo?slo_id=d"},
		}}},
	}, `{"id":"b","name":"Checkout is quick","state":"breached","timeframe":"30d","target":95,"sli":94.9,"budget":-2,"known":true,"url":"https://app.datadoghq.eu/slo?slo_id=b",`+
		`"count":3,"slos":[{"id":"b","name":"Checkout is quick","state":"breached","timeframe":"30d","target":95,"sli":94.9,"budget":-2,"known":true,"url":"https://app.datadoghq.eu/slo?slo_id=b"},`+
		`{"id":"a","name":"Checkout answers","state":"warning","timeframe":"7d","target":99.5,"sli":99.625,"budget":25,"known":true,"url":"https://app.datadoghq.eu/slo?slo_id=a"},`+
		`{"id":"d","name":"Here","state":"no_data","timeframe":"month","target":99,"sli":0,"budget":0,"known":false,"url":"https://app.datadoghq.eu/slo?slo_id=d"}]}`)
	wantAsked := map[string]datadog.SLOHistoryQuery{
		"a": {ID: "a", Timeframe: "7d", Target: 99.5, From: noon.Add(time.Minute - 7*24*time.Hour), To: noon.Add(time.Minute)},
		"b": {ID: "b", Timeframe: "30d", Target: 95, From: noon.Add(time.Minute - 30*24*time.Hour), To: noon.Add(time.Minute)},
	}
	if diff := cmp.Diff(wantAsked, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestEnrich_History(t *testing.T) {
	indexed := datadog.SLO{ID: "a", Name: "Checkout answers", Timeframe: "7d", Target: 99, State: "warning", SLIStatus: status(99.1, 10), Indexed: noon.Add(-5 * time.Minute)}
	limited := &fault.Error{Kind: fault.Temporary, Public: "its rate limit ends in 7s"}
	const lastKnown = "Checkout answers: 10 % of the error budget left (99.1 % good, target 99 % over 7d)"
	for _, tt := range []struct {
		name    string
		status  datadog.SLIStatus
		err     error
		weight  enrich.Weight
		text    string
		partial string
	}{
		{"healthy", status(100, 100), nil, enrich.Useful, "Checkout answers: 100 % of the error budget left (100 % good, target 99 % over 7d)", ""},
		{"failed", datadog.SLIStatus{}, limited, enrich.Important, lastKnown, "Last known values, as of 11:55 UTC, 6 min before: its rate limit ends in 7s."},
		{"no data", datadog.SLIStatus{}, nil, enrich.Important, lastKnown, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := enriched(t, source{finds(indexed), func(context.Context, datadog.SLOHistoryQuery) (datadog.SLIStatus, error) { return tt.status, tt.err }})
			texts := []string{got.Blocks[0].(enrich.List).Items[0].Text}
			want := []string{tt.text}
			if tt.partial != "" {
				texts, want = append(texts, string(got.Blocks[1].(enrich.Paragraph))), append(want, tt.partial)
			}
			if diff := cmp.Diff(want, texts); diff != "" || len(got.Blocks) != len(want) || got.Weight != tt.weight || !errors.Is(got.PartialReason, tt.err) {
				t.Errorf("weight %v, partial reason %v, texts (-want +got):\n%s", got.Weight, got.PartialReason, diff)
			}
		})
	}
}

func TestEnrich_HistoryTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		got, err := newStep(source{finds(datadog.SLO{ID: "a", Name: "A", Timeframe: "7d", State: "ok"}), func(ctx context.Context, _ datadog.SLOHistoryQuery) (datadog.SLIStatus, error) {
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

func TestConfig_Search(t *testing.T) {
	for _, tt := range []struct {
		query, tag, want string
	}{
		{"", "service:a/b-c.d", "service:a/b-c.d"},
		{"", `service:a" OR b\`, `service:"a OR b"`},
		{" team:shop ", "service:a", "team:shop"},
		{"Checkout", "env:prod", "Checkout"},
		{"", "env:prod", ""},
	} {
		if got, err := search(Config{Query: tt.query}, alert.Alert{Tags: alert.Tags{tt.tag}}); got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%q, %s: got %q, %v; want %q", tt.query, tt.tag, got, err, tt.want)
		}
	}
}

func TestEnrich_Limits(t *testing.T) {
	var all []datadog.SLO
	for i := range maxFound {
		all = append(all, datadog.SLO{ID: fmt.Sprint(i, "/../?"), Name: strings.Repeat("é\n", 1000), Timeframe: "7d", State: strings.Repeat("s", 1000), SLIStatus: datadog.SLIStatus{Problem: strings.Repeat("p", 1000)}})
	}
	var calls atomic.Int64
	got := enriched(t, source{finds(all...), func(context.Context, datadog.SLOHistoryQuery) (datadog.SLIStatus, error) {
		calls.Add(1)
		return datadog.SLIStatus{}, nil
	}})
	list := got.Blocks[0].(enrich.List)
	if calls.Load() != maxRefreshed || len(list.Items) != maxShown || list.More != maxFound-maxShown {
		t.Errorf("%d calls, %d items and %d more", calls.Load(), len(list.Items), list.More)
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
