package installation

import (
	"context"
	"encoding/json"
	"fmt"
)

func (i Installer) dashboard(spec Spec, result *Installed) piece {
	ensure := func(ctx context.Context, making func()) (Verb, error) {
		definition, err := json.Marshal(spec.board())
		if err != nil {
			return "", err
		}
		titled, err := i.Datadog.DashboardsTitled(ctx, spec.title())
		if err != nil {
			return "", err
		}
		if len(titled) == 0 {
			making()
			made, err := i.Datadog.CreateDashboard(ctx, definition)
			result.DashboardURL = made.URL
			return Created, err
		}
		result.DashboardURL = titled[0].URL
		found, err := i.Datadog.Dashboard(ctx, titled[0].ID)
		if err != nil {
			return "", err
		}
		if covers(found.Definition, definition) {
			return Unchanged, nil
		}
		return Updated, i.Datadog.UpdateDashboard(ctx, found.ID, definition)
	}
	remove := func(ctx context.Context) (Verb, error) {
		titled, err := i.Datadog.DashboardsTitled(ctx, spec.title())
		if err != nil {
			return "", err
		}
		verb := Absent
		for _, found := range titled {
			if verb, err = gone(i.Datadog.DeleteDashboard(ctx, found.ID)); err != nil {
				return "", err
			}
		}
		return verb, nil
	}
	return piece{what: fmt.Sprintf("the dashboard %q", spec.title()), ensure: ensure, remove: remove}
}
