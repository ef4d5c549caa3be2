package event_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

// Datadog takes the event of any alert, which says what it lacks and keeps our
// own tags.
func TestCompose_Limits(t *testing.T) {
	huge := strings.Repeat("<é&\u2028", 16<<10)
	tags := make(alert.Tags, 5000)
	for i := range tags {
		tags[i] = fmt.Sprintf("t:%d", i)
	}
	var links enrich.Links
	for i := range 30 {
		links = append(links, enrich.Link{Title: huge[:4000], URL: fmt.Sprintf("https://%d.example/?%s", i, strings.Repeat("&", 2000))})
	}
	found := func(blocks ...enrich.Block) []enrich.Result {
		return []enrich.Result{{Name: "x", Status: enrich.OK, Finding: enrich.Finding{Title: huge, Blocks: blocks, Data: map[string]any{"long": huge}}}}
	}
	for name, c := range map[string]struct {
		change  func(a *alert.Alert)
		results []enrich.Result
		note    string // In both APIs.
		noteV2  string // Only in v2.
	}{
		"nothing":    {func(*alert.Alert) {}, nil, "", ""},
		"host":       {func(a *alert.Alert) { a.Hostname = strings.Repeat("h", 250_000) }, nil, "the host's name of 250000 characters", ""},
		"host tag":   {func(a *alert.Alert) { a.Hostname, a.Tags = "", alert.Tags{"host:" + huge} }, nil, "the end of 1 tag", ""},
		"tags":       {func(a *alert.Alert) { a.Tags = tags }, nil, "4907 tags", ""},
		"long tags":  {func(a *alert.Alert) { a.Tags = alert.Tags{huge, "b:" + huge, "c"} }, nil, "the end of 2 tags", ""},
		"scope":      {func(a *alert.Alert) { a.Scope = strings.Repeat("host:a,", 150_000) }, nil, "", ""},
		"query":      {func(a *alert.Alert) { a.Query = huge }, nil, "", ""},
		"transition": {func(a *alert.Alert) { a.Transition = alert.Transition(huge) }, nil, "the end of 1 tag", ""},
		"monitor":    {func(a *alert.Alert) { a.MonitorID = huge }, nil, "the end of 1 tag", ""},
		"keys":       {func(a *alert.Alert) { a.CycleKey, a.AggregKey = huge, huge }, nil, "the end of the aggregation key", ""},
		"texts": {func(a *alert.Alert) {
			a.Title, a.AlertTitle, a.Status, a.Text, a.Message = huge, huge, huge, huge, huge
		}, nil, "characters of the message", ""},
		"ids":             {func(a *alert.Alert) { a.ID, a.OrgID, a.Title = huge, huge, "" }, nil, "", "1 data value"},
		"words":           {func(a *alert.Alert) { a.Type, a.Priority, a.EventPriority, a.EventType = huge, huge, huge, huge }, nil, "", ""},
		"pages":           {func(a *alert.Alert) { a.Link, a.Snapshot, a.Incident.URL = "https://a/"+huge, "https://"+huge, huge }, nil, "", ""},
		"links":           {func(*alert.Alert) {}, found(links), "", "12 links"},
		"a finding":       {func(*alert.Alert) {}, found(enrich.Code(huge), enrich.Paragraph(huge), enrich.Facts{{Name: huge, Value: huge}}), "", "1 data value"},
		"many lines":      {func(*alert.Alert) {}, found(enrich.Code(strings.Repeat("x\n", 100_000))), "of 100000 lines of", "1 data value"},
		"a failed step":   {func(*alert.Alert) {}, []enrich.Result{{Name: huge, Status: enrich.Failed, Err: enrich.Skip(huge)}}, "", ""},
		"sample":          {func(a *alert.Alert) { a.LogsSample, _ = json.Marshal(huge + "\n" + huge) }, nil, "", ""},
		"the whole event": {func(a *alert.Alert) { a.Tags, a.Message, a.CycleKey, a.Hostname = append(tags, huge), huge, huge, huge }, found(links), "4908 tags", "12 links"},
	} {
		t.Run(name, func(t *testing.T) {
			a := triggered()
			c.change(&a)
			d := event.Draft{Playbook: "default", Webhook: "boomerang", Key: a.Key()}
			v1, v2 := mustCompose(t, a, d, c.results)
			mustLack(t, v1, c.note)
			mustLack(t, v2, c.note)
			mustLack(t, v2, c.noteV2)
			for _, request := range []event.Request{v1, v2, event.Summarize(a, d, event.Suppressed{Count: 2, Groups: tags}, now)} {
				if raw, err := json.Marshal(request); err != nil || len(raw) > event.MaxRequest {
					t.Errorf("%d bytes, %v", len(raw), err)
				}
			}
			for _, own := range []string{alert.SourceTag, event.TagWebhook("boomerang"), event.TagKey(a.Key()), "playbook:default"} {
				if !slices.Contains(v1.Tags, own) || !slices.Contains(v2.Data.Attributes.Tags, own) {
					t.Errorf("no tag %s", own)
				}
			}
		})
	}
}

