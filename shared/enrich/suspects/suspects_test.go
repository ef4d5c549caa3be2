package suspects_test

import (
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/enrich/suspects"
	"boomerang/shared/fakedatadog"
)

func TestConformance(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	enrichtest.Conformance(t, enrichtest.Case{
		Kind: suspects.Kind,
		Alert: alert.Alert{
			MonitorID: "7", Date: now, Tags: alert.Tags{"service:checkout", "env:prod"}, Query: "avg(last_5m):avg:trace.http.request{service:checkout} by {host} > 1",
		},
		Seed: func(s *fakedatadog.Server) {
			s.AddMonitor(fakedatadog.Monitor{ID: 7, Name: "Checkout is slow"})
			s.AddEvent(fakedatadog.Event{
				Title: "Deploy checkout v2 to prod succeeded", Text: "x", DateHappened: now.Add(-9 * time.Minute).Unix(), SourceTypeName: "github", Tags: []string{"service:checkout", "env:prod"},
			})
		},
	})
}
