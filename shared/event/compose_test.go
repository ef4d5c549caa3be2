package event_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
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
	"boomerang/shared/fakedatadog"
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

func TestCompose_Golden(t *testing.T) {
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
	mustBeAccepted(t, "/api/v1/events", e)
	mustBeReadable(t, e.Title, e.Text)
	for _, tag := range e.Tags {
		if n := utf8.RuneCountInString(tag); n == 0 || n > event.MaxTag {
			t.Errorf("tag of %d characters", n)
		}
	}
}

// mustBeAccepted posts a request to the fake, which refuses what Datadog refuses.
func mustBeAccepted(t *testing.T, path string, request event.Request) {
	t.Helper()
	raw, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	r, w := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(raw)), httptest.NewRecorder()
	r.Header.Set("DD-API-KEY", fakedatadog.DefaultAPIKey)
	r.Header.Set("DD-APPLICATION-KEY", fakedatadog.DefaultAppKey)
	fakedatadog.New(fakedatadog.Options{Now: func() time.Time { return now }}).ServeHTTP(w, r)
	if w.Code != http.StatusAccepted {
		t.Errorf("Datadog would refuse it: %s %s", w.Body, raw)
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
		t.Errorf("%s is truncated inside a character: %q", name, text)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == '\u202e' }) {
		t.Errorf("%s has control characters: %q", name, text)
	}
}

func TestCompose_Mentions(t *testing.T) {
	for message, want := range map[string]string{
		"write to ops@example.com":                                "write to ops@example.com",
		"write to ops+@example.com, a_@b.io, c-@d.io":             "write to ops+@example.com, a_@b.io, c-@d.io",
		"@ana@example.com knows":                                  "＠ana@example.com knows",
		"ssh deploy@web-1 && psql postgres@db":                    "ssh deploy@web-1 && psql postgres@db",
		"docker pull app@sha256:ab, git@github.com:org/repo":      "docker pull app@sha256:ab, git@github.com:org/repo",
		"user@10.0.0.1 root@[::1] me@localhost, a@b.io,c@d.io":    "user@10.0.0.1 root@[::1] me@localhost, a@b.io,c@d.io",
		"```\nkafka-dump -b u@h\n@ops\n```":                       "```\nkafka-dump -b u@h\n＠ops\n```",
		"npm i @scope/pkg, `@all` **@all** [@all] _@all_ >@all":   "npm i ＠scope/pkg, `＠all` **＠all** [＠all] _＠all_ >＠all",
		"-@all a@@all .@all \\@all &@all ${x}@all é@all １@all":    "-＠all a@＠all .＠all \\＠all &＠all ${x}＠all é＠all １＠all",
		"a\u200b@all a\u00ad@all a\u2060@all":                     "a\u200b＠all a\u00ad＠all a\u2060＠all",
		"a\x00@b \x00@all":                                        "a@b ＠all",
		"https://me:pw@a.example https://m.example/@me?u=me@b.io": "https://me:pw@a.example https://m.example/%40me?u=me@b.io",
		"http://http://@all http://a.example\u2003@all":           "http://http://%40all http://a.example\u2003＠all",
		`https://a.example/%28@all \n@all`:                        `https://a.example/%28%40all \n＠all`,
		"pip install git+https://github.com/org/repo@v1.2":        "pip install git+https://github.com/org/repo@v1.2",
		"&#64;all &#x0040;all &COMMAT;all &amp;":                  "＠all ＠all ＠all &amp;",
		"{{value}}@slack-x":                                       "{{value}}＠slack-x",
		"(@webhook-boomerang) mail:@x":                            "(＠webhook-boomerang) mail:＠x",
		"https://a.example/?team=@pay":                            "https://a.example/?team=%40pay",
		`"https://a.example/x"@all`:                               `"https://a.example/x"＠all`,
		`'https://a.example/x'@all`:                               `'https://a.example/x'＠all`,
		"<https://a.example/x>@all":                               "<https://a.example/x>＠all",
	} {
		e := event.Compose(alert.Alert{ID: "1", Message: message}, event.Draft{Playbook: "default"}, nil, now)
		mustBeAcceptable(t, e)
		if _, got, _ := strings.Cut(strings.TrimSuffix(e.Text, "\n %%%"), "\n\n"); got != want {
			t.Errorf("%s: got %s, want %s", message, got, want)
		}
	}
}

