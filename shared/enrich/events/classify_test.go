package events

import (
	"testing"

	"boomerang/shared/datadog"
)

func TestClassify(t *testing.T) {
	for _, tt := range []struct {
		name string
		e    datadog.SearchedEvent
		want Kind
	}{
		{"monitor", datadog.SearchedEvent{MonitorID: 7, Title: "[Triggered] Deployment is late"}, Alert},
		{"alert category", datadog.SearchedEvent{Category: "alert", Title: "Deployment is late"}, Alert},
		{"alert source", datadog.SearchedEvent{Source: "Monitor Alert", Title: "Deployed"}, Alert},
		{"changed resource before words", datadog.SearchedEvent{Change: datadog.Change{ResourceType: "feature_flag"}, Title: "Deployed"}, Flag},
		{"changed configuration", datadog.SearchedEvent{Change: datadog.Change{ResourceType: "configuration"}}, Setting},
		{"deploy source", datadog.SearchedEvent{Source: "ArgoCD", Title: "Sync succeeded"}, Deploy},
		{"flag source", datadog.SearchedEvent{Source: "launchdarkly", Title: "Updated"}, Flag},
		{"setting source", datadog.SearchedEvent{Source: "consul", Title: "x"}, Setting},
		{"infrastructure source before words", datadog.SearchedEvent{Source: "Terraform", Title: "Released a lock"}, Infrastructure},
		{"merge", datadog.SearchedEvent{Source: "github", Title: "Merged pull request 7"}, CI},
		{"pipeline", datadog.SearchedEvent{Source: "github_actions", Title: "Pipeline failed"}, CI},
		{"deploy of a build server", datadog.SearchedEvent{Source: "jenkins", Title: "Deployment of checkout"}, Deploy},
		{"flag of a build server", datadog.SearchedEvent{Source: "jenkins", Title: "Feature flag"}, CI},
		{"build source alone", datadog.SearchedEvent{Source: "git", Title: "Push"}, CI},
		{"audit trail", datadog.SearchedEvent{Source: "audit_trail", Title: "x"}, OtherChange},
		{"deploy of change tracking", datadog.SearchedEvent{Source: "change_tracking", Title: "Deployed"}, Deploy},
		{"deploy", datadog.SearchedEvent{Source: "My Apps", Title: "Deployed checkout 1.2"}, Deploy},
		{"rollback", datadog.SearchedEvent{Title: "checkout was rolled back"}, Deploy},
		{"rollout", datadog.SearchedEvent{Title: "Rollout of checkout"}, Deploy},
		{"release", datadog.SearchedEvent{Title: "Released 4.2"}, Deploy},
		{"bare tag", datadog.SearchedEvent{Title: "checkout", Tags: []string{"deployment"}}, Deploy},
		{"kind tag", datadog.SearchedEvent{Title: "checkout", Tags: []string{"event_type:rollback"}}, Deploy},
		{"flag by tag", datadog.SearchedEvent{Title: "new-cart", Tags: []string{"type:feature_flag"}}, Flag},
		{"place tag", datadog.SearchedEvent{Title: "checkout", Tags: []string{"kube_deployment:deploy", "deployment.environment:prod"}}, Other},
		{"flag by title", datadog.SearchedEvent{Title: "Feature-flag checkout-v2 toggled"}, Flag},
		{"setting by title", datadog.SearchedEvent{Title: "Reconfigured the cache"}, Setting},
		{"migration", datadog.SearchedEvent{Title: "Database migrated"}, Infrastructure},
		{"reboot", datadog.SearchedEvent{Title: "host a was rebooted"}, Infrastructure},
		{"change by title", datadog.SearchedEvent{Title: "Somebody changed something"}, OtherChange},
		{"Kubernetes deploy", datadog.SearchedEvent{Source: "kubernetes", Title: "Events from the Deployment shop/checkout", Text: "Scaled up replica set checkout-6d to 3"}, Deploy},
		{"Kubernetes restart", datadog.SearchedEvent{Source: "kubernetes", Title: "Events from the Pod shop/checkout", Text: "Back-off restarting failed container"}, Infrastructure},
		{"Kubernetes probe", datadog.SearchedEvent{Source: "kubernetes", Title: "Events from the Pod shop/checkout", Text: "Readiness probe failed"}, Other},
		{"text of another source", datadog.SearchedEvent{Source: "cron", Title: "Backup finished", Text: "deployed"}, Other},
		{"person", datadog.SearchedEvent{Source: "cron", Title: "Backup finished", Status: "user_update"}, OtherChange},
		{"change category", datadog.SearchedEvent{Title: "x", Category: "change"}, OtherChange},
		{"nothing", datadog.SearchedEvent{}, Other},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := classify(tt.e); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
