package provision

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"boomerang/shared/datadog"
)

// ruleName names the stack, because a rule has no tags, and may be the only thing that two
// stacks of one webhook do not share.
func (s Spec) ruleName() string { return s.title() + ", stack " + s.Stack }

// ruleScope leaves out our own monitors, which cannot report a failure to the webhook that
// fails.
func (s Spec) ruleScope() string { return fmt.Sprintf("(%s) AND NOT %s", s.Route, managedBy) }

// rule is the notification rule that routes the alerts in the scope to the webhook. Without
// a scope there is none.
func (p Provisioner) rule(spec Spec) resource {
	want := datadog.NotificationRule{
		Name: spec.ruleName(), Filter: datadog.RuleFilter{Scope: spec.ruleScope()}, Recipients: []string{"webhook-" + spec.WebhookName},
	}
	remove := func(ctx context.Context) (Action, error) {
		found, err := p.rulesNamed(ctx, want.Name)
		action := Absent
		for _, r := range found {
			if action, err = deletedOrError(p.Datadog.DeleteNotificationRule(ctx, r)); err != nil {
				break
			}
		}
		return action, err
	}
	ensure := func(ctx context.Context, creating func()) (Action, error) {
		if spec.Route == "" {
			return remove(ctx)
		}
		found, err := p.rulesNamed(ctx, want.Name)
		if err != nil {
			return "", err
		}
		if len(found) == 0 {
			creating()
			return Created, p.Datadog.CreateNotificationRule(ctx, want)
		}
		wanted := want
		wanted.ID, wanted.Created, wanted.Modified = found[0].ID, found[0].Created, found[0].Modified
		if reflect.DeepEqual(found[0], wanted) {
			return Unchanged, nil
		}
		return Updated, p.Datadog.UpdateNotificationRule(ctx, wanted)
	}
	return resource{name: fmt.Sprintf("the notification rule %q", want.Name), ensure: ensure, remove: remove}
}

func (p Provisioner) rulesNamed(ctx context.Context, name string) ([]datadog.NotificationRule, error) {
	all, err := p.Datadog.NotificationRules(ctx)
	return slices.DeleteFunc(all, func(r datadog.NotificationRule) bool { return r.Name != name }), err
}
