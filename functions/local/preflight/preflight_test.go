package preflight_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/preflight"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
)

func TestDatadog(t *testing.T) {
	all := []string{"the API key", "events_read", "monitors_read", "dashboards_read", "integrations_read"}
	for _, denied := range append([]string{"nothing"}, all[1:]...) {
		client, fake := enrichtest.Client(t, fakedatadog.Options{})
		fake.Deny(denied)
		if denied == "events_read" { // The fake does not know which permission a list of events needs.
			if err := fake.Inject(fakedatadog.EventsList, fakedatadog.Status(403), 0); err != nil {
				t.Fatal(err)
			}
		}
		var checked []string
		for _, one := range preflight.Datadog(t.Context(), client, "boomerang") {
			checked = append(checked, one.What)
			if (one.Err != nil) != (one.What == denied) || one.Err != nil && !strings.Contains(fault.Public(one.Err), denied) {
				t.Errorf("without %s, %s: %v", denied, one.What, one.Err)
			}
		}
		if diff := cmp.Diff(all, checked); diff != "" {
			t.Errorf("without %s (-want +checked):\n%s", denied, diff)
		}
	}
}
