package handler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/cfn"

	"boomerang/functions/setup/handler"
	"boomerang/functions/setup/provision"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
	"boomerang/shared/secret"
)

// notCreated is the id of a creation that left nothing behind.
const notCreated = "boomerang-not-created"

// permissions are those of the application key, each with the sentence for its lack.
var permissions = map[string]string{
	"integrations_read":   "Datadog refused to get the webhook boomerang (403 Forbidden); check that both keys are of one organisation on datadoghq.eu, and that the application key has the permission integrations_read",
	"monitors_read":       "Datadog refused to list the monitors (403 Forbidden); check that both keys are of one organisation on datadoghq.eu, and that the application key has the permission monitors_read",
	"monitors_write":      `Datadog refused to create the monitor "Boomerang (boomerang): alerts were sent" (403 Forbidden); check that both keys are of one organisation on datadoghq.eu, and that the application key has the permission monitors_write`,
	"dashboards_read":     "Datadog refused to list the dashboards (403 Forbidden); check that both keys are of one organisation on datadoghq.eu, and that the application key has the permission dashboards_read; the resources that were created before that are removed",
	"dashboards_write":    "Datadog refused to create the dashboard (403 Forbidden); check that both keys are of one organisation on datadoghq.eu, and that the application key has the permission dashboards_write; the resources that were created before that are removed",
	"manage_integrations": "Datadog refused to create the custom variable BOOMERANG_TOKEN (403 Forbidden); check that both keys are of one organisation on datadoghq.eu, and that the application key has the permission manage_integrations; the resources that were created before that are removed",
	"create_webhooks":     "Datadog refused to create the webhook boomerang (403 Forbidden); check that both keys are of one organisation on datadoghq.eu, and that the application key has the permission create_webhooks; the resources that were created before that are removed",
}

func TestHandler_MissingPermission(t *testing.T) {
	for permission, sentence := range permissions {
		t.Run(permission, func(t *testing.T) {
			w := newWorld(t)
			w.datadog.Deny(permission)
			answer := w.send(w.request(cfn.RequestCreate))
			got := strings.TrimSuffix(answer.Reason, "; the resources that were created before that are removed")
			if want := strings.TrimSuffix(sentence, "; the resources that were created before that are removed"); answer.Status != cfn.StatusFailed || got != want {
				t.Errorf("got %s\n%s\nwant\n%s", answer.Status, answer.Reason, want)
			}
			// CloudFormation deletes what it could not create.
			w.mustSucceed(w.request(cfn.RequestDelete, func(e *cfn.Event) { e.PhysicalResourceID = answer.PhysicalResourceID }))
			w.datadog.Deny()
			w.isEmpty()
		})
	}
}

func TestHandler_WrongKeys(t *testing.T) {
	const unknownKey = "Datadog refused to accept the API key (403 Forbidden); check that the API key is one of an organisation on datadoghq.eu"
	for name, tc := range map[string]struct{ api, app, want string }{
		"an_API_key_that_the_site_does_not_know": {"key-of-another-site", fakedatadog.DefaultAppKey, unknownKey},
		"an_application_key_of_somebody_else": {
			fakedatadog.DefaultAPIKey, "other", "check that both keys are of one organisation on datadoghq.eu",
		},
		"no_application_key": {fakedatadog.DefaultAPIKey, "", "the application key is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.keys.api, w.keys.app = tc.api, tc.app
			answer := w.send(w.request(cfn.RequestCreate))
			if answer.Status != cfn.StatusFailed || !strings.Contains(answer.Reason, tc.want) || answer.PhysicalResourceID != notCreated {
				t.Errorf("got %+v", answer)
			}
			w.mustSucceed(w.request(cfn.RequestDelete, func(e *cfn.Event) { e.PhysicalResourceID = answer.PhysicalResourceID }))
			w.isEmpty()
		})
	}
}

