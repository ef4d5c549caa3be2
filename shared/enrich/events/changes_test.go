package events

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fakedatadog"
)

// seed adds a deploy and a feature flag in the hour before noon, and events that are
// not changes of the alert's service in production.
func seed(s *fakedatadog.Server) {
	at := func(ago time.Duration) int64 { return noon.Add(-ago).Unix() }
	prod := []string{"service:checkout", "env:prod"}
	for _, e := range []fakedatadog.Event{
		{Title: "Deployed checkout", Text: "See https://ci.example.com/runs/7.", SourceTypeName: "github", Tags: append([]string{"version:1.2.3", "author:ann"}, prod...), DateHappened: at(10 * time.Minute)},
		{Title: "Fallback turned on", Tags: []string{"service:checkout"}, DateHappened: at(30 * time.Minute), Change: &fakedatadog.ChangeEvent{
			Author: &fakedatadog.NamedType{Name: "ben@example.com", Type: "user"}, ChangedResource: &fakedatadog.NamedType{Name: "fallback", Type: "feature_flag"},
			PrevValue: map[string]any{"enabled": false}, NewValue: map[string]any{"enabled": true},
		}},
		{Title: "Deployed checkout", SourceTypeName: "github", Tags: []string{"service:checkout", "env:staging"}, DateHappened: at(5 * time.Minute)},
		{Title: "Deployed cart", SourceTypeName: "github", Tags: []string{"service:cart", "env:prod"}, DateHappened: at(5 * time.Minute)},
		{Title: "Deployed checkout", SourceTypeName: "github", Tags: prod, DateHappened: at(2 * time.Hour)},
		{Title: "[Triggered] Deploy of checkout is slow", SourceTypeName: "alert", MonitorID: 7, Tags: prod, DateHappened: at(time.Minute)},
		{Title: "Deployment alert", Tags: append([]string{alert.SourceTag}, prod...), DateHappened: at(time.Minute)},
		{Title: "Backup finished", SourceTypeName: "cron", Tags: prod, DateHappened: at(20 * time.Minute)},
	} {
		s.AddEvent(e)
	}
}

var slow = alert.Alert{ID: "1", Date: noon, Tags: alert.Tags{"monitor", "service:checkout", "env:prod"}}

func TestChanges_Conformance(t *testing.T) {
	enrichtest.Conformance(t, enrichtest.Case{
		Kind:  ChangesKind,
		Alert: slow,
		Seed:  seed,
	})
}

// overFake returns the finding over a fake of Datadog with the events of seed.
func overFake(t *testing.T, c ChangesConfig) enrich.Finding {
	t.Helper()
	client, fake := enrichtest.Client(t, fakedatadog.Options{Now: func() time.Time { return noon }})
	seed(fake)
	return enrichtest.Find(t, newChanges(client.SearchEvents, c), slow)
}

func TestChanges_Enrich(t *testing.T) {
	got := overFake(t, ChangesConfig{})
	flagURL := got.Data.(ChangesData).Changes[1].URL // The event's page, by an ID of the fake's.
	const flagTitle, runURL = `Fallback turned on (fallback): {"enabled":false} → {"enabled":true}`, "https://ci.example.com/runs/7"
	const deploy = `{"kind":"deploy","title":"Deployed checkout (version 1.2.3)","who":"ann","source":"github","service":"checkout","time":"2026-11-21T11:50:00Z","url":"` + runURL + `","times":1}`
	enrichtest.Equal(t, got, enrich.Finding{
		Title: "Changes", Weight: enrich.Important,
		Blocks: []enrich.Block{
			enrich.Facts{{Name: "In the hour before", Value: "1 deploy, 1 feature flag"}},
			enrich.List{Items: []enrich.Item{
				{Time: noon.Add(-10 * time.Minute), Tag: "deploy", Text: "Deployed checkout (version 1.2.3), by ann", URL: runURL},
				{Time: noon.Add(-30 * time.Minute), Tag: "flag", Text: flagTitle + ", by ben@example.com", URL: flagURL},
			}},
		},
	}, `{"query":"service:\"checkout\" -source:(alert OR monitor_alert OR watchdog) -idempotency_key:*","from":"2026-11-21T11:00:00Z","to":"2026-11-21T12:00:00Z",`+
		`"count":2,"at_least":false,"deploys":1,"flags":1,"configs":0,"ci":0,"infrastructure":0,"others":0,"last":`+deploy+`,"changes":[`+deploy+
		`,{"kind":"flag","title":`+strconv.Quote(flagTitle)+`,"who":"ben@example.com","source":"my_apps","service":"checkout","time":"2026-11-21T11:30:00Z","url":`+strconv.Quote(flagURL)+`,"times":1}]}`)
	if !strings.HasPrefix(flagURL, "https://app.datadoghq.com/event/event?id=83060822027960") {
		t.Errorf("a change without a link leads to %s", flagURL)
	}
}

