package monitor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

func TestComplete(t *testing.T) {
	const query = "avg(last_5m):p95:trace.http.request{env:prod,service:checkout,!service:cart} by {zone} > 0.8"
	for name, tt := range map[string]struct {
		a         alert.Alert
		m         datadog.Monitor
		wantTags  alert.Tags
		wantQuery string
	}{
		"nothing but the monitor's": {alert.Alert{}, datadog.Monitor{Query: "a", Tags: []string{"service:cart", "service:shop", "team:x", "prod"}}, alert.Tags{"service:cart", "service:shop", "team:x"}, "a"},
		"the query's filters":       {alert.Alert{}, datadog.Monitor{Query: query}, alert.Tags{"env:prod", "service:checkout"}, query},
		"tags before the query":     {alert.Alert{}, datadog.Monitor{Query: query, Tags: []string{"service:web"}}, alert.Tags{"service:web", "env:prod"}, query},
		"a log query":               {alert.Alert{}, datadog.Monitor{Query: `logs("service:checkout -service:cart env:prod*").rollup("count").last("5m") > 1`}, alert.Tags{"service:checkout"}, `logs("service:checkout -service:cart env:prod*").rollup("count").last("5m") > 1`},
		"the alert's own env":       {alert.Alert{Scope: "env:dev"}, datadog.Monitor{Tags: []string{"env:prod", "service:cart"}}, alert.Tags{"service:cart"}, ""},
		"an alert's service":        {alert.Alert{Tags: alert.Tags{"service:web"}, Query: "b"}, datadog.Monitor{Query: "a", Tags: []string{"team:x"}}, alert.Tags{"service:web"}, "b"},
		"an alert's host":           {alert.Alert{Hostname: "h"}, datadog.Monitor{Query: query, Tags: []string{"service:cart"}}, nil, query},
		"a group's deployment":      {alert.Alert{Scope: "kube_deployment:web"}, datadog.Monitor{Tags: []string{"service:cart"}}, nil, ""},
		"an unknown monitor":        {alert.Alert{Tags: alert.Tags{"env:prod"}}, datadog.Monitor{}, alert.Tags{"env:prod"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := Complete(tt.a, tt.m)
			if diff := cmp.Diff(tt.wantTags, got.Tags); diff != "" || got.Query != tt.wantQuery {
				t.Errorf("query %q, tags (-want +got):\n%s", got.Query, diff)
			}
		})
	}
}

func TestCompleted(t *testing.T) {
	refused := fault.New(fault.Permanent, "Datadog refused", errors.New("cause"))
	always := func(alert.Alert) bool { return true }
	for name, tt := range map[string]struct {
		id      string
		lacks   func(alert.Alert) bool
		read    error
		wantErr string
		reads   int
	}{
		"complete alert": {"7", func(alert.Alert) bool { return false }, nil, "no query", 0},
		"no monitor":     {"", always, nil, "no query", 0},
		"read":           {"7", always, nil, "", 1},
		"refused":        {"7", always, refused, "Datadog refused", 1},
		"refused beside": {"7", always, refused, "no query", 1},
	} {
		t.Run(name, func(t *testing.T) {
			reads := 0
			step := Completed(func(context.Context, int64, datadog.MonitorQuery) (datadog.Monitor, error) {
				reads++
				if tt.read != nil {
					return datadog.Monitor{}, tt.read
				}
				return datadog.Monitor{Query: "a"}, nil
			}, tt.lacks, enrich.StepFunc(func(_ context.Context, a alert.Alert) (enrich.Finding, error) {
				if a.Query == "" {
					return enrich.Finding{}, enrich.Skip("no query")
				}
				return enrich.Finding{}, nil
			}))
			steps := []enrich.Named{{Name: "metric", Step: step}}
			if strings.HasSuffix(name, "beside") {
				steps = append(steps, enrich.Named{Name: "monitor", Step: enrich.StepFunc(func(context.Context, alert.Alert) (enrich.Finding, error) { return enrich.Finding{}, nil })})
			}
			text := ""
			if err := enrich.Run(t.Context(), steps, alert.Alert{MonitorID: tt.id}, time.Minute)[0].Err; err != nil {
				text = fault.Public(err)
			}
			if text != tt.wantErr || reads != tt.reads {
				t.Errorf("error %q, %d reads", text, reads)
			}
		})
	}
}
