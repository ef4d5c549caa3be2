package events

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/datadog"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestTitle(t *testing.T) {
	for want, e := range map[string]datadog.Event{
		"Deployed":                            {Title: " Deployed ", Text: "x"},
		"Deployed 1.2":                        {Title: "Deployed 1.2", Tags: []string{"version:1.2"}},
		"Deployed (version 1.3)":              {Title: "Deployed", Tags: []string{"version:1.3"}},
		"first":                               {Text: "%%% \nfirst\nsecond\n %%%"},
		"event without a title":               {Text: " "},
		"Timeout: none → 5":                   {Title: "Timeout", Change: datadog.Change{New: "5"}},
		"Timeout (cache): 5 → none":           {Title: "Timeout", Change: datadog.Change{Resource: "cache", Previous: "5"}},
		strings.Repeat("é", maxTitle-1) + "…": {Title: strings.Repeat("é", 5000)},
	} {
		if got := Title(e); got != want {
			t.Errorf("%+v: got %q, want %q", e, got, want)
		}
	}
}

func TestAuthor(t *testing.T) {
	for want, e := range map[string]datadog.Event{
		"ann": {Change: datadog.Change{Author: "ann"}, Tags: []string{"author:ben"}},
		"ben": {Tags: []string{"user:cem", "author:ben"}}, "dee": {Tags: []string{"triggered_by:dee"}}, "": {Tags: []string{"author"}},
	} {
		if got := Author(e); got != want {
			t.Errorf("%+v: got %q, want %q", e, got, want)
		}
	}
}

func TestLink(t *testing.T) {
	const page = "https://app.datadoghq.com/event/event?id=7"
	for _, tt := range []struct{ text, metadata, want string }{
		{"", "", page},
		{"no link, http:// and ftp://x", "{", page},
		{"%%% \n[run](https://ci.example.com/7) and https://x.example\n %%%", "", "https://ci.example.com/7"},
		{"(see https://ci.example.com/7?a=b.)", "", "https://ci.example.com/7?a=b"},
		{"https://ci.example.com/7", `{"b":"https://b.example/2","a":[1,{"c":"see https://no.example"},"https://a.example/1"]}`, "https://a.example/1"},
		{"https://ci.example.com/7", `{"commit":"abc"}`, "https://ci.example.com/7"},
	} {
		if got := Link(datadog.Event{Text: tt.text, URL: page, Change: datadog.Change{Metadata: tt.metadata}}); got != tt.want {
			t.Errorf("%q, %s: got %s, want %s", tt.text, tt.metadata, got, tt.want)
		}
	}
}

func TestMerge(t *testing.T) {
	deploy := Change{Kind: Deploy, Title: "Deployed", Source: "github", Time: noon, URL: "https://1"}
	earlier, by := deploy, deploy
	earlier.Time, earlier.URL = noon.Add(-time.Hour), "https://2"
	by.Time, by.Who = noon.Add(time.Hour), "ann"
	merged := merge([]Change{earlier, deploy, by})
	want := []Change{by, deploy}
	want[0].Times, want[1].Times = 1, 2
	if diff := cmp.Diff(want, merged); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
	if got := merged[1].item().Text + "|" + merged[0].item().Text; got != "Deployed (twice)|Deployed, by ann" {
		t.Errorf("got %q", got)
	}
}

func TestClassify(t *testing.T) {
	for _, tt := range []struct {
		name string
		e    datadog.Event
		want Kind
	}{
		{"monitor", datadog.Event{MonitorID: 7, Title: "[Triggered] Deployment is late"}, Alert},
		{"alert category", datadog.Event{Category: "alert", Title: "Deployment is late"}, Alert},
		{"alert source", datadog.Event{Source: "Monitor Alert", Title: "Deployed"}, Alert},
		{"changed resource before words", datadog.Event{Change: datadog.Change{ResourceType: "feature_flag"}, Title: "Deployed"}, Flag},
		{"changed configuration", datadog.Event{Change: datadog.Change{ResourceType: "configuration"}}, Setting},
		{"deploy source", datadog.Event{Source: "ArgoCD", Title: "Sync succeeded"}, Deploy},
		{"flag source", datadog.Event{Source: "launchdarkly", Title: "Updated"}, Flag},
		{"setting source", datadog.Event{Source: "consul", Title: "x"}, Setting},
		{"infrastructure source before words", datadog.Event{Source: "Terraform", Title: "Released a lock"}, Infrastructure},
		{"merge", datadog.Event{Source: "github", Title: "Merged pull request 7"}, CI},
		{"pipeline", datadog.Event{Source: "github_actions", Title: "Pipeline failed"}, CI},
		{"deploy of a build server", datadog.Event{Source: "jenkins", Title: "Deployment of checkout"}, Deploy},
		{"flag of a build server", datadog.Event{Source: "jenkins", Title: "Feature flag"}, CI},
		{"build source alone", datadog.Event{Source: "git", Title: "Push"}, CI},
		{"audit trail", datadog.Event{Source: "audit_trail", Title: "x"}, OtherChange},
		{"deploy of change tracking", datadog.Event{Source: "change_tracking", Title: "Deployed"}, Deploy},
		{"deploy", datadog.Event{Source: "My Apps", Title: "Deployed checkout 1.2"}, Deploy},
		{"rollback", datadog.Event{Title: "checkout was rolled back"}, Deploy},
		{"rollout", datadog.Event{Title: "Rollout of checkout"}, Deploy},
		{"release", datadog.Event{Title: "Released 4.2"}, Deploy},
		{"bare tag", datadog.Event{Title: "checkout", Tags: []string{"deployment"}}, Deploy},
		{"kind tag", datadog.Event{Title: "checkout", Tags: []string{"event_type:rollback"}}, Deploy},
		{"flag by tag", datadog.Event{Title: "new-cart", Tags: []string{"type:feature_flag"}}, Flag},
		{"place tag", datadog.Event{Title: "checkout", Tags: []string{"kube_deployment:deploy", "deployment.environment:prod"}}, Other},
		{"flag by title", datadog.Event{Title: "Feature-flag checkout-v2 toggled"}, Flag},
		{"setting by title", datadog.Event{Title: "Reconfigured the cache"}, Setting},
		{"migration", datadog.Event{Title: "Database migrated"}, Infrastructure},
		{"reboot", datadog.Event{Title: "host a was rebooted"}, Infrastructure},
		{"change by title", datadog.Event{Title: "Somebody changed something"}, OtherChange},
		{"Kubernetes deploy", datadog.Event{Source: "kubernetes", Title: "Events from the Deployment shop/checkout", Text: "Scaled up replica set checkout-6d to 3"}, Deploy},
		{"Kubernetes restart", datadog.Event{Source: "kubernetes", Title: "Events from the Pod shop/checkout", Text: "Back-off restarting failed container"}, Infrastructure},
		{"Kubernetes probe", datadog.Event{Source: "kubernetes", Title: "Events from the Pod shop/checkout", Text: "Readiness probe failed"}, Other},
		{"text of another source", datadog.Event{Source: "cron", Title: "Backup finished", Text: "deployed"}, Other},
		{"person", datadog.Event{Source: "cron", Title: "Backup finished", AlertType: "user_update"}, OtherChange},
		{"change category", datadog.Event{Title: "x", Category: "change"}, OtherChange},
		{"nothing", datadog.Event{}, Other},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Classify(tt.e); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
