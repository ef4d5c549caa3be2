package event_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
)

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

func TestComposeAlert_Golden(t *testing.T) {
	recovered := triggered()
	recovered.Transition, recovered.Title, recovered.Priority = alert.Recovered, "[Recovered] Checkout error rate", ""
	for name, c := range map[string]struct {
		alert   alert.Alert
		draft   event.Draft
		results []enrich.Result
	}{
		"v2-triggered": {triggered(), event.Draft{Playbook: "default"}, withData()},
		"v2-recovered": {recovered, event.Draft{Playbook: "checkout", Priority: "P4", Tags: []string{"team:shop"}}, nil},
		"v2-bare":      {alert.Alert{Text: "only *text*\n@all"}, event.Draft{Playbook: "default"}, nil},
		"v2-hostile":   {hostile(), event.Draft{Playbook: "default"}, hostileResults()},
	} {
		t.Run(name, func(t *testing.T) {
			e := event.ComposeAlert(c.alert, c.draft, c.results, now)
			mustBeGolden(t, name, e, e.Data.Attributes.Message)
			mustBeAcceptableAlert(t, e)
		})
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

// mustBeAcceptableAlert checks what people read, and lets the fake of Datadog check the
// rest.
func mustBeAcceptableAlert(t *testing.T, e event.AlertEvent) {
	t.Helper()
	mustBeAccepted(t, "/api/v2/events", e)
	mustBeReadable(t, e.Data.Attributes.Title, e.Data.Attributes.Message)
	details := e.Data.Attributes.Attributes
	for _, l := range details.Links {
		if handle.MatchString(l.Title) {
			t.Errorf("link %+v", l)
		}
		mustBeClean(t, "link", l.Title+l.URL)
	}
	if encoded, _ := json.Marshal(details.Custom); len(encoded) > event.MaxCustomBytes {
		t.Errorf("custom has %d bytes", len(encoded))
	}
	if details.Custom != nil {
		mustBeBounded(t, details.Custom)
	}
}

func details(a alert.Alert, d event.Draft, results ...enrich.Result) event.AlertDetails {
	return event.ComposeAlert(a, d, results, now).Data.Attributes.Attributes
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

func TestComposeAlert_LongHost(t *testing.T) {
	for length, want := range map[int]int{255: 255, 256: 0} {
		got := event.ComposeAlert(alert.Alert{Hostname: strings.Repeat("h", length)}, event.Draft{}, nil, now).Data.Attributes.Host
		if len(got) != want {
			t.Errorf("of %d characters %d are sent", length, len(got))
		}
	}
}

func FuzzComposeAlert(f *testing.F) {
	for _, a := range []alert.Alert{triggered(), hostile(), {}} {
		f.Add(a.Title, a.Message, a.Link, a.CycleKey, `{"a":{"b":[1,"@all",null]}}`)
	}
	f.Add("t", "m", "https://a.example/?q=\xff\u202e", "k", `[1e999,"\u0000\ud800",{"":{}}]`)
	f.Add("t", "m", "", "", strings.Repeat(`{"a":[`, 12)+`1`+strings.Repeat(`]}`, 12))
	f.Fuzz(func(t *testing.T, title, message, link, key, data string) {
		a := alert.Alert{ID: key, Title: title, Message: message, Link: link, CycleKey: key, Hostname: title, Priority: key, Tags: alert.Tags{title, key}}
		finding := enrich.Finding{Title: title, Blocks: []enrich.Block{enrich.Links{{Kind: key, Title: title, URL: link}, {Kind: key, Title: message, URL: link + key}}}}
		finding.Data = map[string]any{title: message, message: []string{title, key}}
		if json.Valid([]byte(data)) {
			finding.Data = json.RawMessage(data)
		}
		found := []enrich.Result{{Name: key, Status: enrich.OK, Finding: finding}, {Name: title, Status: enrich.OK, Finding: enrich.Finding{Data: data}}}
		mustBeAcceptableAlert(t, event.ComposeAlert(a, event.Draft{Playbook: "default", Tags: []string{message}}, found, now))
	})
}
