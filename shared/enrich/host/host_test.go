package host

import (
	"context"
	"fmt"
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
	"boomerang/shared/site"
)

func TestConformance(t *testing.T) {
	enrichtest.Conformance(t, enrichtest.Case{
		Kind:  func(c *datadog.Client) enrich.Kind { return Kind(c, site.US1) },
		Alert: alert.Alert{ID: "1", Hostname: "web-1", Tags: alert.Tags{"env:prod"}},
		Seed: func(s *fakedatadog.Server) {
			s.SetHosts(fakedatadog.Host{Name: "web-1", Up: true, Apps: []string{"agent"}}, fakedatadog.Host{Name: "web-12"})
		},
	})
}

// enriched returns the finding and the query. The clock is at midnight of
// 1 January 2000, as synctest sets it.
func enriched(t *testing.T, c Config, a alert.Alert, hosts ...datadog.Host) (f enrich.Finding, asked string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f = enrichtest.Find(t, newStep(func(_ context.Context, beginning string, since time.Time) ([]datadog.Host, error) {
			if !since.Equal(midnight.Add(-7 * 24 * time.Hour)) {
				t.Errorf("asked for hosts since %v", since)
			}
			asked = beginning
			return hosts, nil
		}, site.EU1, c), a)
	})
	return f, asked
}

var midnight = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func TestEnrich(t *testing.T) {
	got, asked := enriched(t, Config{}, alert.Alert{Hostname: "web-1", Tags: alert.Tags{"env:prod"}}, datadog.Host{
		Name: "web-1", Aliases: []string{"web-1", "i-0abc"}, CloudID: "i-0abc", Apps: []string{"agent", "nginx"}, LastReported: midnight.Add(-5 * time.Hour),
		Muted: true, MutedUntil: midnight.Add(time.Hour), Tags: []string{"env:prod", "host:web-1", "team:shop"}, AgentVersion: "7.30.0",
		Platform: "linux", OS: "ubuntu 18.04", CPUs: 4, CPU: new(29.517), IOWait: new(0.0), Load: new(0.32),
		Checks: []datadog.AgentCheck{{Name: "process", Status: "WARNING", Message: "No matching\nprocess"}, {Name: "ntp", Status: "ERROR"}},
	})
	if asked != "host:web-1" {
		t.Errorf("asked for %s", asked)
	}
	enrichtest.Equal(t, got, enrich.Finding{
		Title: "Host", Weight: enrich.Important,
		Lead: []enrich.Lead{{Answer: enrich.What, Text: "host web-1 is down, last report 31 Dec 19:00 UTC"}},
		Blocks: []enrich.Block{
			enrich.Facts{
				{Name: "Name", Value: "web-1", Lead: enrich.What},
				{Name: "State", Value: "down, last report 31 Dec 19:00 UTC", Lead: enrich.What},
				{Name: "Muted", Value: "until 1 Jan 01:00 UTC"},
				{Name: "System", Value: "ubuntu 18.04, i-0abc, 4 CPUs"},
				{Name: "Load", Value: "CPU 29.52 %, I/O wait 0.00 %, load 0.32"},
				{Name: "Agent", Value: "7.30.0"},
				{Name: "Apps", Value: "agent, nginx"},
				{Name: "More tags", Value: "team:shop"},
			},
			enrich.List{Items: []enrich.Item{{Tag: "WARNING", Text: "process: No matching process"}, {Tag: "ERROR", Text: "ntp"}}},
			enrich.Links{{Kind: "resource", Title: "Host in Datadog", URL: "https://app.datadoghq.eu/infrastructure?hostname=web-1"}},
		},
	}, `{"name":"web-1","up":false,"last_reported":"1999-12-31T19:00:00Z","muted":true,"muted_until":"2000-01-01T01:00:00Z","apps":["agent","nginx"],`+
		`"agent":"7.30.0","platform":"linux","os":"ubuntu 18.04","cpus":4,"cloud_id":"i-0abc","aliases":["web-1","i-0abc"],"tags":["env:prod","host:web-1","team:shop"],`+
		`"failing":[{"name":"process","status":"WARNING","message":"No matching\nprocess"},{"name":"ntp","status":"ERROR","message":""}],`+
		`"known":true,"url":"https://app.datadoghq.eu/infrastructure?hostname=web-1"}`)
}

