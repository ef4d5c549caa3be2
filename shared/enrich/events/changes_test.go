package events

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/site"
)

// seed is a stream with a deploy and a feature flag in the hour before noon, and
// much that is no change of the alert's service in production.
func seed(s *fakedatadog.Server) {
	at := func(ago time.Duration) int64 { return noon.Add(-ago).Unix() }
	for _, e := range []fakedatadog.Event{
		{Title: "Deployed checkout", Text: "See https://ci.example.com/runs/7.", SourceTypeName: "github", Tags: []string{"service:checkout", "env:prod", "version:1.2.3", "author:ann"}, DateHappened: at(10 * time.Minute)},
		{Title: "Fallback turned on", Tags: []string{"service:checkout"}, DateHappened: at(30 * time.Minute), Change: &fakedatadog.ChangeEvent{
			Author: &fakedatadog.NamedType{Name: "ben@example.com", Type: "user"}, ChangedResource: &fakedatadog.NamedType{Name: "fallback", Type: "feature_flag"},
			PrevValue: map[string]any{"enabled": false}, NewValue: map[string]any{"enabled": true},
		}},
		{Title: "Deployed checkout", SourceTypeName: "github", Tags: []string{"service:checkout", "env:staging"}, DateHappened: at(5 * time.Minute)},
		{Title: "Deployed cart", SourceTypeName: "github", Tags: []string{"service:cart", "env:prod"}, DateHappened: at(5 * time.Minute)},
		{Title: "Deployed checkout", SourceTypeName: "github", Tags: []string{"service:checkout", "env:prod"}, DateHappened: at(2 * time.Hour)},
		{Title: "[Triggered] Deploy of checkout is slow", SourceTypeName: "alert", MonitorID: 7, Tags: []string{"service:checkout", "env:prod"}, DateHappened: at(time.Minute)},
		{Title: "Deployment alert", Tags: []string{"service:checkout", "env:prod", alert.OwnTag}, DateHappened: at(time.Minute)},
		{Title: "Backup finished", SourceTypeName: "cron", Tags: []string{"service:checkout", "env:prod"}, DateHappened: at(20 * time.Minute)},
	} {
		s.AddEvent(e)
	}
}

var slow = alert.Alert{ID: "1", Date: noon, Tags: alert.Tags{"monitor", "service:checkout", "env:prod"}}

func TestChanges_Conformance(t *testing.T) {
	enrichtest.Conformance(t, enrichtest.Case{
		New:        func(client *datadog.Client) enrich.Step { return NewChanges(client, ChangesConfig{}) },
		Permission: permission,
		Alert:      slow,
		Seed:       seed,
	})
}

type keys struct{}

func (keys) Keys(context.Context) (datadog.Keys, error) {
	return datadog.Keys{API: fakedatadog.DefaultAPIKey, App: fakedatadog.DefaultAppKey}, nil
}

func (k keys) Renew(ctx context.Context, _ datadog.Keys) (datadog.Keys, error) { return k.Keys(ctx) }

