package functions_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/fakedatadog"
)

// lastText is the text of the newest event.
func lastText(s *e2e.Stack) string {
	posted := s.Datadog.Posted()
	return posted[len(posted)-1].Event.Text
}

// TestHistory tells the fifth alert of a group what the four before it were.
func TestHistory(t *testing.T) {
	s, webhook, _ := begin(t)
	id := int64(0)
	send := func(transition string, at time.Time, cycle string) string {
		t.Helper()
		id++
		mustDeliver(t, webhook, e2e.Alert{ID: id, Transition: transition, Date: at, Cycle: cycle}, "posted")
		return lastText(s)
	}
	start := time.Now().Add(-10 * time.Hour)
	for i, minutes := range []time.Duration{10, 12, 14, 40} {
		at, cycle := start.Add(time.Duration(i)*time.Hour), "cycle-"+string(rune('a'+i))
		s.Datadog.AddEvent(fakedatadog.Event{
			Title: fmt.Sprintf("Deployed checkout 4.%d to prod", i), DateHappened: at.Add(-6 * time.Minute).Unix(), SourceTypeName: "github",
			Tags: []string{"service:checkout", "env:prod", fmt.Sprintf("version:4.%d", i)},
		})
		send("Triggered", at, cycle)
		send("Recovered", at.Add(minutes*time.Minute), cycle)
	}
	at := start.Add(8 * time.Hour)
	for _, c := range []struct {
		transition, want string
		after            time.Duration
	}{
		{"Triggered", "5th time in 30 days; 4 recovered by themselves, median 13 min; 4 followed a deploy of checkout", 0},
		{"Recovered", "Longer than 3 of 4 before (median 13 min)", 20 * time.Minute},
	} {
		if text := plain(send(c.transition, at.Add(c.after), "cycle-e")); !strings.Contains(text, c.want) {
			t.Errorf("%s: the event lacks %q:\n%s", c.transition, c.want, text)
		}
	}
}

// plain is a text without the escapes of markdown.
func plain(markdown string) string { return strings.ReplaceAll(markdown, `\`, "") }

// TestHistory_NewStack tells the first alert of a new stack what the event stream knows.
func TestHistory_NewStack(t *testing.T) {
	s, webhook, _ := begin(t)
	s.Datadog.AddMonitor(fakedatadog.Monitor{ID: 4711, OrgID: 352001, Name: "Checkout p95 latency is high"})
	now := time.Now()
	for days := range 4 {
		began := now.Add(-time.Duration(days+1) * 24 * time.Hour)
		for state, at := range map[string]time.Time{"Triggered": began, "Recovered": began.Add(12 * time.Minute)} {
			s.Datadog.AddEvent(fakedatadog.Event{
				Title: "[" + state + " on {availability-zone:eu-west-1b}] Checkout p95 latency is high", Text: "@webhook-boomerang", DateHappened: at.Unix(),
				Tags: []string{"monitor"}, MonitorID: 4711, MonitorGroups: []string{"env:prod,service:checkout,availability-zone:eu-west-1b"}, SourceTypeName: "alert",
			})
		}
	}
	reconcile := s.Start(e2e.Reconcile, nil)
	for range 2 {
		if _, err := reconcile.Invoke(e2e.Scheduled, 30*time.Second); err != nil {
			t.Fatalf("%v; the function wrote %s", err, reconcile.Output())
		}
	}
	mustDeliver(t, webhook, e2e.Alert{ID: 1}, "posted")
	if text, want := plain(lastText(s)), "5th time in 30 days; median 12 min"; !strings.Contains(text, want) {
		t.Errorf("the event lacks %q:\n%s", want, text)
	}
}