func TestHandler_SameWebhookName(t *testing.T) {
	t.Run("that_calls_somebody_else_is_not_touched", func(t *testing.T) {
		w := newWorld(t)
		theirs := fakedatadog.Webhook{Name: "boomerang", URL: elsewhere, Payload: `{"id":"$ID"}`, CustomHeaders: new(`{"X":"$BOOMERANG_TOKEN"}`), EncodeAs: "json"}
		w.datadog.AddWebhook(theirs)
		answer := w.send(w.request(cfn.RequestCreate))
		if answer.Status != cfn.StatusFailed || answer.PhysicalResourceID != notCreated ||
			!strings.Contains(answer.Reason, "Datadog already has a webhook boomerang that calls hooks.example.com instead of this stack") || strings.Contains(answer.Reason, "private") {
			t.Errorf("got %+v", answer)
		}
		if changes := w.changes(0); len(changes) != 0 {
			t.Errorf("it changed %v before it was refused", changes)
		}
		w.mustSucceed(w.request(cfn.RequestDelete, func(e *cfn.Event) { e.PhysicalResourceID = answer.PhysicalResourceID }))
		if got := w.datadog.Webhooks()["boomerang"]; got.URL != elsewhere {
			t.Errorf("left is %+v", got)
		}
	})
	t.Run("that_calls_this_stack_already_is_adopted", func(t *testing.T) {
		w := newWorld(t)
		w.datadog.AddWebhook(fakedatadog.Webhook{Name: "boomerang", URL: strings.TrimSuffix(strings.Replace(functionURL, "https://", "https://any:secret@", 1), "/")})
		w.mustSucceed(w.request(cfn.RequestCreate))
		if got := w.datadog.Webhooks()["boomerang"]; got.URL != functionURL || got.CustomHeaders == nil {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("that_another_stack_of_ours_has_stays_whole_after_the_rollback", func(t *testing.T) {
		w := newWorld(t)
		w.mustSucceed(w.request(cfn.RequestCreate))
		before := len(w.datadog.Requests())
		second := func(e *cfn.Event) {
			e.ResourceProperties["FunctionUrl"], e.ResourceProperties["StackName"] = "https://zzz.lambda-url.us-east-1.on.aws/", "Second"
		}
		refused := w.send(w.request(cfn.RequestCreate, second))
		w.mustSucceed(w.request(cfn.RequestDelete, second, func(e *cfn.Event) { e.PhysicalResourceID = refused.PhysicalResourceID }))
		if changes := w.changes(before); refused.Status != cfn.StatusFailed || len(changes) != 0 {
			t.Errorf("%s, and it changed %v", refused.Status, changes)
		}
	})
}

// makes are the calls by which a creation makes something.
var makes = []fakedatadog.Route{fakedatadog.MonitorCreate, fakedatadog.DashboardCreate, fakedatadog.VariableCreate, fakedatadog.WebhookCreate}

func TestHandler_CreateRollback(t *testing.T) {
	t.Parallel()
	for _, route := range makes {
		for _, how := range []fakedatadog.Fault{fakedatadog.Status(400), fakedatadog.Status(503), fakedatadog.RateLimited} {
			t.Run(fmt.Sprintf("%s_%s", route, how), func(t *testing.T) {
				w := newWorld(t, noRetries)
				if err := w.datadog.Inject(route, how, 0); err != nil {
					t.Fatal(err)
				}
				answer := w.send(w.request(cfn.RequestCreate))
				if answer.Status != cfn.StatusFailed || answer.PhysicalResourceID != notCreated || !strings.Contains(answer.Reason, "Datadog ") {
					t.Errorf("got %+v", answer)
				}
				w.isEmpty()
			})
		}
	}
}

func TestHandler_LostResponse(t *testing.T) {
	for _, route := range makes {
		for _, how := range []fakedatadog.Fault{fakedatadog.DropResponse, fakedatadog.Truncate} {
			t.Run(fmt.Sprintf("%s_%s", route, how), func(t *testing.T) {
				w := newWorld(t)
				if err := w.datadog.Inject(route, how, 0); err != nil {
					t.Fatal(err)
				}
				w.mustSucceed(w.request(cfn.RequestCreate))
				if hooks, titles, monitors := len(w.datadog.Webhooks()), len(w.titles()), len(w.datadog.Monitors()); hooks != 1 || titles != 1 || monitors != 4 {
					t.Errorf("%d webhooks, %d dashboards and %d monitors", hooks, titles, monitors)
				}
			})
		}
	}
}

func TestHandler_TemporaryError(t *testing.T) {
	w := newWorld(t)
	for _, route := range []fakedatadog.Route{fakedatadog.Validate, fakedatadog.WebhookGet, fakedatadog.MonitorCreate, fakedatadog.DashboardList, fakedatadog.VariableCreate, fakedatadog.WebhookCreate} {
		if err := w.datadog.Inject(route, fakedatadog.Status(502), 1); err != nil {
			t.Fatal(err)
		}
	}
	w.mustSucceed(w.request(cfn.RequestCreate))
}

func TestHandler_IncompleteRollback(t *testing.T) {
	w := newWorld(t)
	w.datadog.Deny("create_webhooks")
	if err := w.datadog.Inject(fakedatadog.DashboardDelete, fakedatadog.Status(400), 0); err != nil {
		t.Fatal(err)
	}
	answer := w.send(w.request(cfn.RequestCreate))
	if answer.PhysicalResourceID != "boomerang-webhook-boomerang" || !strings.Contains(answer.Reason, "create_webhooks") || !strings.Contains(answer.Reason, `the dashboard "Boomerang (boomerang)" is left in Datadog`) {
		t.Errorf("got %+v", answer)
	}
	w.datadog.ClearFaults()
	w.mustSucceed(w.request(cfn.RequestDelete, func(e *cfn.Event) { e.PhysicalResourceID = answer.PhysicalResourceID }))
	w.isEmpty()
}

func TestHandler_Properties(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(p map[string]any)
		want   string
	}{
		"all_that_is_wrong_is_named_in_one_sentence": {
			func(p map[string]any) {
				delete(p, "FunctionUrl")
				p["WebhookName"], p["FunctionNames"], p["Webhook"] = 7, "one", "x"
			},
			"the custom resource's properties are wrong: Webhook is unknown, FunctionUrl is missing, WebhookName is not a text, FunctionNames is not a list of names",
		},
		"a_site_that_is_no_text":    {func(p map[string]any) { p["DatadogSite"] = []any{"datadoghq.eu"} }, "DatadogSite is not a text"},
		"an_empty_one":              {func(p map[string]any) { p["StackName"] = " " }, "the custom resource's properties are wrong: StackName is empty"},
		"a_name_that_is_none":       {func(p map[string]any) { p["WebhookName"] = "@webhook-x y" }, "WebhookName is not a valid webhook name"},
		"a_URL_in_the_clear":        {func(p map[string]any) { p["FunctionUrl"] = "http://example.com/" }, "the Function URL is not https"},
		"our_own_webhook_to_notify": {func(p map[string]any) { p["Notify"] = "@slack-sre @webhook-Boomerang" }, "Notify mentions this webhook"},
		"a_function_without_a_name": {func(p map[string]any) { p["FunctionNames"] = []any{""} }, "FunctionNames is not a list of names"},
		"no_property_at_all":        {func(p map[string]any) { clear(p) }, "Revision is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			answer := w.send(w.request(cfn.RequestCreate, func(e *cfn.Event) { tc.change(e.ResourceProperties) }))
			if answer.Status != cfn.StatusFailed || !strings.Contains(answer.Reason, tc.want) || answer.PhysicalResourceID != notCreated {
				t.Errorf("got %+v", answer)
			}
			if got := w.changes(0); len(got) != 0 {
				t.Errorf("it changed %v", got)
			}
		})
	}
	t.Run("another_webhook_may_be_notified", func(t *testing.T) {
		w := newWorld(t)
		w.mustSucceed(w.request(cfn.RequestCreate, func(e *cfn.Event) { e.ResourceProperties["Notify"] = "@webhook-boomerang-dev" }))
	})
}

func TestHandler_UnreadableSecret(t *testing.T) {
	w := newWorld(t, withSecret)
	w.putSecret(`{"tokken":"x"}`)
	answer := w.send(w.request(cfn.RequestCreate))
	if answer.Status != cfn.StatusFailed || !strings.Contains(answer.Reason, "has no text in token") {
		t.Errorf("got %+v", answer)
	}
}

// provisionerFunc is a Provisioner that does the same for each call.
type provisionerFunc struct {
	install func(ctx context.Context) error
}

func (i provisionerFunc) Install(ctx context.Context, _ provision.Spec, _ string) (provision.Result, error) {
	return provision.Result{}, i.install(ctx)
}

func (i provisionerFunc) Remove(ctx context.Context, _ provision.Spec) ([]provision.Change, []error) {
	return nil, []error{i.install(ctx)}
}

func (i provisionerFunc) Rotate(ctx context.Context, _, _ string) (bool, error) {
	return false, i.install(ctx)
}

func TestHandler_AnswersAlways(t *testing.T) {
	for name, install := range map[string]func(context.Context) error{
		"a_panic":                func(context.Context) error { panic("a mistake with " + token) },
		"work_that_does_not_end": func(context.Context) error { select {} },
		"work_until_its_time_is_over": func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		},
		"a_failure_that_is_nobody's": func(context.Context) error { return errors.New("a mistake with " + token) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(w *world) { w.conf.Provisioner = provisionerFunc{install} })
			for _, kind := range []cfn.RequestType{cfn.RequestCreate, cfn.RequestUpdate} {
				ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second+200*time.Millisecond)
				answer := w.sendWithin(ctx, w.request(kind))
				cancel()
				if answer.Status != cfn.StatusFailed || answer.Reason == "" || strings.Contains(answer.Reason, token) {
					t.Errorf("got %+v", answer)
				}
			}
		})
	}
}

