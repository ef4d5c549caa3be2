package fakedatadog_test

import (
	"strings"
	"testing"
	"time"

	"boomerang/shared/fakedatadog"
)

func downtimeIDs(t *testing.T, s *fakedatadog.Server, path string) string {
	t.Helper()
	var ids []string
	for _, d := range dataOf[struct{ ID string }](t, ask(t, s, "GET", path, "").mustBe(t, 200).body) {
		ids = append(ids, d.ID)
	}
	return strings.Join(ids, " ")
}

func TestDowntimes(t *testing.T) {
	s := newServer()
	s.AddMonitor(fakedatadog.Monitor{ID: 7, Tags: []string{"service:checkout", "env:prod"}})
	s.AddMonitor(fakedatadog.Monitor{ID: 8})
	for _, d := range []fakedatadog.ScheduledDowntime{
		{ID: "all"},
		{ID: "one", MonitorID: 7, CreatedBy: ada},
		{ID: "tags", MonitorTags: []string{"env:prod", "*"}, End: noon.Add(time.Hour), CreatedBy: ada},
		{ID: "others", MonitorTags: []string{"env:prod", "service:cart"}},
		{ID: "over", MonitorID: 7, Start: noon.Add(-2 * time.Hour), End: noon.Add(-time.Hour)},
		{ID: "to_come", MonitorID: 7, Start: noon.Add(time.Hour)},
	} {
		s.AddDowntime(d)
	}
	for path, want := range map[string]string{
		"/api/v2/monitor/7/downtime_matches":                           "all one tags",
		"/api/v2/monitor/8/downtime_matches":                           "all",
		"/api/v2/monitor/7/downtime_matches?page%5Blimit%5D=1":         "all",
		"/api/v2/downtime":                                             "all one tags others over to_come",
		"/api/v2/downtime?current_only=true":                           "all one tags others",
		"/api/v2/downtime?page%5Boffset%5D=4&page%5Blimit%5D=1":        "over",
		"/api/v2/downtime?current_only=true&page%5Boffset%5D=99999999": "",
	} {
		if got := downtimeIDs(t, s, path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	for _, bad := range []string{"?current_only=maybe", "?page%5Blimit%5D=x"} {
		ask(t, s, "GET", "/api/v2/downtime"+bad, "").mustBe(t, 400)
	}
	ask(t, s, "GET", "/api/v2/monitor/9/downtime_matches", "").mustBe(t, 404)
}

func TestDowntimes_IncludeCreator(t *testing.T) {
	s := newServer()
	s.AddDowntime(fakedatadog.ScheduledDowntime{CreatedBy: ada, MonitorID: 7, Start: noon.Add(time.Hour), End: noon.Add(2 * time.Hour)})
	s.AddDowntime(fakedatadog.ScheduledDowntime{CreatedBy: ada, Start: noon.Add(-time.Hour), End: noon})
	if body := ask(t, s, "GET", "/api/v2/downtime", "").body; strings.Contains(body, "created_by") || strings.Contains(body, "included") {
		t.Errorf("unasked: %s", body)
	}
	body := ask(t, s, "GET", "/api/v2/downtime?include=created_by,monitor", "").mustBe(t, 200).body
	for _, want := range []string{`"monitor_id":7`, `"status":"scheduled"`, `"status":"ended"`, `"email":"ada@example.com"`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s lacks %s", body, want)
		}
	}
	if n := strings.Count(body, `"handle":"ada@example.com"`); n != 1 {
		t.Errorf("she is included %d times", n)
	}
}
