package handler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/cfn"

	"boomerang/functions/setup/provision"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
)

func TestHandler_MissingPermission(t *testing.T) {
	for permission, operation := range map[string]string{
		"integrations_read":   "get the webhook boomerang",
		"monitors_read":       "list the monitors",
		"monitors_write":      `create the monitor "Boomerang (boomerang): alerts were sent"`,
		"dashboards_read":     "list the dashboards",
		"dashboards_write":    "create the dashboard",
		"manage_integrations": "create the custom variable BOOMERANG_TOKEN",
		"create_webhooks":     "create the webhook boomerang",

		"monitor_config_policy_write": `create the notification rule "` + ruleName + `"`,
	} {
		t.Run(permission, func(t *testing.T) {
			w := newWorld(t)
			w.datadog.Deny(permission)
			answer := w.send(cfn.RequestCreate, routed)
			want := "Datadog refused to " + operation + " (403 Forbidden); check that both keys are of one organization on datadoghq.eu, and that the application key has the permission " + permission
			got := strings.TrimSuffix(answer.Reason, "; the resources that were created before that are removed")
			if answer.Status != cfn.StatusFailed || got != want {
				t.Errorf("got %s\n%s\nwant\n%s", answer.Status, answer.Reason, want)
			}
			w.rollBack(answer)
			w.datadog.Deny()
			w.mustHave(0, 0, 0, 0)
		})
	}
}

func TestHandler_WrongKeys(t *testing.T) {
	for name, tt := range map[string]struct{ api, app, want string }{
		"unknown api key":       {"key-of-another-site", fakedatadog.DefaultAppKey, "Datadog refused to accept the API key (403 Forbidden); check that the API key is one of an organization on datadoghq.eu"},
		"other organization":    {fakedatadog.DefaultAPIKey, "other", "check that both keys are of one organization on datadoghq.eu"},
		"empty application key": {fakedatadog.DefaultAPIKey, "", "the application key is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.keys.api, w.keys.app = tt.api, tt.app
			w.rollBack(w.mustFail(notCreated, tt.want))
			w.mustHave(0, 0, 0, 0)
		})
	}
}

func TestHandler_SameWebhookName(t *testing.T) {
	run(t, map[string]func(*world){
		"calls elsewhere": func(w *world) {
			w.datadog.AddWebhook(fakedatadog.Webhook{Name: "boomerang", URL: elsewhere, Payload: `{"id":"$ID"}`, CustomHeaders: new(`{"X":"$BOOMERANG_TOKEN"}`), EncodeAs: "json"})
			answer := w.mustFail(notCreated, "Datadog already has a webhook boomerang that calls hooks.example.com instead of this stack")
			if changes := w.changes(0); len(changes) != 0 || strings.Contains(answer.Reason, "private") {
				w.Errorf("%s; it changed %v", answer.Reason, changes)
			}
			w.rollBack(answer)
			if got := w.datadog.Webhooks()["boomerang"]; got.URL != elsewhere {
				w.Errorf("left is %+v", got)
			}
		},
		"calls this stack": func(w *world) {
			w.datadog.AddWebhook(fakedatadog.Webhook{Name: "boomerang", URL: strings.TrimSuffix(strings.Replace(functionURL, "https://", "https://any:secret@", 1), "/")})
			w.mustSucceed(cfn.RequestCreate)
			if got := w.datadog.Webhooks()["boomerang"]; got.URL != functionURL || got.CustomHeaders == nil {
				w.Errorf("got %+v", got)
			}
		},
		"calls another stack": func(w *world) {
			w.mustSucceed(cfn.RequestCreate)
			before := len(w.datadog.Requests())
			second := []change{property("FunctionUrl", "https://zzz.lambda-url.us-east-1.on.aws/"), property("StackName", "Second")}
			w.rollBack(w.mustFail(notCreated, "already has a webhook", second...), second...)
			if changes := w.changes(before); len(changes) != 0 {
				w.Errorf("it changed %v", changes)
			}
		},
	})
}

// creations are the calls by which something is created.
var creations = []fakedatadog.Route{
	fakedatadog.MonitorCreate, fakedatadog.DashboardCreate, fakedatadog.VariableCreate, fakedatadog.WebhookCreate, fakedatadog.RuleCreate,
}

