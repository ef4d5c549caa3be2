package event_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
)

func TestComposeAlert_Golden(t *testing.T) {
	recovered := triggered()
	recovered.Transition, recovered.Title, recovered.Priority = alert.Recovered, "[Recovered] Checkout error rate", ""
	for name, c := range map[string]struct {
		alert   alert.Alert
		draft   event.Draft
		results []enrich.Result
	}{
		"v2-triggered": {triggered(), draft, withData()},
		"v2-recovered": {recovered, event.Draft{Playbook: "checkout", Priority: "P4", Tags: []string{"team:shop"}}, nil},
		"v2-bare":      {alert.Alert{Text: "only *text*\n@all"}, draft, nil},
		"v2-hostile":   {hostile(), draft, hostileResults()},
	} {
		t.Run(name, func(t *testing.T) {
			_, e := mustCompose(t, c.alert, c.draft, c.results)
			mustBeGolden(t, name, e, e.Data.Attributes.Message)
		})
	}
}

func TestComposeAlert_SameAsCompose(t *testing.T) {
	draft := event.Draft{Playbook: "default", Title: "Checkout", Text: "Look at *this*", Tags: []string{"team:shop"}}
	v1, v2 := event.Compose(triggered(), draft, results(), now), event.ComposeAlert(triggered(), draft, results(), now)
	got := v2.Data.Attributes
	same := event.Event{
		Title: got.Title, Text: got.Message, AggregationKey: got.AggregationKey, Host: got.Host, Tags: got.Tags,
		DateHappened: v1.DateHappened, RelatedEventID: v1.RelatedEventID, AlertType: v1.AlertType, Priority: v1.Priority,
	}
	if diff := cmp.Diff(v1, same); diff != "" {
		t.Errorf("-v1 +v2:\n%s", diff)
	}
	if at, err := time.Parse(time.RFC3339, got.Timestamp); err != nil || at.Unix() != v1.DateHappened {
		t.Errorf("timestamp %q, date_happened %d", got.Timestamp, v1.DateHappened)
	}
	if v1.Headline() != "Checkout" || v2.Headline() != "Checkout" {
		t.Errorf("headlines %q and %q", v1.Headline(), v2.Headline())
	}
}

func TestComposeAlert_Priority(t *testing.T) {
	for _, c := range []struct{ playbook, monitor, want string }{
		{"", "P1", "1"},
		{"", "p5", "5"},
		{"3", "P1", "3"},
		{"P2", "P1", "2"},
		{"", "", ""},
		{"", "P0", ""},
		{"", "P6", ""},
		{"", "urgent", ""},
		{"low", "P4", "4"},
		{"", "P11", ""},
	} {
		if got := details(alert.Alert{Priority: c.monitor}, event.Draft{Priority: c.playbook}).Priority; got != c.want {
			t.Errorf("%q over %q is %q, want %q", c.playbook, c.monitor, got, c.want)
		}
	}
}

func TestComposeAlert_Links(t *testing.T) {
	step := func(weight enrich.Weight, links ...enrich.Link) enrich.Result {
		return enrich.Result{Status: enrich.OK, Finding: enrich.Finding{Weight: weight, Blocks: []enrich.Block{enrich.Paragraph("x"), enrich.Links(links)}}}
	}
	a := alert.Alert{Link: "https://app.datadoghq.com/event/1"}
	failed := step(enrich.Essential, enrich.Link{URL: "https://failed.example"})
	failed.Status = enrich.Failed
	got := details(a, event.Draft{}, failed,
		step(enrich.Useful, enrich.Link{Kind: "documentation", Title: "Doc", URL: "https://doc.example"}, enrich.Link{Kind: "runbook", URL: "https://run.example"}),
		step(enrich.Essential, enrich.Link{Kind: "runbook", Title: "Run", URL: "https://run.example"}, enrich.Link{Kind: "Dashboard", Title: "Dash", URL: "https://dash.example"}, enrich.Link{Kind: "repo", URL: "https://repo.example"}),
	).Links
	want := []event.AlertLink{
		{Category: "resource", URL: "https://app.datadoghq.com/event/1", Title: "Alert in Datadog"},
		{Category: "runbook", URL: "https://run.example", Title: "Run"},
		{Category: "dashboard", URL: "https://dash.example", Title: "Dash"},
		{Category: "resource", URL: "https://repo.example"},
		{Category: "documentation", URL: "https://doc.example", Title: "Doc"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var many []enrich.Link
	for i := range 30 {
		many = append(many, enrich.Link{URL: fmt.Sprintf("https://%d.example", i)})
	}
	if got := details(a, event.Draft{}, step(enrich.Useful, many...)).Links; len(got) != 20 || got[0].Title != "Alert in Datadog" {
		t.Errorf("of 31 links %d are left, the first is %+v", len(got), got[0])
	}
}

func TestComposeAlert_TooManyTags(t *testing.T) {
	a := triggered()
	a.Tags = alert.Tags{"monitor:4711"}
	for i := range 150 {
		a.Tags = append(a.Tags, fmt.Sprintf("t:%d", i))
	}
	got := event.ComposeAlert(a, event.Draft{Playbook: "p", Tags: []string{"team:shop"}}, nil, now).Data.Attributes.Tags
	if len(got) != 100 || got[0] != "t:56" {
		t.Errorf("%d tags, from %s on", len(got), got[0])
	}
	if diff := cmp.Diff([]string{"team:shop", "boomerang", "monitor:4711", "playbook:p", "transition:triggered", "enrichment:none"}, got[94:]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
