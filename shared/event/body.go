package event

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// The bounds of the parts of the tail, which therefore always fits.
const (
	maxReason      = 160
	maxUnavailable = 600
	maxNote        = 160
	maxNotes       = 400
	maxNotedFields = 5
)

// minMessageRunes is how much of the alert's message stays before any finding is
// dropped. The rest is one click away in the original event.
const minMessageRunes = 1200

// body is the event's text before it is fitted into its limit, in reading order.
type body struct {
	screen   string    // the first screen
	findings []section // by descending weight
	message  string    // the monitor's message, markdown
	tail     string    // pages to open, and what is unavailable
	// cut names what other fields of the event lack.
	cut []string
	// shown is the part of the message that fits, and omitted counts its other characters.
	shown   string
	omitted int
}

// text returns the first screen, the findings, the monitor's message, pages to open, the
// failed steps, and what the event lacks. What stands further up is not said again.
func (f *fields) text(a alert.Alert, d Draft, results []enrich.Result, now time.Time) string {
	message, status, found := message(a, d.Text), statusOf(a), heaviestFirst(results)
	if d.FollowUp != nil {
		status = "" // It says how the alert began.
	}
	own := f.title
	if d.Title+a.Title+a.AlertTitle == "" { // It is the message's first line.
		own = ""
	}
	short := escape(withoutScope(status))
	said := newSaid(own, newScreen(answers(a, d.Cycle, f.title, message, short, found, now)), status, short)
	b := body{screen: said.top, cut: f.cut}
	for i, r := range found {
		b.findings = append(b.findings, said.section(i, r.Finding, a.Date))
	}
	if d.Text == "" {
		b.findings = append(b.findings, said.section(alertItself, sampleLogs(a), a.Date))
	}
	b.message = said.message(message)
	b.tail = joinNonEmpty(between, tail(a, results, said), notes(a, d))
	return b.fit(MaxText)
}

// message is the playbook's text, or Datadog's markdown, or its plain text.
func message(a alert.Alert, override string) string {
	for _, markdown := range []string{override, a.Message} {
		if m := WithoutWrapper(clean(markdown)); m != "" {
			return escapeMentions(withMarkdownLinks(m))
		}
	}
	var lines []string
	for l := range strings.Lines(clean(a.Text)) {
		lines = append(lines, escape(l))
	}
	return escapeMentions(strings.TrimSpace(strings.Join(lines, hardBreak)))
}

// hardBreak ends a line of plain text, because markdown joins lines.
const hardBreak = "  \n"

// tail has the alert's pages, and the steps that failed with their reasons.
func tail(a alert.Alert, results []enrich.Result, said *said) string {
	var open, failed []string
	for _, p := range pages(a) {
		if address := webAddress(shortAddress(p.URL), maxURL); address != "" && said.page(address) {
			open = append(open, escapeMentions(linkTo(linkTitle(p.Title), address)))
		}
	}
	for _, r := range results {
		if r.Status == enrich.Failed || r.Status == enrich.TimedOut {
			failed = append(failed, r.Name+": "+truncate(fault.Public(r.Err), maxReason))
		}
	}
	return joinNonEmpty(between, strings.Join(open, partBreak), note("Unavailable", failed, maxUnavailable))
}

func note(name string, all []string, limit int) string {
	return prefix("_"+name+":_ ", escapeMentions(truncate(escape(joinNonEmpty("; ", all...)), limit)))
}

// notes says in a line what a person should fix: the keys of the payload that could not be
// read, and the warnings about the playbook.
func notes(a alert.Alert, d Draft) string {
	var fields []string
	for i, p := range a.Unreadable {
		if i == maxNotedFields {
			fields = append(fields, fmt.Sprintf("%d more", len(a.Unreadable)-i))
			break
		}
		fields = append(fields, truncate(line(p.Field), maxNote/maxNotedFields))
	}
	all := []string{prefix("unreadable in the payload: ", strings.Join(fields, ", "))}
	for _, warning := range d.Warnings {
		all = append(all, truncate(line(warning), maxNote))
	}
	return note("To fix", all, maxNotes)
}

