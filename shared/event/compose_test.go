package event_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var now = time.Date(2026, 3, 14, 3, 0, 0, 0, time.UTC)

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

func TestCompose_writes_what_the_golden_files_hold(t *testing.T) {
	recovered := triggered()
	recovered.Transition, recovered.Type, recovered.Title = alert.Recovered, "error", "[Recovered] Checkout error rate"
	bare := alert.Alert{ID: "1", Text: "only *text*\n@all"}
	long := triggered()
	long.Message = strings.Repeat("Zeilenumbrüche und 日本語. ", 400)
	cases := map[string]struct {
		alert   alert.Alert
		results []enrich.Result
	}{
		"triggered": {triggered(), results()},
		"recovered": {recovered, nil},
		"bare":      {bare, nil},
		"long":      {long, results()},
		"hostile":   {hostile(), results()},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			e := event.Compose(c.alert, event.Draft{Playbook: "default"}, c.results, now)
			mustBeGolden(t, name, e, e.Text)
			mustBeAcceptable(t, e)
		})
	}
}

// mustBeGolden compares a request with a golden file, which shows the text once
// more as people read it.
func mustBeGolden(t *testing.T, name string, request event.Request, text string) {
	t.Helper()
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(request); err != nil {
		t.Fatal(err)
	}
	got.WriteString("\n" + text + "\n")
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
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

// handle is anything that Datadog might take for one: an @ that is not inside a
// word, or not followed by a domain.
var handle = regexp.MustCompile(`(^|[^A-Za-z0-9_+-])@\S`)

func mustBeAcceptable(t *testing.T, e event.Event) {
	t.Helper()
	mustBeReadable(t, e.Title, e.Text)
	if n := utf8.RuneCountInString(e.AggregationKey); n > event.MaxAggregationKey {
		t.Errorf("aggregation key has %d characters", n)
	}
	for _, tag := range e.Tags {
		if n := utf8.RuneCountInString(tag); n == 0 || n > event.MaxTag {
			t.Errorf("tag of %d characters", n)
		}
	}
}

// mustBeReadable checks what people read, which is the same in both APIs.
func mustBeReadable(t *testing.T, title, text string) {
	t.Helper()
	if n := utf8.RuneCountInString(title); n == 0 || n > event.MaxTitle {
		t.Errorf("title has %d characters: %q", n, title)
	}
	if n := utf8.RuneCountInString(text); n > event.MaxText {
		t.Errorf("text has %d characters", n)
	}
	if !strings.HasPrefix(text, "%%% \n") || !strings.HasSuffix(text, "\n %%%") {
		t.Errorf("the markdown wrapper is not whole: %q", text)
	}
	if strings.Count(text, "%%%") != 2 {
		t.Errorf("something inside ends the markdown: %q", text)
	}
	for name, text := range map[string]string{"title": title, "text": text} {
		if found := handle.FindString(text); found != "" {
			t.Errorf("%s notifies %q", name, found)
		}
		mustBeClean(t, name, text)
	}
}

func mustBeClean(t *testing.T, name, text string) {
	t.Helper()
	if !utf8.ValidString(text) || strings.ContainsRune(text, utf8.RuneError) {
		t.Errorf("%s is cut inside a character: %q", name, text)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == '\u202e' }) {
		t.Errorf("%s has control characters: %q", name, text)
	}
}

func TestCompose_leaves_mail_addresses_and_links_readable(t *testing.T) {
	e := event.Compose(triggered(), event.Draft{Playbook: "default"}, nil, now)
	for _, want := range []string{"write to ops@example.com", "＠ana@example.com", "＠webhook-boomerang", "https://wiki.example.com/checkout?team=%40payments"} {
		if !strings.Contains(e.Text, want) {
			t.Errorf("no %q in %s", want, e.Text)
		}
	}
}

// What a parenthesis of an address is escaped to must not end the markdown with what
// stands before it.
func TestCompose_lets_no_link_end_the_markdown(t *testing.T) {
	for _, query := range []string{"%%(x)", "%%%", "%%%%(", "%25%%|"} {
		a := triggered()
		a.Link = "https://app.example.com/?q=" + query
		e := event.Compose(a, event.Draft{Playbook: "default"}, nil, now)
		if !strings.Contains(e.Text, "https://app.example.com/?q=") || strings.Count(e.Text, "%%%") != 2 {
			t.Errorf("%s: %s", query, e.Text)
		}
	}
}

func TestCompose_sets_date_happened_only_where_Datadog_takes_it(t *testing.T) {
	for name, c := range map[string]struct {
		date time.Time
		want int64
		late bool
	}{
		"now":                      {now, now.Unix(), false},
		"milliseconds are dropped": {now.Add(-1500 * time.Millisecond), now.Unix() - 2, false},
		"17 h 59 min ago":          {now.Add(-17*time.Hour - 59*time.Minute), now.Unix() - 64740, false},
		"18 h ago":                 {now.Add(-18 * time.Hour), 0, true},
		"2 h ahead":                {now.Add(2 * time.Hour), now.Unix() + 7200, false},
		"more than 2 h ahead":      {now.Add(2*time.Hour + time.Second), 0, true},
		"no date":                  {time.Time{}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			e := event.Compose(alert.Alert{ID: "1", Date: c.date}, event.Draft{Playbook: "default"}, nil, now)
			if e.DateHappened != c.want {
				t.Errorf("date_happened = %d, want %d", e.DateHappened, c.want)
			}
			if late := alert.Tags(e.Tags).Has("late:true"); late != c.late {
				t.Errorf("late = %v, want %v", late, c.late)
			}
		})
	}
}

