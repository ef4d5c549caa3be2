package datadog

import (
	"encoding/json"
	"testing"
)

// told is what a recorded answer of the v2 API holds, read without our types.
func told(t *testing.T, body string) (data []map[string]any) {
	t.Helper()
	var list struct{ Data []map[string]any }
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatal(err)
	}
	return list.Data
}

func attributes(v map[string]any) map[string]any {
	a, _ := v["attributes"].(map[string]any)
	return a
}

func playEntities(t *testing.T, c *Client, body string) error {
	for _, entity := range told(t, body) {
		name, _ := attributes(entity)["name"].(string)
		owner, _ := attributes(entity)["owner"].(string)
		got, err := c.Service(t.Context(), name)
		if err != nil {
			return err
		}
		if got.Name != name || got.Owner != owner || name == "" {
			t.Errorf("got %+v", got)
		}
	}
	return nil
}

func playDefinition(t *testing.T, c *Client, body string) error {
	got, err := c.serviceDefinition(t.Context(), "any")
	if err != nil {
		return err
	}
	if got.Name != "service-definition-test" || got.Owner != "my-team" || len(got.Contacts) != 1 || len(got.Links) != 3 ||
		got.PagerDuty != "https://my-org.pagerduty.com/service-directory/PMyService" || got.Opsgenie == "" {
		t.Errorf("got %+v of %s", got, body)
	}
	return nil
}

func playTeams(t *testing.T, c *Client, body string) error {
	for _, team := range told(t, body) {
		handle, _ := attributes(team)["handle"].(string)
		got, err := c.Team(t.Context(), handle)
		if err != nil {
			return err
		}
		if got.ID != team["id"] || got.Handle != handle || got.Name != attributes(team)["name"] {
			t.Errorf("got %+v", got)
		}
	}
	return nil
}

func playOnCall(t *testing.T, c *Client, body string) error {
	got, err := c.OnCall(t.Context(), "any")
	if err != nil {
		return err
	}
	if len(got.Responders) != 1 || got.Responders[0].Email == "" || len(got.Escalations) != 0 {
		t.Errorf("got %+v of %s", got, body)
	}
	return nil
}

func playIncidents(t *testing.T, c *Client, body string) error {
	got, err := c.Incidents(t.Context(), "state:active", 5)
	if err != nil {
		return err
	}
	var want struct {
		Data struct {
			Attributes struct {
				Total     int
				Incidents []struct{ Data map[string]any }
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &want); err != nil {
		t.Fatal(err)
	}
	list := want.Data.Attributes.Incidents
	if got.Total != want.Data.Attributes.Total || len(got.Newest) != len(list) || len(list) == 0 {
		t.Fatalf("got %d of %d incidents", len(got.Newest), got.Total)
	}
	for i, incident := range got.Newest {
		w := attributes(list[i].Data)
		if incident.Title != w["title"] || incident.State != w["state"] || incident.Severity != w["severity"] ||
			float64(incident.PublicID) != w["public_id"] || incident.Created.IsZero() || incident.ID != list[i].Data["id"] {
			t.Errorf("got %+v", incident)
		}
	}
	return nil
}

func playMatches(t *testing.T, c *Client, body string) error {
	got, err := c.DowntimeMatches(t.Context(), 7)
	if err != nil {
		return err
	}
	want := told(t, body)
	if len(got) != len(want) || len(got) != 1 || got[0].ID != want[0]["id"] || got[0].Scope != "*" || got[0].Start.IsZero() || !got[0].End.IsZero() {
		t.Errorf("got %+v of %s", got, body)
	}
	return nil
}

func playDowntimes(t *testing.T, c *Client, body string) error {
	got, err := c.CurrentDowntimes(t.Context())
	if err != nil {
		return err
	}
	want := told(t, body)
	if len(got) != len(want) || len(got) == 0 || got[0].ID != want[0]["id"] {
		t.Errorf("got %d downtimes of %d", len(got), len(want))
	}
	return nil
}