// The characters of an address must not end the link, or the markdown with what stands
// before them.
func TestCompose_LinkCharacters(t *testing.T) {
	for query, want := range map[string]string{"a|b": "a%7Cb", "(x)": "%28x%29", "%%(x)": "", "%%%": "", "%%%%(": "", "%25%%|": ""} {
		e := event.Compose(alert.Alert{ID: "1", Link: "https://app.example.com/?q=" + query}, event.Draft{Playbook: "default"}, nil, now)
		if !strings.Contains(e.Text, "https://app.example.com/?q="+want) || strings.Contains(e.Text, "|") || strings.Count(e.Text, "%%%") != 2 {
			t.Errorf("%s: %s", query, e.Text)
		}
	}
}

func TestCompose_Date(t *testing.T) {
	for name, c := range map[string]struct {
		date      time.Time
		seconds   int64
		timestamp string
		late      bool
	}{
		"now":                 {now, now.Unix(), "2026-03-14T03:00:00.000Z", false},
		"another time zone":   {now.In(time.FixedZone("", 3600)), now.Unix(), "2026-03-14T03:00:00.000Z", false},
		"milliseconds":        {now.Add(-1500 * time.Millisecond), now.Unix() - 2, "2026-03-14T02:59:58.500Z", false},
		"17 h 59 min ago":     {now.Add(-17*time.Hour - 59*time.Minute), now.Unix() - 64740, "2026-03-13T09:01:00.000Z", false},
		"18 h ago":            {now.Add(-18 * time.Hour), 0, "", true},
		"2 h ahead":           {now.Add(2 * time.Hour), now.Unix() + 7200, "2026-03-14T05:00:00.000Z", false},
		"more than 2 h ahead": {now.Add(2*time.Hour + time.Second), 0, "", true},
		"no date":             {time.Time{}, 0, "", false},
	} {
		a := alert.Alert{ID: "1", Date: c.date}
		v1 := event.Compose(a, event.Draft{Playbook: "default"}, nil, now)
		v2 := event.ComposeAlert(a, event.Draft{Playbook: "default"}, nil, now).Data.Attributes
		if v1.DateHappened != c.seconds || v2.Timestamp != c.timestamp {
			t.Errorf("%s: got %d and %q, want %d and %q", name, v1.DateHappened, v2.Timestamp, c.seconds, c.timestamp)
		}
		if alert.Tags(v1.Tags).Has("late:true") != c.late || alert.Tags(v2.Tags).Has("late:true") != c.late {
			t.Errorf("%s: late: want %v in %v and %v", name, c.late, v1.Tags, v2.Tags)
		}
	}
}

func TestCompose_AlertType(t *testing.T) {
	for _, c := range []struct {
		transition       alert.Transition
		given, override  string
		wantType, wantV2 string
	}{
		{alert.Triggered, "error", "", "error", "error"},
		{alert.Triggered, "warning", "", "warning", "warn"},
		{alert.Triggered, "", "", "error", "error"},
		{alert.Triggered, "info", "", "info", "warn"},
		{alert.Triggered, "error", "success", "success", "ok"},
		{alert.ReTriggered, "", "", "error", "error"},
		{alert.Warn, "error", "", "warning", "warn"},
		{alert.ReWarn, "", "", "warning", "warn"},
		{alert.NoData, "error", "", "error", "error"},
		{alert.NoData, "", "", "warning", "warn"},
		{alert.Recovered, "error", "", "success", "ok"},
		{alert.Recovered, "", "Error", "error", "error"},
		{alert.WarnRecovered, "", "", "success", "ok"},
		{alert.Renotify, "error", "", "error", "error"},
		{alert.Renotify, "", "", "info", "warn"},
		{"Muted", "strange", "", "info", "warn"},
		{"", "SUCCESS", "", "success", "ok"},
		{"", "", "", "info", "warn"},
	} {
		a, d := alert.Alert{ID: "1", Transition: c.transition, Type: c.given}, event.Draft{Playbook: "default", AlertType: c.override}
		v1, v2 := event.Compose(a, d, nil, now).AlertType, details(a, d).Status
		if v1 != c.wantType || v2 != c.wantV2 {
			t.Errorf("%q with type %q and override %q: %s and %s, want %s and %s", c.transition, c.given, c.override, v1, v2, c.wantType, c.wantV2)
		}
	}
}

