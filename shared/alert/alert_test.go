package alert

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTransition_IsRecovery(t *testing.T) {
	for transition, want := range map[Transition]bool{
		Recovered: true, WarnRecovered: true, "RECOVERED by hand": true, Triggered: false, NoData: false, "": false,
	} {
		if transition.IsRecovery() != want {
			t.Errorf("%q: want %v", transition, want)
		}
	}
}

func TestAlert_Key(t *testing.T) {
	for _, tt := range []struct {
		a    Alert
		want string
	}{
		{Alert{ID: "1", OrgID: "352347", OrgName: "x"}, "352347:1"},
		{Alert{ID: "1", OrgID: "352347", Digest: "d"}, "352347:sha256:d"},
		{Alert{ID: "1", OrgName: "x"}, ":1"},
		{Alert{ID: "1"}, ":1"},
		{Alert{OrgID: "2", Digest: "d"}, "2:sha256:d"},
	} {
		if got := tt.a.Key(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestAlert_IsFromBoomerang(t *testing.T) {
	for tags, want := range map[string]bool{
		"env:prod,boomerang": true, "Boomerang": true, "service:boomerang": false, "boomerang:yes": false, "boomerangs": false, "": false,
	} {
		if got := decode(t, `{"title":"t","tags":"`+tags+`"}`).IsFromBoomerang(); got != want {
			t.Errorf("%q: want %v", tags, want)
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
