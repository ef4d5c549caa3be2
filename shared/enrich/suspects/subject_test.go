package suspects

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/events"
)

func TestScope_Relate(t *testing.T) {
	host := alert.Alert{Scope: "host:web-1", Tags: alert.Tags{"service:shop", "env:prod", "team:shop", "kube_cluster_name:a", "availability-zone:z1"}}
	plain := alert.Alert{Query: `logs("service:shop status:error env:production")`}
	for name, tt := range map[string]struct {
		alert   alert.Alert
		event   datadog.Event
		want    relation
		subject string
	}{
		"its service":                         {host, datadog.Event{Tags: []string{"service:shop"}}, own, "shop"},
		"its service in a deploy tool's tag":  {host, datadog.Event{Tags: []string{"application:Shop-prod"}}, own, "Shop-prod"},
		"its service in a repository":         {host, datadog.Event{Tags: []string{"repo:example/shop"}}, own, "example/shop"},
		"its service as a field":              {host, datadog.Event{Service: "shop"}, own, "shop"},
		"an impacted resource":                {host, datadog.Event{Change: datadog.Change{Impacted: []string{"shop"}}}, own, "shop"},
		"an unknown key with its name":        {host, datadog.Event{Tags: []string{"stack:shop"}}, own, "shop"},
		"a dependency":                        {host, datadog.Event{Tags: []string{"service:cart"}}, dependency, "cart"},
		"an instance of a dependency":         {host, datadog.Event{Tags: []string{"dbinstanceidentifier:orders-db-2"}}, dependency, "orders-db-2"},
		"its service before a dependency":     {host, datadog.Event{Tags: []string{"service:cart", "app:shop"}}, own, "shop"},
		"its host":                            {host, datadog.Event{Tags: []string{"host:web-1"}}, own, "web-1"},
		"its host as a field":                 {host, datadog.Event{Host: "web-1", Tags: []string{"service:agent"}}, own, "web-1"},
		"another host":                        {host, datadog.Event{Tags: []string{"service:shop", "host:web-2"}}, unrelated, ""},
		"the sender's host":                   {host, datadog.Event{Host: "ci-1", Tags: []string{"service:shop"}}, own, "shop"},
		"its cluster":                         {host, datadog.Event{Tags: []string{"kube_cluster_name:a"}}, place, "a"},
		"another service of its cluster":      {host, datadog.Event{Tags: []string{"service:news", "kube_cluster_name:a", "team:shop"}}, unrelated, ""},
		"its team alone":                      {host, datadog.Event{Tags: []string{"team:shop"}}, unrelated, ""},
		"its zone alone":                      {host, datadog.Event{Tags: []string{"availability-zone:z1"}}, unrelated, ""},
		"another zone":                        {host, datadog.Event{Tags: []string{"service:shop", "availability-zone:z2"}}, unrelated, ""},
		"another environment":                 {host, datadog.Event{Tags: []string{"service:shop", "env:staging"}}, unrelated, ""},
		"its environment in other words":      {host, datadog.Event{Tags: []string{"service:shop", "environment:production"}}, own, "shop"},
		"another environment in the title":    {host, datadog.Event{Title: "Deploy shop to staging", Tags: []string{"service:shop"}}, unrelated, ""},
		"a name that begins alike":            {host, datadog.Event{Tags: []string{"service:shop-admin"}}, unrelated, ""},
		"the query's service":                 {plain, datadog.Event{Tags: []string{"service:shop", "env:prod"}}, own, "shop"},
		"not in the query's environment":      {plain, datadog.Event{Tags: []string{"service:shop", "env:dev"}}, unrelated, ""},
		"a trial, with no environment to ask": {alert.Alert{Tags: alert.Tags{"service:shop"}}, datadog.Event{Tags: []string{"service:shop", "env:qa"}}, unrelated, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScope(tt.alert).withDependencies([]datadog.Entity{{Kind: "service", Name: "cart"}, {Kind: "datastore", Name: "orders-db"}, {Kind: "service", Name: "shop"}, {}})
			if got, subject := s.relate(tt.event); got != tt.want || subject != tt.subject {
				t.Errorf("got %v by %q, want %v by %q", got, subject, tt.want, tt.subject)
			}
		})
	}
}

var began = time.Date(2026, time.November, 21, 12, 0, 0, 0, time.UTC)

func change(minute int, title string, kind events.Kind) event {
	return event{Event: datadog.Event{Title: title, Happened: began.Add(time.Duration(minute) * time.Minute)}, kind: kind, relation: own, subject: "shop"}
}

