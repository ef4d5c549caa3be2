package logs

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
	"boomerang/shared/site"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestConformance(t *testing.T) {
	enrichtest.Conformance(t, enrichtest.Case{
		Kind:  func(c *datadog.Client) enrich.Kind { return Kind(c, site.US1) },
		Alert: alert.Alert{ID: "1", Date: noon, Tags: alert.Tags{"service:check out", "env:prod"}},
		Seed: func(s *fakedatadog.Server) {
			s.AddLog(fakedatadog.Log{Message: "no route to 10.0.0.1", Status: "error", Service: "check out", Tags: []string{"env:prod"}, Timestamp: noon.Add(-time.Minute)})
		},
	})
}

type search = func(context.Context, datadog.SearchQuery) ([]datadog.Log, error)

func answers(lines ...datadog.Log) search {
	return func(context.Context, datadog.SearchQuery) ([]datadog.Log, error) { return lines, nil }
}

func enriched(t *testing.T, s search, c Config, a alert.Alert) enrich.Finding {
	t.Helper()
	return enrichtest.Find(t, newStep(s, site.EU1, c), a)
}

var ofCheckout = alert.Alert{Date: noon, Tags: alert.Tags{"service:checkout"}}

const checkoutPage = "https://app.datadoghq.eu/logs?from_ts=1795261500000&live=false&query=service%3Acheckout+status%3Aerror&to_ts=1795262400000"

