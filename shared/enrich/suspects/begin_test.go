package suspects_test

import (
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/suspects"
	"boomerang/shared/fakedatadog"
)

func TestStep_Began(t *testing.T) {
	own := func(s *fakedatadog.Server, minute float64, title, kind string) {
		post(s, minute, fakedatadog.Event{Title: title + " Checkout is slow", AlertType: kind, MonitorID: 7, MonitorGroups: []string{"*"}, Tags: []string{"monitor"}})
	}
	for name, tt := range map[string]struct {
		transition alert.Transition
		group      fakedatadog.GroupState
		seed       func(*fakedatadog.Server)
		want       float64 // Minutes; 1 if it is unknown.
	}{
		"at its notification":        {alert.Triggered, fakedatadog.GroupState{}, func(*fakedatadog.Server) {}, 0},
		"when its group failed":      {alert.Triggered, fakedatadog.GroupState{LastTriggeredTS: at(-2).Unix()}, func(*fakedatadog.Server) {}, -2},
		"not at an earlier failure":  {alert.Triggered, fakedatadog.GroupState{LastTriggeredTS: at(-300).Unix()}, func(*fakedatadog.Server) {}, 0},
		"with a warning":             {alert.Triggered, fakedatadog.GroupState{LastTriggeredTS: at(0).Unix()}, func(s *fakedatadog.Server) { own(s, -20, "[Warn]", "warning") }, -20},
		"after a recovery":           {alert.Triggered, fakedatadog.GroupState{}, func(s *fakedatadog.Server) { own(s, -60, "[Warn]", "warning"); own(s, -30, "[Recovered]", "success") }, 0},
		"a cycle without a recovery": {alert.Triggered, fakedatadog.GroupState{}, func(s *fakedatadog.Server) { own(s, -200, "[Triggered]", "error") }, 0},
		"a reminder": {alert.Renotify, fakedatadog.GroupState{LastTriggeredTS: at(-1).Unix()}, func(s *fakedatadog.Server) {
			own(s, -400, "[Recovered]", "success")
			own(s, -240, "[Triggered]", "error")
			own(s, -120, "[Renotify]", "error")
		}, -240},
		"a reminder after days": {alert.Renotify, fakedatadog.GroupState{LastTriggeredTS: at(-4000).Unix()}, func(*fakedatadog.Server) {}, -4000},
		"a recovery":            {alert.Recovered, fakedatadog.GroupState{}, func(s *fakedatadog.Server) { own(s, -50, "[Triggered]", "error") }, -50},
		"a recovery after days": {alert.Recovered, fakedatadog.GroupState{}, func(*fakedatadog.Server) {}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			a := checkoutAlert()
			a.Transition = tt.transition
			got, _ := find(t.Context(), t, suspects.Config{}, a, func(s *fakedatadog.Server) {
				tt.group.Name, tt.group.Status = "*", "Alert"
				s.AddMonitor(fakedatadog.Monitor{ID: 7, State: &fakedatadog.MonitorState{Groups: map[string]fakedatadog.GroupState{"*": tt.group}}})
				tt.seed(s)
			})
			want := at(tt.want)
			if tt.want == 1 {
				want = time.Time{}
			}
			if d := got.Data.(suspects.Data); !d.Began.Equal(want) {
				t.Errorf("it began at %v, want %v", d.Began, want)
			}
		})
	}
}

// TestStep_LedgerBegan suspects at a recovery what came before the begin that the ledger knows.
func TestStep_LedgerBegan(t *testing.T) {
	for name, c := range map[string]struct {
		began time.Time
		want  int
	}{"known": {noon, 1}, "unknown": {time.Time{}, 0}} {
		t.Run(name, func(t *testing.T) {
			a := checkoutAlert()
			a.Transition, a.Date = alert.Recovered, noon.Add(2*time.Hour)
			ctx := enrich.WithHistory(t.Context(), enrich.History{Began: func() time.Time { return c.began }})
			got, _ := find(ctx, t, suspects.Config{}, a, func(s *fakedatadog.Server) {
				s.AddMonitor(fakedatadog.Monitor{ID: 7})
				post(s, -9, fakedatadog.Event{Title: "Deploy checkout to prod succeeded", SourceTypeName: "github", Tags: []string{"service:checkout", "env:prod"}})
			})
			if d := got.Data.(suspects.Data); len(d.Suspects) != c.want || !got.Began.Equal(c.began) {
				t.Errorf("began %v, suspects %+v", got.Began, d.Suspects)
			}
			if c.want == 0 && got.Lead[0].Text != enrich.NoSuspect {
				t.Errorf("lead %q", got.Lead[0].Text)
			}
		})
	}
}
