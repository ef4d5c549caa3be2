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
func text(a alert.Alert, d Draft, results []enrich.Result, cut []string, now time.Time) string {
	title, message := title(a, d.Title), message(a, d.Text)
	screen := newScreen(answers(a, d.Cycle, title, message, results, now))
	said := newSaid()
	b := body{screen: said.screen(screen, a), cut: cut}
	add := func(i int, f enrich.Finding) {
		isSaid := func(answer enrich.Answer) bool { return answer != "" && screen.says(i, answer) }
		if s := newSection(f, a.Date, said, isSaid); len(s.lines) > 0 {
			b.findings = append(b.findings, s)
		}
	}
	for _, i := range heaviestFirst(results) {
		add(i, results[i].Finding)
	}
	if d.Text == "" {
		add(alertItself, sampleLogs(a))
	}
	b.message = said.message(message)
	b.tail = joinNonEmpty(between, tail(a, results, said), notes(a, d))
	return b.fit(MaxText)
}

// screen returns the first screen as text, and remembers what it says.
func (s *said) screen(screen screen, a alert.Alert) string {
	lines := screen.lines()
	for _, l := range lines {
		for part := range strings.SplitSeq(l, " · ") {
			s.line(part)
		}
	}
	if status := statusOf(a); fits(withoutScope(status), maxStatus) && strings.Contains(strings.Join(lines, "\n"), escapeMentions(escape(withoutScope(status)))) {
		s.line(escapeMentions(escape(status)))
	}
	s.top = strings.Join(lines, "\n")
	return s.top
}

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
			failed = append(failed, escapeMentions(escape(r.Name+": "+truncate(fault.Public(r.Err), maxReason))))
		}
	}
	return joinNonEmpty(between, strings.Join(open, " · "), prefix("_Unavailable:_ ", truncate(strings.Join(failed, "; "), maxUnavailable)))
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
// what can be looked up elsewhere, then the message beyond minMessageRunes, then findings
// from the lowest weight and the last line on, then the rest of the message. A note says
// what was left out.
func (b *body) fit(limit int) string {
	limit -= len(markdownOpen) + len(markdownClose)
	b.show(limit)
	for over := b.length() - limit; over > 0; over = b.length() - limit {
		s := b.lightest(section.hasReference)
		if s == nil {
			break
		}
		s.dropReference()
	}
	room := limit
	if over := b.length() - limit; over > 0 {
		room = max(minMessageRunes, length(b.shown)-over-noteRoom)
		b.show(room)
	}
	for over := b.length() - limit; over > 0; over = b.length() - limit {
		if s := b.lightest(section.hasLines); s != nil {
			s.drop(over)
		} else if b.shown != "" {
			room = min(room, length(b.shown)) - over
			b.show(room)
		} else {
			break // Screen and tail are bounded, so this is unlikely.
		}
	}
	b.limitLinks()
	return markdownOpen + truncate(b.assemble(), limit) + markdownClose
}

// linkShare is which part of a text may be addresses: a quarter.
const linkShare = 4

// limitLinks leaves out addresses while the text has too many: those of findings from the
// lightest on, the group of the monitor's page, then the pictures of the message.
func (b *body) limitLinks() {
	text := b.assemble()
	whole, addresses := length(text), addressRunes(text)
	for i := len(b.findings) - 1; i >= 0; i-- {
		s := &b.findings[i]
		for n := len(s.lines) - 1; n >= 0 && addresses*linkShare > whole; n-- {
			if fewer := addressRunes(s.lines[n].text); fewer > 0 {
				whole -= s.unlink(n)
				addresses -= fewer
			}
		}
	}
	if addresses*linkShare > whole {
		screen := monitorGroup().ReplaceAllString(b.screen, "$1")
		addresses -= length(b.screen) - length(screen)
		whole -= length(b.screen) - length(screen)
		b.screen = screen
	}
	if addresses*linkShare > whole {
		b.shown = strings.TrimSpace(pictures().ReplaceAllString(b.shown, ""))
	}
}

var (
	monitorGroup = enrich.Pattern(`(\(https?://\S+?/monitors/\d+\?[^)\s]*?)&group=[^)&\s]*`)
	pictures     = enrich.Pattern(`(?m)^!\[[^\[\]]*\]\([^\s()<>]+\)$`)
)

// show chooses as much of the message as limit allows.
func (b *body) show(limit int) {
	var shown string
	shown, b.omitted = excerpt(b.message, limit)
	b.shown = closeFence(shown)
}

// lightest returns the section of lowest weight that has what is asked for: of equal weights
// the last one.
func (b *body) lightest(has func(section) bool) *section {
	for i := range slices.Backward(b.findings) {
		if s := &b.findings[i]; has(*s) {
			return s
		}
	}
	return nil
}

// between separates the parts of a text.
const between = "\n\n"

func (b *body) assemble() string {
	parts := []string{b.screen}
	for i := range b.findings {
		parts = append(parts, b.findings[i].String())
	}
	return joinNonEmpty(between, append(parts, b.shown, b.tail, b.omissions())...)
}

// length is that of the assembled text.
func (b *body) length() int {
	total := -length(between)
	for _, part := range []string{b.screen, b.shown, b.tail, b.omissions()} {
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
