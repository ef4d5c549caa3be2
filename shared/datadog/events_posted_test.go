package datadog

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/event"
)

func TestClient_PostedAbout(t *testing.T) {
	const about = int64(7284105863092654118)
	found := func(id int64, tags string) string {
		return fmt.Sprintf(`{"id":"A1","type":"event","attributes":{"tags":[%s],"attributes":{"title":"x","related_event_id":%d,"evt":{"id":"99"}}}}`, tags, id)
	}
	const ours = `"monitor:4711","boomerang","webhook:shop-api"`
	for name, tt := range map[string]struct {
		alert  alert.Alert
		answer []string
		want   event.Posted
	}{
		"our_event_is_found_among_others": {
			alert.Alert{ID: "7284105863092654118", MonitorID: "4711"},
			[]string{found(0, ours), found(about+1, ours), found(about, `"monitor:4711"`), found(about, ours)},
			event.Posted{ID: "99", URL: "https://app.datadoghq.com/event/event?id=99"},
		},
		"one_that_the_answer_calls_by_the_explorers_id_alone_is_found_too": {
			alert.Alert{ID: "7284105863092654118", MonitorID: "4711"},
			[]string{strings.Replace(found(about, ours), `{"id":"99"}`, `{}`, 1)},
			event.Posted{ID: "A1"},
		},
		"somebody_elses_event_about_it_is_not_ours": {alert.Alert{ID: "7284105863092654118", MonitorID: "4711"}, []string{found(about, `"monitor:4711"`)}, event.Posted{}},
		"another_stacks_event_about_it_is_not_ours": {
			alert.Alert{ID: "7284105863092654118", MonitorID: "4711"},
			[]string{found(about, `"monitor:4711","boomerang","webhook:shop"`), found(about, `"monitor:4711","boomerang"`)},
			event.Posted{},
		},
		"one_about_another_alert_is_not_it":        {alert.Alert{ID: "7284105863092654118", MonitorID: "4711"}, []string{found(about+1, ours)}, event.Posted{}},
		"nothing_is_found":                         {alert.Alert{ID: "7284105863092654118", MonitorID: "4711"}, nil, event.Posted{}},
		"an_alert_without_an_id_names_no_event":    {alert.Alert{MonitorID: "4711"}, []string{found(0, ours)}, event.Posted{}},
		"nor_does_one_whose_id_is_no_number":       {alert.Alert{ID: "abc", MonitorID: "4711"}, []string{found(0, ours)}, event.Posted{}},
		"an_alert_of_no_monitor_is_not_looked_for": {alert.Alert{ID: "7284105863092654118"}, []string{found(about, ours)}, event.Posted{}},
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"data":[` + strings.Join(tt.answer, ",") + `]}`
			got, err := clientOver(t, answering(200, body), keyring{}).PostedAbout(t.Context(), tt.alert, "Shop-API", time.Now().Add(-time.Hour), time.Now())
			if err != nil || got != tt.want {
				t.Errorf("got %v, %v, want %v", got, err, tt.want)
			}
		})
	}
}
