package handler

import (
	"testing"
	"time"

	"boomerang/shared/fakedatadog"
)

// A missing alert gets the key that the webhook would give it.
func TestHandler_Key(t *testing.T) {
	deleted := func(e *fakedatadog.Event) { e.MonitorID = 4712 }
	for name, tt := range map[string]struct {
		arrange  func(e *env)
		deleted  bool // the missing alert's monitor
		want     string
		requests int // for monitors
	}{
		"most keys have no organization": {arrange: func(e *env) {
			for i := range 3 {
				e.know(":" + e.addAlert(time.Duration(30+i)*time.Minute))
			}
			e.know(organization + ":" + e.addAlert(40*time.Minute))
		}, want: ":", requests: 1},
		"another monitor is deleted": {arrange: func(e *env) {
			e.know(organization + ":" + e.addAlert(30*time.Minute, deleted))
		}, want: organization + ":", requests: 2},
		"an earlier run learned the organization": {arrange: func(e *env) {
			e.know(organization + ":" + e.addAlert(30*time.Minute))
			e.run("")
			e.advance(30 * time.Minute)
		}, deleted: true, want: organization + ":", requests: 1},
		"all monitors are deleted": {arrange: func(*env) {}, deleted: true, want: ":", requests: 1},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t)
			tt.arrange(e)
			id := e.addAlert(20*time.Minute, func(event *fakedatadog.Event) {
				if tt.deleted {
					deleted(event)
				}
			})
			e.run("")
			if len(e.messages) != 1 || e.messages[0].Alert.Key() != tt.want+id {
				t.Errorf("queued %+v, want the key %s", e.messages, tt.want+id)
			}
			requests := 0
			for _, r := range e.fake.Requests() {
				if r.Route == fakedatadog.MonitorGet {
					requests++
				}
			}
			if requests != tt.requests {
				t.Errorf("%d requests for monitors, want %d", requests, tt.requests)
			}
		})
	}
}
