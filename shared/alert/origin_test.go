package alert_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
)

func TestOrigins(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want map[string]string
	}{
		"own names":             {`{"ALERT_ID":"42","alertTransition":"Warn"}`, map[string]string{"monitor_id": "ALERT_ID", "transition": "alertTransition"}},
		"a container":           {`{"title":"x","org":{"id":"7"},"incident":{"title":"y"}}`, map[string]string{"title": "title", "org_id": "org.id", "incident.title": "incident.title"}},
		"the outermost key":     {`{"metadata":{"alert_id":"1"},"alert_id":"2"}`, map[string]string{"monitor_id": "alert_id"}},
		"the first that fits":   {`{"date":"yesterday","metadata":{"date":"1795165924000"}}`, map[string]string{"date": "metadata.date"}},
		"a key that is a guess": {`{"state":"Triggered","timestamp":"1795165924"}`, map[string]string{"transition": "state", "date": "timestamp"}},
		"a list of one":         {`[{"title":"x"}]`, map[string]string{"title": "title"}},
		"words only":            {`{"note":"[Triggered] x"}`, map[string]string{}},
		"a form":                {`title=x&org[id]=7`, map[string]string{"title": "title", "org_id": "org.id"}},
		"a payload in a form":   {`payload=%7B%22title%22%3A%22x%22%7D`, map[string]string{"title": "title"}},
		"no payload":            {`<alert/>`, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, alert.Origins([]byte(c.body))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
