package fakedatadog_test

import (
	"strings"
	"testing"
)

func TestControl_Seeds_owners(t *testing.T) {
	s := newServer()
	tell(t, s, "POST", "entities", `{"apiVersion":"v3","kind":"service","metadata":{"name":"checkout","owner":"shop","unknown":1}}`).mustBe(t, 204)
	tell(t, s, "POST", "service_definitions", `{"dd-service":"cart","team":"shop"}`).mustBe(t, 204)
	team := decode[struct{ ID string }](t, tell(t, s, "POST", "teams", `{"handle":"shop","on_call":[{"name":"Ada","email":"ada@example.com"}]}`).mustBe(t, 201).body)
	tell(t, s, "POST", "incidents", `{"title":"Down","services":["checkout"],"created":"2026-03-14T12:00:00Z"}`).mustBe(t, 201)
	tell(t, s, "POST", "monitors", `{"id":7,"query":"x"}`).mustBe(t, 201)
	tell(t, s, "POST", "downtimes", `{"monitor_id":7,"message":"upgrade","start":"2026-03-14T11:00:00Z"}`).mustBe(t, 201)
	for path, want := range map[string]string{
		"/api/v2/catalog/entity?filter%5Bref%5D=service:checkout":           `"owner":"shop"`,
		"/api/v2/services/definitions/cart":                                 `"team":"shop"`,
		"/api/v2/team?filter%5Bkeyword%5D=shop":                             team.ID,
		"/api/v2/on-call/teams/" + team.ID + "/on-call?include=responders":  `"email":"ada@example.com"`,
		"/api/v2/incidents/search?query=state:active+AND+services:checkout": `"title":"Down"`,
		"/api/v2/monitor/7/downtime_matches":                                `"start":"2026-03-14T11:00:00.000000+00:00"`,
		"/api/v2/downtime?current_only=true":                                `"message":"upgrade"`,
	} {
		if body := ask(t, s, "GET", path, "").mustBe(t, 200).body; !strings.Contains(body, want) {
			t.Errorf("%s: %s lacks %s", path, body, want)
		}
	}
}