func TestMarkRoutine(t *testing.T) {
	const reconciled, restarted = "Deploy shop v1 succeeded", "Restarted worker-%d"
	for name, tt := range map[string]struct {
		events []event // The newest first.
		want   bool    // Of the newest.
	}{
		"once":                   {[]event{change(-1, reconciled, events.Deploy)}, false},
		"again and again":        {[]event{change(-1, reconciled, events.Deploy), change(-31, reconciled, events.Deploy), change(-61, reconciled, events.Deploy)}, true},
		"often but irregularly":  {[]event{change(-1, reconciled, events.Deploy), change(-21, reconciled, events.Deploy), change(-91, reconciled, events.Deploy)}, false},
		"other versions":         {[]event{change(-1, "Deploy shop v3", events.Deploy), change(-31, "Deploy shop v2", events.Deploy), change(-61, "Deploy shop v1", events.Deploy)}, false},
		"one rollout":            {[]event{change(-1, reconciled, events.Deploy), change(-2, reconciled, events.Deploy), change(-3, reconciled, events.Deploy), change(-4, reconciled, events.Deploy)}, false},
		"restarts of any worker": {[]event{change(-1, fmt.Sprintf(restarted, 3), events.Infrastructure), change(-30, fmt.Sprintf(restarted, 2), events.Infrastructure), change(-90, fmt.Sprintf(restarted, 1), events.Infrastructure)}, true},
	} {
		markRoutine(tt.events)
		if got := tt.events[0].routine; got != tt.want {
			t.Errorf("%s: routine is %v", name, got)
		}
	}
}

// TestSuspectsOf covers what the scripted incidents do not.
func TestSuspectsOf(t *testing.T) {
	flag := change(-70, "Flag", events.Flag)
	group := func(name, status string) datadog.MonitorGroup {
		return datadog.MonitorGroup{Name: name, Status: status}
	}
	for name, tt := range map[string]struct {
		evidence evidence
		want     []string
	}{
		"none": {evidence{}, nil},
		"precedents": {
			evidence{events: []event{flag}, precedents: []enrich.Precedent{{Kind: "flag", Service: "Shop", Times: 3, Of: 9}}},
			[]string{"Flag by flag, 0.49: 3 of 9 earlier alerts followed a flag of Shop"},
		},
		"one precedent is none": {evidence{events: []event{flag}, precedents: []enrich.Precedent{{Kind: "flag", Service: "shop", Times: 1, Of: 1}}}, nil},
		"one rollout": {
			evidence{events: []event{change(-5, "Rolled out 2 of 2", events.Deploy), change(-6, "Rolled out 1 of 2", events.Deploy)}},
			[]string{"Rolled out 2 of 2 by deploy, 1.00: "},
		},
		"as before earlier alerts": {
			evidence{
				events: []event{change(-5, "Import 7 started", events.Other)}, cycles: []time.Time{began.AddDate(0, 0, -1), began.AddDate(0, 0, -2)},
				past: []event{change(-24*60-5, "Import 6 started", events.Other), change(-48*60-10, "Import 5 started", events.Other)},
			},
			[]string{"Import 7 started by recurring, 0.90: such an event came before 2 of 2 earlier alerts"},
		},
		"as before one earlier alert": {
			evidence{
				events: []event{change(-5, "Import 7 started", events.Other)}, cycles: []time.Time{began.AddDate(0, 0, -1), began.AddDate(0, 0, -2)},
				past: []event{change(-24*60-5, "Import 6 started", events.Other), change(-48*60-10, "Export 5 ended", events.Other)},
			}, nil,
		},
		"at most three": {
			evidence{events: []event{change(-5, "a", events.Flag), change(-6, "b", events.Flag), change(-7, "c", events.Flag), change(-8, "d", events.Flag)}},
			[]string{"a by flag, 1.00: ", "b by flag, 1.00: ", "c by flag, 1.00: "},
		},
		"a narrow tag first": {
			evidence{groups: []datadog.MonitorGroup{group("host:a,rack:1,version:2", "Alert"), group("host:b,rack:1,version:2", "No Data"), group("host:c,rack:2,version:1", "OK"), group("host:d,rack:2,version:1", "OK")}},
			[]string{"version:2 by shared_group, 0.90: 2 groups with it fail, and none of 2 groups without it does"},
		},
		"what groups are about":  {evidence{groups: []datadog.MonitorGroup{group("service:a,x:1", "Alert"), group("service:a,x:2", "Alert"), group("service:b,x:1", "OK"), group("service:b,x:2", "OK")}}, nil},
		"too few healthy groups": {evidence{groups: []datadog.MonitorGroup{group("zone:a,host:1", "Alert"), group("zone:a,host:2", "Alert"), group("zone:b,host:3", "OK")}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			tt.evidence.began = began
			var got []string
			for _, c := range suspectsOf(tt.evidence, nil) {
				because := ""
				if len(c.because) > 0 {
					because = c.because[0]
				}
				got = append(got, fmt.Sprintf("%s%s by %s, %.2f: %s", c.Title, c.group, c.rule, c.score, because))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("suspects (-want +got):\n%s", diff)
			}
		})
	}
}
