// Package preflight checks, before a deployment, what the deployment needs in Datadog.
package preflight

import (
	"context"
	"time"

	"boomerang/shared/datadog"
)

// Check is one thing that a deployment needs. The public text of Err says what is wrong.
type Check struct {
	What string
	Err  error
}

// Datadog checks the keys, and each permission to read. Permissions to write cannot be seen
// without writing: setup finds those that are missing, and rolls back.
func Datadog(ctx context.Context, client *datadog.Client, webhook string) []Check {
	checks := []Check{{"the API key", client.Validate(ctx)}}
	if checks[0].Err != nil {
		return checks // Datadog refuses everything else, too.
	}
	now := time.Now()
	for _, one := range []struct {
		what string
		call func() error
	}{
		{"events_read", func() error {
			_, err := client.Events(ctx, datadog.EventQuery{Start: now.Add(-time.Minute), End: now})
			return err
		}},
		{"monitors_read", func() error {
			_, err := client.MonitorsTagged(ctx, "webhook:"+webhook)
			return err
		}},
		{"dashboards_read", func() error {
			_, err := client.DashboardsTitled(ctx, "Boomerang ("+webhook+")")
			return err
		}},
		{"integrations_read", func() error {
			if _, err := client.Webhook(ctx, webhook); !datadog.IsNotFound(err) {
				return err
			}
			return nil
		}},
	} {
		checks = append(checks, Check{one.what, one.call()})
	}
	return checks
}