// The parts that come from outside have a length each, so that none takes the room of the others.
func TestCompose_PartLimits(t *testing.T) {
	long, words := strings.Repeat("x", 300), strings.Repeat("ab ", 300)
	failed := func(n int) (all []enrich.Result) {
		for i := range n {
			all = append(all, enrich.Result{Name: fmt.Sprint("s", i), Status: enrich.Failed, Err: fault.New(fault.Permanent, words, nil)})
		}
		return all
	}
	monitor := func(group string) string {
		return "https://app.datadoghq.com/monitors/4711?from_ts=1&to_ts=2&group=" + group
	}
	for name, c := range map[string]struct {
		alert   alert.Alert
		draft   event.Draft
		results []enrich.Result
		part    string // a pattern, with a group for what is limited
		want    int    // characters
	}{
		"status":                {alert: alert.Alert{Status: words}, part: `(?m)^- (ab .*)$`, want: 140},
		"scope":                 {alert: alert.Alert{Scope: "host:" + long}, part: `(?m)^- (host:x.*)$`, want: 100},
		"state":                 {alert: alert.Alert{Priority: words}, part: `(?m)^- (ab .*)$`, want: 100},
		"handles":               {alert: alert.Alert{Message: "@a1 @a2 @a3 @a4 @a5 @a6"}, part: `Notified: (.*)`, want: len("a1, a2, a3, a4, a5")},
		"page":                  {alert: alert.Alert{Link: "https://a.example/" + strings.Repeat("x", 232)}, part: `(?m)^- \[Link of the alert\]\((.*)\)`, want: 250},
		"longer page":           {alert: alert.Alert{Link: "https://a.example/" + strings.Repeat("x", 233)}, part: `(?m)^- (\[Link of the alert\].*)$|\z`},
		"group of a monitor":    {alert: alert.Alert{Message: words, Link: monitor(strings.Repeat("g", 66))}, part: `\((https://app.*)\)`, want: 130},
		"long group":            {alert: alert.Alert{Message: words, Link: monitor(strings.Repeat("g", 67))}, part: `\((https://app.*)\)`, want: len("https://app.datadoghq.com/monitors/4711?from_ts=1&to_ts=2")},
		"reason of a failure":   {results: failed(1), part: `_Unavailable:_ s0: (.*)`, want: 160},
		"all failures":          {results: failed(9), part: `_Unavailable:_ (.*)`, want: 600},
		"note on the playbook":  {draft: event.Draft{Warnings: []string{words}}, part: `_To fix:_ (.*)`, want: 160},
		"notes on the playbook": {draft: event.Draft{Warnings: []string{words, words, words, words}}, part: `_To fix:_ (.*)`, want: 400},
	} {
		t.Run(name, func(t *testing.T) {
			e, _ := mustCompose(t, c.alert, c.draft, c.results)
			found := regexp.MustCompile(c.part).FindStringSubmatch(e.Text)
			if found == nil {
				t.Fatalf("nothing matches %s in %s", c.part, e.Text)
			}
			// A cut text may end with a space, which is left out.
			if n := utf8.RuneCountInString(found[1]); n > c.want || n < c.want-3 {
				t.Errorf("%d characters, want %d: %s", n, c.want, found[1])
			}
		})
	}
}

// mustLack checks that an event says what it lacks.
func mustLack(t *testing.T, e event.Request, what string) {
	t.Helper()
	if got := event.Omissions(e); what != "" && !strings.Contains(got, what) {
		t.Errorf("it says that it lacks %q, want %q", got, what)
	}
}
