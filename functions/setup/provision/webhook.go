package provision

import (
	"context"
	"encoding/json"
	"fmt"

	"boomerang/events"
	"boomerang/shared/datadog"
	"boomerang/shared/fault"
)

// tokenHeader is where functions/webhook looks first.
const tokenHeader = "X-Webhook-Token"

// findWebhook returns the webhook of the name. The error rejects one that calls another
// receiver.
func (p Provisioner) findWebhook(ctx context.Context, s Spec) ([]datadog.Webhook, error) {
	found, err := p.Datadog.Webhook(ctx, s.WebhookName)
	switch {
	case datadog.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	case !sameHost(found.URL, s.FunctionURL) && !sameHost(found.URL, s.FormerURL):
		return nil, notOurs{fault.New(fault.Permanent, fmt.Sprintf(
			"Datadog already has a webhook %s that calls %s instead of this stack: choose another WebhookName, delete that webhook, or change its URL to %s; setup did not change it",
			s.WebhookName, host(found.URL), s.FunctionURL), nil)}
	}
	return []datadog.Webhook{found}, nil
}

func (p Provisioner) webhook(spec Spec) resource {
	headers, _ := json.Marshal(map[string]string{tokenHeader: "$" + variableFor(spec.WebhookName)}) // A map of strings always marshals.
	want := datadog.Webhook{
		Name: spec.WebhookName, URL: spec.FunctionURL, Payload: events.WebhookPayload,
		CustomHeaders: string(headers), EncodeAs: "json",
	}
	return managed[datadog.Webhook]{
		name: "the webhook " + spec.WebhookName,
		find: func(ctx context.Context) ([]datadog.Webhook, error) { return p.findWebhook(ctx, spec) },
		want: func(_ context.Context, found datadog.Webhook) (datadog.Webhook, bool, error) {
			return want, sameWebhook(found, want), nil
		},
	}.resource(p.Datadog)
}

// sameWebhook ignores white space, because Datadog may format JSON differently.
func sameWebhook(found, want datadog.Webhook) bool {
	return found.URL == want.URL && found.EncodeAs == want.EncodeAs &&
		covers([]byte(found.Payload), []byte(want.Payload)) && covers([]byte(want.Payload), []byte(found.Payload)) &&
		covers([]byte(found.CustomHeaders), []byte(want.CustomHeaders))
}

// variable is the custom variable with the token. It is written each time, because
// Datadog does not return its value.
func (p Provisioner) variable(spec Spec, token string) resource {
	v := datadog.SecretVariable{Name: variableFor(spec.WebhookName), Value: token}
	r := managed[datadog.SecretVariable]{
		name: "the custom variable " + v.Name,
		find: func(ctx context.Context) ([]datadog.SecretVariable, error) {
			if exists, err := p.Datadog.HasVariable(ctx, v.Name); !exists {
				return nil, err
			}
			return []datadog.SecretVariable{v}, nil
		},
		want: func(context.Context, datadog.SecretVariable) (datadog.SecretVariable, bool, error) {
			return v, false, nil
		},
	}.resource(p.Datadog)
	r.remove = func(ctx context.Context) (Action, error) {
		// A webhook that is still there may use this token with another receiver.
		switch _, err := p.Datadog.Webhook(ctx, spec.WebhookName); {
		case err == nil:
			return Unchanged, nil
		case !datadog.IsNotFound(err):
			return "", err
		}
		return deletedOrError(p.Datadog.Delete(ctx, v))
	}
	return r
}

// Rotate writes another token into the webhook's variable. It reports whether there is
// one; a stack without setup has none.
func (p Provisioner) Rotate(ctx context.Context, webhookName, token string) (exists bool, err error) {
	err = p.retry(ctx, func(ctx context.Context) error {
		return p.Datadog.Update(ctx, datadog.SecretVariable{Name: variableFor(webhookName), Value: token})
	})
	if datadog.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}
