package event_test

import (
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
)

func TestCompose_Repeated(t *testing.T) {
	const monitor = "https://app.datadoghq.com/monitors/4711"
	link := func(query string) string { return monitor + "?from_ts=1&to_ts=2" + query }
	for name, c := range map[string]struct{ message, want string }{
		"Datadog's footer": {
			"It fails.\n\nThe monitor was last triggered at Wed Oct 01 2025 18:37:04 UTC.\n\n- - -\n\n[[Monitor Status](" + link("&event_id=1") + ")] · [[Edit Monitor](" + monitor + "/edit)]",
			"It fails.",
		},
		"the status, with marks":       {"It fails.\n\n**error rate** over **service:checkout** was **> 5.0** on average during the **last 5m**.", "It fails."},
		"the status in a paragraph":    {"It fails. error rate over service:checkout was > 5.0 on average during the last 5m", "It fails."},
		"a sentence twice":             {"The shopping cart cannot be paid.\nThe shopping cart **cannot** be paid. Call us.", "The shopping cart cannot be paid.\nCall us."},
		"short lines twice":            {"yes\nno\nyes", "yes\nno\nyes"},
		"code twice":                   {"```\nthe same line of code\nthe same line of code\n```", "```\nthe same line of code\nthe same line of code\n```"},
		"the monitor again":            {"See [the monitor](" + link("&group=a") + ") before you restart it.", "See the monitor before you restart it."},
		"a picture with a link":        {"[![Graph](https://p.example/1.png)](" + link("&group=a") + ")", "![Graph](https://p.example/1.png)"},
		"a page twice":                 {"Read https://a.example/x first, then https://a.example/x again.", "Read https://a.example/x first, then a.example/x again."},
		"a page after code":            {"Is `db` full? [Graphs](https://a.example/x)\n[Graphs](https://a.example/x)", "Is `db` full? [Graphs](https://a.example/x)"},
		"an address in code":           {"`curl https://a.example/x` and `curl https://a.example/x`", "`curl https://a.example/x` and `curl https://a.example/x`"},
		"after code, a page twice":     {"See https://a.example/x\nRun `a` https://a.example/x", "See https://a.example/x\nRun `a` a.example/x"},
		"a picture twice, with a link": {"[![Graph](https://p.example/1.png)](https://a.example/1)\nThe shop of the north fails: [![Graph](https://p.example/1.png)](https://a.example/2)", "[![Graph](https://p.example/1.png)](https://a.example/1)\nThe shop of the north fails:"},
		"a rule of Datadog's":          {"It fails.\n\n- - -\n\nCall us.", "It fails.\n\nCall us."},
		"only a label":                 {"It fails.\n1. Look.\n2. Runbook: https://a.example/runbook", "It fails.\n1. Look."},
		"a label in a line":            {"It fails. Runbook: https://a.example/runbook", "It fails."},
		"handles":                      {"It fails.\n@slack-a @pagerduty-b\n- @c\nAsk @d", "It fails.\nAsk ＠d"},
		"blank lines":                  {"a\n\n\n\nb", "a\n\nb"},
		"the title, with marks":        {"🚨 *[P1] [Triggered] Checkout error rate is high on {env:prod}*:\nIt fails.", "It fails."},
		"a chat's link":                {"See <https://a.example/x|[1] the shop> first.", "See [\\[1\\] the shop](https://a.example/x) first."},
		"a link with a title, again":   {"See https://a.example/x, then [c](https://a.example/x \"the c\") of it.", "See https://a.example/x, then c of it."},
		"angle brackets, again":        {"See <https://a.example/x>, then <https://a.example/x> or [c](<https://a.example/x>).", "See <https://a.example/x>, then a.example/x or c."},
		"colors of a terminal":         {"It \x1b[1;31mfails\x1b[0m.", "It fails."},
		"parentheses in an address":    {"See https://a.example/x_(y)?z and [b](https://a.example/b_(c)) (https://a.example/d).", "See https://a.example/x_(y)?z and [b](https://a.example/b_(c)) (https://a.example/d)."},
		"a page twice, parentheses":    {"Read https://a.example/x_(y)?z first, then https://a.example/x_(y)?z again.", "Read https://a.example/x_(y)?z first, then a.example/x_(y)?z again."},
	} {
		t.Run(name, func(t *testing.T) {
			a := triggered()
			a.Message, a.Link, a.Snapshot = c.message, link("&event_id=1&link_source=monitor_notif"), ""
			// The finding is long, so that the message may have links.
			room := enrich.Finding{Title: "Room", Blocks: []enrich.Block{enrich.Paragraph(strings.Repeat("word ", 100) + "end")}}
			text := event.Compose(a, draft, []enrich.Result{{Name: "room", Status: enrich.OK, Finding: room}}, now).Text
			screen, got, _ := strings.Cut(strings.TrimSuffix(text, "\n %%%"), "word end\n\n")
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if !strings.Contains(screen, "("+link("")+")") {
				t.Errorf("the monitor's link is not short: %s", screen)
			}
		})
	}
}

