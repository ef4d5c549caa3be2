package provision

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"boomerang/shared/datadog"
)

// rule is the notification rule that routes the alerts in the scope to the webhook. Without
// a scope there is none.
//
// Its name has that of the stack, because a rule has no tags, and may be the only thing that
// two stacks of one webhook do not share. It leaves out our own monitors, which cannot report
// a failure to the webhook that fails.
func (p Provisioner) rule(spec Spec) resource {
	want := datadog.NotificationRule{
		Name:       spec.title() + ", stack " + spec.Stack,
		Filter:     datadog.RuleFilter{Scope: fmt.Sprintf("(%s) AND NOT %s", spec.Route, managedBy)},
		Recipients: []string{"webhook-" + spec.WebhookName},
	}
	r := managed[datadog.NotificationRule]{
		name: fmt.Sprintf("the notification rule %q", want.Name),
		find: func(ctx context.Context) ([]datadog.NotificationRule, error) {
			all, err := p.Datadog.NotificationRules(ctx)
			return slices.DeleteFunc(all, func(r datadog.NotificationRule) bool { return r.Name != want.Name }), err
		},
		want: func(_ context.Context, found datadog.NotificationRule) (datadog.NotificationRule, bool, error) {
			wanted := want
			wanted.ID, wanted.Created, wanted.Modified = found.ID, found.Created, found.Modified
			return wanted, reflect.DeepEqual(found, wanted), nil
		},
	}.resource(p.Datadog)
	if spec.Route == "" {
		r.ensure = func(ctx context.Context, _ func()) (Action, error) { return r.remove(ctx) }
	}
	return r
}