func TestChanges_Configured(t *testing.T) {
	for _, tt := range []struct {
		name    string
		config  ChangesConfig
		titles  string
		summary string
	}{
		{"longer window", ChangesConfig{Window: 150 * time.Minute}, `Deployed checkout (version 1.2.3); Fallback turned on (fallback): {"enabled":false} → {"enabled":true}; Deployed checkout`, "In the 2 h 30 min before: 2 deploys, 1 feature flag"},
		{"shorter window", ChangesConfig{Window: 5 * time.Minute}, "", "In the 5 min before: no known changes"},
		{"sources", ChangesConfig{Sources: []string{"cron", "git\"hub"}}, "Backup finished", "In the hour before: 1 other change"},
		{"query", ChangesConfig{Query: "service:cart"}, "Deployed cart", "In the hour before: 1 deploy"},
		{"query and source", ChangesConfig{Query: "service:(cart OR checkout) env:prod", Sources: []string{"github"}, Window: 2 * time.Hour}, "Deployed cart; Deployed checkout (version 1.2.3); Deployed checkout", "In the 2 hours before: 3 deploys"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := overFake(t, tt.config)
			var titles []string
			for _, one := range got.Data.(ChangesData).Changes {
				titles = append(titles, one.Title)
			}
			first := got.Blocks[0].(enrich.Facts)[0]
			if got := strings.Join(titles, "; "); got != tt.titles || first.Name+": "+first.Value != tt.summary {
				t.Errorf("got %s, %+v", got, first)
			}
		})
	}
}

