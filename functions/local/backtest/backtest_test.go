package backtest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/backtest"
	"boomerang/shared/datadog"
)

var began = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// monitorEvent is an event of a monitor that notifies the webhook.
func monitorEvent(id int, service string, change ...func(*datadog.Event)) datadog.Event {
	e := datadog.Event{
		ID: fmt.Sprint(id), Title: fmt.Sprintf("[P2] [Triggered on {service:%s}] Latency of %s is high", service, service), Text: "It is slow. @webhook-boomerang",
		Happened: began.Add(time.Duration(id) * time.Second), AlertType: "error", Priority: "normal", Host: "web-1", URL: fmt.Sprint("https://app.datadoghq.com/event/event?event_id=", id),
		Tags: []string{"env:prod", "monitor", "service:" + service, "source:alert"}, MonitorID: 4711, MonitorGroups: []string{"service:" + service},
	}
	for _, c := range change {
		c(&e)
	}
	return e
}

// stream has six alerts of one monitor within six seconds.
func stream(change ...func(*datadog.Event)) []datadog.Event {
	var all []datadog.Event
	for i, service := range []string{"checkout", "checkout", "checkout", "cart", "cart", "search"} {
		all = append(all, monitorEvent(i+1, service, change...))
	}
	return all
}

func load(t testing.TB, source string) backtest.Playbooks {
	t.Helper()
	path := filepath.Join(t.TempDir(), "playbooks.yaml")
	write(t, path, source)
	p, err := backtest.Load(backtest.Source{Paths: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func run(t testing.TB, events []datadog.Event, base, now string) backtest.Report {
	t.Helper()
	return compared(events, load(t, base), load(t, now))
}

func compared(events []datadog.Event, base, now backtest.Playbooks) backtest.Report {
	return backtest.Run(backtest.Select(events, "boomerang", false, time.Time{}), base, now, func(int, int) {})
}

// lines are what a report says, in a few words.
func lines(r backtest.Report) (all []string) {
	say := func(format string, args ...any) {
		all = append(all, strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " "))
	}
	say("changed %d, unchanged %d, not judged %d", r.Changed, r.Unchanged, r.NotJudged)
	for _, m := range r.Matched {
		say("%s %d %d", m.Playbook, m.Base, m.Now)
	}
	if r.Open != (backtest.Pair{}) {
		say("open %d %d", r.Open.Base, r.Open.Now)
	}
	for _, g := range r.Changes {
		say("%d %s %s (%s): %s|%s", g.Count, g.Kind, g.What, g.Playbook, g.Examples[0].Before, g.Examples[0].After)
	}
	for _, g := range r.Cut.Groups {
		say("cut %d %s (%s)", g.Count, g.What, g.Playbook)
	}
	if r.HeldBack.Pair != (backtest.Pair{}) {
		say("held back %d %d, %s", r.HeldBack.Base, r.HeldBack.Now, r.HeldBack.Groups[0].What)
	}
	for _, u := range r.Unjudged {
		say("unjudged %d %s %s: %s needs %s %v", u.Count, u.Playbook, u.Key, u.Source, strings.Join(u.Needs, " "), u.BaseOnly)
	}
	return all
}

const base = `
playbooks:
  - name: checkout
    match: alert.tags.service == "checkout"
    event: {title: "{{ .alert.tags.service }} fails", tags: ["tier:2"]}
  - name: shop
    match: alert.tags.service in ["cart", "checkout"]
`

// TestRun_Changes makes one change after the other.
func TestRun_Changes(t *testing.T) {
	replaced := func(old, with string) string {
		if !strings.Contains(base, old) {
			t.Fatalf("no %q", old)
		}
		return strings.Replace(base, old, with, 1)
	}
	changed := func(n int, more ...string) []string {
		return append([]string{fmt.Sprintf("changed %d, unchanged %d, not judged 0", n, 6-n), "checkout 3 3", "shop 2 2", "default 1 1"}, more...)
	}
	for name, tt := range map[string]struct {
		now  string
		want []string
	}{
		"nothing": {base, changed(0)},
		"a renamed playbook": {replaced("name: shop", "name: basket"), []string{
			"changed 2, unchanged 4, not judged 0", "checkout 3 3", "basket 0 2", "shop 2 0", "default 1 1", "2 playbook shop → basket (basket): shop|basket",
		}},
		"a narrower match": {replaced(`== "checkout"`, `== "checkout" && alert.priority == "P1"`), []string{
			"changed 3, unchanged 3, not judged 0", "shop 2 5", "checkout 3 0", "default 1 1", "3 playbook checkout → shop (shop): checkout|shop",
			"3 title (shop): checkout fails|[P2] [Triggered on {service:checkout}] Latency of checkout is high", "3 tags -tier (shop): tier:2|",
		}},
		"a match of nothing": {replaced(`in ["cart", "checkout"]`, `== "none"`), []string{
			"changed 2, unchanged 4, not judged 0", "checkout 3 3", "default 1 3", "shop 2 0", "2 playbook shop → default (default): shop|default",
		}},
		"a title": {replaced("fails", "is down"), changed(3, "3 title (checkout): checkout fails|checkout is down")},
		"a title that is too long": {replaced("fails", strings.Repeat("fails ", 20)), changed(3,
			"3 title (checkout): checkout fails|checkout "+strings.TrimSpace(strings.Repeat("fails ", 15))+"…", "cut 3 the title (checkout)")},
		"a tag":          {replaced(`"tier:2"`, `"tier:1", "team:{{ .alert.tags.env }}"`), changed(3, "3 tags -tier +team +tier (checkout): tier:2|tier:1, team:prod")},
		"a priority":     {replaced("title:", "priority: low, title:"), changed(3, "3 priority normal → low (checkout): normal|low")},
		"an alert type":  {replaced("title:", "alert_type: info, title:"), changed(3, "3 alert_type error → info (checkout): error|info")},
		"a text":         {replaced("title:", "text: Run., title:"), changed(3, "3 text (checkout): |Run.")},
		"another API":    {replaced("title:", "api: v2, title:"), changed(3, "3 priority normal → 2 (checkout): normal|2", "3 api v1 → v2 (checkout): v1|v2")},
		"a limit":        {replaced("- name: checkout", "- name: checkout\n    limit: 1"), changed(2, "2 held_back no → yes (checkout): no|yes", "held back 0 2, monitor 4711")},
		"a follow-up":    {replaced("- name: checkout", "- name: checkout\n    after: [15m, 1h]"), changed(1, "1 follow_up none → 15m, 1h (checkout): |15m, 1h")},
		"a step":         {replaced("event:", "steps: [{uses: owner}, {uses: oncall}]\n    event:"), changed(3, "3 steps +oncall +owner (checkout): |owner, oncall")},
		"a new continue": {replaced("- name: checkout", "- name: checkout\n    continue: true"), changed(3, "3 playbook checkout → checkout + shop (checkout + shop): checkout|checkout + shop")},
		"a match over a query": {replaced(`== "checkout"`, `== "checkout" && alert.query contains "p95"`), []string{
			"changed 0, unchanged 3, not judged 3", "checkout 3 0", "shop 2 2", "default 1 1", "open 0 3",
			`unjudged 3 checkout match: alert.tags.service == "checkout" && alert.query contains "p95" needs alert.query false`,
		}},
		"a match over the memory": {replaced("- name: checkout", "- {name: often, match: memory.count > 3}\n  - name: checkout"), []string{
			"changed 0, unchanged 0, not judged 6", "checkout 3 0", "shop 2 0", "default 1 0", "open 0 6", "unjudged 6 often match: memory.count > 3 needs memory.count false",
		}},
		"a title over the status": {replaced("{{ .alert.tags.service }} fails", "{{ .alert.status }}"), []string{
			"changed 0, unchanged 3, not judged 3", "checkout 3 3", "shop 2 2", "default 1 1", "unjudged 3 checkout event.title: {{ .alert.status }} needs alert.status false",
		}},
		"a tag of the payload": {replaced(`tags: ["tier:2"]`, `tags: ["tier:1", "team:{{ .alert.extra.team }}"]`), changed(3,
			"3 tags +tier (checkout): |tier:1", `unjudged 3 checkout event.tags[1]: team:{{ .alert.extra.team }} needs alert.extra.team false`)},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, lines(run(t, stream(), base, tt.now))); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRun_SameUnknown finds that equal playbooks do the same for all unknown values.
func TestRun_SameUnknown(t *testing.T) {
	const open = `
playbooks:
  - {name: often, match: memory.count > 3, continue: true, event: {title: "{{ .cycle.notified }} times"}}
  - name: owned
    match: alert.extra.owned
    steps: [{uses: owner%s}]
    event: {title: "{{ .steps.owner.team }} %s", tags: ["{{ .steps.owner.tier }}"]}
  - {name: rest, event: {priority: %s}}
`
	before, many := fmt.Sprintf(open, "", "owns", "low"), "playbooks:\n"
	for i := range 12 { // More than are tried both ways.
		many += fmt.Sprintf("  - {name: p%d, match: memory.count > %d}\n", i, i)
	}
	for name, tt := range map[string]struct {
		base, now string
		isSame    bool
	}{
		"equal":           {before, before, true},
		"another step":    {before, fmt.Sprintf(open, `, with: {service: "x"}`, "owns", "low"), false},
		"another text":    {before, fmt.Sprintf(open, "", "is the owner", "low"), false},
		"another last":    {before, fmt.Sprintf(open, "", "owns", "normal"), false},
		"without unknown": {before, base, false},
		"many conditions": {many, many, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, stream(), tt.base, tt.now)
			if r.Changed > 0 || (r.Unchanged == 6) != tt.isSame || (r.NotJudged == 6) == tt.isSame {
				t.Errorf("got %s", lines(r)[0])
			}
			if len(r.Unjudged) == 0 || r.Open.Base != 6 {
				t.Errorf("unjudged %+v, open %+v", r.Unjudged, r.Open)
			}
		})
	}
}

// TestRun_Lacking judges no field that one alert lacks and others have.
func TestRun_Lacking(t *testing.T) {
	bare := func(e *datadog.Event) { e.Title, e.MonitorID, e.AlertType = "Slow", 0, "" }
	for condition, needs := range map[string]string{
		`alert.transition == "Triggered"`: "alert.transition", `alert.recovered`: "alert.recovered", `alert.priority == "P1"`: "alert.priority",
		`alert.monitor_id == "4711"`: "alert.monitor_id", `alert.type == "error"`: "alert.type", `alert.host == "web-1"`: "",
	} {
		now := fmt.Sprintf("playbooks: [{name: now, match: '%s'}]", condition)
		if r := run(t, stream(), base, now); len(r.Unjudged) > 0 {
			t.Errorf("%s: %v", condition, lines(r))
		}
		r := run(t, stream(bare), base, now)
		got := ""
		if len(r.Unjudged) == 1 {
			got = strings.Join(r.Unjudged[0].Needs, " ")
		}
		if got != needs {
			t.Errorf("%s without: got %q, want %q", condition, got, needs)
		}
	}
}

func TestRun_Warnings(t *testing.T) {
	r := run(t, stream(), base, strings.Replace(base, "title:", `priority: "{{ .alert.host }}", title:`, 1))
	if len(r.Warnings) != 1 || r.Warnings[0].Count != 3 || !strings.Contains(r.Warnings[0].What, `event.priority: Datadog does not know "web-1"`) {
		t.Errorf("got %+v", r.Warnings)
	}
}

func TestRun_Empty(t *testing.T) {
	r := run(t, nil, base, base)
	raw, err := json.Marshal(r)
	if err != nil || r.Alerts != 0 || strings.Contains(string(raw), "null") {
		t.Errorf("got %s, %v", raw, err)
	}
}