func TestCompose_ReferenceGoesFirst(t *testing.T) {
	found := func(name string, weight enrich.Weight, blocks ...enrich.Block) enrich.Result {
		return enrich.Result{Name: name, Status: enrich.OK, Finding: enrich.Finding{Title: name, Weight: weight, Blocks: blocks}}
	}
	a := triggered()
	a.Message = "It fails.\n" + strings.Repeat("m", 2500)
	e := event.Compose(a, draft, []enrich.Result{
		found("Monitor", enrich.Essential, enrich.Reference{Block: enrich.Facts{{Name: "Type", Value: "query alert"}}}, enrich.Reference{Block: enrich.Code(strings.Repeat("q", 1150))}),
		found("Error budget", enrich.Background, enrich.Paragraph("12 % of the error budget are left")),
		found("On call", enrich.Useful, enrich.Paragraph("Ada Marsh is on call")),
		found("Incidents", enrich.Useful, enrich.Paragraph("SEV-2 is open")),
	}, now)
	mustBeAcceptable(t, e)
	for _, want := range []string{"error budget are left", "Ada Marsh", "SEV-2", a.Message, "_Left out, for Datadog's limit: 1 of 2 lines of Monitor._"} {
		if !strings.Contains(e.Text, want) {
			t.Errorf("no %.40q in %s", want, e.Text)
		}
	}
}

