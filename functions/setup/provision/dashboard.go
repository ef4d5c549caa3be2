package provision

import (
	"context"
	_ "embed" // The dashboard is a file.
	"encoding/json"
	"fmt"
	"strings"

	"boomerang/shared/datadog"
	"boomerang/shared/jsonvalue"
)

// dashboardJSON is the dashboard in Datadog's form
// (https://docs.datadoghq.com/api/latest/dashboards/#create-a-new-dashboard), with
// placeholders for what differs between stacks. Its last widget shows the stack in AWS.
//
//go:embed dashboard.json
var dashboardJSON string

// dashboardDefinition fills the dashboard's placeholders. Datadog writes tags in lower case.
func (s Spec) dashboardDefinition() (json.RawMessage, error) {
	scope, failedScope := "*", ""
	if len(s.Functions) > 0 {
		scope = "functionname IN (" + strings.ToLower(strings.Join(s.Functions, ",")) + ")"
		failedScope = scope + " AND "
	}
	filled := strings.NewReplacer(
		"$TITLE", jsonvalue.InString(s.title()), "$STACK", jsonvalue.InString(s.Stack), "$ALERTS", jsonvalue.InString(s.alertsQuery()), "$EVENTS", jsonvalue.InString(s.eventsQuery()),
		"$SCOPE", jsonvalue.InString(scope), "$FAILED_SCOPE", jsonvalue.InString(failedScope),
		"$QUEUE", jsonvalue.InString(strings.ToLower(s.Queue)), "$DEAD_LETTER_QUEUE", jsonvalue.InString(strings.ToLower(s.DeadLetterQueue)),
	).Replace(dashboardJSON)
	if s.Queue != "" && s.DeadLetterQueue != "" && len(s.Functions) > 0 {
		return json.RawMessage(filled), nil
	}
	var d map[string]json.RawMessage
	var widgets []json.RawMessage
	if err := json.Unmarshal([]byte(filled), &d); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(d["widgets"], &widgets); err != nil {
		return nil, err
	}
	var err error
	if d["widgets"], err = json.Marshal(widgets[:len(widgets)-1]); err != nil {
		return nil, err
	}
	return json.Marshal(d)
}

func (p Provisioner) dashboard(spec Spec, result *Result) resource {
	return managed[datadog.Dashboard]{
		name: fmt.Sprintf("the dashboard %q", spec.title()),
		find: func(ctx context.Context) ([]datadog.Dashboard, error) {
			return p.Datadog.DashboardsTitled(ctx, spec.title())
		},
		want: func(ctx context.Context, listed datadog.Dashboard) (want datadog.Dashboard, same bool, err error) {
			want.ID, result.DashboardURL = listed.ID, listed.URL
			if want.Definition, err = spec.dashboardDefinition(); err != nil || listed.ID == "" {
				return want, false, err
			}
			found, err := p.Datadog.Dashboard(ctx, listed.ID)
			return want, covers(found.Definition, want.Definition), err
		},
		created: func(c datadog.Created) { result.DashboardURL = c.URL },
	}.resource(p.Datadog)
}