func TestHandler_CreateRollback(t *testing.T) {
	t.Parallel()
	for _, route := range append(creations, fakedatadog.RuleList) {
		for _, f := range []fakedatadog.Fault{fakedatadog.Status(400), fakedatadog.Status(503), fakedatadog.RateLimited} {
			t.Run(fmt.Sprintf("%s %s", route, f), func(t *testing.T) {
				w := newWorld(t)
				w.withoutRetries()
				w.datadog.AddNotificationRule(others)
				w.inject(route, f, 0)
				w.mustFail(notCreated, "Datadog ", routed)
				w.mustHave(0, 0, 0, 0)
				w.mustRoute()
			})
		}
	}
}

func TestHandler_LostResponse(t *testing.T) {
	for _, route := range creations {
		for _, f := range []fakedatadog.Fault{fakedatadog.DropResponse, fakedatadog.Truncate} {
			t.Run(fmt.Sprintf("%s %s", route, f), func(t *testing.T) {
				w := newWorld(t)
				w.datadog.AddNotificationRule(others)
				w.inject(route, f, 0)
				w.mustSucceed(cfn.RequestCreate, routed)
				w.mustHave(1, 1, 1, 4)
				w.mustRoute("(env:prod OR service:checkout) AND NOT service:boomerang")
			})
		}
	}
}

func TestHandler_TemporaryError(t *testing.T) {
	w := newWorld(t)
	for _, route := range []fakedatadog.Route{fakedatadog.Validate, fakedatadog.WebhookGet, fakedatadog.MonitorCreate, fakedatadog.DashboardList, fakedatadog.VariableCreate, fakedatadog.WebhookCreate} {
		w.inject(route, fakedatadog.Status(502), 1)
	}
	w.mustSucceed(cfn.RequestCreate)
}

func TestHandler_IncompleteRollback(t *testing.T) {
	w := newWorld(t)
	w.datadog.Deny("create_webhooks")
	w.inject(fakedatadog.DashboardDelete, fakedatadog.Status(400), 0)
	answer := w.mustFail(created, `the dashboard "Boomerang (boomerang)" is left in Datadog`)
	if !strings.Contains(answer.Reason, "create_webhooks") {
		t.Errorf("got %+v", answer)
	}
	w.datadog.ClearFaults()
	w.rollBack(answer)
	w.mustHave(0, 0, 0, 0)
}

func TestHandler_Properties(t *testing.T) {
	for name, tt := range map[string]struct {
		change change
		want   string
	}{
		"several mistakes": {func(e *cfn.Event) {
			delete(e.ResourceProperties, "FunctionUrl")
			e.ResourceProperties["WebhookName"], e.ResourceProperties["FunctionNames"], e.ResourceProperties["Webhook"] = 7, "one", "x"
		}, "the custom resource's properties are wrong: Webhook is unknown, FunctionUrl is missing, WebhookName is not a text, FunctionNames is not a list of names"},
		"site is a list":       {property("DatadogSite", []any{"datadoghq.eu"}), "DatadogSite is not a text"},
		"empty":                {property("StackName", " "), "the custom resource's properties are wrong: StackName is empty"},
		"invalid name":         {property("WebhookName", "@webhook-x y"), "WebhookName is not a valid webhook name"},
		"scope":                {property("Route", "service:web-*"), "Route is not a scope that Boomerang can evaluate: Datadog does not document the syntax at"},
		"half a scope":         {property("Route", "env:a) OR (env:b"), "Route is not a scope that Boomerang can evaluate: Datadog does not document the syntax at"},
		"function has no name": {property("FunctionNames", []any{""}), "FunctionNames is not a list of names"},
		"none":                 {func(e *cfn.Event) { clear(e.ResourceProperties) }, "Revision is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.mustFail(notCreated, tt.want, tt.change)
			if got := w.changes(0); len(got) != 0 {
				t.Errorf("it changed %v", got)
			}
		})
	}
	newWorld(t).mustSucceed(cfn.RequestCreate, property("Notify", "@webhook-boomerang-dev"))
}

