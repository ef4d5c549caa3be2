package monitor

import (
	"context"
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
	"boomerang/shared/site"
)

func TestConformance(t *testing.T) {
	enrichtest.Conformance(t, enrichtest.Case{
		Kind:  func(c *datadog.Client) enrich.Kind { return Kind(c, site.US1) },
		Alert: alert.Alert{MonitorID: "155000007", Scope: "host:a", Tags: alert.Tags{"monitor", "env:prod"}},
		Seed: func(s *fakedatadog.Server) {
			s.AddMonitor(fakedatadog.Monitor{
				ID: 155000007, Name: "Load is high", Query: "avg(last_5m):avg:system.load.1{*} by {host} > 4",
				Message: "[Runbook](https://wiki.example.com/load) @slack-ops",
				Tags:    []string{"service:checkout"},
				Options: map[string]any{"thresholds": map[string]any{"critical": 4.0}},
				State: &fakedatadog.MonitorState{Groups: map[string]fakedatadog.GroupState{
					"host:a": {Name: "host:a", Status: "Alert", LastTriggeredTS: 1759343824},
				}},
			})
		},
		NotFound: "Datadog has no monitor 155000007: it was deleted or belongs to another organization",
	})
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func enriched(t *testing.T, a alert.Alert, m datadog.Monitor) enrich.Finding {
	t.Helper()
	return enrichtest.Find(t, newStep(func(_ context.Context, id int64, q datadog.MonitorQuery) (datadog.Monitor, error) {
		want := datadog.MonitorQuery{GroupStates: []string{"all"}, WithDowntimes: true, WithAssets: true}
		if diff := cmp.Diff(want, q); diff != "" || id != 7 {
			t.Errorf("asked for monitor %d, want 7; query (-want +got):\n%s", id, diff)
		}
		return m, nil
	}, site.EU1), a)
}

var page = enrich.Link{Title: "Monitor in Datadog", URL: "https://app.datadoghq.eu/monitors/7"}

func TestEnrich(t *testing.T) {
	a := alert.Alert{MonitorID: "7", Scope: "host:c, env:prod", Tags: alert.Tags{"monitor", "env:prod", "host:c"}}
	got := enriched(t, a, datadog.Monitor{
		ID: 7, Name: "Load is high", Type: "query alert", Query: "avg(last_5m):avg:system.load.1{*} by {host} > 4.5",
		Message: "Look at https://wiki.example.com/load/{{host.name}} @webhook-boomerang",
		Tags:    []string{"service:checkout", "service:cart", "team:shop", "env:prod"}, Priority: 2,
		OverallState: "Alert",
		Thresholds:   map[string]float64{"critical": 4.5, "warning": 1e7, "critical_recovery": 0.25},
		Groups: []datadog.MonitorGroup{
			{Name: "env:prod,host:a", Status: "Alert", LastTriggered: noon.Add(-time.Hour)},
			{Name: "env:prod,host:b", Status: "No Data", LastTriggered: noon.Add(-time.Hour), LastNoData: noon.Add(-2 * time.Hour)},
			{Name: "env:prod,host:c", Status: "Alert", LastTriggered: noon},
			{Name: "env:prod,host:d", Status: "OK", LastTriggered: noon.Add(-5 * time.Hour)},
			{Name: "env:prod,host:e", Status: "Warn"},
			{Name: "env:prod,host:f", Status: "No Data", LastTriggered: noon.Add(-30 * time.Minute)},
			{Name: "env:prod,host:g", Status: "Alert", LastTriggered: noon.Add(-10 * time.Minute)},
		},
		Downtimes: []datadog.Downtime{{Scope: []string{"env:dev", "host:a"}, End: noon.Add(4 * time.Hour)}, {Scope: []string{"*"}}},
		Assets:    []datadog.Asset{{Category: "runbook", Name: "Load", URL: "https://git.example.com/load.md"}},
	})
	enrichtest.Equal(t, got, enrich.Finding{
		Title: "Monitor", Weight: enrich.Essential, Standing: enrich.Standing{State: "Alert", Failing: 6, Groups: 7},
		Lead: []enrich.Lead{
			{Answer: enrich.What, Text: "6 of 7 groups fail (3 Alert, 1 Warn, 2 No Data); critical > 4.5, warning > 10000000"},
			{Answer: enrich.Since, Time: noon},
			{Answer: enrich.Owner, Text: "shop", Fallback: true},
			{Answer: enrich.Runbook, Text: "Load", URL: "https://git.example.com/load.md"},
			{Answer: enrich.Monitor, Text: "Monitor 7", URL: page.URL + "?group=env%3Aprod%2Chost%3Ac"},
		},
		Blocks: []enrich.Block{
			enrich.Facts{
				{Name: "Groups", Value: "6 of 7 groups fail (3 Alert, 1 Warn, 2 No Data)", Lead: enrich.What},
				{Name: "Thresholds", Value: "critical > 4.5, warning > 10000000", Lead: enrich.What},
				{Name: "Other thresholds", Value: "critical recovery 0.25"},
				{Name: "Muted", Value: "until 21 Nov 16:00 UTC for env:dev, host:a; indefinitely"},
				{Name: "State", Value: "Alert"},
				{Name: "Name", Value: "Load is high"},
				{Name: "Priority", Value: "P2"},
				{Name: "Service", Value: "checkout, cart"},
				{Name: "Team", Value: "shop", Lead: enrich.Owner},
			},
			enrich.Links{
				{Kind: "runbook", Title: "Load", URL: "https://git.example.com/load.md"},
				{Kind: "runbook", Title: "wiki.example.com/load/c", URL: "https://wiki.example.com/load/c"},
				{Title: page.Title, URL: page.URL + "?group=env%3Aprod%2Chost%3Ac"},
			},
			enrich.List{
				Items: []enrich.Item{
					{Time: noon, Tag: "Alert", Text: "env:prod,host:c", Lead: enrich.Since},
					{Time: noon.Add(-2 * time.Hour), Tag: "No Data", Text: "env:prod,host:b"},
					{Time: noon.Add(-time.Hour), Tag: "Alert", Text: "env:prod,host:a"},
					{Time: noon.Add(-30 * time.Minute), Tag: "No Data", Text: "env:prod,host:f"},
					{Time: noon.Add(-10 * time.Minute), Tag: "Alert", Text: "env:prod,host:g"},
				},
				More: 1,
			},
			enrich.Reference{Block: enrich.Facts{{Name: "Type", Value: "query alert"}}},
			enrich.Reference{Block: enrich.Code("avg(last_5m):avg:system.load.1{*} by {host} > 4.5")},
		},
	}, `{"id":7,"name":"Load is high","type":"query alert","query":"avg(last_5m):avg:system.load.1{*} by {host} > 4.5","state":"Alert","priority":"P2",`+
		`"tags":["service:checkout","service:cart","team:shop","env:prod"],"thresholds":{"critical":4.5,"critical_recovery":0.25,"warning":10000000},`+
		`"group_state":"Alert","total":7,"failing":6,"failing_since":"2026-11-21T10:00:00Z","groups":[{"name":"env:prod,host:c","state":"Alert","since":"2026-11-21T12:00:00Z"},`+
		`{"name":"env:prod,host:b","state":"No Data","since":"2026-11-21T10:00:00Z"},{"name":"env:prod,host:a","state":"Alert","since":"2026-11-21T11:00:00Z"},`+
		`{"name":"env:prod,host:f","state":"No Data","since":"2026-11-21T11:30:00Z"},{"name":"env:prod,host:g","state":"Alert","since":"2026-11-21T11:50:00Z"}],`+
		`"downtimes":[{"scope":["env:dev","host:a"],"until":"2026-11-21T16:00:00Z"},{"scope":["*"]}],`+
		`"runbooks":["https://git.example.com/load.md","https://wiki.example.com/load/c"],"url":"https://app.datadoghq.eu/monitors/7"}`)
}

func TestEnrich_Groups(t *testing.T) {
	name := enrich.Fact{Name: "Name", Value: "Load"}
	for _, tt := range []struct {
		name  string
		group datadog.MonitorGroup
		want  []enrich.Block
	}{
		{
			"monitor without groups",
			datadog.MonitorGroup{Name: "*", Status: "Alert", LastTriggered: noon},
			[]enrich.Block{
				enrich.Facts{{Name: "State", Value: "Alert"}, name},
				enrich.Links{page},
				enrich.List{Items: []enrich.Item{{Time: noon, Tag: "Alert", Text: "the whole monitor", Lead: enrich.Since}}},
			},
		},
		{
			"one group",
			datadog.MonitorGroup{Name: "host:a", Status: "Warn"},
			[]enrich.Block{enrich.Facts{name}, enrich.Links{page}, enrich.List{Items: []enrich.Item{{Tag: "Warn", Text: "host:a"}}}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := enriched(t, alert.Alert{MonitorID: "7"}, datadog.Monitor{Name: "Load", Groups: []datadog.MonitorGroup{tt.group}})
			enrichtest.Blocks(t, got, tt.want...)
		})
	}
}

func TestEnrich_LinkFromGroup(t *testing.T) {
	a := alert.Alert{MonitorID: "7", Scope: "host:a", Tags: alert.Tags{"host:b"}, Hostname: "c"}
	got := enriched(t, a, datadog.Monitor{Message: "https://wiki.example.com/{{host.name}}"})
	if diff := cmp.Diff([]string{"https://wiki.example.com/a"}, got.Data.(Data).Runbooks); diff != "" {
		t.Errorf("runbooks (-want +got):\n%s", diff)
	}
}

func TestThresholds(t *testing.T) {
	got := Data{Query: "avg(last_5m):avg:a{*} <= 0", Thresholds: map[string]float64{"ok": 1, "unknown": 2, "warning_recovery": 3.5, "critical": 0}}
	if diff := cmp.Diff([]string{"critical <= 0", "warning recovery 3.5, ok 1, unknown 2"}, []string{got.thresholdSummary(shownFirst), got.thresholdSummary(shownLater)}); diff != "" {
		t.Errorf("thresholds (-want +got):\n%s", diff)
	}
}

func TestEnrich_ManyGroups(t *testing.T) {
	var groups []datadog.MonitorGroup
	for i := range 2000 {
		groups = append(groups, datadog.MonitorGroup{Name: fmt.Sprintf("host:%d", i), Status: "Alert", LastTriggered: noon})
	}
	got := enriched(t, alert.Alert{MonitorID: "7"}, datadog.Monitor{Groups: groups})
	list, _ := got.Blocks[2].(enrich.List)
	if len(list.Items) != maxGroups || list.More != 2000-maxGroups || len(got.Data.(Data).Groups) != maxGroups || got.Data.(Data).Failing != 2000 {
		t.Errorf("got %d items and %d more, data %+v", len(list.Items), list.More, got.Data)
	}
}

// leadTexts are the texts of a finding's leads with an answer.
func leadTexts(f enrich.Finding, answer enrich.Answer) (texts []string) {
	for _, lead := range f.Lead {
		if lead.Answer == answer {
			texts = append(texts, lead.Text)
		}
	}
	return texts
}

func TestEnrich_Difference(t *testing.T) {
	group := func(state string) []datadog.MonitorGroup {
		return []datadog.MonitorGroup{{Name: "host:a", Status: state}}
	}
	for _, tt := range []struct {
		name string
		a    alert.Alert
		m    datadog.Monitor
		want string
	}{
		{"same", alert.Alert{Transition: alert.Triggered, Priority: "P2"}, datadog.Monitor{OverallState: "Alert", Priority: 2}, ""},
		{"state", alert.Alert{Transition: alert.NoData}, datadog.Monitor{OverallState: "Alert"}, "Datadog now says Alert; the alert said No Data"},
		{"priority", alert.Alert{Transition: alert.Warn, Priority: "P3"}, datadog.Monitor{OverallState: "Warn", Priority: 2}, "Datadog now says P2; the alert said P3"},
		{"both", alert.Alert{Transition: alert.NoData, Priority: "P3"}, datadog.Monitor{OverallState: "Alert", Priority: 2}, "Datadog now says Alert and P2; the alert said No Data and P3"},
		{"own group", alert.Alert{Transition: alert.NoData, Scope: "host:a"}, datadog.Monitor{OverallState: "Alert", Groups: group("No Data")}, ""},
		{"own group recovered", alert.Alert{Transition: alert.Triggered, Scope: "host:a"}, datadog.Monitor{OverallState: "Alert", Groups: group("OK")}, "Datadog now says OK; the alert said Alert"},
		{"group of several", alert.Alert{Transition: alert.NoData, Scope: "host:z"}, datadog.Monitor{OverallState: "Alert", Groups: append(group("Alert"), group("OK")...)}, ""},
		{"renotification", alert.Alert{Transition: alert.Renotify}, datadog.Monitor{OverallState: "Alert"}, ""},
	} {
		tt.a.MonitorID = "7"
		f := enriched(t, tt.a, tt.m)
		if got := strings.Join(leadTexts(f, enrich.What), ";"); !strings.Contains(tt.want+";1 of 2 groups fail (1 Alert)", got) || tt.want != "" && !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestEnrich_Page(t *testing.T) {
	a := alert.Alert{MonitorID: "7", Scope: "host:a", Date: noon}
	got := enriched(t, a, datadog.Monitor{ID: 7, Groups: []datadog.MonitorGroup{{Name: "host:a", Status: "Alert", LastTriggered: noon.Add(-6 * time.Minute)}, {Name: "host:b", Status: "OK"}}})
	want := []enrich.Lead{
		{Answer: enrich.What, Text: "1 of 2 groups fail (1 Alert)"},
		{Answer: enrich.Since, Time: noon.Add(-6 * time.Minute)},
		{Answer: enrich.Monitor, Text: "Monitor 7", URL: page.URL + "?from_ts=1795258800000&group=host%3Aa&to_ts=1795263300000"},
	}
	if diff := cmp.Diff(want, got.Lead); diff != "" {
		t.Errorf("leads (-want +got):\n%s", diff)
	}
}

// TestLead_Since leaves a time after the alert to the alert, whose own date counts then.
func TestLead_Since(t *testing.T) {
	for name, tt := range map[string]struct{ date, since, want time.Time }{
		"before the alert":     {noon, noon.Add(-time.Minute), noon.Add(-time.Minute)},
		"with the alert":       {noon, noon, noon},
		"after the alert":      {noon, noon.Add(4 * time.Minute), time.Time{}},
		"an alert of no date":  {time.Time{}, noon, noon},
		"a state without time": {noon, time.Time{}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := enriched(t, alert.Alert{MonitorID: "7", Date: tt.date}, datadog.Monitor{
				ID: 7, Groups: []datadog.MonitorGroup{{Name: "*", Status: "Alert", LastTriggered: tt.since}},
			})
			var since time.Time
			for _, lead := range got.Lead {
				if lead.Answer == enrich.Since {
					since = lead.Time
				}
			}
			if !since.Equal(tt.want) {
				t.Errorf("since %v, want %v", since, tt.want)
			}
		})
	}
}

// TestLead_Owner is the monitor's team, unless the alert names an owner.
func TestLead_Owner(t *testing.T) {
	for tags, want := range map[string]string{"service:checkout": "shop, ops", "team:cart": "", "owner:ann": ""} {
		got := enriched(t, alert.Alert{MonitorID: "7", Tags: alert.Tags{tags}}, datadog.Monitor{ID: 7, Tags: []string{"team:shop", "team:ops"}})
		if owner := strings.Join(leadTexts(got, enrich.Owner), ";"); owner != want {
			t.Errorf("an alert with %s: owner %q, want %q", tags, owner, want)
		}
	}
}
