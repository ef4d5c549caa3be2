package output_test

import (
	"encoding/json"
	"strings"
	"testing"

	"boomerang/functions/local/output"
	"boomerang/shared/event"
)

func TestPrinter_Screen(t *testing.T) {
	e := event.Event{
		Title: "Checkout is slow", AlertType: "error", Host: "web-1", Tags: []string{"env:prod", strings.Repeat("x", 100)},
		Text: "%%% \n- Suspect: [a \\[b\\]](https://example.com/a(b), 17 min before\n- [Runbook](https://example.com/r)\n" +
			strings.Repeat("word ", 30) + "\n" + strings.Repeat("é", 120) + "\n![Graph](https://example.com/g.png)\n%%%",
	}
	got := screen(func(p *output.Printer) {
		p.Screen(output.Screen{
			Heading: "200 OK", Event: e, Answer: "not shown",
			Entries: []output.Entry{{Good: true, Text: "one", Details: []output.Detail{{"with", "not shown"}}}, {Bad: true, Text: strings.Repeat("y", 200)}, {Text: "a\nb"}},
		}, false)
	})
	same(t, `200 OK
  ✓ one
  ✗ `+strings.Repeat("y", 95)+`…
  · a b

Checkout is slow
error · web-1
  │ - Suspect: [a [b]](https://example.com/a(b), 17 min before
  │ - Runbook
  │ `+strings.TrimSpace(strings.Repeat("word ", 19))+`
  │ `+strings.TrimSpace(strings.Repeat("word ", 11))+`
  │ `+strings.Repeat("é", 96)+`
  │ `+strings.Repeat("é", 24)+`
  │ (image: Graph)
tags  env:prod,
      `+strings.Repeat("x", 94)+`
      `+strings.Repeat("x", 6)+`
-v shows everything
`, got)
}

// TestPrinter_Screen_Long leaves room for the event's beginning.
func TestPrinter_Screen_Long(t *testing.T) {
	e := event.AlertEvent{Data: event.AlertData{Attributes: event.AlertAttributes{Title: "Slow", Message: strings.Repeat("line\n", 50), Attributes: event.AlertDetails{Status: "warn"}}}}
	for entries, want := range map[int]int{0: 19, 12: 7, 40: 5} {
		got := screen(func(p *output.Printer) {
			p.Screen(output.Screen{Entries: make([]output.Entry, entries), Event: e}, false)
		})
		if shown := strings.Count(got, "│ line"); shown != want {
			t.Errorf("%d entries leave %d lines, want %d:\n%s", entries, shown, want, got)
		}
	}
	why := []output.Entry{{Bad: true, Text: strings.Repeat("y", 95) + " line 1"}}
	same(t, "one\n  ✗ "+strings.Repeat("y", 95)+"\n    line 1\n", screen(func(p *output.Printer) { p.Screen(output.Screen{Heading: "one", Entries: why}, false) }))
}

func TestPrinter_Screen_Full(t *testing.T) {
	e := event.Event{Title: "Checkout is slow", AlertType: "error", Text: "%%% \nfirst\n %%%"}
	got := screen(func(p *output.Printer) {
		p.Screen(output.Screen{
			Heading: "200 OK", Answer: json.RawMessage(`{"status":"posted"}`), Event: e, Request: e,
			Entries: []output.Entry{{Bad: true, Text: "one", Details: []output.Detail{{"with", "a: b\nc: d\n"}, {"found", ""}}}, {Text: strings.Repeat("y", 200)}},
		}, true)
	})
	same(t, `200 OK
  ✗ one
      with  a: b
            c: d
  · `+strings.Repeat("y", 200)+`

The answer
{
  "status": "posted"
}

The event
  title            Checkout is slow
  alert_type       error

  │ first

The request to Datadog: POST /api/v1/events
{
  "title": "Checkout is slow",
  "text": "%%% \nfirst\n %%%",
  "alert_type": "error"
}
`, got)
}