func TestCompose_FirstScreenOfLittle(t *testing.T) {
	for name, c := range map[string]struct {
		alert alert.Alert
		want  string
	}{
		"a title":    {alert.Alert{Title: "x"}, "- Since 03:00 UTC or earlier\n- Owner: not known"},
		"a recovery": {alert.Alert{Title: "[Recovered] x", Transition: alert.Recovered, Date: now}, "- Ended 03:00 UTC\n- Owner: not known"},
		"a sentence below handles": {
			alert.Alert{Title: "x", Date: now, Message: "@webhook-x\n\nweb-9 has not reported for 10 minutes"},
			"- web-9 has not reported for 10 minutes\n- Since 03:00 UTC\n- Owner: not known",
		},
		"no sentence": {
			alert.Alert{Title: "x", Date: now, Message: "The monitor was last triggered at Wed Oct 01 2025 18:37:04 UTC."},
			"- Since 03:00 UTC\n- Owner: not known",
		},
		"a payload": {
			alert.Alert{Title: "x", Date: now, Message: "{\"title\":\"CPU is high on a\", x}"},
			"- Since 03:00 UTC\n- Owner: not known\n\n{\"title\":\"CPU is high on a\", x}",
		},
		"a sentence that begins in bold": {
			alert.Alert{Title: "x", Date: now, Message: "- **web-9** has not reported for 10 minutes"},
			"- **web-9** has not reported for 10 minutes\n- Since 03:00 UTC\n- Owner: not known",
		},
		"only a sentence": {
			alert.Alert{Title: "x", Date: now, Message: "Nobody can pay in the shop.\nCall us"},
			"- Nobody can pay in the shop\n- Since 03:00 UTC\n- Owner: not known\n\nCall us",
		},
		"Datadog's sentence without a group": {
			alert.Alert{Title: "x", Date: now, Message: "It fails.\n\n**system.load.1** over ***** was **> 2.0** on average during the **last 5m**."},
			"- system.load.1 was > 2.0 on average during the last 5m\n- Since 03:00 UTC\n- Owner: not known\n\nIt fails.",
		},
		"Datadog's sentence after the title": {
			alert.Alert{Title: "[Warn] Load is high", Date: now, Message: "[Warn] Load is high: system.load.1 over host:a was > 2.0 on average during the last 5m"},
			"- system.load.1 was > 2.0 on average during the last 5m\n- Since 03:00 UTC\n- Owner: not known",
		},
		"Datadog's sentence and a link": {
			alert.Alert{Title: "x", Date: now, Message: "system.load.1 over host:a was > 2.0 on average during the last 5m. [Open](https://a.example/x)"},
			"- system.load.1 was > 2.0 on average during the last 5m\n- Since 03:00 UTC\n- Owner: not known\n\n[Open](https://a.example/x)",
		},
		"Datadog's sentence about a formula": {
			alert.Alert{Title: "x", Date: now, Message: "It fails.\n\n**sum:a{*} / sum:b{*}** over **host:a** was **> 2.0** on average during the **last 5m**."},
			"- sum:a{\\*} / sum:b{\\*} was > 2.0 on average during the last 5m\n- Since 03:00 UTC\n- Owner: not known\n\nIt fails.",
		},
		"a sentence without spaces": {
			alert.Alert{Title: "x", Date: now, Message: "注文の待ち行列が増え続けています。担当者に連絡してください。\n手順書"},
			"- 注文の待ち行列が増え続けています\n- Since 03:00 UTC\n- Owner: not known\n\n担当者に連絡してください。\n手順書",
		},
		"Datadog's sentence in a quote": {
			alert.Alert{Title: "x", Date: now, Message: "> system.load.1 over host:a was > 2.0 on average during the last 5m"},
			"- system.load.1 was > 2.0 on average during the last 5m\n- Since 03:00 UTC\n- Owner: not known",
		},
		"Datadog's sentence about logs": {
			alert.Alert{Title: "x", Date: now, Message: "It fails.\n\nMore than **100** log events matched in the last **5m** against the monitored query: **[status:error](https://app.datadoghq.eu/logs)** by **@a**"},
			"- More than 100 log events matched in the last 5m\n- Since 03:00 UTC\n- Owner: not known\n\nIt fails.\n\nMore than **100** log events matched in the last **5m** against the monitored query: **[status:error](https://app.datadoghq.eu/logs)** by **＠a**",
		},
		"a runbook with parentheses": {
			alert.Alert{Title: "x", Date: now, Message: "Runbook: https://a.example/x_(y)?z"},
			"- Since 03:00 UTC\n- Owner: not known\n- [Runbook](https://a.example/x_%28y%29?z)",
		},
		"a runbook under a key of its own": {
			alert.Alert{Title: "x", Date: now, Extra: alert.Extra{"links": map[string]any{"Runbook-URL": "https://a.example/x", "runbook": "Ask Ada"}}},
			"- Since 03:00 UTC\n- Owner: not known\n- [Runbook](https://a.example/x)",
		},
		"a runbook deep in a card, and another tool's link": {
			alert.Alert{Title: "x", Date: now, MonitorID: "4711", Link: "https://ci.example.com/job/1", Extra: alert.Extra{
				"fields":  []any{map[string]any{"title": "Host", "value": "https://b.example"}, map[string]any{"title": "Runbook", "value": "https://a.example/x"}},
				"payload": map[string]any{"custom_details": map[string]any{"runbook": "see [y](https://a.example/y)."}},
			}},
			"- Since 03:00 UTC\n- Owner: not known\n- [Runbook](https://a.example/x)\n- [Link of the alert](https://ci.example.com/job/1)",
		},
		"a runbook two objects deep": {
			alert.Alert{Title: "x", Date: now, Extra: alert.Extra{"payload": map[string]any{"custom_details": map[string]any{"runbook": "see [y](https://a.example/y)."}}}},
			"- Since 03:00 UTC\n- Owner: not known\n- [Runbook](https://a.example/y)",
		},
		"a renotification": {
			alert.Alert{Title: "x", Transition: alert.Renotify, Date: now, Tags: alert.Tags{"team:a"}},
			"- Renotify\n- Since before 03:00 UTC\n- Owner: a",
		},
		"a sentence": {
			alert.Alert{Title: "x", Priority: "P1", Date: now, Message: "Nobody can pay in the shop. Ask @slack-shop or @@slack-shop"},
			"- P1 · Nobody can pay in the shop\n- Since 03:00 UTC\n- Notified: slack-shop\n\nAsk ＠slack-shop or ＠＠slack-shop",
		},
	} {
		t.Run(name, func(t *testing.T) {
			text := event.Compose(c.alert, event.Draft{}, nil, now).Text
			if got := strings.TrimSuffix(strings.TrimPrefix(text, "%%% \n"), "\n %%%"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// An alert without a date is of today.
func TestCompose_SinceWithoutDate(t *testing.T) {
	found := []enrich.Result{{Status: enrich.OK, Finding: enrich.Finding{Lead: []enrich.Lead{{Answer: enrich.Since, Time: now.Add(-5 * time.Minute)}}}}}
	if text := event.Compose(alert.Alert{Title: "x"}, event.Draft{}, found, now).Text; !strings.Contains(text, "- Since 02:55 UTC, 5 min before\n") {
		t.Error(text)
	}
}

// What two steps say is said once.
func TestCompose_SameLead(t *testing.T) {
	const text = "0.97 s (avg over 5m), above 0.8 s"
	lead := []enrich.Lead{{Answer: enrich.What, Text: text}}
	e := event.Compose(triggered(), event.Draft{Playbook: "x"}, []enrich.Result{
		{Name: "suspects", Status: enrich.OK, Finding: enrich.Finding{Title: "Suspects", Weight: enrich.Essential, Lead: lead, Blocks: []enrich.Block{enrich.Paragraph("one two")}}},
		{Name: "metric", Status: enrich.OK, Finding: enrich.Finding{
			Title: "Metric", Weight: enrich.Important, Lead: lead, Blocks: []enrich.Block{enrich.Facts{{Name: "Value", Value: text, Lead: enrich.What}, {Name: "Trend", Value: "rising"}}},
		}},
	}, now)
	if strings.Count(e.Text, text) != 1 || !strings.Contains(e.Text, "Trend") {
		t.Errorf("the text is\n%s", e.Text)
	}
}

// Addresses are at most a quarter of a text, also those in the code of a finding.
func TestCompose_Addresses(t *testing.T) {
	log := enrich.Finding{Title: "Logs", Blocks: []enrich.Block{enrich.Code("GET https://a.example/" + strings.Repeat("x", 300))}}
	e := event.Compose(alert.Alert{Title: "x"}, event.Draft{}, []enrich.Result{{Name: "logs", Status: enrich.OK, Finding: log}}, now)
	if !strings.Contains(e.Text, "- `GET …`") {
		t.Errorf("got %s", e.Text)
	}

	// Those of the least important findings go first.
	linking := func(host string, weight enrich.Weight) enrich.Result {
		list := enrich.List{Items: []enrich.Item{{Text: host, URL: "https://" + host + ".example/" + strings.Repeat("x", 80)}}}
		return enrich.Result{Name: host, Status: enrich.OK, Finding: enrich.Finding{Title: host, Weight: weight, Blocks: []enrich.Block{list, enrich.Paragraph(strings.Repeat("y", 120))}}}
	}
	e = event.Compose(alert.Alert{Title: "x"}, event.Draft{}, []enrich.Result{linking("minor", enrich.Useful), linking("major", enrich.Important)}, now)
	if !strings.Contains(e.Text, "https://major") || strings.Contains(e.Text, "https://minor") {
		t.Errorf("got %s", e.Text)
	}
}
