package alert

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTransition_Fires(t *testing.T) {
	for _, text := range Values("transition") {
		if transition := Transition(text); transition.Fires() == transition.IsRecovery() {
			t.Errorf("%s: fires %v", text, transition.Fires())
		}
	}
	for _, transition := range []Transition{"", "Something else", "Recovered from something"} {
		if transition.Fires() {
			t.Errorf("%q fires", transition)
		}
	}
}

func TestTransition_IsRecovery(t *testing.T) {
	for transition, want := range map[Transition]bool{
		Recovered: true, WarnRecovered: true, "RECOVERED by hand": true, Triggered: false, NoData: false, "": false,
	} {
		if transition.IsRecovery() != want {
			t.Errorf("%q: want %v", transition, want)
		}
	}
}

func TestAlert_IsFromBoomerang(t *testing.T) {
	const ours = "boomerang,playbook:default,enrichment:none,env:prod"
	for fields, want := range map[string]bool{
		`"tags":"` + ours + `"`:                        true,
		`"tags":"Boomerang,Playbook:a b,Enrichment:x"`: true,
		`"tags":"` + ours + `","id":"8306082202796025694","alert_id":"","alert_status":""`:                                   true,
		`"tags":"` + ours + `","link":"https://app.datadoghq.com/event/event?id=8306082202796025694"`:                        true,
		`"tags":"` + ours + `","event_msg":"[[Monitor Status](https://app.datadoghq.com/monitors/4711)] ** over **host:a**"`: true,
		// The tags of a monitor that has such tags, or a value with commas.
		`"tags":"monitor,` + ours + `"`:                         false,
		`"tags":"@usr.name:joe,boomerang"`:                      false,
		`"tags":"` + ours + `","alert_id":"4711"`:               false,
		`"tags":"` + ours + `","alert_transition":"Triggered"`:  false,
		`"tags":"` + ours + `","status":"Recovered"`:            false,
		`"tags":"` + ours + `","alert_cycle_key":"1"`:           false,
		`"tags":"` + ours + `","alert_query":"avg:x{*} > 1"`:    false,
		`"tags":"` + ours + `","alert_scope":"host:a"`:          false,
		`"tags":"` + ours + `","alert_status":"x was > 1"`:      false,
		`"tags":"boomerang"`:                                    false,
		`"tags":"service:boomerang,playbook:a,enrichment:none"`: false,
		`"tags":"boomerang:yes,playbook:a,enrichment:none"`:     false,
		`"tags":"boomerangs,playbook:a,enrichment:none"`:        false,
		`"tags":"boomerang,enrichment:none"`:                    false,
		`"tags":""`:                                             false,
	} {
		if got := decode(t, `{"title":"[P2] [Triggered on {host:a}] t",`+fields+`}`).IsFromBoomerang(); got != want {
			t.Errorf("%s: want %v", fields, want)
		}
	}
}

func TestAlert_Scopes(t *testing.T) {
	for scope, want := range map[string]Tags{
		"availability-zone:us-east-1a, role:node": {"availability-zone:us-east-1a", "role:node"}, "*": nil, "": nil,
	} {
		if diff := cmp.Diff(want, Alert{Scope: scope}.Scopes()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", scope, diff)
		}
	}
}

func TestTags(t *testing.T) {
	tags := Tags{"monitor", "url:http://x:80", "env:prod", "ENV:stage", "empty:"}
	if got := tags.Get("url"); got != "http://x:80" {
		t.Errorf("url is %q", got)
	}
	if tags.Get("monitor") != "" || tags.Get("none") != "" || tags.Get("Env") != "prod" {
		t.Error("Get finds a bare or missing tag, or minds case")
	}
	if diff := cmp.Diff([]string{"prod", "stage"}, tags.All("env")); diff != "" {
		t.Errorf("All (-want +got):\n%s", diff)
	}
	if !tags.Has("monitor") || !tags.Has("env:prod") || tags.Has("env") || tags.Has("url") {
		t.Error("Has does not compare the whole tag")
	}
	want := map[string]string{"monitor": "", "url": "http://x:80", "env": "prod", "ENV": "stage", "empty": ""}
	if diff := cmp.Diff(want, tags.Map()); diff != "" {
		t.Errorf("Map (-want +got):\n%s", diff)
	}
}

func TestExtra_UnmarshalJSON_List(t *testing.T) {
	var a Alert
	if err := json.Unmarshal([]byte(`{"extra":[1]}`), &a); err == nil {
		t.Error("a list became Extra")
	}
}