func TestEnrich_Patterns(t *testing.T) {
	got := enriched(t, answers(
		datadog.Log{Time: noon.Add(-1 * time.Second), Message: "card declined: 'insufficient funds'"},
		datadog.Log{Time: noon.Add(-2 * time.Second), Message: "timeout after 5003 ms to 10.0.0.7:5432\n\tat pool.go:12"},
		datadog.Log{Time: noon.Add(-3 * time.Second), Message: "timeout after 17 ms to 10.0.0.8:5432"},
	), Config{}, ofCheckout)
	want := enrich.Finding{
		Title: "Logs", Weight: enrich.Important,
		Lead: []enrich.Lead{{Answer: enrich.What, Text: "2× in the logs: timeout after 5003 ms to 10.0.0.7:5432 at pool.go:12"}},
		Blocks: []enrich.Block{
			enrich.Facts{{Name: "service:checkout status:error, 11:45 to 12:00 UTC", Value: "3 lines of 2 patterns"}},
			enrich.List{Items: []enrich.Item{
				{Time: noon.Add(-2 * time.Second), Tag: "2×", Text: "timeout after 5003 ms to 10.0.0.7:5432 at pool.go:12"},
				{Time: noon.Add(-1 * time.Second), Tag: "1×", Text: "card declined: 'insufficient funds'"},
			}},
			enrich.Links{{Title: "Logs in Datadog", URL: checkoutPage}},
		},
		Data: Data{
			Query: "service:checkout status:error", Count: 3, Last: "card declined: 'insufficient funds'", LastAt: noon.Add(-1 * time.Second),
			Patterns: []Pattern{
				{Pattern: "timeout after <n> ms to <ip>", Count: 2, Sample: "timeout after 5003 ms to 10.0.0.7:5432 at pool.go:12", LastAt: noon.Add(-2 * time.Second)},
				{Pattern: "card declined: <text>", Count: 1, Sample: "card declined: 'insufficient funds'", LastAt: noon.Add(-1 * time.Second)},
			},
			URL: checkoutPage,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
}

func TestEnrich_NoLines(t *testing.T) {
	got := enriched(t, answers(), Config{}, ofCheckout)
	enrichtest.Blocks(t, got, enrich.Paragraph("No lines for service:checkout status:error from 11:45 to 12:00 UTC."), enrich.Links{{Title: "Logs in Datadog", URL: checkoutPage}})
	if d := got.Data.(Data); d.Count != 0 || d.URL == "" || got.Weight != enrich.Background {
		t.Errorf("weight %v, data %+v", got.Weight, d)
	}
}

func TestEnrich_Search(t *testing.T) {
	asked := func(c Config, a alert.Alert) datadog.SearchQuery {
		var asked datadog.SearchQuery
		enriched(t, func(_ context.Context, q datadog.SearchQuery) ([]datadog.Log, error) { asked = q; return nil, nil }, c, a)
		return asked
	}
	for name, tt := range map[string]struct {
		a    alert.Alert
		want string
	}{
		"service":                 {alert.Alert{Tags: alert.Tags{"monitor", "service:a/b-c.d", "env:prod", "host:x"}}, "service:a/b-c.d env:prod status:error"},
		"host":                    {alert.Alert{Hostname: "web-1"}, "host:web-1 status:error"},
		"search syntax in values": {alert.Alert{Scope: `service:a" OR *:*\,env:-x y`}, `service:"a\" OR *:*\\" env:"-x y" status:error`},
		"log monitor":             {alert.Alert{Query: `logs("status:error @a:\"b c\"").index("*").rollup("count").last("5m") > 2`}, `status:error @a:"b c"`},
		"service too long":        {alert.Alert{Tags: alert.Tags{"service:" + strings.Repeat("x", 900), "host:a", "env:" + strings.Repeat("x", 900)}}, "host:a status:error"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.a.Date = noon.Add(-30 * time.Second)
			want := datadog.SearchQuery{Query: tt.want, From: noon.Add(-15 * time.Minute), To: noon, Limit: 200}
			if diff := cmp.Diff(want, asked(Config{}, tt.a)); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("playbook", func(t *testing.T) {
		want := datadog.SearchQuery{Query: "source:nginx", Indexes: []string{"main"}, From: noon.Add(-time.Hour), To: noon, Limit: 200}
		if diff := cmp.Diff(want, asked(Config{Query: " source:nginx ", Window: time.Hour, Indexes: []string{"main"}}, ofCheckout)); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
	})
	t.Run("alert without a time", func(t *testing.T) {
		if off := time.Until(asked(Config{}, alert.Alert{Hostname: "a"}).To); off < -time.Minute || off > time.Minute {
			t.Errorf("the window ends %v from now", off)
		}
	})
}

const sampleObject = `{"columns":["Time"],"label":"Sample Logs","rows":[{"items":["x"],"message":"error 1\n"},{"items":[],"message":"error 22"},{"message":" "}]}`

func withSample(a alert.Alert, raw string) alert.Alert {
	a.LogsSample = json.RawMessage(raw)
	return a
}

func TestEnrich_Sample(t *testing.T) {
	asText, err := json.Marshal(sampleObject)
	if err != nil {
		t.Fatal(err)
	}
	limited := &fault.Error{Kind: fault.Temporary, Public: "its rate limit ends in 7s"}
	fails := func(context.Context, datadog.SearchQuery) ([]datadog.Log, error) { return nil, limited }
	never := func(context.Context, datadog.SearchQuery) ([]datadog.Log, error) {
		t.Error("an unexpected search")
		return nil, nil
	}
	own := []enrich.Block{
		enrich.Facts{{Name: "The alert's own sample", Value: "2 lines of 1 pattern"}},
		enrich.List{Items: []enrich.Item{{Tag: "2×", Text: "error 1"}}},
	}
	for name, tt := range map[string]struct {
		source  search
		a       alert.Alert
		missing error
	}{
		"failed search":     {fails, withSample(ofCheckout, sampleObject), limited},
		"sample as text":    {fails, withSample(ofCheckout, string(asText)), limited},
		"nothing to search": {never, withSample(alert.Alert{}, sampleObject), nil},
		"empty search":      {answers(), withSample(ofCheckout, sampleObject), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := enriched(t, tt.source, Config{}, tt.a)
			want := own
			if tt.missing != nil {
				want = append(want[:2:2], enrich.Paragraph("Other lines are unavailable: its rate limit ends in 7s."))
			}
			enrichtest.Blocks(t, got, want...)
			if d := got.Data.(Data); !errors.Is(got.PartialReason, tt.missing) || d.Query != "" || d.Count != 2 || d.Last != "error 1" || d.More {
				t.Errorf("partial reason %v, data %+v", got.PartialReason, d)
			}
		})
	}
}

func TestEnrich_InvalidSample(t *testing.T) {
	for _, raw := range []string{`"just text"`, `[]`, `null`, `{"rows":7}`, `{"rows":[{"message":7}]}`, `7`, ``} {
		enrichtest.Skips(t, newStep(nil, site.US1, Config{}), withSample(alert.Alert{}, raw), "the alert has neither a service tag nor a host")
	}
}

func TestEnrich_Limits(t *testing.T) {
	var lines []datadog.Log
	for i := range maxLines {
		word := strings.Repeat(string(rune('a'+i%20)), 5)
		lines = append(lines, datadog.Log{Time: noon.Add(-time.Duration(i) * time.Second), Message: word + strings.Repeat("é\x1b[0m\u202e", 1<<12)})
	}
	got := enriched(t, answers(lines...), Config{Query: strings.Repeat("service:a ", 300)}, ofCheckout)
	list := got.Blocks[1].(enrich.List)
	if len(list.Items) != maxPatterns || list.More != 20-maxPatterns {
		t.Errorf("%d patterns and %d more", len(list.Items), list.More)
	}
	for _, item := range list.Items {
		if len([]rune(item.Text)) > maxSampleRunes || strings.ContainsAny(item.Text, "\x1b\u202e") {
			t.Errorf("text %q", item.Text)
		}
	}
	if fact := got.Blocks[0].(enrich.Facts)[0]; fact.Value != "the newest 200 lines of 20 patterns" || len(fact.Name) > maxQueryRunes+30 {
		t.Errorf("fact %+v", fact)
	}
	if d := got.Data.(Data); !d.More {
		t.Errorf("data %+v", d)
	}
}

func TestPageURL(t *testing.T) {
	address, err := url.Parse(pageURL(site.US1, datadog.SearchQuery{Query: "a&b=c#d ?", From: noon, To: noon}))
	if err != nil || address.Host != "app.datadoghq.com" || address.Fragment != "" || address.Query().Get("query") != "a&b=c#d ?" {
		t.Errorf("got %v, %v", address, err)
	}
}

func TestConfig_Validate(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "", time.Hour: "", -1: "window is -1ns: set a time between 1m and 168h", 169 * time.Hour: "window is 169h0m0s: set a time between 1m and 168h"} {
		enrichtest.Validate(t, Config{Window: d}, want)
	}
}

func TestPatternOf(t *testing.T) {
	for message, want := range map[string]string{
		"timeout after 5003 ms":                                 "timeout after <n> ms",
		"took 1,234.5s (-3)":                                    "took <n>s (-<n>)",
		"order 3f2504e0-4f89-11d3-9a0c-0305e82c3301 lost":       "order <uuid> lost",
		"at 2026-11-21T12:00:00.123Z and 2026-11-21 12:00:00,5": "at <time> and <time>",
		"on 2026-11-21":                                         "on <time>",
		"to 10.0.0.1:5432 and 192.168.1.20":                     "to <ip> and <ip>",
		"to fe80::1 or 2001:db8:0:0:1:0:0:7":                    "to <ip> or <ip>",
		"at 0xDEADbeef in 9f86d081884c7d65, build cafe42":       "at <hex> in <hex>, build <hex>",
		"defaced facade decade":                                 "defaced facade decade",
		`user "bob \" smith" of 'acme' and ` + "`x y`":          `user <text> of <text> and <text>`,
		"can't open what isn't there":                           "can't open what isn't there",
		`{"level":"error","msg":"lost 5 of 7"}`:                 `{"level":"error","msg":"lost <n> of <n>"}`,
		"panic: nil map\n\tat main.go:17\n\tat x.go:3":          "panic: nil map",
		"\n\n  web-1 down  ":                                    "web-<n> down",
		"":                                                      "",
		"<script>alert(1)</script> {{.}} @all":                  "<script>alert(<n>)</script> {{.}} @all",
	} {
		if got := patternOf(message); got != want {
			t.Errorf("%q: got %q, want %q", message, got, want)
		}
	}
}

func TestGroupByPattern(t *testing.T) {
	got := groupByPattern([]datadog.Log{
		{Message: "lost 1", Time: noon},
		{Message: "lost 2", Time: noon.Add(1)},
		{Message: "", Time: noon.Add(2)},
	})
	if len(got) != 2 || got[0].Sample != "lost 2" || got[0].Count != 2 || got[1].Sample != "(no message)" {
		t.Errorf("got %+v", got)
	}
}

func FuzzPatternOf(f *testing.F) {
	for _, seed := range []string{"timeout after 5003 ms", `{"a":"b\"`, "'a\\", "\xff\xfe\x00", "::::1:2:3", strings.Repeat("9", 1000)} {
		f.Add(seed)
	}
	for shift := range utf8.UTFMax { // The truncation falls into a rune.
		f.Add(strings.Repeat("x", shift) + strings.Repeat("😀", 1000))
	}
	f.Fuzz(func(t *testing.T, message string) {
		got := patternOf(message)
		if !utf8.ValidString(got) || len([]rune(got)) > maxSampleRunes || strings.ContainsAny(got, "0123456789\n\r\x00") {
			t.Errorf("pattern %q", got)
		}
	})
}
