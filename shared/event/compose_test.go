package event_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
)

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
			e, _ := mustCompose(t, c.alert, draft, c.results)
			mustBeGolden(t, name, e, e.Text)
		})
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
		e, _ := mustCompose(t, alert.Alert{ID: "1", Message: message}, draft, nil)
		if _, got, _ := strings.Cut(strings.TrimSuffix(e.Text, "\n %%%"), "\n\n"); got != want {
			t.Errorf("%s: got %s, want %s", message, got, want)
		}
	}
}

// The characters of an address must not end the link, or the markdown with what stands
// before them.
func TestCompose_LinkCharacters(t *testing.T) {
	for query, want := range map[string]string{"a|b": "a%7Cb", "(x)": "%28x%29", "%%(x)": "", "%%%": "", "%%%%(": "", "%25%%|": ""} {
		e := event.Compose(alert.Alert{ID: "1", Link: "https://app.example.com/?q=" + query}, draft, nil, now)
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
		v1 := event.Compose(a, draft, nil, now)
		v2 := event.ComposeAlert(a, draft, nil, now).Data.Attributes
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
		{alert.Renotify, "", "", "error", "error"},
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
		e, _ := mustCompose(t, triggered(), d, nil)
		if e.SourceTypeName != c.wantSource || e.DeviceName != c.wantDevice {
			t.Errorf("%.10q, %.10q: got %q, %q", c.source, c.device, e.SourceTypeName, e.DeviceName)
		}
		mustLack(t, e, c.note)
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
			e, _ := mustCompose(t, a, draft, c.results)
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
