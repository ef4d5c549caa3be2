package fakedatadog_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const dashboardBody = `{"title":"The shop, today","layout_type":"ordered","widgets":[{"definition":{"type":"group","layout_type":"ordered",` +
	`"widgets":[{"definition":{"type":"note","content":"hello"}}]}}]}`

func TestDashboards_Lifecycle(t *testing.T) {
	s := newServer()
	made := decode[map[string]any](t, ask(t, s, "POST", "/api/v1/dashboard", dashboardBody).mustBe(t, 200).body)
	id, _ := made["id"].(string)
	if !regexp.MustCompile(`^[a-z2-7]{3}-[a-z2-7]{3}-[a-z2-7]{3}$`).MatchString(id) || made["url"] != "/dashboard/"+id+"/the-shop-today" {
		t.Errorf("id %q, url %v", id, made["url"])
	}
	if got := strings.Count(string(s.Dashboards()[0]), `"id":`); got != 3 {
		t.Errorf("%d ids, want those of the dashboard, the group and the note", got)
	}

	path := "/api/v1/dashboard/" + id
	ask(t, s, "PUT", path, strings.Replace(dashboardBody, "hello", "goodbye", 1)).mustBe(t, 200)
	if got := ask(t, s, "GET", path, "").mustBe(t, 200).body; !strings.Contains(got, "goodbye") || strings.Contains(got, "hello") {
		t.Errorf("updated: %s", got)
	}
	if got := ask(t, s, "DELETE", path, "").mustBe(t, 200).body; strings.TrimSpace(got) != `{"deleted_dashboard_id":"`+id+`"}` {
		t.Errorf("deleted: %s", got)
	}
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		ask(t, s, method, path, dashboardBody).mustBe(t, 404)
	}
}

func TestDashboards_List(t *testing.T) {
	s := newServer()
	for n := range 5 {
		ask(t, s, "POST", "/api/v1/dashboard", strings.Replace(dashboardBody, "The shop, today", strconv.Itoa(n), 1)).mustBe(t, 200)
	}
	for query, want := range map[string][]string{
		"": {"0", "1", "2", "3", "4"}, "?count=2": {"0", "1"}, "?count=2&start=4": {"4"}, "?start=9": nil,
	} {
		var titles []string
		for _, d := range decode[struct{ Dashboards []map[string]any }](t, ask(t, s, "GET", "/api/v1/dashboard"+query, "").mustBe(t, 200).body).Dashboards {
			titles = append(titles, fmt.Sprint(d["title"]))
			if _, whole := d["widgets"]; whole {
				t.Error("a summary has widgets")
			}
		}
		if diff := cmp.Diff(want, titles); diff != "" {
			t.Errorf("%q (-want +got)\n%s", query, diff)
		}
	}
}

func TestDashboards_Refuse(t *testing.T) {
	s := newServer()
	for name, body := range map[string]string{
		"no_JSON":                     `{`,
		"no_title":                    `{"layout_type":"ordered","widgets":[]}`,
		"an_unknown_layout":           `{"title":"a","layout_type":"round","widgets":[]}`,
		"no_widgets":                  `{"title":"a","layout_type":"ordered"}`,
		"a_widget_without_a_type":     `{"title":"a","layout_type":"ordered","widgets":[{"definition":{}}]}`,
		"a_widget_that_is_none":       `{"title":"a","layout_type":"ordered","widgets":[7]}`,
		"a_bad_widget_in_a_group":     `{"title":"a","layout_type":"ordered","widgets":[{"definition":{"type":"group","widgets":[{}]}}]}`,
		"a_free_widget_without_place": `{"title":"a","layout_type":"free","widgets":[{"definition":{"type":"note"}}]}`,
	} {
		if got := ask(t, s, "POST", "/api/v1/dashboard", body).mustBe(t, 400).errorsIn(t); len(got) != 1 || got[0] == "" {
			t.Errorf("%s: %v", name, got)
		}
	}
	if len(s.Dashboards()) != 0 {
		t.Error("what was refused is there")
	}
}

func TestMonitors_Composite(t *testing.T) {
	s := newServer()
	part := decode[struct{ ID json.Number }](t, ask(t, s, "POST", "/api/v1/monitor", monitorBody).mustBe(t, 200).body).ID.String()
	composite := func(query string) string {
		return `{"type":"composite","name":"both","query":"` + query + `","message":""}`
	}
	for _, query := range []string{"1 && 2", part + " && 7", "a && b"} {
		if got := ask(t, s, "POST", "/api/v1/monitor", composite(query)).mustBe(t, 400).errorsIn(t); !cmp.Equal(got, []string{"Some monitor IDs are invalid"}) {
			t.Errorf("%s: %v", query, got)
		}
	}
	whole := decode[struct{ ID json.Number }](t, ask(t, s, "POST", "/api/v1/monitor", composite(part+" && !"+part)).mustBe(t, 200).body).ID.String()
	ask(t, s, "PUT", "/api/v1/monitor/"+whole, composite("1 && 2")).mustBe(t, 400)
	if got := ask(t, s, "DELETE", "/api/v1/monitor/"+part, "").mustBe(t, 400).errorsIn(t); !strings.Contains(got[0], "is referenced in composite monitors") {
		t.Errorf("got %v", got)
	}
	if all := s.Monitors(); len(all) != 2 || all[1].Type != "composite" {
		t.Errorf("monitors %v", all)
	}
	ask(t, s, "DELETE", "/api/v1/monitor/"+part+"?force=true", "").mustBe(t, 200)
	ask(t, s, "DELETE", "/api/v1/monitor/"+whole, "").mustBe(t, 200)
}