func TestChangesConfig_Search(t *testing.T) {
	const noAlerts = " -source:(alert OR monitor_alert OR watchdog) -idempotency_key:*"
	for _, tt := range []struct {
		name   string
		config ChangesConfig
		tags   alert.Tags
		want   string
	}{
		{"all narrow tags", ChangesConfig{}, alert.Tags{"team:shop", "host:a", "service:checkout", "service:cart"}, `(service:"checkout" OR host:"a")` + noAlerts},
		{"wide tag", ChangesConfig{}, alert.Tags{"team:shop", "env:prod"}, `team:"shop"` + noAlerts},
		{"cron job", ChangesConfig{}, alert.Tags{"kube_cronjob:mail"}, `kube_cronjob:"mail"` + noAlerts},
		{"search syntax in a value", ChangesConfig{}, alert.Tags{`service:a" OR source:"b\`}, `service:"a\" OR source:\"b\\"` + noAlerts},
		{"no tag", ChangesConfig{}, alert.Tags{"env:prod", "monitor"}, ""},
		{"no tag with sources", ChangesConfig{Sources: []string{"github"}}, nil, ""},
		{"configured", ChangesConfig{Query: "repo:shop"}, nil, "repo:shop"},
		{"sources", ChangesConfig{Sources: []string{"github", "my apps"}}, alert.Tags{"host:a"}, `(host:"a"` + noAlerts + `) source:("github" OR "my apps")`},
	} {
		if got := tt.config.query(tt.tags); got != tt.want {
			t.Errorf("%s: got  %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// returns is a search that always finds the same events.
func returns(events []datadog.Event) searcher {
	return func(context.Context, datadog.SearchQuery) ([]datadog.Event, error) { return events, nil }
}

func TestChanges_Kinds(t *testing.T) {
	var events []datadog.Event
	for _, title := range []string{"Merged", "Merged", "Rebooted", "Rebooted again", "Config", "Updated", "Changed", "Backup"} {
		events = append(events, datadog.Event{Title: title, Happened: noon.Add(-90 * time.Second)})
	}
	events = append(events, datadog.Event{Title: "Changed", Category: "alert"})
	got := enrichtest.Find(t, newChanges(returns(events), ChangesConfig{}), slow)
	want := enrich.Facts{{Name: "In the hour before", Value: "1 configuration change, 2 infrastructure changes, 2 CI events, 2 other changes"}}
	if diff := cmp.Diff(want, got.Blocks[0]); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if d := got.Data.(ChangesData); d.Configs != 1 || d.Infrastructure != 2 || d.CI != 2 || d.Others != 2 || d.Count != 7 {
		t.Errorf("data %+v", d)
	}
}

func TestChangesConfig_Chosen(t *testing.T) {
	events := []datadog.Event{
		{Title: "Anomaly", Source: "watchdog"}, {Title: "Login", Source: "audit_trail"}, {Title: "Backup"}, {Title: "Deployed", MonitorID: 7}, {Title: "Deployed", Category: "alert"},
	}
	var got []string
	for _, c := range (ChangesConfig{Sources: []string{"watchdog"}}).changes(events, nil) {
		got = append(got, string(c.Kind)+" "+c.Title)
	}
	if diff := cmp.Diff([]string{"other Anomaly", "other Login", "other Backup"}, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestChanges_Limits(t *testing.T) {
	var deploys, noise []datadog.Event
	for i := range maxFound {
		deploys = append(deploys, datadog.Event{Title: fmt.Sprintf("Deployed %d", i/3), Source: "github", Happened: noon.Add(-time.Duration(i) * time.Second)})
		noise = append(noise, datadog.Event{Title: "Backup", Source: "cron", Happened: noon})
	}
	got := enrichtest.Find(t, newChanges(returns(deploys), ChangesConfig{}), slow)
	list, d := got.Blocks[1].(enrich.List), got.Data.(ChangesData)
	if len(list.Items) != maxShown || list.More != 67-maxShown || len(d.Changes) != maxShown || d.Count != maxFound || !d.AtLeast {
		t.Errorf("got %d items and %d more; data %+v", len(list.Items), list.More, d)
	}
	if first := got.Blocks[0].(enrich.Facts); len(first) != 1 || first[0].Value != "at least 200 deploys" || list.Items[0].Text != "Deployed 0 (3 times)" {
		t.Errorf("got %+v, first %q", first, list.Items[0].Text)
	}
	got = enrichtest.Find(t, newChanges(returns(noise), ChangesConfig{}), slow)
	enrichtest.Blocks(t, got, enrich.Facts{{Name: "In the hour before", Value: "no change among the newest 200 events"}})
	if got.Weight != enrich.Useful {
		t.Errorf("weight %d", got.Weight)
	}
}

func TestEnrich_NoDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var searched datadog.SearchQuery
		enrichtest.Find(t, newChanges(func(_ context.Context, s datadog.SearchQuery) ([]datadog.Event, error) {
			searched = s
			return nil, nil
		}, ChangesConfig{}), alert.Alert{Hostname: "a"})
		listed := &calls{around: has()}
		enrichtest.Find(t, newRelated(listed.Events), alert.Alert{Hostname: "a"})
		if now := time.Now(); !searched.To.Equal(now) || !searched.From.Equal(now.Add(-time.Hour)) || searched.Limit != maxFound || !listed.made[0].End.Equal(now.Add(after)) {
			t.Errorf("search %+v, listed %+v", searched, listed.made)
		}
	})
}

func TestChangesConfig_Validate(t *testing.T) {
	for window, want := range map[time.Duration]string{
		0: "", time.Second: "", maxWindow: "",
		-1: "window: use a time from 1s to 168h, such as 30m or 2h", maxWindow + 1: "window: use a time from 1s to 168h, such as 30m or 2h",
	} {
		enrichtest.Validate(t, ChangesConfig{Window: window}, want)
	}
}

// TestKinds_MonitorTags searches by the monitor's service where the alert names no subject.
func TestKinds_MonitorTags(t *testing.T) {
	client, fake := enrichtest.Client(t, fakedatadog.Options{Now: func() time.Time { return noon }})
	seed(fake)
	fake.AddMonitor(fakedatadog.Monitor{ID: 77, Tags: []string{"team:shop", "service:checkout"}})
	a := alert.Alert{ID: "1", MonitorID: "77", Date: noon, Scope: "env:prod"}
	if d := enrichtest.Find(t, ChangesKind(client).New(ChangesConfig{}, time.Minute), a).Data.(ChangesData); d.Deploys != 1 || d.Flags != 1 {
		t.Errorf("changes %+v", d)
	}
	if d := enrichtest.Find(t, RelatedKind(client).New(struct{}{}, time.Minute), a).Data.(RelatedData); d.Deploys != 1 || strings.Join(d.Tags, " ") != "service:checkout" {
		t.Errorf("related events %+v", d)
	}
	reads := 0
	for _, r := range fake.Requests() {
		if r.Route == fakedatadog.MonitorGet {
			reads++
		}
	}
	if reads != 1 {
		t.Errorf("%d reads of the monitor", reads)
	}
}
