package handler_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/google/go-cmp/cmp"

	"boomerang/events"
	"boomerang/shared/fakedatadog"
)

func TestHandler_Create(t *testing.T) {
	w := newWorld(t)
	answer := w.mustSucceed(cfn.RequestCreate)
	if answer.PhysicalResourceID != created || answer.Data["Mention"] != "@webhook-boomerang" {
		t.Errorf("got %+v", answer)
	}
	if url, _ := answer.Data["DashboardUrl"].(string); !strings.HasPrefix(url, "https://app.datadoghq.eu/dashboard/") {
		t.Errorf("the dashboard is at %q", url)
	}
	want := map[string]fakedatadog.Webhook{"boomerang": {
		Name: "boomerang", URL: functionURL, Payload: events.WebhookPayload, EncodeAs: "json",
		CustomHeaders: new(`{"X-Webhook-Token":"$BOOMERANG_TOKEN"}`),
	}}
	if diff := cmp.Diff(want, w.datadog.Webhooks()); diff != "" {
		t.Errorf("the webhook (-want +got)\n%s", diff)
	}
	// The token is in a secret variable only.
	if got := w.datadog.Variables(); !slices.Equal(got, []string{variable}) {
		t.Errorf("variables %v", got)
	}
	for _, r := range w.datadog.Requests() {
		if isVariable := r.Route == fakedatadog.VariableCreate; strings.Contains(r.Body, token) != isVariable || strings.Contains(r.Body, `"is_secret":true`) != isVariable {
			t.Errorf("%s: %s", r.Route, r.Body)
		}
	}
	if got := w.titles(); !slices.Equal(got, []string{title}) || !strings.Contains(string(w.datadog.Dashboards()[0]), "The stack Shop made this dashboard") {
		t.Errorf("dashboards %v: %s", got, w.datadog.Dashboards())
	}
	checkMonitors(t, w)
	if log := w.log.String(); !strings.Contains(log, "created") || strings.Contains(log, token) || strings.Contains(log, "X-Amz-Signature") {
		t.Errorf("logged %s", log)
	}
}

// checkMonitors checks that the monitors watch this stack, and notify only whom Notify names.
func checkMonitors(t *testing.T, w *world) {
	t.Helper()
	const (
		alerts      = title + ": alerts were sent"
		silence     = title + ": no event in half an hour"
		broken      = title + ": no event comes back"
		deadLetters = title + ": there are dead letters"
	)
	all := map[string]fakedatadog.Monitor{}
	for _, m := range w.datadog.Monitors() {
		all[m.Name] = m
	}
	if composite := fmt.Sprintf("%d && %d", all[alerts].ID, all[silence].ID); len(all) != 4 || all[broken].Type != "composite" || !strings.HasPrefix(all[broken].Query, composite) ||
		!strings.Contains(all[deadLetters].Query, "queuename:shop-deadletterqueue-1a") {
		t.Errorf("%d monitors; the composite one is %+v", len(all), all[broken])
	}
	for name, m := range all {
		if !slices.Equal(m.Tags, []string{"boomerang", "service:boomerang", "stack:shop"}) {
			t.Errorf("%s has the tags %v", name, m.Tags)
		}
		if notifies := strings.Contains(m.Message, "@slack-sre"); notifies != (name == broken || name == deadLetters) || strings.Contains(m.Message+m.Name, "@webhook-") {
			t.Errorf("%s says %s", name, m.Message)
		}
	}
}

func TestHandler_Unchanged(t *testing.T) {
	w := newWorld(t)
	w.mustSucceed(cfn.RequestCreate)
	for _, kind := range []cfn.RequestType{cfn.RequestCreate, cfn.RequestUpdate} {
		before := len(w.datadog.Requests())
		w.mustSucceed(kind)
		if diff := cmp.Diff([]fakedatadog.Route{fakedatadog.VariableUpdate}, w.changes(before)); diff != "" {
			t.Errorf("%s changed (-want +got)\n%s", kind, diff)
		}
	}
}

