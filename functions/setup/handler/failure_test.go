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
	"boomerang/functions/setup/installation"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
	"boomerang/shared/secret"
)

// nothing is what a creation is called that left nothing behind.
const nothing = "boomerang-nothing"

// permissions are those of the application key, each with the sentence for its lack.
var permissions = map[string]string{
	"integrations_read":   "Datadog refused to get the webhook boomerang (403 Forbidden); check that both keys are of one organisation on datadoghq.eu, and that the application key has the permission integrations_read",
	"monitors_read":       "Datadog refused to list the monitors (403 Forbidden); check that both keys are of one organisation on datadoghq.eu, and that the application key has the permission monitors_read",
	"monitors_write":      `Datadog refused to create the monitor "Boomerang (boomerang): alerts were sent" (403 Forbidden); check that both keys are of one organisation on datadoghq.eu, and that the application key has the permission monitors_write`,
	"dashboards_read":     "Datadog refused to list the dashboards (403 Forbidden); check that both keys are of one organisation on datadoghq.eu, and that the application key has the permission dashboards_read; what was made before that is removed again",
	"dashboards_write":    "Datadog refused to create the dashboard (403 Forbidden); check that both keys are of one organisation on datadoghq.eu, and that the application key has the permission dashboards_write; what was made before that is removed again",
	"manage_integrations": "Datadog refused to create the custom variable BOOMERANG_TOKEN (403 Forbidden); check that both keys are of one organisation on datadoghq.eu, and that the application key has the permission manage_integrations; what was made before that is removed again",
	"create_webhooks":     "Datadog refused to create the webhook boomerang (403 Forbidden); check that both keys are of one organisation on datadoghq.eu, and that the application key has the permission create_webhooks; what was made before that is removed again",
}

func TestHandler_names_the_permission_that_is_missing(t *testing.T) {
	for permission, sentence := range permissions {
		t.Run(permission, func(t *testing.T) {
			w := newWorld(t)
			w.standin.Deny(permission)
			answer := w.send(w.request(cfn.RequestCreate))
			got := strings.TrimSuffix(answer.Reason, "; what was made before that is removed again")
			if want := strings.TrimSuffix(sentence, "; what was made before that is removed again"); answer.Status != cfn.StatusFailed || got != want {
				t.Errorf("got %s\n%s\nwant\n%s", answer.Status, answer.Reason, want)
			}
			// CloudFormation deletes what it could not create.
			w.mustSucceed(w.request(cfn.RequestDelete, func(e *cfn.Event) { e.PhysicalResourceID = answer.PhysicalResourceID }))
			w.standin.Deny()
			w.isEmpty()
		})
	}
}

func TestHandler_says_what_is_wrong_with_the_keys(t *testing.T) {
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
			if answer.Status != cfn.StatusFailed || !strings.Contains(answer.Reason, tc.want) || answer.PhysicalResourceID != nothing {
				t.Errorf("got %+v", answer)
			}
			w.mustSucceed(w.request(cfn.RequestDelete, func(e *cfn.Event) { e.PhysicalResourceID = answer.PhysicalResourceID }))
			w.isEmpty()
		})
	}
}

