package event

import (
	"slices"
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
)

func TestSummarize(t *testing.T) {
	now := time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
	like := alert.Alert{
		ID: "1", MonitorID: "4711", Title: "[P1] [Triggered on {host:a,env:prod}] Disk is full", Message: "a is full",
		Scope: "host:a,env:prod", Hostname: "a", Tags: alert.Tags{"service:api", "host:a", "env:prod", "team:core"},
		Transition: alert.Triggered, Type: "error",
	}
	for name, c := range map[string]struct {
		transitions []string
		alertType   string
		tag         string // of the one transition
	}{
		"all triggered":      {[]string{"Triggered"}, "error", "transition:triggered"},
		"all recovered":      {[]string{"Recovered"}, "success", "transition:recovered"},
		"some triggered":     {[]string{"Recovered", "Triggered"}, "error", ""},
		"some warn":          {[]string{"Recovered", "Warn"}, "warning", ""},
		"no transition":      {nil, "error", ""},
		"unknown transition": {[]string{"Exploded"}, "info", "transition:exploded"},
	} {
		t.Run(name, func(t *testing.T) {
			e := Summarize(like, Draft{Playbook: "p", Webhook: "Shop Alerts"}, Suppressed{Count: 30, Limit: 20, Groups: []string{"host:a", "host:b"}, Transitions: c.transitions}, now)
			if e.Title != "30 more alerts of: [P1] Disk is full" || e.AlertType != c.alertType || e.Host != "" {
				t.Errorf("title %q, type %q, host %q", e.Title, e.AlertType, e.Host)
			}
			if got := alert.Tags(e.Tags).Get("transition"); got != strings.TrimPrefix(c.tag, "transition:") {
				t.Errorf("transition %q in %v", got, e.Tags)
			}
			for _, tag := range []string{"service:api", "team:core", "monitor:4711", "webhook:shop_alerts", "playbook:p", TagStorm} {
				if !slices.Contains(e.Tags, tag) {
					t.Errorf("%s is not in %v", tag, e.Tags)
				}
			}
			for _, tag := range []string{"host:a", "env:prod"} {
				if slices.Contains(e.Tags, tag) {
					t.Errorf("%s, of one group, is in %v", tag, e.Tags)
				}
			}
			if c.transitions != nil && !strings.Contains(e.Text, "Transitions: "+strings.Join(c.transitions, ", ")) || !strings.Contains(e.Text, "Groups: 2\n") {
				t.Errorf("it says %s", e.Text)
			}
		})
	}
}

func TestSummarize_MoreGroups(t *testing.T) {
	e := Summarize(alert.Alert{ID: "1", Title: "[Memory Alert] on [db]"}, Draft{}, Suppressed{Count: 300, Groups: []string{"host:a"}, MoreGroups: true}, time.Now())
	if !strings.Contains(e.Text, "Groups: at least 1\n") || e.Title != "300 more alerts of: [Memory Alert] on [db]" {
		t.Errorf("%q says %s", e.Title, e.Text)
	}
}

func TestSummarize_Title(t *testing.T) {
	name := "The error rate of the checkout is too high " + strings.Repeat("x", 20)
	for title, want := range map[string]string{
		"[Triggered on {host:a}] [P1] Disk":                              "2 more alerts of: [P1] Disk",
		"[TEST] [P1] [Re-Warn on {host:a}] Disk":                         "2 more alerts of: [TEST] [P1] Disk",
		"[Triggered on {" + strings.Repeat("host:a,", 30) + "}] " + name: "2 more alerts of: " + name,
		"[Warn Recovered] Disk":                                          "2 more alerts of: Disk",
		"[Memory] on [db] [Triggered on {a:b}] x":                        "2 more alerts of: [Memory] on [db] [Triggered on {a:b}] x",
	} {
		if got := Summarize(alert.Alert{Title: title}, Draft{}, Suppressed{Count: 2}, time.Now()).Title; got != want {
			t.Errorf("%s: got %s, want %s", title, got, want)
		}
	}
}
