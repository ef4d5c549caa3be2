package handler_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/google/go-cmp/cmp"

	"boomerang/events"
	"boomerang/shared/fakedatadog"
)

func TestHandler_Create(t *testing.T) {
	w := newWorld(t)
	answer := w.mustSucceed(w.request(cfn.RequestCreate))
	if answer.PhysicalResourceID != "boomerang-webhook-boomerang" || answer.Data["Mention"] != "@webhook-boomerang" {
		t.Errorf("got %+v", answer)
	}
	if url, _ := answer.Data["DashboardUrl"].(string); !strings.HasPrefix(url, "https://app.datadoghq.eu/dashboard/") {
		t.Errorf("the dashboard is at %q", url)
	}

	t.Run("the_webhook_calls_the_function_with_our_payload_and_the_token", func(t *testing.T) {
		want := map[string]fakedatadog.Webhook{"boomerang": {
			Name: "boomerang", URL: functionURL, Payload: events.WebhookPayload, EncodeAs: "json",
			CustomHeaders: new(`{"X-Webhook-Token":"$BOOMERANG_TOKEN"}`),
		}}
		if diff := cmp.Diff(want, w.datadog.Webhooks()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
	t.Run("the_token_is_in_a_secret_variable_only", func(t *testing.T) {
		if got := w.datadog.Variables(); !slices.Equal(got, []string{variable}) {
			t.Errorf("variables %v", got)
		}
		for _, r := range w.datadog.Requests() {
			if strings.Contains(r.Body, token) != (r.Route == fakedatadog.VariableCreate) {
				t.Errorf("%s: %s", r.Route, r.Body)
			}
			if r.Route == fakedatadog.VariableCreate && !strings.Contains(r.Body, `"is_secret":true`) {
				t.Errorf("the variable is no secret: %s", r.Body)
			}
		}
	})
	t.Run("the_dashboard_says_whose_it_is", func(t *testing.T) {
		if got := w.titles(); !slices.Equal(got, []string{title}) {
			t.Errorf("dashboards %v", got)
		}
		if raw := string(w.datadog.Dashboards()[0]); !strings.Contains(raw, "The stack Shop made this dashboard") {
			t.Errorf("got %s", raw)
		}
	})
	t.Run("the_monitors_watch_ourselves_and_call_only_whom_they_are_told_to", func(t *testing.T) {
		checkMonitors(t, w)
	})
	t.Run("the_log_has_neither_the_token_nor_the_address_for_the_answer", func(t *testing.T) {
		if log := w.log.String(); !strings.Contains(log, "created") || strings.Contains(log, token) || strings.Contains(log, "X-Amz-Signature") {
			t.Errorf("logged %s", log)
		}
	})
}

func checkMonitors(t *testing.T, w *world) {
	t.Helper()
	const (
		alerts  = title + ": alerts were sent"
		silence = title + ": no event in half an hour"
		broken  = title + ": no event comes back"
		letters = title + ": there are dead letters"
	)
	all := w.monitors()
	for name, query := range map[string]string{
		alerts:  `events("source:alert \"webhook-boomerang\" -service:boomerang").rollup("count").last("20m") > 0`,
		silence: `events("webhook:boomerang* enrichment:* -drill:*").rollup("count").last("30m") < 1`,
		letters: `max(last_30m):max:aws.sqs.approximate_number_of_messages_visible{queuename:shop-deadletterqueue-1a} > 0`,
	} {
		if all[name].Query != query {
			t.Errorf("%s asks %s", name, all[name].Query)
		}
	}
	if want := []int64{all[alerts].ID, all[silence].ID}; len(all) != 4 || all[broken].Type != "composite" || !strings.HasPrefix(all[broken].Query, jsonOf(want[0])+" && "+jsonOf(want[1])) {
		t.Errorf("%d monitors; the composite one is %+v", len(all), all[broken])
	}
	for name, m := range all {
		if !slices.Equal(m.Tags, []string{"boomerang", "service:boomerang", "stack:shop"}) {
			t.Errorf("%s has the tags %v", name, m.Tags)
		}
		if strings.Contains(m.Message+m.Name, "@webhook-") {
			t.Errorf("%s calls a webhook: %s", name, m.Message)
		}
		if notifies := strings.Contains(m.Message, "@slack-sre"); notifies != (name == broken || name == letters) {
			t.Errorf("%s says %s", name, m.Message)
		}
	}
}

func jsonOf(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func TestHandler_Unchanged(t *testing.T) {
	w := newWorld(t)
	w.mustSucceed(w.request(cfn.RequestCreate))
	for _, kind := range []cfn.RequestType{cfn.RequestCreate, cfn.RequestUpdate} {
		before := len(w.datadog.Requests())
		w.mustSucceed(w.request(kind))
		if diff := cmp.Diff([]fakedatadog.Route{fakedatadog.VariableUpdate}, w.changes(before)); diff != "" {
			t.Errorf("%s changed (-want +got)\n%s", kind, diff)
		}
	}
}

func TestHandler_RepairsDrift(t *testing.T) {
	w := newWorld(t)
	w.mustSucceed(w.request(cfn.RequestCreate))
	changed := w.datadog.Webhooks()["boomerang"]
	changed.Payload = `{"id":"$ID"}`
	w.datadog.AddWebhook(changed)
	for _, m := range w.datadog.Monitors() {
		m.Message = "changed"
		w.datadog.AddMonitor(m)
	}
	before := len(w.datadog.Requests())
	w.mustSucceed(w.request(cfn.RequestUpdate))
	want := []fakedatadog.Route{fakedatadog.MonitorUpdate, fakedatadog.MonitorUpdate, fakedatadog.MonitorUpdate, fakedatadog.MonitorUpdate, fakedatadog.VariableUpdate, fakedatadog.WebhookUpdate}
	if diff := cmp.Diff(want, w.changes(before)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got := w.datadog.Webhooks()["boomerang"].Payload; got != events.WebhookPayload {
		t.Errorf("the payload is %s", got)
	}
	checkMonitors(t, w)
}

func TestHandler_Update(t *testing.T) {
	t.Run("a_new_Function_URL_is_called_by_the_same_webhook", func(t *testing.T) {
		w := newWorld(t)
		w.mustSucceed(w.request(cfn.RequestCreate))
		const moved = "https://def456.lambda-url.eu-west-1.on.aws/"
		answer := w.mustSucceed(w.request(cfn.RequestUpdate, func(e *cfn.Event) {
			e.OldResourceProperties = w.request(cfn.RequestCreate).ResourceProperties
			e.ResourceProperties["FunctionUrl"] = moved
		}))
		if got := w.datadog.Webhooks()["boomerang"].URL; got != moved || answer.PhysicalResourceID != "boomerang-webhook-boomerang" {
			t.Errorf("calls %s; %+v", got, answer)
		}
	})
	t.Run("another_organisation_gets_all_of_it_under_the_same_id", func(t *testing.T) {
		w := newWorld(t)
		answer := w.mustSucceed(w.request(cfn.RequestUpdate, func(e *cfn.Event) {
			e.OldResourceProperties = w.request(cfn.RequestCreate).ResourceProperties
			e.ResourceProperties["DatadogSite"] = "datadoghq.com"
		}))
		if len(w.datadog.Webhooks()) != 1 || len(w.monitors()) != 4 || answer.PhysicalResourceID != "boomerang-webhook-boomerang" {
			t.Errorf("%d webhooks, %d monitors; %+v", len(w.datadog.Webhooks()), len(w.monitors()), answer)
		}
	})
	t.Run("keys_that_the_secret_holds_since_a_moment_ago_are_used_from_the_first_call_on", func(t *testing.T) {
		w := newWorld(t)
		now := *w.keys
		w.keys.api, w.keys.next = "key-of-the-organisation-before", &now
		w.mustSucceed(w.request(cfn.RequestUpdate))
		validated := 0
		for _, r := range w.datadog.Requests() {
			if r.Route == fakedatadog.Validate {
				validated++
			}
		}
		if validated != 1 {
			t.Errorf("of %d keys that Datadog was shown the last was right", validated)
		}
	})
	t.Run("a_new_name_is_a_new_resource_and_the_old_one_is_deleted_after_it", func(t *testing.T) {
		w := newWorld(t)
		w.mustSucceed(w.request(cfn.RequestCreate))
		renamed := func(e *cfn.Event) { e.ResourceProperties["WebhookName"] = "alerts" }
		answer := w.mustSucceed(w.request(cfn.RequestUpdate, renamed))
		if answer.PhysicalResourceID != "boomerang-webhook-alerts" {
			t.Errorf("CloudFormation is not told to delete the old one: %+v", answer)
		}
		if got := w.datadog.Variables(); !slices.Equal(got, []string{"BOOMERANG_ALERTS_TOKEN", variable}) {
			t.Errorf("before the deletion there are %v", got)
		}
		w.mustSucceed(w.request(cfn.RequestDelete))
		if got := w.titles(); !slices.Equal(got, []string{"Boomerang (alerts)"}) || len(w.monitors()) != 4 {
			t.Errorf("left are %v and %d monitors", got, len(w.monitors()))
		}
		if hooks := w.datadog.Webhooks(); len(hooks) != 1 || hooks["alerts"].URL != functionURL {
			t.Errorf("left are %v", hooks)
		}
	})
	t.Run("one_that_fails_keeps_its_id", func(t *testing.T) {
		w := newWorld(t)
		w.mustSucceed(w.request(cfn.RequestCreate))
		w.datadog.Deny("dashboards_read")
		answer := w.send(w.request(cfn.RequestUpdate))
		if answer.Status != cfn.StatusFailed || answer.PhysicalResourceID != "boomerang-webhook-boomerang" {
			t.Errorf("got %+v", answer)
		}
		if len(w.datadog.Webhooks()) != 1 || len(w.monitors()) != 4 {
			t.Error("what was there before is gone")
		}
	})
}

func TestHandler_Delete(t *testing.T) {
	t.Run("everything_that_was_made_is_removed", func(t *testing.T) {
		w := newWorld(t)
		w.mustSucceed(w.request(cfn.RequestCreate))
		if answer := w.mustSucceed(w.request(cfn.RequestDelete)); answer.Reason != "" || answer.PhysicalResourceID != "boomerang-webhook-boomerang" {
			t.Errorf("got %+v", answer)
		}
		w.isEmpty()
	})
	t.Run("what_is_gone_already_is_no_failure", func(t *testing.T) {
		w := newWorld(t)
		if answer := w.mustSucceed(w.request(cfn.RequestDelete)); answer.Reason != "" {
			t.Errorf("got %+v", answer)
		}
	})
	t.Run("a_webhook_that_calls_somebody_else_is_left_alone_with_its_token", func(t *testing.T) {
		w := newWorld(t)
		w.mustSucceed(w.request(cfn.RequestCreate))
		taken := w.datadog.Webhooks()["boomerang"]
		taken.URL = elsewhere
		w.datadog.AddWebhook(taken)
		answer := w.mustSucceed(w.request(cfn.RequestDelete))
		if !strings.Contains(answer.Reason, "the webhook boomerang was not removed") || strings.Contains(answer.Reason, "private") {
			t.Errorf("it says %q", answer.Reason)
		}
		if len(w.datadog.Webhooks()) != 1 || len(w.datadog.Variables()) != 1 || len(w.titles())+len(w.monitors()) != 0 {
			t.Errorf("left are %v, %v, %v, %v", w.datadog.Webhooks(), w.datadog.Variables(), w.titles(), w.monitors())
		}
	})
	t.Run("a_missing_permission_is_named_and_does_not_hold_the_stack", func(t *testing.T) {
		w := newWorld(t)
		w.mustSucceed(w.request(cfn.RequestCreate))
		w.datadog.Deny("monitors_write", "manage_integrations")
		answer := w.mustSucceed(w.request(cfn.RequestDelete))
		for _, want := range []string{"the webhook boomerang is left in Datadog", "manage_integrations", "monitors_write"} {
			if !strings.Contains(answer.Reason, want) {
				t.Errorf("it does not say %q: %s", want, answer.Reason)
			}
		}
		if len(w.titles()) != 0 {
			t.Error("it stopped at the first thing that it may not do")
		}
		if !strings.Contains(w.log.String(), `"level":"WARN"`) {
			t.Errorf("logged %s", w.log)
		}
	})
	t.Run("so_does_a_Datadog_that_is_down", func(t *testing.T) {
		w := newWorld(t, noRetries)
		w.mustSucceed(w.request(cfn.RequestCreate))
		if err := w.datadog.Inject(fakedatadog.AnyRoute, fakedatadog.Status(503), 0); err != nil {
			t.Fatal(err)
		}
		if answer := w.mustSucceed(w.request(cfn.RequestDelete)); !strings.Contains(answer.Reason, "is left in Datadog") {
			t.Errorf("got %+v", answer)
		}
	})
	t.Run("so_do_properties_that_were_never_right", func(t *testing.T) {
		w := newWorld(t)
		answer := w.mustSucceed(w.request(cfn.RequestDelete, func(e *cfn.Event) { e.ResourceProperties = map[string]any{"FunctionUrl": 7} }))
		if !strings.Contains(answer.Reason, "nothing was removed") {
			t.Errorf("got %+v", answer)
		}
	})
}
