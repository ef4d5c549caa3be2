package backtest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/local/backtest"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/site"
)

var began = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func kindsBeside(file string) []enrich.Kind {
	return registry.Kinds(registry.Deps{Tables: alerting.Tables(file)})
}

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
	p, err := backtest.Load(backtest.Source{Paths: []string{path}}, kindsBeside)
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
	return backtest.Run(backtest.Select(events, "boomerang", false, time.Time{}), load(t, base), load(t, now), 2, func(int, int) {})
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
	for name, p := range map[string]backtest.Pair{"open": r.Open} {
		if p != (backtest.Pair{}) {
			say("%s %d %d", name, p.Base, p.Now)
		}
	}
	for _, g := range r.Changes {
		say("%d %s %s (%s): %s|%s", g.Count, g.Kind, g.What, g.Playbook, g.Examples[0].Before, g.Examples[0].After)
	}
	for name, c := range map[string]backtest.Count{"cut": r.Cut} {
		for _, g := range c.Groups {
			say("%s %d %s (%s)", name, g.Count, g.What, g.Playbook)
		}
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
	matched := []string{"checkout 3 3", "shop 2 2", "default 1 1"}
	for name, tt := range map[string]struct {
		now  string
		want []string
	}{
		"nothing": {base, append([]string{"changed 0, unchanged 6, not judged 0"}, matched...)},
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
		"a title": {replaced("fails", "is down"), append([]string{"changed 3, unchanged 3, not judged 0"}, append(matched, "3 title (checkout): checkout fails|checkout is down")...)},
		"a title that is too long": {replaced("fails", strings.Repeat("fails ", 20)), append([]string{"changed 3, unchanged 3, not judged 0"}, append(matched,
			"3 title (checkout): checkout fails|checkout "+strings.TrimSpace(strings.Repeat("fails ", 15))+"…", "cut 3 the title (checkout)")...)},
		"a tag": {replaced(`"tier:2"`, `"tier:1", "team:{{ .alert.tags.env }}"`), append([]string{"changed 3, unchanged 3, not judged 0"}, append(matched,
			"3 tags -tier +team +tier (checkout): tier:2|tier:1, team:prod")...)},
		"a priority":    {replaced("title:", "priority: low, title:"), append([]string{"changed 3, unchanged 3, not judged 0"}, append(matched, "3 priority normal → low (checkout): normal|low")...)},
		"an alert type": {replaced("title:", "alert_type: info, title:"), append([]string{"changed 3, unchanged 3, not judged 0"}, append(matched, "3 alert_type error → info (checkout): error|info")...)},
		"a text":        {replaced("title:", "text: Run., title:"), append([]string{"changed 3, unchanged 3, not judged 0"}, append(matched, "3 text (checkout): |Run.")...)},
		"another API": {replaced("title:", "api: v2, title:"), append([]string{"changed 3, unchanged 3, not judged 0"}, append(matched,
			"3 priority normal → 2 (checkout): normal|2", "3 api v1 → v2 (checkout): v1|v2")...)},
		"a limit": {replaced("- name: checkout", "- name: checkout\n    limit: 1"), append([]string{"changed 2, unchanged 4, not judged 0"}, append(matched,
			"2 held_back no → yes (checkout): no|yes", "held back 0 2, monitor 4711")...)},
		"a follow-up": {replaced("- name: checkout", "- name: checkout\n    after: [15m, 1h]"), append([]string{"changed 1, unchanged 5, not judged 0"}, append(matched,
			"1 follow_up none → 15m, 1h (checkout): |15m, 1h")...)},
		"a step": {replaced("event:", "steps: [{uses: owner}, {uses: oncall}]\n    event:"), append([]string{"changed 3, unchanged 3, not judged 0"}, append(matched,
			"3 steps +oncall +owner (checkout): |owner, oncall")...)},
		"a new continue": {replaced("- name: checkout", "- name: checkout\n    continue: true"), append([]string{"changed 3, unchanged 3, not judged 0"}, append(matched,
			"3 playbook checkout → checkout + shop (checkout + shop): checkout|checkout + shop")...)},
		"a match over a query": {replaced(`== "checkout"`, `== "checkout" && alert.query contains "p95"`), []string{
			"changed 0, unchanged 3, not judged 3", "checkout 3 0", "shop 2 2", "default 1 1", "open 0 3",
			`unjudged 3 checkout match: alert.tags.service == "checkout" && alert.query contains "p95" needs alert.query false`,
		}},
		"a match over the memory": {replaced("- name: checkout", "- {name: often, match: memory.count > 3}\n  - name: checkout"), []string{
			"changed 0, unchanged 0, not judged 6", "checkout 3 0", "shop 2 0", "default 1 0", "open 0 6", "unjudged 6 often match: memory.count > 3 needs memory.count false",
		}},
		"a title over the status": {replaced("{{ .alert.tags.service }} fails", "{{ .alert.status }}"), append([]string{"changed 0, unchanged 3, not judged 3"}, append(matched,
			"unjudged 3 checkout event.title: {{ .alert.status }} needs alert.status false")...)},
		"a tag of the payload": {replaced(`tags: ["tier:2"]`, `tags: ["tier:1", "team:{{ .alert.extra.team }}"]`), append([]string{"changed 3, unchanged 3, not judged 0"}, append(matched,
			"3 tags +tier (checkout): |tier:1", `unjudged 3 checkout event.tags[1]: team:{{ .alert.extra.team }} needs alert.extra.team false`)...)},
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
	for name, tt := range map[string]struct {
		now  string
		want string
	}{
		"equal":           {fmt.Sprintf(open, "", "owns", "low"), "changed 0, unchanged 6, not judged 0"},
		"another step":    {fmt.Sprintf(open, `, with: {service: "x"}`, "owns", "low"), "changed 0, unchanged 0, not judged 6"},
		"another text":    {fmt.Sprintf(open, "", "is the owner", "low"), "changed 0, unchanged 0, not judged 6"},
		"another last":    {fmt.Sprintf(open, "", "owns", "normal"), "changed 0, unchanged 0, not judged 6"},
		"without unknown": {base, "changed 0, unchanged 0, not judged 6"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, stream(), fmt.Sprintf(open, "", "owns", "low"), tt.now)
			if got := lines(r)[0]; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if len(r.Unjudged) == 0 || r.Open.Base != 6 {
				t.Errorf("unjudged %+v, open %+v", r.Unjudged, r.Open)
			}
		})
	}
}

