package event

import (
	"fmt"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// The bounds of the parts of head and tail, which therefore always fit.
const (
	maxHeadLine    = 300
	maxReason      = 160
	maxUnavailable = 600
)

// minMessageRunes is how much of the alert's message stays before any finding is
// dropped. The rest is one click away in the original event.
const minMessageRunes = 1200

// body is the event's text before it is fitted into its limit, in reading order.
type body struct {
	head     string // what is failing
	message  string // the monitor's message, markdown
	findings []section
	tail     string // pages to open, and what is unavailable
	// cut names what other fields of the event lack.
	cut []string
	// shown is the part of the message that fits, and omitted counts its other characters.
	shown   string
	omitted int
}

// text returns what is failing, the monitor's message, the findings, pages to open, the
// failed steps, and what the event lacks.
func text(a alert.Alert, d Draft, results []enrich.Result, cut []string) string {
	b := body{head: head(a, d.Cycle), message: message(a, d.Text), tail: joinNonEmpty(between, tail(a, results), notes(a, d)), cut: cut}
	if d.Text == "" {
		b.add(sampleLogs(a), a.Date)
	}
	for _, result := range results {
		if result.Status == enrich.OK {
			b.add(result.Finding, a.Date)
		}
	}
	if b.head+b.message+b.tail == "" && len(b.findings) == 0 {
		b.message = "(no message)"
	}
	return b.fit(MaxText)
}

// add renders a finding of the alert of a time, unless it is empty.
func (b *body) add(f enrich.Finding, about time.Time) {
	if s := newSection(f, about); len(s.lines) > 0 {
		b.findings = append(b.findings, s)
	}
}

func head(a alert.Alert, c Cycle) string {
	var lines []string
	scope := a.Scope
	if scope == "" && a.Hostname != "" {
		scope = "host:" + a.Hostname
	}
	if state := joinNonEmpty(" · ", escape(string(a.Transition)), escape(a.Priority), escape(scope)); state != "" {
		lines = append(lines, "**"+headLine(state)+"**")
	}
	if status := escape(a.Status); status != "" {
		lines = append(lines, headLine(status))
	}
	for _, lead := range c.leads(a.Transition) {
		text := escape(lead.Text)
		if !lead.Time.IsZero() {
			text += " · " + formatTime(lead.Time, a.Date)
		}
		lines = append(lines, headLine(text))
	}
	return strings.Join(lines, "\n")
}

func headLine(l string) string { return escapeMentions(truncate(l, maxHeadLine)) }

func joinNonEmpty(separator string, parts ...string) string {
	var kept []string
	for _, part := range parts {
		if part != "" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, separator)
}

// message is the playbook's text, or Datadog's markdown, or its plain text.
func message(a alert.Alert, override string) string {
	for _, markdown := range []string{override, a.Message} {
		if m := withoutWrapper(clean(markdown)); m != "" {
			return escapeMentions(m)
		}
	}
	var lines []string
	for l := range strings.Lines(clean(a.Text)) {
		lines = append(lines, escape(l))
	}
	return escapeMentions(strings.TrimSpace(strings.Join(lines, "\n")))
}

// tail has the alert's pages, and the steps that failed with their reasons.
func tail(a alert.Alert, results []enrich.Result) string {
	var open, failed, lines []string
	for _, page := range pages(a) {
		if address := webAddress(page.URL, maxURL); address != "" {
			open = append(open, escapeMentions(linkTo(linkTitle(page.Title), address)))
		}
	}
	for _, r := range results {
		if r.Status == enrich.Failed || r.Status == enrich.TimedOut {
			failed = append(failed, escapeMentions(escape(r.Name+": "+truncate(fault.Public(r.Err), maxReason))))
		}
	}
	if len(open) > 0 {
		lines = append(lines, strings.Join(open, " · "))
	}
	if len(failed) > 0 {
		lines = append(lines, "_Unavailable:_ "+truncate(strings.Join(failed, "; "), maxUnavailable))
	}
	return strings.Join(lines, "\n")
}

// pages are those of the alert itself, which may lack any of them.
func pages(a alert.Alert) enrich.Links {
	return enrich.Links{
		{Title: "Alert in Datadog", URL: a.Link},
		{Title: "Graph", URL: a.Snapshot},
		{Title: "Incident", URL: a.Incident.URL},
	}
}

// noteRoom is the length of the note about a truncated message.
const noteRoom = 80

// fit returns the text within limit characters, the markdown wrapper included. It drops
// the message beyond minMessageRunes, then findings from the lowest weight and the last
// line on, then the rest of the message. A note says what was left out.
func (b *body) fit(limit int) string {
	limit -= len(markdownOpen) + len(markdownClose)
	b.show(limit)
	text := b.assemble()
	if fits(text, limit) {
		return markdownOpen + text + markdownClose
	}
	room := max(minMessageRunes, length(b.shown)-(length(text)-limit)-noteRoom)
	b.show(room)
	for over := b.length() - limit; over > 0; over = b.length() - limit {
		if s := b.lowestPriority(); s != nil {
			s.drop(over)
		} else if b.shown != "" {
			room = min(room, length(b.shown)) - over
			b.show(room)
		} else {
			break // Head and tail are bounded, so this is unlikely.
		}
	}
	return markdownOpen + truncate(b.assemble(), limit) + markdownClose
}

// show chooses as much of the message as limit allows.
func (b *body) show(limit int) {
	var shown string
	shown, b.omitted = excerpt(b.message, limit)
	b.shown = closeFence(shown)
}

// lowestPriority returns the section whose lines are dropped next: of equal weights the
// last one.
func (b *body) lowestPriority() (lowest *section) {
	for i := range b.findings {
		s := &b.findings[i]
		if len(s.lines) > 0 && (lowest == nil || s.weight <= lowest.weight) {
			lowest = s
		}
	}
	return lowest
}

// between separates the parts of a text.
const between = "\n\n"

func (b *body) assemble() string {
	parts := []string{b.head, b.shown}
	for i := range b.findings {
		parts = append(parts, b.findings[i].String())
	}
	return joinNonEmpty(between, append(parts, b.tail, b.omissions())...)
}

// length is that of the assembled text.
func (b *body) length() int {
	total := -length(between)
	for _, part := range []string{b.head, b.shown, b.tail, b.omissions()} {
		if part != "" {
			total += length(between) + length(part)
		}
	}
	for i := range b.findings {
		if n := b.findings[i].length(); n > 0 {
			total += length(between) + n
		}
	}
	return total
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
	for i := range b.findings {
		switch s := &b.findings[i]; {
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
