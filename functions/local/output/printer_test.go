package output_test

import (
	"bytes"
	"strings"
	"testing"

	"boomerang/functions/local/output"
	"boomerang/shared/event"
)

func TestPrinter_Event(t *testing.T) {
	for name, c := range map[string]struct {
		event event.Request
		want  []string
	}{
		"of_the_v1_API": {
			event.Event{Title: "Checkout is slow", Text: "%%% \nfirst\nsecond\n %%%", AlertType: "error", RelatedEventID: 7, DateHappened: 1773457200, Tags: []string{"a:b", "c"}},
			[]string{
				"  title            Checkout is slow", "  alert_type       error", "  tags             a:b, c",
				"  related_event_id 7", "  date_happened    2026-03-14 03:00:00 UTC", "", "  │ first", "  │ second",
			},
		},
		"of_the_v2_API": {
			event.AlertEvent{Data: event.AlertData{Attributes: event.AlertAttributes{
				Title: "Checkout is slow", Message: "%%% \nfirst\n %%%", Timestamp: "2026-03-14T03:00:00.000Z", Host: "web-1",
				Attributes: event.AlertDetails{
					Status: "error", Priority: "1", Links: []event.AlertLink{{Category: "runbook", URL: "https://run.example", Title: "Run"}},
					Custom: map[string]any{"owner": map[string]any{"team": "shop"}, "metric": 1},
				},
			}}},
			[]string{
				"  title            Checkout is slow", "  status           error", "  priority         1", "  host             web-1",
				"  timestamp        2026-03-14T03:00:00.000Z", "  runbook          Run https://run.example",
				"  custom.metric    1", `  custom.owner     {"team":"shop"}`, "", "  │ first",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var screen bytes.Buffer
			output.New(&screen).Show("event", c.event)
			if want := strings.Join(c.want, "\n") + "\n"; screen.String() != want {
				t.Errorf("got\n%swant\n%s", screen.String(), want)
			}
		})
	}
}