func TestCompose_takes_the_alert_type_from_transition_and_type(t *testing.T) {
	for _, c := range []struct {
		transition alert.Transition
		given      string
		want       string
	}{
		{alert.Triggered, "error", "error"},
		{alert.Triggered, "warning", "warning"},
		{alert.Triggered, "", "error"},
		{alert.ReTriggered, "", "error"},
		{alert.Warn, "error", "warning"},
		{alert.ReWarn, "", "warning"},
		{alert.NoData, "error", "error"},
		{alert.NoData, "", "warning"},
		{alert.Recovered, "error", "success"},
		{alert.WarnRecovered, "", "success"},
		{alert.Renotify, "error", "error"},
		{alert.Renotify, "", "info"},
		{"Muted", "strange", "info"},
		{"", "SUCCESS", "success"},
		{"", "", "info"},
	} {
		e := event.Compose(alert.Alert{ID: "1", Transition: c.transition, Type: c.given}, event.Draft{Playbook: "default"}, nil, now)
		if e.AlertType != c.want {
			t.Errorf("%q with type %q: %s, want %s", c.transition, c.given, e.AlertType, c.want)
		}
	}
}

func TestCompose_says_how_complete_the_enrichment_is(t *testing.T) {
	ok := enrich.Result{Status: enrich.OK}
	skipped := enrich.Result{Status: enrich.Skipped}
	failed := enrich.Result{Status: enrich.Failed, Err: errors.New("x")}
	late := enrich.Result{Status: enrich.TimedOut, Err: errors.New("x")}
	incomplete := enrich.Result{Status: enrich.OK, Finding: enrich.Finding{PartialReason: errors.New("x")}}
	for want, sets := range map[string][][]enrich.Result{
		"complete": {{ok}, {ok, skipped}},
		"partial":  {{ok, failed}, {late, ok}, {incomplete}, {ok, incomplete}},
		"none":     {nil, {failed}, {skipped}, {failed, skipped, late}},
	} {
		for _, set := range sets {
			e := event.Compose(alert.Alert{ID: "1"}, event.Draft{Playbook: "default"}, set, now)
			if !alert.Tags(e.Tags).Has("enrichment:" + want) {
				t.Errorf("%v: %v, want enrichment:%s", set, e.Tags, want)
			}
		}
	}
}

func TestCompose_gives_way_from_the_lightest_finding(t *testing.T) {
	section := func(title string, weight enrich.Weight, lines int) enrich.Result {
		list := enrich.List{}
		for range lines {
			list.Items = append(list.Items, enrich.Item{Text: title + strings.Repeat(" word", 15)})
		}
		return enrich.Result{Name: title, Status: enrich.OK, Finding: enrich.Finding{Title: title, Weight: weight, Blocks: []enrich.Block{list}}}
	}
	a := triggered()
	a.Message = strings.Repeat("m", 1000)
	e := event.Compose(a, event.Draft{Playbook: "default"}, []enrich.Result{
		section("Heavy", enrich.Essential, 10),
		section("Light", enrich.Background, 10),
		section("Middle", enrich.Important, 30),
	}, now)
	mustBeAcceptable(t, e)
	if !strings.Contains(e.Text, a.Message) {
		t.Error("a message below its floor was shortened")
	}
	if got := strings.Count(e.Text, "- Heavy word"); got != 10 {
		t.Errorf("%d of 10 lines of the heaviest finding are left", got)
	}
	if strings.Contains(e.Text, "Light word") || !strings.Contains(e.Text, "- Middle word") {
		t.Error("a heavier finding gave way before a lighter one was gone")
	}
	if !regexp.MustCompile(`_Left out, for Datadog's limit: Light; \d+ of 30 lines of Middle\._`).MatchString(e.Text) {
		t.Errorf("the text does not say what was left out: %s", e.Text)
	}
}

func FuzzCompose(f *testing.F) {
	for _, a := range []alert.Alert{triggered(), hostile(), {}} {
		f.Add(a.Title, a.Message, a.Status, a.Link, a.CycleKey)
	}
	f.Add("", "josé@all.example", "", "https://a.example/?q=\xff\u202e", "@all")
	f.Fuzz(func(t *testing.T, title, message, status, link, key string) {
		a := alert.Alert{ID: key, Title: title, Message: message, Status: status, Link: link, CycleKey: key, Scope: title, Text: status, Tags: alert.Tags{title, key}}
		finding := enrich.Finding{Title: title, Weight: enrich.Useful, Blocks: []enrich.Block{
			enrich.Paragraph(message), enrich.Code(message),
			enrich.Facts{{Name: title, Value: status}},
			enrich.Links{{Title: title, URL: link}},
			enrich.Image{Title: title, URL: link},
			enrich.List{Items: []enrich.Item{{Text: message, URL: link, Tag: status, Time: now}}},
		}}
		failed := enrich.Result{Name: title, Status: enrich.Failed, Err: fault.New(fault.Permanent, message, nil)}
		mustBeAcceptable(t, event.Compose(a, event.Draft{Playbook: "default"}, []enrich.Result{{Name: "x", Status: enrich.OK, Finding: finding}, failed}, now))
	})
}

func BenchmarkCompose(b *testing.B) {
	a, found := triggered(), results()
	b.ReportAllocs()
	for b.Loop() {
		event.Compose(a, event.Draft{Playbook: "default"}, found, now)
	}
}