func TestHandler_LongReason(t *testing.T) {
	w := newWorld(t, func(w *world) {
		w.conf.Provisioner = provisionerFunc{func(context.Context) error {
			return fault.New(fault.Permanent, "it begins "+strings.Repeat("<é", 4000), nil)
		}}
	})
	if answer := w.send(w.request(cfn.RequestCreate)); !strings.HasPrefix(answer.Reason, "it begins <é<é") || !utf8.ValidString(answer.Reason) {
		t.Errorf("got %q", answer.Reason)
	}
}

func TestHandler_AnswerRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bucket.refuse = []int{500, 503}
	w.mustSucceed(w.request(cfn.RequestCreate))
}

func TestHandler_AnswerRejected(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world, *cfn.Event){
		"the_address_has_expired": func(w *world, _ *cfn.Event) { w.bucket.refuse = []int{403} },
		"nobody_is_there":         func(_ *world, e *cfn.Event) { e.ResponseURL = "http://127.0.0.1:1/response?" + signature },
		"it_is_no_address":        func(_ *world, e *cfn.Event) { e.ResponseURL = "http://127.0.0.1:port/response?" + signature },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			request := w.request(cfn.RequestCreate, func(e *cfn.Event) { change(w, e) })
			raw, err := json.Marshal(request)
			if err != nil {
				t.Fatal(err)
			}
			err = w.handler.Handle(t.Context(), raw)
			if err == nil || !strings.Contains(err.Error(), "CloudFormation") || strings.Contains(err.Error()+w.log.String(), "Signature") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestHandler_UnsupportedEvent(t *testing.T) {
	w := newWorld(t)
	for _, event := range []string{`{}`, `[]`, `"text"`, `{"RequestType":"Create","ResponseURL":7}`} {
		if err := w.handler.Handle(t.Context(), json.RawMessage(event)); fault.From(err).Kind != fault.Malformed {
			t.Errorf("%s: %v", event, err)
		}
	}
	answer := w.send(w.request("Destroy"))
	if answer.Status != cfn.StatusFailed || !strings.Contains(answer.Reason, `unknown request type "Destroy"`) {
		t.Errorf("got %+v", answer)
	}
}

func TestFailing(t *testing.T) {
	why := fault.New(fault.Invalid, "Boomerang cannot start with this environment:\n  DD_SITE is not a Datadog site", nil)
	w := newWorld(t)
	w.handler = handler.Failing(why, slog.New(slog.NewJSONHandler(w.log, nil)))
	for kind, status := range maps.All(map[cfn.RequestType]cfn.StatusType{
		cfn.RequestCreate: cfn.StatusFailed, cfn.RequestUpdate: cfn.StatusFailed, cfn.RequestDelete: cfn.StatusSuccess,
	}) {
		answer := w.send(w.request(kind))
		if answer.Status != status || !strings.Contains(answer.Reason, "DD_SITE is not a Datadog site") {
			t.Errorf("%s: %+v", kind, answer)
		}
	}
	if err := w.handler.Handle(t.Context(), json.RawMessage(`{"Step":"createSecret","SecretId":"x","ClientRequestToken":"y"}`)); !errors.Is(err, why) {
		t.Errorf("a rotation: %v", err)
	}
}

var _ handler.Tokens = (*secret.Rotation)(nil)
