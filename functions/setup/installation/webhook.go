package installation

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

// checkName refuses to take over a webhook of the same name that is not this stack's:
// its monitors would suddenly call somebody else. It comes before anything is made.
func (i Installer) checkName(ctx context.Context, spec Spec) error {
	found, err := i.Datadog.Webhook(ctx, spec.WebhookName)
	switch {
	case datadog.IsNotFound(err):
		return nil
	case err != nil:
		return err
	case !spec.owns(found):
		return spec.taken(found)
	}
	return nil
}

// owns reports whether a webhook of our name is ours: it calls this stack.
func (s Spec) owns(w datadog.Webhook) bool {
	return sameAddress(w.URL, s.FunctionURL) || sameAddress(w.URL, s.FormerURL)
}

func (s Spec) taken(w datadog.Webhook) error {
	return fault.New(fault.Permanent, fmt.Sprintf(
		"Datadog has a webhook called %s already, and it calls %s instead of this stack: choose another WebhookName, or delete that webhook, or point it at the Function URL %s yourself; it was not touched",
		s.WebhookName, host(w.URL), s.FunctionURL), nil)
}

func (s Spec) wanted() datadog.Webhook {
	headers, _ := json.Marshal(map[string]string{tokenHeader: "$" + VariableFor(s.WebhookName)}) // A map of strings always encodes.
	return datadog.Webhook{
		Name: s.WebhookName, URL: s.FunctionURL, Payload: events.WebhookPayload,
		CustomHeaders: string(headers), EncodeAs: "json",
	}
}

func (i Installer) webhook(spec Spec) piece {
	ensure := func(ctx context.Context, making func()) (Verb, error) {
		found, err := i.Datadog.Webhook(ctx, spec.WebhookName)
		switch {
		case datadog.IsNotFound(err):
			making()
			return Created, i.Datadog.CreateWebhook(ctx, spec.wanted())
		case err != nil:
			return "", err
		case !spec.owns(found):
			return "", spec.taken(found)
		case isSame(found, spec.wanted()):
			return Unchanged, nil
		}
		return Updated, i.Datadog.UpdateWebhook(ctx, spec.wanted())
	}
	remove := func(ctx context.Context) (Verb, error) {
		found, err := i.Datadog.Webhook(ctx, spec.WebhookName)
		switch {
		case datadog.IsNotFound(err):
			return Absent, nil
		case err != nil:
			return "", err
		case !spec.owns(found):
			return Unchanged, nil
		}
		return gone(i.Datadog.DeleteWebhook(ctx, spec.WebhookName))
	}
	return piece{what: "the webhook " + spec.WebhookName, ensure: ensure, remove: remove}
}

// isSame compares two webhooks; Datadog may write JSON with other spaces than we do.
func isSame(found, wanted datadog.Webhook) bool {
	return found.URL == wanted.URL && found.EncodeAs == wanted.EncodeAs &&
		covers([]byte(found.Payload), []byte(wanted.Payload)) && covers([]byte(wanted.Payload), []byte(found.Payload)) &&
		covers([]byte(found.CustomHeaders), []byte(wanted.CustomHeaders))
}

// variable is the custom variable with the token. Datadog shows its value to nobody,
// so that it is written every time.
func (i Installer) variable(spec Spec, token string) piece {
	name := VariableFor(spec.WebhookName)
	ensure := func(ctx context.Context, making func()) (Verb, error) {
		v := datadog.SecretVariable{Name: name, Value: token}
		exists, err := i.Datadog.HasVariable(ctx, name)
		switch {
		case err != nil:
			return "", err
		case !exists:
			making()
			return Created, i.Datadog.CreateVariable(ctx, v)
		}
		return Updated, i.Datadog.UpdateVariable(ctx, v)
	}
	remove := func(ctx context.Context) (Verb, error) {
		// A webhook that is still there may show this token to somebody else.
		switch _, err := i.Datadog.Webhook(ctx, spec.WebhookName); {
		case err == nil:
			return Unchanged, nil
		case !datadog.IsNotFound(err):
			return "", err
		}
		return gone(i.Datadog.DeleteVariable(ctx, name))
	}
	return piece{what: "the custom variable " + name, ensure: ensure, remove: remove}
}

// Rotate gives the webhook's variable another token. It reports whether there is one;
// a stack that was never set up has none.
func (i Installer) Rotate(ctx context.Context, webhookName, token string) (exists bool, err error) {
	err = i.again(ctx, func() error {
		return i.Datadog.UpdateVariable(ctx, datadog.SecretVariable{Name: VariableFor(webhookName), Value: token})
	})
	if datadog.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// gone is the end of a removal: what somebody else removed is removed.
func gone(err error) (Verb, error) {
	if datadog.IsNotFound(err) {
		return Absent, nil
	}
	return Removed, err
}
