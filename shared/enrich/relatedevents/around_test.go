package relatedevents

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

func TestSearchTags(t *testing.T) {
	for _, tt := range []struct {
		name string
		tags alert.Tags
		want []string
	}{
		{"nothing", nil, nil},
		{"an_environment_is_no_subject", alert.Tags{"monitor", "env:prod", "priority:p1"}, nil},
		{"the_service_before_the_host", alert.Tags{"host:a", "service:checkout", "env:prod"}, []string{"service:checkout"}},
		{"the_host_before_the_namespace", alert.Tags{"kube_namespace:shop", "host:a"}, []string{"host:a"}},
		{"a_deployment_is_enough", alert.Tags{"kube_namespace:shop", "kube_deployment:cart", "env:prod"}, []string{"kube_deployment:cart"}},
		{"a_namespace_is_one_of_an_environment", alert.Tags{"kube_namespace:shop", "env:prod"}, []string{"kube_namespace:shop", "env:prod"}},
		{"a_team_at_last", alert.Tags{"team:shop"}, []string{"team:shop"}},
		{"an_empty_value_is_none", alert.Tags{"service:", "host:a"}, []string{"host:a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, searchTags(tt.tags)); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
		})
	}
}

func TestClassify(t *testing.T) {
	for _, tt := range []struct {
		name string
		e    datadog.Event
		want Kind
	}{
		{"a_monitors_event", datadog.Event{MonitorID: 7, Title: "[Triggered] Deployment is late"}, Alert},
		{"an_alert_by_its_source_tag", datadog.Event{Tags: []string{"source:alert"}}, Alert},
		{"an_alert_by_its_source", datadog.Event{Source: "Monitor Alert"}, Alert},
		{"a_deploy_tool", datadog.Event{Source: "ArgoCD", Title: "checkout is synced"}, Deploy},
		{"a_deploy_by_its_title", datadog.Event{Source: "My Apps", Title: "Deployed checkout 1.2"}, Deploy},
		{"a_deploy_of_a_build_tool", datadog.Event{Tags: []string{"source:jenkins"}, Title: "Deployment of checkout succeeded"}, Deploy},
		{"a_rollback", datadog.Event{Title: "checkout was rolled back"}, Deploy},
		{"a_rollout", datadog.Event{Title: "Rollout of checkout"}, Deploy},
		{"a_release", datadog.Event{Title: "Released 4.2"}, Deploy},
		{"a_deploy_by_a_bare_tag", datadog.Event{Title: "checkout 1.2", Tags: []string{"deployment"}}, Deploy},
		{"a_deploy_by_a_tag_about_it", datadog.Event{Title: "checkout 1.2", Tags: []string{"event:deploy"}}, Deploy},
		{"where_it_was_does_not_tell_what_it_was", datadog.Event{Title: "Pod is not ready", Tags: []string{"kube_deployment:cart", "deployment.environment:prod"}}, Other},
		{"a_change_tool", datadog.Event{Source: "Terraform", Title: "run 12"}, Change},
		{"a_change_by_its_tag", datadog.Event{Title: "new-cart", Tags: []string{"type:feature_flag"}}, Change},
		{"a_change_by_its_title", datadog.Event{Title: "Config of checkout updated"}, Change},
		{"a_person_wrote_it_down", datadog.Event{Title: "moved the traffic", AlertType: "user_update"}, Change},
		{"a_restart", datadog.Event{Title: "host a was rebooted"}, Change},
		{"anything_else", datadog.Event{Title: "Backup is done", Source: "My Apps"}, Other},
		{"nothing_at_all", datadog.Event{}, Other},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := classify(tt.e); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSortOut_a_chatty_source_does_not_hide_the_one_deploy(t *testing.T) {
	events := []datadog.Event{
		{ID: "d", Title: "Deployed checkout", Happened: noon.Add(-time.Hour)},
		{ID: "c", Title: "Config updated", Happened: noon.Add(-30 * time.Minute)},
	}
	for i := range 100 {
		happened := noon.Add(-time.Duration(i) * time.Second)
		events = append(events,
			datadog.Event{Title: fmt.Sprintf("Pod %d is not ready", i), Happened: happened},
			datadog.Event{Title: fmt.Sprintf("[Triggered] %d", i), Happened: happened, MonitorID: 8},
		)
	}
	var r Around
	entries := r.sortOut(events, alert.Alert{ID: "1"})
	var shown []string
	for _, e := range r.Events {
		shown = append(shown, e.Title)
	}
	want := []string{
		"Pod 0 is not ready", "[Triggered] 0", "Pod 1 is not ready", "[Triggered] 1", "[Triggered] 2", "[Triggered] 3",
		"Config updated", "Deployed checkout",
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
	if r.Alerts != 100 || r.Others != 100 || r.Deploys != 1 || r.Changes != 1 || len(entries) != 202 || r.LastChange.Title != "Config updated" {
		t.Errorf("got %d entries, %+v", len(entries), r)
	}
	list, _ := blocks(r, entries)[1].(enrich.List)
	if list.More != 202-len(want) {
		t.Errorf("%d more, want %d", list.More, 202-len(want))
	}
}

func TestSortOut_leaves_out_other_environments(t *testing.T) {
	events := []datadog.Event{
		{Title: "everywhere"},
		{Title: "here", Tags: []string{"env:prod"}},
		{Title: "there", Tags: []string{"env:dev"}},
		{Title: "both", Tags: []string{"env:dev", "env:prod"}},
	}
	for _, tt := range []struct {
		name string
		tags alert.Tags
		want int
	}{{"in_one", alert.Tags{"env:prod"}, 3}, {"in_two", alert.Tags{"env:prod", "env:dev"}, 4}, {"in_none", nil, 4}} {
		t.Run(tt.name, func(t *testing.T) {
			var r Around
			if got := len(r.sortOut(events, alert.Alert{ID: "1", Tags: tt.tags})); got != tt.want {
				t.Errorf("got %d entries, want %d", got, tt.want)
			}
		})
	}
}

func TestAround_words(t *testing.T) {
	for _, tt := range []struct {
		r    Around
		want string
	}{
		{Around{Deploys: 2, Changes: 1, Alerts: 3, Others: 1}, "2 deploys, 1 change, 3 other alerts, 1 other event"},
		{Around{}, "nothing else happened"},
		{Around{AtLeast: true, Deploys: 1, Alerts: 900}, "at least 1 deploy, 900 other alerts"},
		{Around{AtLeast: true, Changes: 2}, "at least 2 changes"},
		{Around{AtLeast: true, Others: 999}, "at least 999 other events, and no deploy or change among the newest 1000 events"},
		{Around{AtLeast: true}, "unknown: Datadog lists only the newest 1000 events, and all of them are of this alert or of another environment"},
	} {
		if got := tt.r.words(); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.r, got, tt.want)
		}
	}
}

func TestEnrich_a_full_page_is_not_taken_for_all_there_is(t *testing.T) {
	for n, want := range map[int]string{
		pageSize - 1: "998 other alerts",
		pageSize:     "at least 999 other alerts, and no deploy or change among the newest 1000 events",
	} {
		events := []datadog.Event{{ID: "1", Happened: noon}}
		for i := range n - 1 {
			events = append(events, datadog.Event{MonitorID: 8, Title: fmt.Sprintf("[Triggered] %d", i), Happened: noon})
		}
		got, err := New(&halves{around: has(events...), history: has()}).Enrich(t.Context(), alert.Alert{ID: "1", Hostname: "a", Date: noon})
		if err != nil {
			t.Fatal(err)
		}
		if facts := got.Blocks[0].(enrich.Facts); facts[0].Value != want || got.Data.(Data).AtLeast != (n == pageSize) {
			t.Errorf("%d events: got %+v, at least %v; want %q", n, facts, got.Data.(Data).AtLeast, want)
		}
	}
}

func TestTitle(t *testing.T) {
	for _, tt := range []struct {
		name string
		e    datadog.Event
		want string
	}{
		{"its_own", datadog.Event{Title: " Deployed ", Text: "x"}, "Deployed"},
		{"with_the_version", datadog.Event{Title: "Deployed", Tags: []string{"version:1.2"}}, "Deployed (version 1.2)"},
		{"with_the_version_once", datadog.Event{Title: "Deployed 1.2", Tags: []string{"version:1.2"}}, "Deployed 1.2"},
		{"the_first_line_of_its_text", datadog.Event{Text: "%%% \nDeployed\nby me\n %%%"}, "Deployed"},
		{"none", datadog.Event{Text: " "}, "event without a title"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := title(tt.e); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
