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

// checkOwner rejects a webhook of the same name that calls another receiver, before
// anything is created.
func (s Spec) checkOwner(client *datadog.Client) func(context.Context) error {
	return func(ctx context.Context) error {
		found, err := client.Webhook(ctx, s.WebhookName)
		switch {
		case datadog.IsNotFound(err):
			return nil
		case err != nil:
			return err
		case !s.owns(found):
			return s.nameTaken(found)
		}
		return nil
	}
}

// owns reports whether a webhook calls this stack.
func (s Spec) owns(w datadog.Webhook) bool {
	return sameHost(w.URL, s.FunctionURL) || sameHost(w.URL, s.FormerURL)
}

func (s Spec) nameTaken(w datadog.Webhook) error {
	return fault.New(fault.Permanent, fmt.Sprintf(
		"Datadog already has a webhook %s that calls %s instead of this stack: choose another WebhookName, delete that webhook, or change its URL to %s; setup did not change it",
		s.WebhookName, host(w.URL), s.FunctionURL), nil)
}

// webhookDefinition is the webhook as it should be.
func (s Spec) webhookDefinition() datadog.Webhook {
	headers, _ := json.Marshal(map[string]string{tokenHeader: "$" + VariableFor(s.WebhookName)}) // A map of strings always marshals.
	return datadog.Webhook{
		Name: s.WebhookName, URL: s.FunctionURL, Payload: events.WebhookPayload,
		CustomHeaders: string(headers), EncodeAs: "json",
	}
}

func (p Provisioner) webhook(spec Spec) resource {
	ensure := func(ctx context.Context, creating func()) (Action, error) {
		found, err := p.Datadog.Webhook(ctx, spec.WebhookName)
		switch {
		case datadog.IsNotFound(err):
			creating()
			return Created, p.Datadog.CreateWebhook(ctx, spec.webhookDefinition())
		case err != nil:
			return "", err
		case !spec.owns(found):
			return "", spec.nameTaken(found)
		case sameWebhook(found, spec.webhookDefinition()):
			return Unchanged, nil
		}
		return Updated, p.Datadog.UpdateWebhook(ctx, spec.webhookDefinition())
	}
	remove := func(ctx context.Context) (Action, error) {
		found, err := p.Datadog.Webhook(ctx, spec.WebhookName)
		switch {
		case datadog.IsNotFound(err):
			return Absent, nil
		case err != nil:
			return "", err
		case !spec.owns(found):
			return Unchanged, nil
		}
		return deletedOrError(p.Datadog.DeleteWebhook(ctx, spec.WebhookName))
	}
	return resource{name: "the webhook " + spec.WebhookName, ensure: ensure, remove: remove}
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
	name := VariableFor(spec.WebhookName)
	ensure := func(ctx context.Context, creating func()) (Action, error) {
		v := datadog.SecretVariable{Name: name, Value: token}
		exists, err := p.Datadog.HasVariable(ctx, name)
		switch {
		case err != nil:
			return "", err
		case !exists:
			creating()
			return Created, p.Datadog.CreateVariable(ctx, v)
		}
		return Updated, p.Datadog.UpdateVariable(ctx, v)
	}
	remove := func(ctx context.Context) (Action, error) {
		// A webhook that is still there may use this token with another receiver.
		switch _, err := p.Datadog.Webhook(ctx, spec.WebhookName); {
		case err == nil:
			return Unchanged, nil
		case !datadog.IsNotFound(err):
			return "", err
		}
		return deletedOrError(p.Datadog.DeleteVariable(ctx, name))
	}
	return resource{name: "the custom variable " + name, ensure: ensure, remove: remove}
}

// Rotate writes another token into the webhook's variable. It reports whether there is
// one; a stack without setup has none.
func (p Provisioner) Rotate(ctx context.Context, webhookName, token string) (exists bool, err error) {
	err = p.retry(ctx, func(ctx context.Context) error {
		return p.Datadog.UpdateVariable(ctx, datadog.SecretVariable{Name: VariableFor(webhookName), Value: token})
	})
	if datadog.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// deletedOrError accepts that a resource is already deleted.
func deletedOrError(err error) (Action, error) {
	if datadog.IsNotFound(err) {
		return Absent, nil
	}
	return Removed, err
}
