package stage

import (
	"cmp"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/fakedatadog"
)

// tellHost adds the host that the alert names. One whose data are missed has been
// silent for a while.
func (t story) tellHost(server *fakedatadog.Server) {
	name := cmp.Or(t.Hostname, t.Scopes().Get("host"), alert.Tags(t.tags).Get("host"))
	if name == "" {
		return
	}
	h := fakedatadog.Host{
		Name: name, Up: true, LastReportedTime: t.at.Unix(), Apps: []string{"agent", "nginx"}, Sources: []string{"agent", "aws"},
		TagsBySource: map[string][]string{"Datadog": append([]string{"host:" + name}, t.tags...)},
		Meta:         map[string]any{"agent_version": "7.62.0", "platform": "linux", "cpuCores": 4},
	}
	if t.Transition == alert.NoData || t.Transition == alert.ReNoData {
		h.Up, h.LastReportedTime = false, t.at.Add(-20*time.Minute).Unix()
	}
	server.SetHosts(h)
}

// tellLogs adds what the service or the host logged before the alert.
func (t story) tellLogs(server *fakedatadog.Server) {
	lines := []struct {
		before  time.Duration
		message string
	}{
		{13 * time.Minute, "context deadline exceeded while waiting for a connection to payments-db (pool of 100 is used up)"},
		{9 * time.Minute, "POST /checkout/7731 answered 500 after 5012 ms"},
		{8 * time.Minute, "POST /checkout/7740 answered 500 after 5009 ms"},
		{5 * time.Minute, "context deadline exceeded while waiting for a connection to payments-db (pool of 100 is used up)"},
		{2 * time.Minute, "POST /checkout/7802 answered 500 after 5011 ms"},
	}
	for _, line := range lines {
		server.AddLog(fakedatadog.Log{
			Timestamp: t.at.Add(-line.before), Status: "error", Service: t.service, Host: t.Hostname, Message: line.message, Tags: t.tags,
		})
	}
}

// tellPeople adds whose the service is, who is on call, and what they promised.
func (t story) tellPeople(server *fakedatadog.Server) {
	ada, bob := fakedatadog.Person{Name: "Ada Marsh", Email: "ada.marsh@example.com"}, fakedatadog.Person{Name: "Bob Quill", Email: "bob.quill@example.com"}
	server.AddTeam(fakedatadog.Team{
		Handle: t.team, Name: "Team " + strings.ToUpper(t.team[:1]) + t.team[1:], OnCall: []fakedatadog.Person{ada}, Escalations: [][]fakedatadog.Person{{bob}},
	})
	if t.service == "" {
		return
	}
	server.AddEntity(fakedatadog.Entity{
		Metadata: fakedatadog.EntityMetadata{
			Name: t.service, DisplayName: t.service, Description: "Told by the stand-in: replace it with the entry in your own Software Catalog.", Owner: t.team,
			Contacts: []fakedatadog.Contact{
				{Type: "slack", Name: "Channel", Contact: "https://example.slack.com/archives/" + t.team},
				{Type: "email", Name: "Team", Contact: t.team + "@example.com"},
			},
			Links: []fakedatadog.Link{
				{Name: "Runbook", Type: "runbook", URL: "https://runbooks.example.com/" + t.service},
				{Name: "Source", Type: "repo", URL: "https://github.com/example/" + t.service},
			},
		},
		Spec: fakedatadog.EntitySpec{Type: "web", Tier: "1", Lifecycle: "production", DependsOn: []string{"service:payments"}},
	})
	sli, budget := 99.62, 12.4
	server.AddSLO(fakedatadog.SLO{
		Name: t.service + " answers in time", Tags: t.tags, Target: 99.5, State: "warning", SLI: &sli, Budget: &budget, HistoryBudget: &budget,
	})
}
