package datadog

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestClient_Team(t *testing.T) {
	const others = `{"id":"1","attributes":{"handle":"shop-eu","name":"shop"}},{"id":"","attributes":{"handle":"shop"}},`
	for name, tt := range map[string]struct {
		body string
		want Team
	}{
		"by_handle":           {`{"data":[` + others + `{"id":"2","attributes":{"handle":"Shop","name":"The shop"}}]}`, Team{"2", "Shop", "The shop"}},
		"else_by_name":        {`{"data":[` + others + `7]}`, Team{"1", "shop-eu", "shop"}},
		"never_by_a_likeness": {`{"data":[{"id":"1","attributes":{"handle":"shop-eu","name":"Shop EU"}}]}`, Team{}},
		"none":                {`{"data":[]}`, Team{}},
	} {
		t.Run(name, func(t *testing.T) {
			var l log
			got, err := clientOver(t, l.answering(200, tt.body), keyring{}).Team(t.Context(), "shop")
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if tt.want == (Team{}) {
				if f, e := failure(t, err); e.Status != 404 || f.Public != `Datadog has no team "shop"` {
					t.Errorf("error %+v, people are told %q", e, f.Public)
				}
			} else if err != nil {
				t.Error(err)
			}
			asked, err := url.Parse(l.requests[0].url)
			want := url.Values{"filter[keyword]": {"shop"}, "fields[team]": {"id,name,handle"}, "page[size]": {"100"}, "page[number]": {"0"}}
			if diff := cmp.Diff(want, asked.Query()); err != nil || diff != "" || asked.Path != "/api/v2/team" {
				t.Errorf("asked %s: %s%v", asked, diff, err)
			}
		})
	}
}

func TestClient_OnCall(t *testing.T) {
	ada, bob := User{"a", "Ada", "ada@example.com"}, User{"b", "", "bob@example.com"}
	const users = `{"id":"a","type":"users","attributes":{"name":"Ada","email":"ada@example.com","status":"active"}},
		{"id":"b","type":"users","attributes":{"name":null,"handle":"bob@example.com"}}`
	for name, tt := range map[string]struct {
		body string
		want OnCall
	}{
		"responders_and_steps_in_order": {
			`{"data":{"id":"7-1","type":"team_oncall_responders","relationships":{
				"responders":{"data":[{"id":"b","type":"users"},{"id":"gone","type":"users"}]},
				"escalations":{"data":[{"id":"s2","type":"escalation_policy_steps"},{"id":"s1","type":"escalation_policy_steps"}]}}},
			  "included":[` + users + `,
				{"id":"s1","type":"escalation_policy_steps","relationships":{"responders":{"data":[{"id":"a","type":"users"},{"id":"b","type":"users"}]}}},
				{"id":"s2","type":"escalation_policy_steps","relationships":{"responders":{"data":[{"id":"a","type":"users"}]}}}]}`,
			OnCall{[]User{bob}, [][]User{{ada}, {ada, bob}}},
		},
		"nobody":               {`{"data":{"id":"7-1","relationships":{"responders":{"data":[]},"escalations":{"data":[]}}}}`, OnCall{}},
		"nulls":                {`{"data":{"id":"7-1","relationships":{"responders":null,"escalations":{"data":null}}},"included":null}`, OnCall{}},
		"nothing_was_included": {`{"data":{"id":"7-1","relationships":{"responders":{"data":[{"id":"a","type":"users"}]},"escalations":{"data":[{"id":"s"}]}}}}`, OnCall{}},
	} {
		t.Run(name, func(t *testing.T) {
			var l log
			got, err := clientOver(t, l.answering(200, tt.body), keyring{}).OnCall(t.Context(), "7")
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("on call (-want +got):\n%s%v", diff, err)
			}
			if want := "https://api.datadoghq.com/api/v2/on-call/teams/7/on-call?include=responders%2Cescalations.responders"; l.requests[0].url != want {
				t.Errorf("asked %s, want %s", l.requests[0].url, want)
			}
		})
	}
}

func TestClient_OnCall_of_no_id_makes_no_call(t *testing.T) {
	for _, id := range []string{"", "..", "a/b"} {
		var l log
		_, err := clientOver(t, l.answering(200, wholeAnswer), keyring{}).OnCall(t.Context(), id)
		if failure(t, err); len(l.requests) > 0 {
			t.Errorf("asked %+v", l.requests)
		}
	}
}
