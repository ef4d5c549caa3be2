package handler_test

import (
	"fmt"
	"slices"
	"testing"

	"boomerang/shared/fakedatadog"
)

// Each notification of a monitor comes back, with any value as "id" in its template; only the
// same delivery is a duplicate.
func TestHandler_EachNotification(t *testing.T) {
	link := func(n int) string {
		return fmt.Sprintf("https://app.datadoghq.eu/event/event?id=613613214666824440%d", n)
	}
	type want struct {
		alertType string
		related   int64
		tags      []string
	}
	for name, tt := range map[string]struct {
		bodies []string
		first  want
	}{
		"the monitor's id as id": {[]string{
			`{"id":"1867792","transition":"Triggered","type":"error","title":"[P2] [Triggered on {host:a}] x","msg":"m","link":"` + link(1) + `"}`,
			`{"id":"1867792","transition":"Recovered","type":"success","title":"[P2] [Recovered on {host:a}] x","msg":"m","link":"` + link(2) + `"}`,
		}, want{"error", 6136132146668244401, []string{"monitor:1867792", "transition:triggered"}}},
		"the monitor's id as id, no link": {[]string{
			`{"id":"4712","transition":"Triggered","title":"x","date":"1795915833572"}`,
			`{"id":"4712","transition":"Recovered","title":"x","date":"1795915893572"}`,
		}, want{"error", 0, []string{"monitor:4712"}}},
		"a constant as id": {[]string{`{"id":"datadog","title":"[Triggered] x"}`, `{"id":"datadog","title":"[Recovered] x"}`}, want{"error", 0, nil}},
		"no id": {[]string{
			`{"title":"[P2] [Triggered on {host:web-1}] CPU","text":"CPU is high","alert_type":"error","alert_status":"Triggered","aggreg_key":"9bd4"}`,
			`{"title":"[P2] [Recovered on {host:web-1}] CPU","text":"CPU is high","alert_type":"success","alert_status":"Recovered","aggreg_key":"9bd4"}`,
		}, want{"error", 0, []string{"transition:triggered"}}},
		"the state in the title": {[]string{
			`{"title":"[Warn on {g:s-b}] Lag","monitor_id":"987654","event_id":"8306082280000000001","alert_status":"lag was > 200"}`,
		}, want{"warning", 8306082280000000001, []string{"monitor:987654", "transition:warn"}}},
		"an incident's variables": {[]string{
			`{"incident":{"id":"123456","title":"[Triggered on {host:web-1}] CPU","status":"Triggered"},"context":{"hostname":"web-1","tags":"env:prod"},"links":{"datadog_url":"https://app.datadoghq.com/event/event?id=8306082280000000003"}}`,
		}, want{"error", 8306082280000000003, []string{"env:prod"}}},
		"the event's id as alert_id": {[]string{
			`{"event":{"alert_id":"8306082300000000018","alert_title":"[Triggered] x","alert_message":"m","alert_url":"https://app.datadoghq.com/event/event?id=8306082300000000018"}}`,
		}, want{"error", 8306082300000000018, nil}},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t)
			h := e.handler()
			for _, body := range tt.bodies {
				for _, status := range []string{"posted", "duplicate"} {
					if got := fields(t, handle(t, h, post(body)).Body); got["status"] != status {
						t.Errorf("%s: %v, want %s", body, got, status)
					}
				}
			}
			posted := e.datadog.Posted()
			if len(posted) != len(tt.bodies) {
				t.Fatalf("%d events for %d notifications", len(posted), len(tt.bodies))
			}
			first := posted[slices.IndexFunc(posted, func(e fakedatadog.PostedEvent) bool { return !slices.Contains(e.Event.Tags, "transition:recovered") })].Event
			if first.AlertType != tt.first.alertType || first.RelatedEventID != tt.first.related {
				t.Errorf("alert_type %q, related_event_id %d, want %+v", first.AlertType, first.RelatedEventID, tt.first)
			}
			for _, tag := range tt.first.tags {
				if !slices.Contains(first.Tags, tag) {
					t.Errorf("%s is not among the tags %v", tag, first.Tags)
				}
			}
		})
	}
}