func TestEnrich_State(t *testing.T) {
	for _, tt := range []struct {
		name   string
		host   datadog.Host
		weight enrich.Weight
		want   enrich.Facts
	}{
		{
			"up",
			datadog.Host{Up: true, LastReported: midnight.Add(-time.Minute), Platform: "linux", CPUs: 1},
			enrich.Useful,
			enrich.Facts{{Name: "State", Value: "up"}, {Name: "System", Value: "linux, 1 CPU"}},
		},
		{"no recent report", datadog.Host{Up: true, LastReported: midnight.Add(-17 * time.Minute)}, enrich.Useful, enrich.Facts{{Name: "State", Value: "up, last report 31 Dec 23:43 UTC, 17 min before"}}},
		{"report in the future", datadog.Host{Up: true, LastReported: midnight.Add(time.Hour)}, enrich.Useful, enrich.Facts{{Name: "State", Value: "up"}}},
		{"muted without end", datadog.Host{Muted: true}, enrich.Important, enrich.Facts{{Name: "State", Value: "down", Lead: enrich.What}, {Name: "Muted", Value: "indefinitely"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.host.Name = "web-1"
			got, _ := enriched(t, Config{}, alert.Alert{Hostname: "web-1", Date: midnight}, tt.host)
			if diff := cmp.Diff(tt.want, got.Blocks[0].(enrich.Facts)[1:]); diff != "" || got.Weight != tt.weight {
				t.Errorf("weight %d; facts (-want +got):\n%s", got.Weight, diff)
			}
		})
	}
}

func TestEnrich_SelectsHost(t *testing.T) {
	hosts := []datadog.Host{
		{Name: "web-12", Tags: []string{"host:other"}}, {Name: "db", Aliases: []string{"web-1.example.com"}}, {Name: "ec2", CloudID: "i-0abc"}, {Name: "WEB-1"},
	}
	for _, tt := range []struct {
		name   string
		config Config
		alert  alert.Alert
		want   string
	}{
		{"alert", Config{}, alert.Alert{Hostname: "web-1"}, "WEB-1"},
		{"group before alert", Config{}, alert.Alert{Scope: "host:web-12, env:prod", Hostname: "web-1"}, "web-12"},
		{"tags", Config{}, alert.Alert{Tags: alert.Tags{"host:web-12"}}, "web-12"},
		{"playbook before group", Config{Host: " db "}, alert.Alert{Hostname: "web-1"}, "db"},
		{"alias", Config{}, alert.Alert{Hostname: "web-1.example.com"}, "db"},
		{"cloud id", Config{}, alert.Alert{Hostname: "i-0abc"}, "ec2"},
		{"host tag", Config{}, alert.Alert{Hostname: "other"}, "web-12"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := enriched(t, tt.config, tt.alert, hosts...)
			if d := got.Data.(Data); d.Name != tt.want || !d.Known {
				t.Errorf("got %+v, want %s", d, tt.want)
			}
		})
	}
}

func TestEnrich_UnknownHost(t *testing.T) {
	got, _ := enriched(t, Config{}, alert.Alert{Hostname: "web"}, datadog.Host{Name: "web-1"})
	enrichtest.Blocks(t, got, enrich.Facts{{Name: "Name", Value: "web", Lead: enrich.What}, {Name: "State", Value: "Datadog has no data of it for seven days", Lead: enrich.What}})
	if d := got.Data.(Data); d.Name != "web" || d.Known || got.Weight != enrich.Useful {
		t.Errorf("weight %d, data %+v", got.Weight, d)
	}
}

func TestEnrich_Limits(t *testing.T) {
	h := datadog.Host{Name: "a", Up: true, AgentVersion: strings.Repeat("7", 1000)}
	for i := range 2000 {
		h.Apps, h.Tags = append(h.Apps, fmt.Sprint(i)), append(h.Tags, fmt.Sprintf("t:%d", i))
		h.Checks = append(h.Checks, datadog.AgentCheck{Name: fmt.Sprint(i), Status: "ERROR", Message: strings.Repeat("é", 1000)})
	}
	got, _ := enriched(t, Config{}, alert.Alert{Hostname: "a"}, h)
	facts, list := got.Blocks[0].(enrich.Facts), got.Blocks[1].(enrich.List)
	if len([]rune(facts[2].Value)) != maxValueRunes || facts[3].Value != "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 and 1985 more" || !strings.HasSuffix(facts[4].Value, "t:19 and 1980 more") {
		t.Errorf("facts %+v", facts)
	}
	if len(list.Items) != maxChecks || list.More != 2000-maxChecks || len([]rune(list.Items[0].Text)) != maxValueRunes {
		t.Errorf("list of %d and %d more", len(list.Items), list.More)
	}
}
