package event_test

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

var now = time.Date(2026, 3, 14, 3, 0, 0, 0, time.UTC)

var draft = event.Draft{Playbook: "default"}

func triggered() alert.Alert {
	return alert.Alert{
		ID: "7284105863092654118", CycleKey: "1c4e8a", MonitorID: "4711", OrgID: "352347",
		Transition: alert.Triggered, Priority: "P1", Type: "error", EventPriority: "normal",
		Title:   "[P1] [Triggered] Checkout error rate is high on {env:prod}",
		Message: "%%%\nErrors above 5 %. Runbook: https://wiki.example.com/checkout?team=@payments\nNotify: @webhook-boomerang @slack-checkout-oncall @ana@example.com, or write to ops@example.com\n%%%",
		Scope:   "env:prod,service:checkout", Status: "error rate over service:checkout was > 5.0 on average during the last 5m",
		Hostname: "web-1", Tags: alert.Tags{"env:prod", "monitor", "service:checkout"},
		Date: now.Add(-2 * time.Minute),
		Link: "https://app.datadoghq.com/event/event?id=7284105863092654118", Snapshot: "https://p.datadoghq.com/snap/abc.png",
	}
}

func results() []enrich.Result {
	return []enrich.Result{
		{Name: "monitor", Status: enrich.OK, Finding: enrich.Finding{
			Title: "Monitor", Weight: enrich.Essential,
			Blocks: []enrich.Block{
				enrich.Facts{{Name: "Threshold", Value: "critical 5, warning 3"}, {Name: "Failing", Value: "2 of 14 groups, the first for 12 min"}},
				enrich.List{Items: []enrich.Item{{Time: now.Add(-12 * time.Minute), Text: "env:prod,service:checkout", Tag: "alert"}}, More: 1},
				enrich.Links{{Kind: "runbook", Title: "Checkout runbook", URL: "https://wiki.example.com/checkout"}},
			},
		}},
		{Name: "related_events", Status: enrich.OK, Finding: enrich.Finding{
			Title: "Around the alert", Weight: enrich.Important,
			Blocks: []enrich.Block{
				enrich.Paragraph("This monitor fired 4 times in the last day."),
				enrich.List{Items: []enrich.Item{{Time: now.Add(-26 * time.Minute), Tag: "deploy", Text: "Deployed checkout 4.2.1 [by @ana]", URL: "https://ci.example.com/run/(7)"}}},
				enrich.Code("panic: `x`\n\n%%% @all"),
				enrich.Image{Title: "graph", URL: "https://p.datadoghq.com/x.png"},
			},
		}},
		{Name: "owner", Status: enrich.Failed, Err: fault.New(fault.Permanent, "Datadog refused it: the application key lacks apm_service_catalog_read", errors.New("403"))},
		{Name: "oncall", Status: enrich.Skipped, Err: enrich.Skip("no team")},
	}
}

// withData gives the findings what the real steps give them: a struct.
func withData() []enrich.Result {
	type group struct {
		Name  string    `json:"name"`
		Since time.Time `json:"since,omitzero"`
	}
	found := results()
	found[0].Finding.Data = struct {
		ID         int64              `json:"id"`
		Name       string             `json:"name"`
		URL        string             `json:"url"`
		Thresholds map[string]float64 `json:"thresholds"`
		Groups     []group            `json:"groups"`
		Runbooks   []string           `json:"runbooks"`
	}{9007199254740993, "Checkout error rate @slack-x", "", map[string]float64{"critical": 5, "warning": 3.5}, []group{{Name: "env:prod", Since: now}}, nil}
	found[1].Finding.Data = map[string]any{"deploys": 1, "fired_at_least": false, "last_change": nil}
	return found
}

func hostile() alert.Alert {
	return alert.Alert{
		ID:       "-5",
		Title:    "{{ .Secret }} @all <b>\u202Egnp.exe\x00\n# [x](javascript:alert(1))",
		Message:  "%%%%%% %%%\n@here @channel\u200b@slack-x (@webhook-boomerang) mail:@pagerduty-x \x1b[31m%%%",
		Status:   "*_`[]<>|~ %%% @status",
		Scope:    "@scope",
		Link:     "javascript:alert(1)",
		Snapshot: "https://p.datadoghq.com/" + strings.Repeat("x", 5000),
		Tags:     alert.Tags{"env:prod", "env:prod", strings.Repeat("é", 500), "\x07"},
		CycleKey: strings.Repeat("k", 500),
		Date:     now.Add(-19 * time.Hour),
	}
}

func hostileResults() []enrich.Result {
	return []enrich.Result{{Name: "http\n", Status: enrich.OK, Finding: enrich.Finding{
		Blocks: []enrich.Block{enrich.Links{
			{Kind: "Runbook", Title: "@all " + strings.Repeat("é", 400), URL: "https://wiki.example.com/(@all)?q=\xff\u202e"},
			{Kind: "RUNBOOK", Title: "again", URL: "https://wiki.example.com/(@all)?q="},
			{Kind: "code", URL: "https://git.example.com/" + strings.Repeat("x", 2000)},
			{Kind: "code", Title: "too long", URL: "https://git.example.com/" + strings.Repeat("x", 2100)},
			{Title: "no address", URL: "javascript:alert(1)"},
		}},
		Data: map[string]any{
			"status": 200, "big": json.Number("1e400"), "long": json.Number(strings.Repeat("9", 100)),
			"text": "\x1b[31mred\u202e @all \u0000", "blank": " \n", "": 1, "\x00": 2, "empty": map[string]any{"a": []any{nil, ""}},
		},
	}}}
}

func details(a alert.Alert, d event.Draft, results ...enrich.Result) event.AlertDetails {
	return event.ComposeAlert(a, d, results, now).Data.Attributes.Attributes
}