// pages are those of the alert itself, which may lack any of them.
func pages(a alert.Alert) enrich.Links {
	return enrich.Links{
		{Title: alertPage(a), URL: a.Link},
		{Title: "Graph", URL: a.Snapshot},
		{Title: "Incident", URL: a.Incident.URL},
	}
}

// noteRoom is the length of the note about a truncated message.
const noteRoom = 80

// fit returns the text within limit characters, the markdown wrapper included. It drops
// what can be looked up elsewhere, then the message beyond minMessageRunes, then findings
// from the lowest weight and the last line on, then the rest of the message. A note says
// what was left out.
func (b *body) fit(limit int) string {
	limit -= len(markdownOpen) + len(markdownClose)
	over := func() int { return length(b.assemble()) - limit }
	b.show(limit)
	b.drop(over, isReference)
	room := limit
	if n := over(); n > 0 {
		room = max(minMessageRunes, length(b.shown)-n-noteRoom)
		b.show(room)
	}
	b.drop(over, isAny)
	for n := over(); n > 0 && b.shown != ""; n = over() { // Screen and tail are bounded.
		room = min(room, length(b.shown)) - n
		b.show(room)
	}
	b.limitAddresses()
	return markdownOpen + truncate(b.assemble(), limit) + markdownClose
}

// show chooses as much of the message as limit allows.
func (b *body) show(limit int) {
	var shown string
	shown, b.omitted = excerpt(b.message, limit)
	b.shown = closeFence(shown)
}

// drop drops lines of a kind from the findings, the lightest first, and of equal weights the
// last one.
func (b *body) drop(over func() int, is func(sectionLine) bool) {
	for i := range slices.Backward(b.findings) {
		s := &b.findings[i]
		for n := over(); n > 0 && slices.ContainsFunc(s.lines, is); n = over() {
			s.drop(n, is)
		}
	}
}

// limitAddresses leaves out addresses while the text has too many: those of findings from
// the lightest on, the group of the monitor's page, then the pictures of the message.
func (b *body) limitAddresses() {
	over := tooMuchAddress(b.assemble())
	without := func(text *string, shorten func(string) string) {
		if over > 0 {
			shorter := shorten(*text)
			over -= tooMuchAddress(*text) - tooMuchAddress(shorter)
			*text = shorter
		}
	}
	for i := range slices.Backward(b.findings) {
		for n := range slices.Backward(b.findings[i].lines) {
			l := &b.findings[i].lines[n]
			without(&l.text, l.withoutAddresses)
		}
	}
	without(&b.screen, func(text string) string { return monitorGroup().ReplaceAllString(text, "$1") })
	without(&b.shown, func(text string) string { return strings.TrimSpace(pictures().ReplaceAllString(text, "")) })
}

// between separates the parts of a text.
const between = "\n\n"

func (b *body) assemble() string {
	parts := []string{b.screen}
	for _, s := range b.findings {
		parts = append(parts, s.String())
	}
	return joinNonEmpty(between, append(parts, b.shown, b.tail, b.omissions())...)
}

// The start and the end of the note about what was left out, which ends a text.
const (
	noteStart = "_Left out, for Datadog's limit: "
	noteEnd   = "._"
)

func (b *body) omissions() string {
	var omitted []string
	if b.omitted > 0 {
		omitted = append(omitted, fmt.Sprintf("%d characters of the message", b.omitted))
	}
	for _, s := range b.findings {
		switch {
		case s.dropped == 0:
		case len(s.lines) == 0:
			omitted = append(omitted, s.title)
		default:
			omitted = append(omitted, fmt.Sprintf("%d of %d lines of %s", s.dropped, s.dropped+len(s.lines), s.title))
		}
	}
	if omitted = append(omitted, b.cut...); len(omitted) == 0 {
		return ""
	}
	return noteStart + strings.Join(omitted, "; ") + noteEnd
}