// overFake is the finding over a fake of Datadog with the stream of seed.
func overFake(t *testing.T, c ChangesConfig, a alert.Alert) enrich.Finding {
	t.Helper()
	server := fakedatadog.New(fakedatadog.Options{Now: func() time.Time { return noon }})
	seed(server)
	web := httptest.NewServer(server)
	defer web.Close()
	client, err := datadog.New(datadog.Config{Site: site.US1, BaseURL: web.URL}, keys{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewChanges(client, c).Enrich(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

type searchFunc func(context.Context, datadog.EventSearch) ([]datadog.SearchedEvent, error)

func (f searchFunc) SearchEvents(ctx context.Context, s datadog.EventSearch) ([]datadog.SearchedEvent, error) {
	return f(ctx, s)
}

// finding is that of the step for an alert and the events that are found for it.
func finding(t *testing.T, c ChangesConfig, a alert.Alert, events ...datadog.SearchedEvent) enrich.Finding {
	t.Helper()
	f, err := NewChanges(searchFunc(func(context.Context, datadog.EventSearch) ([]datadog.SearchedEvent, error) { return events, nil }), c).Enrich(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestChanges_Enrich(t *testing.T) {
	got := overFake(t, ChangesConfig{}, slow)
	flag := Change{
		Kind: Flag, Title: `Fallback turned on (fallback): {"enabled":false} → {"enabled":true}`, Who: "ben@example.com", Source: "my_apps", Service: "checkout",
		Time: noon.Add(-30 * time.Minute), Times: 1,
	}
	deploy := Change{
		Kind: Deploy, Title: "Deployed checkout (version 1.2.3)", Who: "ann", Source: "github", Service: "checkout",
		Time: noon.Add(-10 * time.Minute), URL: "https://ci.example.com/runs/7", Times: 1,
	}
	flag.URL = got.Data.(ChangesData).Changes[1].URL // The event's page, by an id of the stand-in's.
	want := enrich.Finding{
		Title: "Changes", Weight: enrich.Important,
		Blocks: []enrich.Block{
			enrich.Facts{{Name: "In the hour before", Value: "1 deploy, 1 feature flag"}, {Name: "Last", Value: "10m before the alert"}},
			enrich.List{Items: []enrich.Item{
				{Time: deploy.Time, Tag: "deploy", Text: "Deployed checkout (version 1.2.3), by ann", URL: deploy.URL},
				{Time: flag.Time, Tag: "flag", Text: flag.Title + ", by ben@example.com", URL: flag.URL},
			}},
		},
		Data: ChangesData{
			Query: `service:"checkout" -source:(alert OR monitor_alert OR watchdog)`, From: noon.Add(-time.Hour), To: noon,
			Count: 2, Deploys: 1, Flags: 1, Last: deploy, Changes: []Change{deploy, flag},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(flag.URL, "https://app.datadoghq.com/event/event?id=83060822027960") {
		t.Errorf("a change without a link leads to %s", flag.URL)
	}
}

func TestChanges_Configured(t *testing.T) {
	for _, tt := range []struct {
		name   string
		config ChangesConfig
		titles []string
		words  string
	}{
		{"further_back", ChangesConfig{Window: 150 * time.Minute}, []string{"Deployed checkout (version 1.2.3)", `Fallback turned on (fallback): {"enabled":false} → {"enabled":true}`, "Deployed checkout"}, "In the 2h30m before: 2 deploys, 1 feature flag"},
		{"not_so_far_back", ChangesConfig{Window: 5 * time.Minute}, nil, "In the 5m before: no known changes"},
		{"by_source", ChangesConfig{Sources: []string{"cron", "git\"hub"}}, []string{"Backup finished"}, "In the hour before: 1 other change"},
		{"by_query", ChangesConfig{Query: "service:cart"}, []string{"Deployed cart"}, "In the hour before: 1 deploy"},
		{"by_query_and_source", ChangesConfig{Query: "service:(cart OR checkout) env:prod", Sources: []string{"github"}, Window: 2 * time.Hour}, []string{"Deployed cart", "Deployed checkout (version 1.2.3)", "Deployed checkout"}, "In the 2 hours before: 3 deploys"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := overFake(t, tt.config, slow)
			var titles []string
			for _, one := range got.Data.(ChangesData).Changes {
				titles = append(titles, one.Title)
			}
			if diff := cmp.Diff(tt.titles, titles); diff != "" {
				t.Errorf("titles (-want +got):\n%s", diff)
			}
			if first := got.Blocks[0].(enrich.Facts)[0]; first.Name+": "+first.Value != tt.words {
				t.Errorf("told %q: %q, want %q", first.Name, first.Value, tt.words)
			}
		})
	}
}

func TestChangesConfig_Search(t *testing.T) {
	const noAlerts = " -source:(alert OR monitor_alert OR watchdog)"
	for _, tt := range []struct {
		name   string
		config ChangesConfig
		tags   alert.Tags
		want   string
	}{
		{"by_all_narrow_tags", ChangesConfig{}, alert.Tags{"team:shop", "host:a", "service:checkout", "service:cart"}, `(service:"checkout" OR host:"a")` + noAlerts},
		{"by_a_wide_one_where_there_is_no_other", ChangesConfig{}, alert.Tags{"team:shop", "env:prod"}, `team:"shop"` + noAlerts},
		{"by_a_value_that_would_be_more", ChangesConfig{}, alert.Tags{`service:a" OR source:"b\`}, `service:"a\" OR source:\"b\\"` + noAlerts},
		{"by_nothing", ChangesConfig{}, alert.Tags{"env:prod", "monitor"}, ""},
		{"by_nothing_and_a_source", ChangesConfig{Sources: []string{"github"}}, nil, ""},
		{"by_its_own", ChangesConfig{Query: "repo:shop"}, nil, "repo:shop"},
		{"by_sources", ChangesConfig{Sources: []string{"github", "my apps"}}, alert.Tags{"host:a"}, `(host:"a"` + noAlerts + `) source:("github" OR "my apps")`},
	} {
		if got := tt.config.search(tt.tags); got != tt.want {
			t.Errorf("%s: got  %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestChanges_Limits(t *testing.T) {
	var events []datadog.SearchedEvent
	for i := range maxFound {
		events = append(events, datadog.SearchedEvent{Title: fmt.Sprintf("Deployed %d", i/3), Source: "github", Happened: noon.Add(-time.Duration(i) * time.Second)})
	}
	got := finding(t, ChangesConfig{}, slow, events...)
	list, d := got.Blocks[1].(enrich.List), got.Data.(ChangesData)
	if len(list.Items) != maxShown || list.More != 67-maxShown || len(d.Changes) != maxShown || d.Count != maxFound || !d.AtLeast {
		t.Errorf("got %d items and %d more; data %+v", len(list.Items), list.More, d)
	}
	if first := got.Blocks[0].(enrich.Facts); first[0].Value != "at least 200 deploys" || first[1].Value != "0s before the alert" || list.Items[0].Text != "Deployed 0 (3 times)" {
		t.Errorf("got %+v, first %q", first, list.Items[0].Text)
	}
}

func TestChanges_OnlyNoise(t *testing.T) {
	var events []datadog.SearchedEvent
	for range maxFound {
		events = append(events, datadog.SearchedEvent{Title: "Backup", Source: "cron", Happened: noon})
	}
	got := finding(t, ChangesConfig{}, slow, events...)
	if diff := cmp.Diff([]enrich.Block{enrich.Facts{{Name: "In the hour before", Value: "no change among the newest 200 events"}}}, got.Blocks); diff != "" || got.Weight != enrich.Useful {
		t.Errorf("weight %d; blocks (-want +got):\n%s", got.Weight, diff)
	}
}

func TestChanges_Counts(t *testing.T) {
	at := noon.Add(-90 * time.Second)
	got := finding(t, ChangesConfig{}, slow,
		datadog.SearchedEvent{Title: "Merged", Source: "git", Happened: at}, datadog.SearchedEvent{Title: "Merged", Source: "git", Happened: at},
		datadog.SearchedEvent{Title: "Rebooted", Source: "x", Happened: at}, datadog.SearchedEvent{Title: "Rebooted again", Source: "x", Happened: at},
		datadog.SearchedEvent{Title: "Config", Source: "x", Happened: at}, datadog.SearchedEvent{Title: "Updated", Source: "x", Happened: at}, datadog.SearchedEvent{Title: "Changed", Source: "x", Happened: at},
		datadog.SearchedEvent{Title: "Changed", Source: "x", Happened: at, Category: "alert"},
	)
	facts := got.Blocks[0].(enrich.Facts)
	want := enrich.Facts{{Name: "In the hour before", Value: "1 configuration change, 2 infrastructure changes, 2 CI events, 2 other changes"}, {Name: "Last", Value: "1m before the alert"}}
	if diff := cmp.Diff(want, facts); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if first := got.Blocks[1].(enrich.List).Items[0]; first.Text != "Merged (twice)" {
		t.Errorf("first is %+v", first)
	}
	d := got.Data.(ChangesData)
	if d.Configs != 1 || d.Infrastructure != 2 || d.CI != 2 || d.Others != 2 || d.Count != 7 {
		t.Errorf("data %+v", d)
	}
}

func TestChanges_NoDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		step := NewChanges(searchFunc(func(_ context.Context, s datadog.EventSearch) ([]datadog.SearchedEvent, error) {
			if !s.To.Equal(now) || !s.From.Equal(now.Add(-time.Hour)) || s.Limit != maxFound {
				t.Errorf("asked %+v", s)
			}
			return nil, nil
		}), ChangesConfig{})
		if _, err := step.Enrich(t.Context(), alert.Alert{Hostname: "a"}); err != nil {
			t.Error(err)
		}
	})
}

func TestChangesConfig_Validate(t *testing.T) {
	for window, valid := range map[time.Duration]bool{0: true, time.Second: true, maxWindow: true, -1: false, maxWindow + 1: false} {
		if err := (ChangesConfig{Window: window}).Validate(); (err == nil) != valid {
			t.Errorf("%v: %v", window, err)
		}
	}
	var c ChangesConfig
	if err := yaml.UnmarshalWithOptions([]byte("window: 2h\nsources: [github]\nquery: repo:shop"), &c, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ChangesConfig{Window: 2 * time.Hour, Sources: []string{"github"}, Query: "repo:shop"}, c); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

// TestChangesData_JSON holds the names that playbooks use.
func TestChangesData_JSON(t *testing.T) {
	one := Change{Kind: Deploy, Title: "Deployed", Who: "ann", Source: "github", Service: "a", Time: noon, URL: "https://x", Times: 1}
	text, err := json.Marshal(ChangesData{
		Query: "q", From: noon, To: noon, Count: 1, AtLeast: true, Deploys: 2, Flags: 3, Configs: 4, CI: 5, Infrastructure: 6, Others: 7, Last: one, Changes: []Change{one},
	})
	if err != nil {
		t.Fatal(err)
	}
	const change = `{"kind":"deploy","title":"Deployed","who":"ann","source":"github","service":"a","time":"2026-11-21T12:00:00Z","url":"https://x","times":1}`
	want := `{"query":"q","from":"2026-11-21T12:00:00Z","to":"2026-11-21T12:00:00Z","count":1,"at_least":true,"deploys":2,"flags":3,"configs":4,"ci":5,` +
		`"infrastructure":6,"others":7,"last":` + change + `,"changes":[` + change + `]}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}
