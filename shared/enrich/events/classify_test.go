package events

import (
	"testing"

	"boomerang/shared/datadog"
)

func TestClassify(t *testing.T) {
	for _, tt := range []struct {
		name string
		e    datadog.FoundEvent
		want Kind
	}{
		{"monitor", datadog.FoundEvent{MonitorID: 7, Title: "[Triggered] Deployment is late"}, Alert},
		{"alert category", datadog.FoundEvent{Category: "alert", Title: "Deployment is late"}, Alert},
		{"alert source", datadog.FoundEvent{Source: "Monitor Alert", Title: "Deployed"}, Alert},
		{"changed resource before words", datadog.FoundEvent{Change: datadog.Change{ResourceType: "feature_flag"}, Title: "Deployed"}, Flag},
		{"changed configuration", datadog.FoundEvent{Change: datadog.Change{ResourceType: "configuration"}}, Setting},
		{"deploy source", datadog.FoundEvent{Source: "ArgoCD", Title: "Sync succeeded"}, Deploy},
		{"flag source", datadog.FoundEvent{Source: "launchdarkly", Title: "Updated"}, Flag},
		{"setting source", datadog.FoundEvent{Source: "consul", Title: "x"}, Setting},
		{"infrastructure source before words", datadog.FoundEvent{Source: "Terraform", Title: "Released a lock"}, Infrastructure},
		{"merge", datadog.FoundEvent{Source: "github", Title: "Merged pull request 7"}, CI},
		{"pipeline", datadog.FoundEvent{Source: "github_actions", Title: "Pipeline failed"}, CI},
		{"deploy of a build server", datadog.FoundEvent{Source: "jenkins", Title: "Deployment of checkout"}, Deploy},
		{"flag of a build server", datadog.FoundEvent{Source: "jenkins", Title: "Feature flag"}, CI},
		{"build source alone", datadog.FoundEvent{Source: "git", Title: "Push"}, CI},
		{"audit trail", datadog.FoundEvent{Source: "audit_trail", Title: "x"}, OtherChange},
		{"deploy of change tracking", datadog.FoundEvent{Source: "change_tracking", Title: "Deployed"}, Deploy},
		{"deploy", datadog.FoundEvent{Source: "My Apps", Title: "Deployed checkout 1.2"}, Deploy},
		{"rollback", datadog.FoundEvent{Title: "checkout was rolled back"}, Deploy},
		{"rollout", datadog.FoundEvent{Title: "Rollout of checkout"}, Deploy},
		{"release", datadog.FoundEvent{Title: "Released 4.2"}, Deploy},
		{"bare tag", datadog.FoundEvent{Title: "checkout", Tags: []string{"deployment"}}, Deploy},
		{"kind tag", datadog.FoundEvent{Title: "checkout", Tags: []string{"event_type:rollback"}}, Deploy},
		{"flag by tag", datadog.FoundEvent{Title: "new-cart", Tags: []string{"type:feature_flag"}}, Flag},
		{"place tag", datadog.FoundEvent{Title: "checkout", Tags: []string{"kube_deployment:deploy", "deployment.environment:prod"}}, Other},
		{"flag by title", datadog.FoundEvent{Title: "Feature-flag checkout-v2 toggled"}, Flag},
		{"setting by title", datadog.FoundEvent{Title: "Reconfigured the cache"}, Setting},
		{"migration", datadog.FoundEvent{Title: "Database migrated"}, Infrastructure},
		{"reboot", datadog.FoundEvent{Title: "host a was rebooted"}, Infrastructure},
		{"change by title", datadog.FoundEvent{Title: "Somebody changed something"}, OtherChange},
		{"Kubernetes deploy", datadog.FoundEvent{Source: "kubernetes", Title: "Events from the Deployment shop/checkout", Text: "Scaled up replica set checkout-6d to 3"}, Deploy},
		{"Kubernetes restart", datadog.FoundEvent{Source: "kubernetes", Title: "Events from the Pod shop/checkout", Text: "Back-off restarting failed container"}, Infrastructure},
		{"Kubernetes probe", datadog.FoundEvent{Source: "kubernetes", Title: "Events from the Pod shop/checkout", Text: "Readiness probe failed"}, Other},
		{"text of another source", datadog.FoundEvent{Source: "cron", Title: "Backup finished", Text: "deployed"}, Other},
		{"person", datadog.FoundEvent{Source: "cron", Title: "Backup finished", Status: "user_update"}, OtherChange},
		{"change category", datadog.FoundEvent{Title: "x", Category: "change"}, OtherChange},
		{"nothing", datadog.FoundEvent{}, Other},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := classify(tt.e); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
