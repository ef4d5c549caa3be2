package event_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
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

// mustLack checks that an event says what it lacks.
func mustLack(t *testing.T, e event.Request, what string) {
	t.Helper()
	if got := event.Omissions(e); what != "" && !strings.Contains(got, what) {
		t.Errorf("it says that it lacks %q, want %q", got, what)
	}
}