func TestHandler_UnreadableSecret(t *testing.T) {
	w := newWorld(t)
	w.storeToken(`{"tokken":"x"}`)
	w.mustFail(notCreated, "has no text in token")
}

// provisionerFunc is a Provisioner that does the same for each call.
type provisionerFunc func(context.Context) error

func (f provisionerFunc) Install(ctx context.Context, _ provision.Spec, _ string) (provision.Result, error) {
	return provision.Result{}, f(ctx)
}

func (f provisionerFunc) Remove(ctx context.Context, _ provision.Spec) ([]provision.Change, []error) {
	return nil, []error{f(ctx)}
}

func (f provisionerFunc) Rotate(ctx context.Context, _, _ string) (bool, error) { return false, f(ctx) }

func TestHandler_AnswersAlways(t *testing.T) {
	for name, install := range map[string]provisionerFunc{
		"panic":         func(context.Context) error { panic("a mistake with " + token) },
		"never returns": func(context.Context) error { select {} },
		"deadline": func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		},
		"unknown error": func(context.Context) error { return errors.New("a mistake with " + token) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.conf.Provisioner = install
			for _, kind := range []cfn.RequestType{cfn.RequestCreate, cfn.RequestUpdate} {
				answer := w.sendWithin(8*time.Second+200*time.Millisecond, kind)
				if answer.Status != cfn.StatusFailed || answer.Reason == "" || strings.Contains(answer.Reason, token) {
					t.Errorf("got %+v", answer)
				}
			}
		})
	}
}

func TestHandler_LongReason(t *testing.T) {
	w := newWorld(t)
	w.conf.Provisioner = provisionerFunc(func(context.Context) error {
		return fault.New(fault.Permanent, "it begins "+strings.Repeat("<é", 4000), nil)
	})
	if answer := w.send(cfn.RequestCreate); !strings.HasPrefix(answer.Reason, "it begins <é<é") || !utf8.ValidString(answer.Reason) {
		t.Errorf("got %q", answer.Reason)
	}
}

func TestHandler_AnswerRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rejects = []int{500, 503}
	w.mustSucceed(cfn.RequestCreate)
}

func TestHandler_AnswerRejected(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world){
		"url has expired": func(w *world) { w.rejects = []int{403} },
		"refused":         func(w *world) { w.answerURL = "http://127.0.0.1:1/response?" + signature },
		"invalid url":     func(w *world) { w.answerURL = "http://127.0.0.1:port/response?" + signature },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			change(w)
			err := w.handle(t.Context(), w.request(cfn.RequestCreate))
			if err == nil || !strings.Contains(err.Error(), "CloudFormation") || strings.Contains(err.Error()+w.log.String(), "Signature") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestHandler_UnsupportedEvent(t *testing.T) {
	w := newWorld(t)
	for _, event := range []string{`{}`, `[]`, `"text"`, `{"RequestType":"Create","ResponseURL":7}`} {
		if err := w.handle(t.Context(), json.RawMessage(event)); fault.From(err).Kind != fault.Malformed {
			t.Errorf("%s: %v", event, err)
		}
	}
	if answer := w.send("Destroy"); answer.Status != cfn.StatusFailed || !strings.Contains(answer.Reason, `unknown request type "Destroy"`) {
		t.Errorf("got %+v", answer)
	}
}

func TestFailing(t *testing.T) {
	w := newWorld(t)
	w.failing = fault.New(fault.Invalid, "Boomerang cannot start with this environment:\n  DD_SITE is not a Datadog site", nil)
	for kind, status := range map[cfn.RequestType]cfn.StatusType{
		cfn.RequestCreate: cfn.StatusFailed, cfn.RequestUpdate: cfn.StatusFailed, cfn.RequestDelete: cfn.StatusSuccess,
	} {
		if answer := w.send(kind); answer.Status != status || !strings.Contains(answer.Reason, "DD_SITE is not a Datadog site") {
			t.Errorf("%s: %+v", kind, answer)
		}
	}
	if err := w.handle(t.Context(), json.RawMessage(`{"Step":"createSecret","SecretId":"x","ClientRequestToken":"y"}`)); !errors.Is(err, w.failing) {
		t.Errorf("a rotation: %v", err)
	}
}