func TestHandler_a_webhook_of_the_same_name(t *testing.T) {
	t.Run("that_calls_somebody_else_is_not_touched", func(t *testing.T) {
		w := newWorld(t)
		theirs := fakedatadog.Webhook{Name: "boomerang", URL: elsewhere, Payload: `{"id":"$ID"}`, CustomHeaders: new(`{"X":"$BOOMERANG_TOKEN"}`), EncodeAs: "json"}
		w.standin.AddWebhook(theirs)
		answer := w.send(w.request(cfn.RequestCreate))
		if answer.Status != cfn.StatusFailed || answer.PhysicalResourceID != nothing ||
			!strings.Contains(answer.Reason, "Datadog has a webhook called boomerang already, and it calls hooks.example.com instead of this stack") || strings.Contains(answer.Reason, "private") {
			t.Errorf("got %+v", answer)
		}
		if changes := w.changes(0); len(changes) != 0 {
			t.Errorf("it changed %v before it was refused", changes)
		}
		w.mustSucceed(w.request(cfn.RequestDelete, func(e *cfn.Event) { e.PhysicalResourceID = answer.PhysicalResourceID }))
		if got := w.standin.Webhooks()["boomerang"]; got.URL != elsewhere {
			t.Errorf("left is %+v", got)
		}
	})
	t.Run("that_calls_this_stack_already_is_adopted", func(t *testing.T) {
		w := newWorld(t)
		w.standin.AddWebhook(fakedatadog.Webhook{Name: "boomerang", URL: strings.TrimSuffix(strings.Replace(functionURL, "https://", "https://any:secret@", 1), "/")})
		w.mustSucceed(w.request(cfn.RequestCreate))
		if got := w.standin.Webhooks()["boomerang"]; got.URL != functionURL || got.CustomHeaders == nil {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("that_another_stack_of_ours_has_stays_whole_after_the_rollback", func(t *testing.T) {
		w := newWorld(t)
		w.mustSucceed(w.request(cfn.RequestCreate))
		before := len(w.standin.Requests())
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

func TestHandler_a_creation_that_fails_halfway_leaves_nothing(t *testing.T) {
	t.Parallel()
	for _, route := range makes {
		for _, how := range []fakedatadog.Fault{fakedatadog.Status(400), fakedatadog.Status(503), fakedatadog.RateLimited} {
			t.Run(fmt.Sprintf("%s_%s", route, how), func(t *testing.T) {
				w := newWorld(t, impatient)
				if err := w.standin.Inject(route, how, 0); err != nil {
					t.Fatal(err)
				}
				answer := w.send(w.request(cfn.RequestCreate))
				if answer.Status != cfn.StatusFailed || answer.PhysicalResourceID != nothing || !strings.Contains(answer.Reason, "Datadog ") {
					t.Errorf("got %+v", answer)
				}
				w.isEmpty()
			})
		}
	}
}

func TestHandler_what_was_made_without_an_answer_is_not_made_twice(t *testing.T) {
	for _, route := range makes {
		for _, how := range []fakedatadog.Fault{fakedatadog.DropResponse, fakedatadog.Truncate} {
			t.Run(fmt.Sprintf("%s_%s", route, how), func(t *testing.T) {
				w := newWorld(t)
				if err := w.standin.Inject(route, how, 0); err != nil {
					t.Fatal(err)
				}
				w.mustSucceed(w.request(cfn.RequestCreate))
				if hooks, titles, monitors := len(w.standin.Webhooks()), len(w.titles()), len(w.standin.Monitors()); hooks != 1 || titles != 1 || monitors != 4 {
					t.Errorf("%d webhooks, %d dashboards and %d monitors", hooks, titles, monitors)
				}
			})
		}
	}
}

func TestHandler_a_hiccup_of_Datadog_is_no_failure(t *testing.T) {
	w := newWorld(t)
	for _, route := range []fakedatadog.Route{fakedatadog.Validate, fakedatadog.WebhookGet, fakedatadog.MonitorCreate, fakedatadog.DashboardList, fakedatadog.VariableCreate, fakedatadog.WebhookCreate} {
		if err := w.standin.Inject(route, fakedatadog.Status(502), 1); err != nil {
			t.Fatal(err)
		}
	}
	w.mustSucceed(w.request(cfn.RequestCreate))
}

func TestHandler_what_could_not_be_removed_again_is_deleted_later(t *testing.T) {
	w := newWorld(t)
	w.standin.Deny("create_webhooks")
	if err := w.standin.Inject(fakedatadog.DashboardDelete, fakedatadog.Status(400), 0); err != nil {
		t.Fatal(err)
	}
	answer := w.send(w.request(cfn.RequestCreate))
	if answer.PhysicalResourceID != "boomerang-webhook-boomerang" || !strings.Contains(answer.Reason, "create_webhooks") || !strings.Contains(answer.Reason, `the dashboard "Boomerang (boomerang)" is left in Datadog`) {
		t.Errorf("got %+v", answer)
	}
	w.standin.ClearFaults()
	w.mustSucceed(w.request(cfn.RequestDelete, func(e *cfn.Event) { e.PhysicalResourceID = answer.PhysicalResourceID }))
	w.isEmpty()
}

func TestHandler_properties(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(p map[string]any)
		want   string
	}{
		"all_that_is_wrong_is_named_in_one_sentence": {
			func(p map[string]any) {
				delete(p, "FunctionUrl")
				p["WebhookName"], p["FunctionNames"], p["Webhook"] = 7, "one", "x"
			},
			"the custom resource's properties are wrong: Webhook is unknown, FunctionUrl is missing, WebhookName is no text, FunctionNames is no list of names",
		},
		"a_site_that_is_no_text":    {func(p map[string]any) { p["DatadogSite"] = []any{"datadoghq.eu"} }, "DatadogSite is no text"},
		"an_empty_one":              {func(p map[string]any) { p["StackName"] = " " }, "the custom resource's properties are wrong: StackName is empty"},
		"a_name_that_is_none":       {func(p map[string]any) { p["WebhookName"] = "@webhook-x y" }, "WebhookName is no webhook's name"},
		"a_URL_in_the_clear":        {func(p map[string]any) { p["FunctionUrl"] = "http://example.com/" }, "the Function URL is not https"},
		"our_own_webhook_to_notify": {func(p map[string]any) { p["Notify"] = "@slack-sre @webhook-Boomerang" }, "Notify names this very webhook"},
		"a_function_without_a_name": {func(p map[string]any) { p["FunctionNames"] = []any{""} }, "FunctionNames holds something else than names"},
		"no_property_at_all":        {func(p map[string]any) { clear(p) }, "Revision is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			answer := w.send(w.request(cfn.RequestCreate, func(e *cfn.Event) { tc.change(e.ResourceProperties) }))
			if answer.Status != cfn.StatusFailed || !strings.Contains(answer.Reason, tc.want) || answer.PhysicalResourceID != nothing {
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

func TestHandler_a_secret_that_cannot_be_read_is_named(t *testing.T) {
	w := newWorld(t)
	w.standin.SetSecret(fakedatadog.DefaultWebhookSecret, `{"tokken":"x"}`)
	answer := w.send(w.request(cfn.RequestCreate))
	if answer.Status != cfn.StatusFailed || !strings.Contains(answer.Reason, `secret "boomerang/webhook" has no text in token`) {
		t.Errorf("got %+v", answer)
	}
}

// installer is an Installer made of functions; a nil one must not be called.
type installer struct {
	install func(ctx context.Context) error
}

func (i installer) Install(ctx context.Context, _ installation.Spec, _ string) (installation.Installed, error) {
	return installation.Installed{}, i.install(ctx)
}

func (i installer) Remove(ctx context.Context, _ installation.Spec) ([]installation.Change, []error) {
	return nil, []error{i.install(ctx)}
}

func (i installer) Rotate(ctx context.Context, _, _ string) (bool, error) {
	return false, i.install(ctx)
}

func TestHandler_answers_whatever_happens(t *testing.T) {
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
			w := newWorld(t, func(w *world) { w.conf.Installer = installer{install} })
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

func TestHandler_shortens_what_CloudFormation_would_not_take(t *testing.T) {
	w := newWorld(t, func(w *world) {
		w.conf.Installer = installer{func(context.Context) error {
			return fault.New(fault.Permanent, "it begins "+strings.Repeat("<é", 4000), nil)
		}}
	})
	if answer := w.send(w.request(cfn.RequestCreate)); !strings.HasPrefix(answer.Reason, "it begins <é<é") || !utf8.ValidString(answer.Reason) {
		t.Errorf("got %q", answer.Reason)
	}
}

func TestHandler_tries_again_to_answer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bucket.refuse = []int{500, 503}
	w.mustSucceed(w.request(cfn.RequestCreate))
}

func TestHandler_fails_when_nobody_takes_the_answer(t *testing.T) {
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

func TestHandler_refuses_what_is_neither(t *testing.T) {
	w := newWorld(t)
	for _, event := range []string{`{}`, `[]`, `"text"`, `{"RequestType":"Create","ResponseURL":7}`} {
		if err := w.handler.Handle(t.Context(), json.RawMessage(event)); fault.From(err).Kind != fault.Malformed {
			t.Errorf("%s: %v", event, err)
		}
	}
	answer := w.send(w.request("Destroy"))
	if answer.Status != cfn.StatusFailed || !strings.Contains(answer.Reason, `there is no request type "Destroy"`) {
		t.Errorf("got %+v", answer)
	}
}

func TestBroken(t *testing.T) {
	why := fault.New(fault.Invalid, "Boomerang cannot start with this environment:\n  DD_SITE is not a Datadog site", nil)
	w := newWorld(t)
	w.handler = handler.Broken(why, slog.New(slog.NewJSONHandler(w.log, nil)))
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
