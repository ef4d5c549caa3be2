package output_test

import (
	"strings"
	"testing"
	"time"

	"boomerang/functions/local/dryrun"
	"boomerang/functions/local/output"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/playbook"
)

func TestPrinter_Brief(t *testing.T) {
	e := event.Event{
		Title: "Checkout is slow", AlertType: "error", Host: "web-1", Tags: []string{"env:prod", strings.Repeat("x", 100)},
		Text: "%%% \n- Suspect: [a \\[b\\]](https://example.com/a(b), 17 min before\n- [Runbook](https://example.com/r)\n" +
			strings.Repeat("word ", 30) + "\n" + strings.Repeat("é", 120) + "\n![Graph](https://example.com/g.png)\n%%%",
	}
	got := screen(func(p *output.Printer) {
		p.Brief("200 OK", []output.Entry{{Good: true, Text: "one"}, {Bad: true, Text: strings.Repeat("y", 200)}, {Text: "a\nb"}}, e, "-v")
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
-v
`, got)
}

// TestPrinter_Brief_Long leaves room for the event's beginning.
func TestPrinter_Brief_Long(t *testing.T) {
	e := event.AlertEvent{Data: event.AlertData{Attributes: event.AlertAttributes{Title: "Slow", Message: strings.Repeat("line\n", 50), Attributes: event.AlertDetails{Status: "warn"}}}}
	for entries, want := range map[int]int{0: 19, 12: 7, 40: 5} {
		got := screen(func(p *output.Printer) { p.Brief("", make([]output.Entry, entries), e, "-v") })
		if shown := strings.Count(got, "│ line"); shown != want {
			t.Errorf("%d entries leave %d lines, want %d:\n%s", entries, shown, want, got)
		}
	}
	same(t, "one\n", screen(func(p *output.Printer) { p.Brief("one", nil, nil, "-v") }))
}

func TestVerdictEntries(t *testing.T) {
	r := dryrun.Report{Playbooks: []string{"default"}, Verdicts: []playbook.Verdict{
		{Playbook: "first", False: `alert.host == "x"`}, {Playbook: "broken", Err: fault.New(fault.Permanent, "no number", nil)},
	}}
	for i, want := range []output.Entry{
		{Bad: true, Text: `first does not match: false is alert.host == "x"`},
		{Bad: true, Text: "broken not used, because its condition failed: no number"},
		{Good: true, Text: "default is used, because no playbook matches"},
	} {
		if got := output.VerdictEntries(r)[i]; got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestStepEntries(t *testing.T) {
	result := func(status enrich.Status, err, partial error) dryrun.StepRun {
		s := dryrun.StepRun{Uses: "metric", Result: enrich.Result{Name: "m", Status: status, Err: err, Duration: 1500 * time.Microsecond}}
		s.Finding.PartialReason = partial
		return s
	}
	steps := []dryrun.StepRun{
		result(enrich.OK, nil, nil), result(enrich.OK, nil, fault.New(fault.Permanent, "half of it", nil)),
		result(enrich.TimedOut, fault.New(fault.Temporary, "no answer", nil), nil), result(enrich.Skipped, enrich.Skip("no host"), nil),
	}
	for i, want := range []output.Entry{
		{Good: true, Text: "m (metric)              1.5ms"},
		{Good: true, Text: "m (metric)              1.5ms: lacks half of it"},
		{Bad: true, Text: "m (metric)              1.5ms  timeout: no answer"},
		{Text: "m (metric)              1.5ms  skipped: no host"},
	} {
		if got := output.StepEntries(steps)[i]; got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}