func TestHandler_RepairsDrift(t *testing.T) {
	w := newWorld(t)
	w.mustSucceed(cfn.RequestCreate)
	changed := w.datadog.Webhooks()["boomerang"]
	changed.Payload = `{"id":"$ID"}`
	w.datadog.AddWebhook(changed)
	for _, m := range w.datadog.Monitors() {
		m.Message = "changed"
		w.datadog.AddMonitor(m)
	}
	before := len(w.datadog.Requests())
	w.mustSucceed(cfn.RequestUpdate)
	want := append(slices.Repeat([]fakedatadog.Route{fakedatadog.MonitorUpdate}, 4), fakedatadog.VariableUpdate, fakedatadog.WebhookUpdate)
	if diff := cmp.Diff(want, w.changes(before)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got := w.datadog.Webhooks()["boomerang"].Payload; got != events.WebhookPayload {
		t.Errorf("the payload is %s", got)
	}
	checkMonitors(t, w)
}

func TestHandler_Update(t *testing.T) {
	run(t, map[string]func(*world){
		"function url": func(w *world) {
			w.mustSucceed(cfn.RequestCreate)
			const moved = "https://def456.lambda-url.eu-west-1.on.aws/"
			answer := w.mustSucceed(cfn.RequestUpdate, property("FunctionUrl", moved), func(e *cfn.Event) { e.OldResourceProperties = w.request(cfn.RequestCreate).ResourceProperties })
			if got := w.datadog.Webhooks()["boomerang"].URL; got != moved || answer.PhysicalResourceID != created {
				w.Errorf("calls %s; %+v", got, answer)
			}
		},
		"organization": func(w *world) {
			answer := w.mustSucceed(cfn.RequestUpdate, property("DatadogSite", "datadoghq.com"), func(e *cfn.Event) { e.OldResourceProperties = w.request(cfn.RequestCreate).ResourceProperties })
			w.mustHave(1, 1, 1, 4)
			if answer.PhysicalResourceID != created {
				w.Errorf("got %+v", answer)
			}
		},
		"keys are read again before the first call": func(w *world) {
			now := *w.keys
			w.keys.api, w.keys.next = "key-of-the-organization-before", &now
			w.mustSucceed(cfn.RequestUpdate)
			validated := 0
			for _, r := range w.datadog.Requests() {
				if r.Route == fakedatadog.Validate {
					validated++
				}
			}
			if validated != 1 {
				w.Errorf("Datadog checked %d keys", validated)
			}
		},
		"new name is a new resource": func(w *world) {
			w.mustSucceed(cfn.RequestCreate)
			answer := w.mustSucceed(cfn.RequestUpdate, property("WebhookName", "alerts"))
			if answer.PhysicalResourceID != "boomerang-webhook-alerts" {
				w.Errorf("CloudFormation does not delete the old one: %+v", answer)
			}
			if got := w.datadog.Variables(); !slices.Equal(got, []string{"BOOMERANG_ALERTS_TOKEN", variable}) {
				w.Errorf("before the deletion there are %v", got)
			}
			w.mustSucceed(cfn.RequestDelete)
			w.mustHave(1, 1, 1, 4)
			if got := w.titles(); !slices.Equal(got, []string{"Boomerang (alerts)"}) || w.datadog.Webhooks()["alerts"].URL != functionURL {
				w.Errorf("left are %v and %v", got, w.datadog.Webhooks())
			}
		},
		"failure keeps the id": func(w *world) {
			w.mustSucceed(cfn.RequestCreate)
			w.datadog.Deny("dashboards_read")
			if answer := w.send(cfn.RequestUpdate); answer.Status != cfn.StatusFailed || answer.PhysicalResourceID != created {
				w.Errorf("got %+v", answer)
			}
			w.mustHave(1, 1, 1, 4)
		},
	})
}

func TestHandler_Delete(t *testing.T) {
	run(t, map[string]func(*world){
		"removes everything": func(w *world) {
			w.mustSucceed(cfn.RequestCreate)
			if answer := w.mustSucceed(cfn.RequestDelete); answer.Reason != "" || answer.PhysicalResourceID != created {
				w.Errorf("got %+v", answer)
			}
			w.mustHave(0, 0, 0, 0)
		},
		"already gone": func(w *world) {
			if answer := w.mustSucceed(cfn.RequestDelete); answer.Reason != "" {
				w.Errorf("got %+v", answer)
			}
		},
		"webhook that calls elsewhere": func(w *world) {
			w.mustSucceed(cfn.RequestCreate)
			taken := w.datadog.Webhooks()["boomerang"]
			taken.URL = elsewhere
			w.datadog.AddWebhook(taken)
			answer := w.mustSucceed(cfn.RequestDelete)
			if !strings.Contains(answer.Reason, "the webhook boomerang was not removed") || strings.Contains(answer.Reason, "private") {
				w.Errorf("it says %q", answer.Reason)
			}
			w.mustHave(1, 1, 0, 0)
		},
		"missing permissions": func(w *world) {
			w.mustSucceed(cfn.RequestCreate)
			w.datadog.Deny("monitors_write", "manage_integrations")
			answer := w.mustSucceed(cfn.RequestDelete)
			for _, want := range []string{"the webhook boomerang is left in Datadog", "manage_integrations", "monitors_write"} {
				if !strings.Contains(answer.Reason, want) {
					w.Errorf("it does not say %q: %s", want, answer.Reason)
				}
			}
			if len(w.titles()) != 0 || !strings.Contains(w.log.String(), `"level":"WARN"`) {
				w.Errorf("left are %v; logged %s", w.titles(), w.log.String())
			}
		},
		"revoked keys": func(w *world) {
			w.mustSucceed(cfn.RequestCreate)
			w.keys.api = "revoked"
			begun := time.Now()
			answer := w.mustSucceed(cfn.RequestDelete)
			for _, want := range []string{"the webhook boomerang is left", "the custom variable", "the dashboard \"Boomerang (boomerang)\" is left", "there are dead letters", "check that both keys"} {
				if !strings.Contains(answer.Reason, want) {
					w.Errorf("it does not say %q: %s", want, answer.Reason)
				}
			}
			if took := time.Since(begun); took > 20*time.Second {
				w.Errorf("it took %s", took)
			}
		},
		"datadog is down": func(w *world) {
			w.withoutRetries()
			w.mustSucceed(cfn.RequestCreate)
			w.inject(fakedatadog.AnyRoute, fakedatadog.Status(503), 0)
			if answer := w.mustSucceed(cfn.RequestDelete); !strings.Contains(answer.Reason, "is left in Datadog") {
				w.Errorf("got %+v", answer)
			}
		},
		"wrong properties": func(w *world) {
			answer := w.mustSucceed(cfn.RequestDelete, func(e *cfn.Event) { e.ResourceProperties = map[string]any{"FunctionUrl": 7} })
			if !strings.Contains(answer.Reason, "nothing was removed") {
				w.Errorf("got %+v", answer)
			}
		},
	})
}
