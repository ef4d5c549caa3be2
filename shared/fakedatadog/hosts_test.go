package fakedatadog_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

type hostList struct {
	Returned int                `json:"total_returned"`
	Matching int                `json:"total_matching"`
	Hosts    []fakedatadog.Host `json:"host_list"`
}

func names(list hostList) []string {
	var all []string
	for _, h := range list.Hosts {
		all = append(all, h.Name)
	}
	return all
}

func TestHosts_List(t *testing.T) {
	s := newServer()
	until := noon.Add(time.Hour).Unix()
	s.SetHosts(
		fakedatadog.Host{Name: "web-1", Up: true, IsMuted: true, MuteTimeout: &until, Meta: map[string]any{"platform": "linux"}},
		fakedatadog.Host{Name: "web-12", Aliases: []string{"i-0abc"}, TagsBySource: map[string][]string{"Users": {"team:shop"}}},
		fakedatadog.Host{Name: "gone", LastReportedTime: noon.Add(-4 * time.Hour).Unix()},
		fakedatadog.Host{Name: "forgotten", LastReportedTime: noon.Add(-8 * 24 * time.Hour).Unix()},
	)
	for query, want := range map[string][]string{
		"": {"web-1", "web-12"}, "filter=web-1": {"web-1", "web-12"}, "filter=host:WEB-12": {"web-12"}, "filter=i-0": {"web-12"}, "filter=team:shop": {"web-12"},
		"filter=eb-1": {"web-1", "web-12"}, "filter=none": nil, "count=1": {"web-1"}, "start=1": {"web-12"}, "start=9": nil,
		fmt.Sprintf("from=%d", noon.Add(-5*time.Hour).Unix()): {"web-1", "web-12", "gone"}, "from=1": {"web-1", "web-12", "gone"},
	} {
		got := decode[hostList](t, ask(t, s, "GET", "/api/v1/hosts?"+query, "").mustBe(t, 200).body)
		if diff := cmp.Diff(want, names(got)); diff != "" || got.Returned != len(want) {
			t.Errorf("%s: %d returned (-want +got):\n%s", query, got.Returned, diff)
		}
	}
	for query, want := range map[string]fakedatadog.Host{
		"include_hosts_metadata=true":    {IsMuted: true, MuteTimeout: &until, Meta: map[string]any{"platform": "linux"}},
		"include_muted_hosts_data=true":  {IsMuted: true, MuteTimeout: &until, Meta: map[string]any{}},
		"include_muted_hosts_data=false": {Meta: map[string]any{}},
	} {
		got := decode[hostList](t, ask(t, s, "GET", "/api/v1/hosts?"+query, "").mustBe(t, 200).body).Hosts[0]
		got = fakedatadog.Host{IsMuted: got.IsMuted, MuteTimeout: got.MuteTimeout, Meta: got.Meta}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	for _, query := range []string{"count=-1", "start=x", "from=x", "include_hosts_metadata=maybe"} {
		ask(t, s, "GET", "/api/v1/hosts?"+query, "").mustBe(t, 400)
	}
}