func TestCompose_SourceAndDevice(t *testing.T) {
	long := strings.Repeat("s", event.MaxHost+1)
	for _, c := range []struct{ source, device, wantSource, wantDevice, note string }{
		{"", "", "", "", ""},
		{"torq", "sda", "torq", "sda", ""},
		{" My\nTool\x00", "\u202esda ", "My Tool", "sda", ""},
		{long[1:], long[1:], long[1:], long[1:], ""},
		{long, "sda", "", "sda", "the source of 256 characters"},
		{"torq", long, "torq", "", "the device's name of 256 characters"},
	} {
		d := event.Draft{Playbook: "default", Source: c.source, Device: c.device}
		e := event.Compose(triggered(), d, nil, now)
		if e.SourceTypeName != c.wantSource || e.DeviceName != c.wantDevice {
			t.Errorf("%.10q, %.10q: got %q, %q", c.source, c.device, e.SourceTypeName, e.DeviceName)
		}
		mustBeAcceptable(t, e)
		mustSay(t, e, e.Text, c.note)
		mustBeAcceptableAlert(t, event.ComposeAlert(triggered(), d, nil, now))
	}
}

func TestCompose_EnrichmentTag(t *testing.T) {
	ok, skipped := enrich.Result{Status: enrich.OK}, enrich.Result{Status: enrich.Skipped}
	failed, late := enrich.Result{Status: enrich.Failed, Err: errors.New("x")}, enrich.Result{Status: enrich.TimedOut, Err: errors.New("x")}
	partial := enrich.Result{Status: enrich.OK, Finding: enrich.Finding{PartialReason: errors.New("x")}}
	for want, sets := range map[string][][]enrich.Result{
		"complete": {{ok}, {ok, skipped}},
		"partial":  {{ok, failed}, {late, ok}, {partial}, {ok, partial}},
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

func TestCompose_KeyTag(t *testing.T) {
	const key, tag = "352347:7284105863092654118", "idempotency_key:7476677d1ca74aca"
	if got := event.TagKey(key); got != tag {
		t.Errorf("got %s, want %s", got, tag)
	}
	a := triggered()
	a.Tags = alert.Tags{"env:prod", "monitor", "Monitor ", "monitor:4711", "idempotency_key:0000000000000000", " Idempotency_Key:x"}
	d := event.Draft{Playbook: "default", Key: key, Tags: []string{"monitor", tag}}
	want := []string{"env:prod", "boomerang", tag, "monitor:4711", "playbook:default", "transition:triggered", "enrichment:none"}
	v1, v2 := event.Compose(a, d, nil, now).Tags, event.ComposeAlert(a, d, nil, now).Data.Attributes.Tags
	for name, got := range map[string][]string{"v1": v1, "v2": v2} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

func TestCompose_DropsLowestPriority(t *testing.T) {
	section := func(title string, weight enrich.Weight, lines int) enrich.Result {
		list := enrich.List{}
		for range lines {
			list.Items = append(list.Items, enrich.Item{Text: title + strings.Repeat(" word", 15)})
		}
		return enrich.Result{Name: title, Status: enrich.OK, Finding: enrich.Finding{Title: title, Weight: weight, Blocks: []enrich.Block{list}}}
	}
	for name, c := range map[string]struct {
		results []enrich.Result
		whole   []string
		note    string
	}{
		"by weight": {
			[]enrich.Result{section("Heavy", enrich.Essential, 10), section("Light", enrich.Background, 10), section("Middle", enrich.Important, 30)},
			[]string{"Heavy"},
			`_Left out, for Datadog's limit: \d+ of 30 lines of Middle; Light\._`,
		},
		"the last of equal weights": {
			[]enrich.Result{section("First", enrich.Useful, 10), section("Second", enrich.Useful, 10), section("Third", enrich.Useful, 30)},
			[]string{"First", "Second"},
			`_Left out, for Datadog's limit: \d+ of 30 lines of Third\._`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := triggered()
			a.Message = strings.Repeat("m", 1000)
			e := event.Compose(a, event.Draft{Playbook: "default"}, c.results, now)
			mustBeAcceptable(t, e)
			if !strings.Contains(e.Text, a.Message) {
				t.Error("a message below its minimum was truncated")
			}
			for _, title := range c.whole {
				if got := strings.Count(e.Text, "- "+title+" word"); got != 10 {
					t.Errorf("%d of 10 lines of %s are left", got, title)
				}
			}
			if !regexp.MustCompile(c.note).MatchString(e.Text) {
				t.Errorf("no note %s in %s", c.note, e.Text)
			}
		})
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
