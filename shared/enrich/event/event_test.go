package event

import (
	"context"
	"encoding/json"
	"fmt"
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

func TestConformance(t *testing.T) {
	enrichtest.Conformance(t, enrichtest.Case{
		New:        func(client *datadog.Client) enrich.Step { return New(client, Config{}) },
		Permission: permission,
		Alert:      alert.Alert{ID: "8306082202796025001"},
		Seed: func(s *fakedatadog.Server) {
			s.AddEvent(fakedatadog.Event{
				ID: 8306082202796025001, Title: "[Triggered] Load is high", Text: "%%%\nLook at **this**\n%%%", AlertType: "error",
				Tags: []string{"monitor", "env:prod"}, MonitorID: 7, MonitorGroups: []string{"host:a"},
			})
		},
		NotFound: "Datadog has no event 8306082202796025001: a new event appears after about 20 seconds, and only in its own organization",
	})
}

type sourceFunc func(context.Context, string) (datadog.Event, error)

func (f sourceFunc) Event(ctx context.Context, id string) (datadog.Event, error) { return f(ctx, id) }

func enriched(t *testing.T, a alert.Alert, e datadog.Event) enrich.Finding {
	t.Helper()
	step := New(sourceFunc(func(_ context.Context, id string) (datadog.Event, error) {
		if id != "7" {
			t.Errorf("asked for the event %s, want 7", id)
		}
		return e, nil
	}), Config{})
	a.ID = "7"
	f, err := step.Enrich(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

var whole = datadog.Event{
	ID: "7", Title: "[Triggered] Load", Text: "%%% \nLoad is\nhigh @all\n %%%", Happened: noon, AlertType: "error", Priority: "normal",
	Source: "monitor alert", Host: "a", Tags: []string{"env:prod", "monitor", "source:alert", "team:shop"},
	URL: "https://app.datadoghq.com/event/event?event_id=7", MonitorID: 155, MonitorGroups: []string{"env:prod,host:a"},
}

var page = enrich.Links{{Kind: "resource", Title: "Event in Datadog", URL: "https://app.datadoghq.com/event/event?event_id=7"}}

func TestEnrich_Blocks(t *testing.T) {
	for name, tt := range map[string]struct {
		alert  alert.Alert
		event  datadog.Event
		weight enrich.Weight
		want   []enrich.Block
	}{
		"empty alert": {alert.Alert{}, whole, enrich.Important, []enrich.Block{
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
		}},
		"complete alert": {alert.Alert{
			Title: "[Triggered] Load", Message: "Load is high", MonitorID: "155", Scope: "host:a, env:prod", Hostname: "a", Tags: alert.Tags{"env:prod", "monitor", "team:shop"},
		}, whole, enrich.Background, []enrich.Block{enrich.Facts{{Name: "Id", Value: "7"}}, page}},
		"no monitor": {alert.Alert{Text: "x"}, datadog.Event{ID: "7", Title: "Deployed", Text: "v2", MonitorGroups: []string{"*"}}, enrich.Background, []enrich.Block{
			enrich.Facts{{Name: "Id", Value: "7"}, {Name: "Title", Value: "Deployed"}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := enriched(t, tt.alert, tt.event)
			if diff := cmp.Diff(tt.want, got.Blocks); diff != "" || got.Weight != tt.weight || got.Title != "Event" {
				t.Errorf("finding %+v; blocks (-want +got):\n%s", got, diff)
			}
		})
	}
}

func TestEnrich_Limits(t *testing.T) {
	e := datadog.Event{ID: "7", Title: strings.Repeat("é", 5000), Text: strings.Repeat("é", 5000)}
	for i := range 2000 {
		e.MonitorGroups = append(e.MonitorGroups, fmt.Sprintf("host:%d", i))
		e.Tags = append(e.Tags, fmt.Sprintf("t%d", i))
	}
	f := enriched(t, alert.Alert{}, e)
	want := []enrich.Block{enrich.Facts{
		{Name: "Id", Value: "7"},
		{Name: "Title", Value: strings.Repeat("é", maxValueRunes-1) + "…"},
		{Name: "Groups", Value: "host:0; host:1; host:2; host:3; host:4 and 1995 more"},
		{Name: "More tags", Value: "t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, t13, t14, t15, t16, t17, t18, t19 and 1980 more"},
	}, enrich.Paragraph(strings.Repeat("é", maxTextRunes-1) + "…")}
	if diff := cmp.Diff(want, f.Blocks); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}

func TestEnrich_ID(t *testing.T) {
	source := sourceFunc(func(_ context.Context, id string) (datadog.Event, error) { return datadog.Event{ID: id}, nil })
	f, err := New(source, Config{ID: "8"}).Enrich(t.Context(), alert.Alert{ID: "7"})
	if err != nil || f.Data.(Data).ID != "8" {
		t.Errorf("got %+v, %v", f, err)
	}
	for _, id := range []string{"", "0", "-1", "1/2", "AgAAAYGCFXAg"} {
		enrichtest.Skips(t, New(source, Config{}), alert.Alert{ID: id}, "the alert has no event id")
	}
}

func TestConfig_Validate(t *testing.T) {
	for id, want := range map[string]string{
		"": "", "7": "", "{{ .alert.extra.event }}": "", "x": `id: "x" is not an event id, which is a whole number above zero`,
	} {
		enrichtest.Validate(t, Config{ID: id}, want)
	}
}

// Playbooks rely on these names.
func TestData_JSON(t *testing.T) {
	text, err := json.Marshal(enriched(t, alert.Alert{}, whole).Data)
	want := `{"id":"7","title":"[Triggered] Load","text":"Load is\nhigh @all","alert_type":"error","priority":"normal","source":"monitor alert","monitor_id":"155",` +
		`"groups":["env:prod,host:a"],"tags":["env:prod","monitor","source:alert","team:shop"],"host":"a",` +
		`"url":"https://app.datadoghq.com/event/event?event_id=7","happened":"2026-11-21T12:00:00Z"}`
	if diff := cmp.Diff(want, string(text)); diff != "" || err != nil {
		t.Errorf("%v; JSON (-want +got):\n%s", err, diff)
	}
}
