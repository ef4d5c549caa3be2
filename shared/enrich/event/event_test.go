package event

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fakedatadog"
)

func TestConformance(t *testing.T) {
	enrichtest.Conformance(t, enrichtest.Case{
		Kind:  Kind,
		Alert: alert.Alert{ID: "8306082202796025001"},
		Seed: func(s *fakedatadog.Server) {
			s.AddEvent(fakedatadog.Event{
				ID: 8306082202796025001, Title: "[Triggered] Load is high", Text: "%%%\nLook at **this**\n%%%", AlertType: "error",
				Tags: []string{"monitor", "env:prod"}, MonitorID: 7, MonitorGroups: []string{"host:a"},
			})
		},
		NotFound: "Datadog has no event 8306082202796025001: a new event appears after about 20 seconds, and only in its own organization",
	})
}

func enriched(t *testing.T, a alert.Alert, e datadog.Event) enrich.Finding {
	t.Helper()
	a.ID = "7"
	return enrichtest.Find(t, newStep(func(_ context.Context, id string) (datadog.Event, error) {
		if id != "7" {
			t.Errorf("asked for the event %s, want 7", id)
		}
		return e, nil
	}, Config{}), a)
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

var whole = datadog.Event{
	ID: "7", Title: "[Triggered] Load", Text: "%%% \nLoad is\nhigh @all\n %%%", Happened: noon, AlertType: "error", Priority: "normal",
	Source: "monitor alert", Host: "a", Tags: []string{"env:prod", "monitor", "source:alert", "team:shop"},
	URL: "https://app.datadoghq.com/event/event?event_id=7", MonitorID: 155, MonitorGroups: []string{"env:prod,host:a"},
}

var page = enrich.Links{{Kind: "resource", Title: "Event in Datadog", URL: "https://app.datadoghq.com/event/event?event_id=7"}}

func TestEnrich(t *testing.T) {
	enrichtest.Equal(t, enriched(t, alert.Alert{}, whole), enrich.Finding{Title: "Event", Weight: enrich.Important, Blocks: []enrich.Block{
		enrich.Facts{
			{Name: "Id", Value: "7"},
			{Name: "Title", Value: "[Triggered] Load"},
			{Name: "Monitor", Value: "155"},
			{Name: "Groups", Value: "env:prod,host:a"},
			{Name: "Host", Value: "a"},
			{Name: "More tags", Value: "env:prod, monitor, team:shop"},
		},
		enrich.Paragraph("Load is high @all"),
		page,
	}}, `{"id":"7","title":"[Triggered] Load","text":"Load is\nhigh @all","alert_type":"error","priority":"normal","source":"monitor alert","monitor_id":"155",`+
		`"groups":["env:prod,host:a"],"tags":["env:prod","monitor","source:alert","team:shop"],"host":"a",`+
		`"url":"https://app.datadoghq.com/event/event?event_id=7","happened":"2026-11-21T12:00:00Z"}`)
}

func TestEnrich_KnownAlert(t *testing.T) {
	got := enriched(t, alert.Alert{
		Title: "[Triggered] Load", Message: "Load is high", MonitorID: "155", Scope: "host:a, env:prod", Hostname: "a", Tags: alert.Tags{"env:prod", "monitor", "team:shop"},
	}, whole)
	enrichtest.Blocks(t, got, enrich.Facts{{Name: "Id", Value: "7"}}, page)
	if got.Weight != enrich.Background {
		t.Errorf("weight %d", got.Weight)
	}
	got = enriched(t, alert.Alert{Text: "x"}, datadog.Event{ID: "7", Title: "Deployed", Text: "v2", MonitorGroups: []string{"*"}})
	enrichtest.Blocks(t, got, enrich.Facts{{Name: "Id", Value: "7"}, {Name: "Title", Value: "Deployed"}})
}

func TestEnrich_Limits(t *testing.T) {
	e := datadog.Event{ID: "7", Title: strings.Repeat("é", 5000), Text: strings.Repeat("é", 5000)}
	for i := range 2000 {
		e.MonitorGroups = append(e.MonitorGroups, fmt.Sprintf("host:%d", i))
		e.Tags = append(e.Tags, fmt.Sprintf("t%d", i))
	}
	enrichtest.Blocks(t, enriched(t, alert.Alert{}, e), enrich.Facts{
		{Name: "Id", Value: "7"},
		{Name: "Title", Value: strings.Repeat("é", maxValueRunes-1) + "…"},
		{Name: "Groups", Value: "host:0; host:1; host:2; host:3; host:4 and 1995 more"},
		{Name: "More tags", Value: "t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, t13, t14, t15, t16, t17, t18, t19 and 1980 more"},
	}, enrich.Paragraph(strings.Repeat("é", maxTextRunes-1)+"…"))
}

func TestEnrich_ID(t *testing.T) {
	source := func(_ context.Context, id string) (datadog.Event, error) { return datadog.Event{ID: id}, nil }
	if f := enrichtest.Find(t, newStep(source, Config{ID: "8"}), alert.Alert{ID: "7"}); f.Data.(Data).ID != "8" {
		t.Errorf("got %+v", f)
	}
	for _, id := range []string{"", "0", "-1", "1/2", "AgAAAYGCFXAg"} {
		enrichtest.Skips(t, newStep(source, Config{}), alert.Alert{ID: id}, "the alert has no event id")
	}
}

func TestConfig_Validate(t *testing.T) {
	for id, want := range map[string]string{
		"": "", "7": "", "{{ .alert.extra.event }}": "", "x": `id: "x" is not an event id, which is a whole number above zero`,
	} {
		enrichtest.Validate(t, Config{ID: id}, want)
	}
}
