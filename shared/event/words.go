package event

import (
	"fmt"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// text writes the event for whoever was woken: what is failing, the monitor's
// own words, what was found, where to go next, and what could not be had.
func text(a alert.Alert, d Draft, results []enrich.Result) string {
	r := renderer{about: a.Date}
	b := body{
		head:    head(a, d.Cycle),
		message: message(a, d.Text),
		tail:    tail(a, results),
	}
	for _, result := range results {
		if result.Status == enrich.OK {
			b.findings = append(b.findings, r.section(result.Finding))
		}
	}
	if b.assemble(0) == "" {
		b.message = "The alert says nothing but its title."
	}
	return b.fit(MaxText)
}

func head(a alert.Alert, c Cycle) []string {
	var state []string
	for _, part := range []string{string(a.Transition), a.Priority, scope(a)} {
		if part = escape(part); part != "" {
			state = append(state, part)
		}
	}
	var lines []string
	if len(state) > 0 {
		lines = append(lines, "**"+bounded(strings.Join(state, " · "))+"**")
	}
	if status := escape(a.Status); status != "" {
		lines = append(lines, bounded(status))
	}
	if past := c.past(a.Transition); past != "" {
		lines = append(lines, past)
	}
	return lines
}

// past says what only whoever kept count can say. The first notification of a
// cycle has none.
func (c Cycle) past(t alert.Transition) string {
	switch {
	case c.Notified < 2:
		return ""
	case t.IsRecovery():
		return fmt.Sprintf("It lasted %s and was notified %s.", Span(c.Lasted), times(c.Notified-1))
	}
	return fmt.Sprintf("It has lasted %s so far; this is notification %d.", Span(c.Lasted), c.Notified)
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

func scope(a alert.Alert) string {
	if a.Scope == "" && a.Hostname != "" {
		return "host:" + a.Hostname
	}
	return a.Scope
}

func bounded(l string) string { return neutralise(shorten(l, maxHeadValue)) }

// message is the playbook's text, or Datadog's own markdown, or its text-only
// form as plain text.
func message(a alert.Alert, wanted string) string {
	for _, markdown := range []string{wanted, a.Message} {
		if m := withoutWrapper(clean(markdown)); m != "" {
			return neutralise(m)
		}
	}
	var lines []string
	for l := range strings.Lines(clean(a.Text)) {
		lines = append(lines, escape(l))
	}
	return neutralise(strings.TrimSpace(strings.Join(lines, "\n")))
}

// withoutWrapper takes the markdown marks off, wherever they are: one inside
// would end our own. Most are around the text, where nothing has to be copied.
func withoutWrapper(text string) string {
	const mark = "%%%"
	text = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), mark), mark)
	for strings.Contains(text, mark) {
		text = strings.ReplaceAll(text, mark, "")
	}
	return strings.TrimSpace(text)
}

func tail(a alert.Alert, results []enrich.Result) []string {
	var open []string
	for _, page := range pages(a) {
		if address := webAddress(page.URL, longestURL); address != "" {
			open = append(open, neutralise(linkTo(linkTitle(page.Title), address)))
		}
	}
	var lines []string
	if len(open) > 0 {
		lines = append(lines, strings.Join(open, " · "))
	}
	if missing := missing(results); missing != "" {
		lines = append(lines, missing)
	}
	return lines
}

// pages are those that the alert itself names. An alert may lack any of them.
func pages(a alert.Alert) enrich.Links {
	return enrich.Links{
		{Title: "Alert in Datadog", URL: a.Link},
		{Title: "Graph", URL: a.Snapshot},
		{Title: "Incident", URL: a.Incident.URL},
	}
}

// missing names the steps that found nothing because they failed, and why.
func missing(results []enrich.Result) string {
	var steps []string
	for _, r := range results {
		if r.Status == enrich.Failed || r.Status == enrich.TimedOut {
			why := shorten(fault.Public(r.Err), maxPublic)
			steps = append(steps, neutralise(escape(r.Name+": "+why)))
		}
	}
	if len(steps) == 0 {
		return ""
	}
	return "_Could not be had:_ " + shorten(strings.Join(steps, "; "), maxMissing)
}