// TestRun_ManyOpen does not try more conditions both ways than it can.
func TestRun_ManyOpen(t *testing.T) {
	var many strings.Builder
	many.WriteString("playbooks:\n")
	for i := range 12 {
		fmt.Fprintf(&many, "  - {name: p%d, match: memory.count > %d}\n", i, i)
	}
	r := run(t, stream(), many.String(), many.String())
	if r.NotJudged != 6 || r.Open != (backtest.Pair{Base: 6, Now: 6}) || len(r.Unjudged) != 12 {
		t.Errorf("got %v", lines(r))
	}
}

func TestRun_Limit(t *testing.T) {
	const limited = `playbooks: [{name: all, limit: 2}]`
	minutes := func(e *datadog.Event) { e.Happened = began.Add(e.Happened.Sub(began) * 20) } // 20 seconds apart, from 12:00:20
	for name, tt := range map[string]struct {
		change func(*datadog.Event)
		want   int
	}{
		"in one minute":     {func(*datadog.Event) {}, 4},
		"over some minutes": {minutes, 1}, // 12:00:20, :40; 12:01:00, :20, :40; 12:02:00
		"without a monitor": {func(e *datadog.Event) { e.MonitorID = 0 }, 0},
		"several monitors":  {func(e *datadog.Event) { e.MonitorID = int64(len(e.Title)) }, 1},
	} {
		if r := run(t, stream(tt.change), limited, limited); r.HeldBack.Base != tt.want || r.HeldBack.Now != tt.want {
			t.Errorf("%s: held back %+v, want %d", name, r.HeldBack.Pair, tt.want)
		}
	}
}

