package handler_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

const ruleName = "Boomerang (boomerang), stack Shop"

var routed = property("Route", "env:prod OR service:checkout")

// others are rules that setup must not touch.
const others = `{"name":"Boomerang (boomerang), stack Other","filter":{"tags":["a:b"]},"recipients":["webhook-boomerang"]}`

// mustRoute checks the rules beside the one of others.
func (w *world) mustRoute(scopes ...string) {
	w.Helper()
	var got []string
	for _, r := range w.datadog.NotificationRules() {
		if r["name"] == ruleName {
			if diff := cmp.Diff([]any{"webhook-boomerang"}, r["recipients"]); diff != "" {
				w.Errorf("recipients (-want +got)\n%s", diff)
			}
			got = append(got, r["filter"].(map[string]any)["scope"].(string))
		}
	}
	if diff := cmp.Diff(scopes, got); diff != "" || len(w.datadog.NotificationRules()) != len(got)+1 {
		w.Errorf("rules %v; scopes (-want +got)\n%s", w.datadog.NotificationRules(), diff)
	}
}

func TestHandler_Route(t *testing.T) {
	const scope = "(env:prod OR service:checkout) AND NOT service:boomerang"
	former := func(e *cfn.Event) { e.OldResourceProperties = map[string]any{"Route": "env:prod OR service:checkout"} }
	cases := map[string]func(*world){
		"unchanged": func(w *world) {
			before := len(w.datadog.Requests())
			w.mustSucceed(cfn.RequestUpdate, routed)
			if diff := cmp.Diff([]fakedatadog.Route{fakedatadog.VariableUpdate}, w.changes(before)); diff != "" {
				w.Errorf("changed (-want +got)\n%s", diff)
			}
		},
		"another scope": func(w *world) {
			w.mustSucceed(cfn.RequestUpdate, property("Route", "env:dev"), former)
			w.mustRoute("(env:dev) AND NOT service:boomerang")
		},
		"no scope": func(w *world) {
			for range 2 { // The second finds none.
				w.mustSucceed(cfn.RequestUpdate, former)
				w.mustRoute()
			}
		},
		"deleted": func(w *world) {
			w.mustSucceed(cfn.RequestDelete, routed)
			w.mustRoute()
			w.mustHave(0, 0, 0, 0)
		},
		"permission to delete is missing": func(w *world) {
			w.datadog.Deny("monitor_config_policy_write")
			answer := w.mustSucceed(cfn.RequestDelete, routed)
			if !strings.Contains(answer.Reason, ruleName) || !strings.Contains(answer.Reason, "monitor_config_policy_write") {
				w.Errorf("got %s", answer.Reason)
			}
			w.mustRoute(scope)
			w.mustHave(0, 0, 0, 0)
		},
	}
	for name, test := range cases {
		cases[name] = func(w *world) {
			w.datadog.AddNotificationRule(others)
			w.mustSucceed(cfn.RequestCreate, routed)
			w.mustRoute(scope)
			test(w)
		}
	}
	run(t, cases)
}

// Without a scope setup needs no permission for rules, and makes no call for them.
func TestHandler_Route_None(t *testing.T) {
	w := newWorld(t)
	w.datadog.Deny("monitor_config_policy_write")
	w.mustSucceed(cfn.RequestCreate)
	w.mustSucceed(cfn.RequestDelete)
	for _, r := range w.datadog.Requests() {
		if strings.HasPrefix(string(r.Route), "notification_rule") {
			t.Errorf("called %s", r.Route)
		}
	}
}
