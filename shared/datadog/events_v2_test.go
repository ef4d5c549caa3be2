package datadog

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/event"
)

func TestClient_CreateAlert(t *testing.T) {
	full := event.AlertEvent{Data: event.AlertData{Type: "event", Attributes: event.AlertAttributes{
		Title: "title <&>", Message: "%%% \ntext é \n %%%", Category: "alert", Timestamp: "2026-03-14T03:00:00.000Z", AggregationKey: "cycle",
		Host: "web-1", IntegrationID: "custom-events", Tags: []string{"a:b", "boomerang"},
		Attributes: event.AlertDetails{
			Status: "error", Priority: "1", Links: []event.AlertLink{{Category: "runbook", URL: "https://run.example", Title: "Run"}},
			Custom: map[string]any{"owner": map[string]any{"team": "shop"}},
		},
	}}}
	t.Run("posts_every_field", func(t *testing.T) {
		var l log
		if _, err := clientOver(t, l.answering(202, wholeAnswer), keyring{}).CreateAlert(t.Context(), full); err != nil {
			t.Fatal(err)
		}
		got := l.requests[0]
		if got.method != "POST" || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("sent %s as %s", got.method, got.header.Get("Content-Type"))
		}
		want := `{"data":{"type":"event","attributes":{"title":"title <&>","message":"%%% \ntext é \n %%%","category":"alert",
			"timestamp":"2026-03-14T03:00:00.000Z","aggregation_key":"cycle","host":"web-1","integration_id":"custom-events","tags":["a:b","boomerang"],
			"attributes":{"status":"error","priority":"1","links":[{"category":"runbook","url":"https://run.example","title":"Run"}],"custom":{"owner":{"team":"shop"}}}}}}`
		if diff := cmp.Diff(fromJSON(t, want), fromJSON(t, got.body)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("leaves_empty_fields_out", func(t *testing.T) {
		var l log
		e := event.AlertEvent{Data: event.AlertData{Type: "event", Attributes: event.AlertAttributes{
			Title: "a", Category: "alert", IntegrationID: "custom-events", Attributes: event.AlertDetails{Status: "ok"},
		}}}
		if _, err := clientOver(t, l.answering(202, wholeAnswer), keyring{}).CreateAlert(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		want := `{"data":{"type":"event","attributes":{"title":"a","category":"alert","integration_id":"custom-events","attributes":{"status":"ok"}}}}`
		if diff := cmp.Diff(fromJSON(t, want), fromJSON(t, l.requests[0].body)); diff != "" {
			t.Error(diff)
		}
	})

	for name, tt := range map[string]struct {
		body string
		want event.Posted
	}{
		"the_uid_is_the_id": {
			`{"data":{"id":"_","attributes":{"attributes":{"evt":{"id":"8407723285051133019","uid":"AZsKLCxv"}}}},"links":{"self":"https://app.datadoghq.com/event/event?uid=AZsKLCxv"}}`,
			event.Posted{ID: "AZsKLCxv", URL: "https://app.datadoghq.com/event/event?uid=AZsKLCxv"},
		},
		"an_old_id_is_better_than_nothing": {`{"data":{"attributes":{"attributes":{"evt":{"id":"8407723285051133019"}}}}}`, event.Posted{ID: "8407723285051133019"}},
		"an_address_becomes_absolute":      {`{"links":{"self":"/event/event?uid=A"}}`, event.Posted{URL: "https://app.datadoghq.com/event/event?uid=A"}},
		"fields_of_other_types":            {`{"data":{"attributes":{"attributes":{"evt":{"id":7,"uid":"A"}}}},"links":[]}`, event.Posted{ID: "A"}},
		"nothing_to_read":                  {``, event.Posted{}},
		"cut_off":                          {`{"data":{"attributes":{"attributes":{"evt":{"uid":"AZs`, event.Posted{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := clientOver(t, answering(202, tt.body), keyring{}).CreateAlert(t.Context(), full)
			if err != nil || got != tt.want {
				t.Errorf("got %+v, %v, want %+v", got, err, tt.want)
			}
		})
	}
}

func playCreateAlert(t *testing.T, c *Client, body string) error {
	got, err := c.CreateAlert(t.Context(), event.AlertEvent{})
	if err != nil {
		return err
	}
	if want := (event.Posted{ID: "AZsKLCxvAACrUQTfNDwMWwAA", URL: "https://app.datadoghq.com/event/event?uid=AZsKLCxvAACrUQTfNDwMWwAA"}); got != want {
		t.Errorf("got %+v of %s", got, body)
	}
	return nil
}