func TestRun_After(t *testing.T) {
	const followed = `playbooks: [{name: all, after: [1m, 1h]}]`
	at := func(id, second int, title string, change ...func(*datadog.Event)) datadog.Event {
		return monitorEvent(id, "cart", append(change, func(e *datadog.Event) { e.Title, e.Happened = title, began.Add(time.Duration(second)*time.Second) })...)
	}
	info := func(e *datadog.Event) { e.AlertType = "info" }
	first := at(1, 0, "[Triggered] x")
	for name, tt := range map[string]struct {
		events []datadog.Event
		want   int
	}{
		"it goes on":                {[]datadog.Event{first}, 1},
		"it recovers in time":       {[]datadog.Event{first, at(2, 60, "[Recovered] x")}, 0},
		"it recovers later":         {[]datadog.Event{first, at(2, 61, "[Recovered] x")}, 1},
		"a newer trigger":           {[]datadog.Event{first, at(2, 30, "[Re-Triggered] x")}, 1},
		"a renotification":          {[]datadog.Event{first, at(2, 30, "[Renotify] x")}, 1},
		"a renotification alone":    {[]datadog.Event{at(1, 0, "[Renotify] x")}, 1},
		"after a recovery":          {[]datadog.Event{first, at(2, 70, "[Recovered] x"), at(3, 80, "[Renotify] x")}, 2},
		"an event without a state":  {[]datadog.Event{first, at(2, 30, "x")}, 1},
		"a trigger after both":      {[]datadog.Event{first, at(2, 4000, "[Re-Triggered] x")}, 1},
		"a trigger between both":    {[]datadog.Event{first, at(2, 120, "[Re-Triggered] x")}, 2},
		"another group recovers":    {[]datadog.Event{first, monitorEvent(2, "shop", func(e *datadog.Event) { e.Title = "[Recovered] x" })}, 1},
		"an alert of the type info": {[]datadog.Event{at(1, 0, "x", info)}, 0},
		"a recovery":                {[]datadog.Event{at(1, 0, "[Recovered] x")}, 0},
		"several groups":            {stream(func(e *datadog.Event) { e.MonitorGroups = []string{"host:" + e.ID} }), 6},
	} {
		if r := run(t, tt.events, followed, followed); r.Followed.Base != tt.want || r.Followed.Now != tt.want {
			t.Errorf("%s: followed up %+v, want %d", name, r.Followed.Pair, tt.want)
		}
	}
	var storm []datadog.Event
	for id := range 30 {
		storm = append(storm, at(100+id, 0, "[Triggered] x", func(e *datadog.Event) { e.MonitorGroups = []string{"host:" + e.ID} }))
	}
	if r := run(t, storm, followed, strings.Replace(followed, "all,", "all, limit: 20,", 1)); r.Followed.Pair != (backtest.Pair{Base: 10, Now: 20}) {
		t.Errorf("of a storm are followed up %+v", r.Followed.Pair)
	}
	for name, tt := range map[string]struct {
		events []datadog.Event
		want   string
	}{
		"both":              {[]datadog.Event{first}, "after 1m, 1h"},
		"the first alone":   {[]datadog.Event{first, at(2, 120, "[Recovered] x")}, "after 1m"},
		"each of them once": {[]datadog.Event{first, at(2, 120, "[Re-Triggered] x")}, "after 1h after 1m"},
	} {
		var got []string
		for _, g := range run(t, tt.events, followed, followed).Followed.Groups {
			got = append(got, g.What)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	r := run(t, stream(func(e *datadog.Event) { e.MonitorGroups = []string{"host:" + e.ID} }), base, `playbooks: [{name: all, after: 15m, limit: 2}]`)
	if r.Followed.Pair != (backtest.Pair{Now: 2}) || r.HeldBack.Pair != (backtest.Pair{Now: 4}) || r.Followed.Groups[0].What != "after 15m" {
		t.Errorf("with a limit: followed up %+v, held back %+v", r.Followed, r.HeldBack.Pair)
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

func TestRun_Posted(t *testing.T) {
	own := func(id int, about int64, playbook string, tags ...string) datadog.Event {
		return datadog.Event{
			ID: fmt.Sprint(id), Title: "[Triggered] x", Text: "[Monitor](https://app.datadoghq.com/monitors/4711) @webhook-boomerang", Happened: began, RelatedEventID: about,
			Tags: append([]string{"boomerang", "playbook:" + playbook, "enrichment:none"}, tags...),
		}
	}
	events := append(stream(), own(101, 1, "checkout"), own(102, 4, "older"), own(103, 2, "storm", "storm:true"))
	r := run(t, events, base, base)
	if r.Alerts != 6 || r.Read != 9 || r.Posted.Events != 2 || r.Posted.Other != 1 || r.Posted.Groups[0].What != "posted by older" {
		t.Errorf("got %+v", r.Posted)
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

// manyEvents are n events of 5 services and 40 monitors, with messages of 0 to 4,000
// characters.
func manyEvents(n int) []byte {
	states := []string{"[Triggered", "[Warn", "[Recovered", "[No data", "[P1] [Re-Triggered"}
	var all strings.Builder
	for i := range n {
		service := []string{"checkout", "cart", "search", "payments", "orders"}[i%5]
		message, _ := json.Marshal("%%%\nShoppers wait.\n" + strings.Repeat("Words of a runbook. ", i*7%200) + "\n\n@webhook-boomerang\n%%%")
		fmt.Fprintf(&all, `{"id_str": "%d", "title": "%s on {host:web-%d,service:%s}] Latency of %s is high", "text": %s, "date_happened": %d, "alert_type": "error", "priority": "normal",
			"host": "web-%d", "tags": ["monitor", "env:prod", "service:%s"], "url": "/event/event?event_id=%d", "monitor_id": %d, "monitor_groups": ["host:web-%d,service:%s"]}`+"\n",
			8306082202796025001+2*i, states[i*3%5], i%50, service, service, message, 1795000000+i*60, i%50, service, i, 4700+i%40, i%50, service)
	}
	return []byte(all.String())
}

// BenchmarkRun decodes and compares 10,000 alerts; the goal is 10 s.
func BenchmarkRun(b *testing.B) {
	raw := manyEvents(10_000)
	before, after := load(b, base), load(b, strings.Replace(base, "fails", "is down", 1)+`
  - {name: often, match: alert.tags.service == "search" && memory.count > 3, event: {priority: low, tags: ["team:{{ .alert.extra.team }}"]}}
`)
	for b.Loop() {
		events, err := backtest.Decode(b.Context(), site.Default, raw)
		if err != nil {
			b.Fatal(err)
		}
		r := backtest.Run(backtest.Select(events, "boomerang", false, time.Time{}), before, after, runtime.NumCPU(), func(int, int) {})
		if r.Alerts != 10_000 || r.Changed != 2000 || r.NotJudged != 2000 {
			b.Fatal(lines(r))
		}
	}
}
