package alert

import (
	"net/url"
	"strings"
)

// The sources of guesses that are texts, and not fields of the payload. What is read
// from them may also stand in an event that is not a monitor's.
const (
	fromTitle   = "title"
	fromMessage = "message"
	fromLink    = "link"
	fromAddress = "address"
	fromTags    = "tags"
)

// pattern finds the value of a field in Datadog's own words.
type pattern struct {
	field, source string
	find          func(t texts) string
}

// patterns has all of them, for each field the best first. A field of the payload comes
// before all of them.
var patterns = []pattern{
	{"state", fromTitle, func(t texts) string { return t.marks.state }},
	{"state", fromMessage, func(t texts) string { return stateIn(t.message) }},
	{"priority", fromTitle, func(t texts) string { return t.marks.priority }},
	{"priority", fromTags, func(t texts) string { return severityOf(t.tags.Get("priority")) }},
	{"priority", "incident", func(t texts) string { return severityOf(t.incident) }},
	{"priority", "security", func(t texts) string { return severityOf(t.security) }},
	{"monitor", fromLink, func(t texts) string { return monitorOf(t.links, fromLink) }},
	{"monitor", fromAddress, func(t texts) string { return monitorOf(t.links, fromAddress) }},
	{"monitor", fromMessage, func(t texts) string { return monitorOf(t.links, fromMessage) }},
	{"group", fromTitle, func(t texts) string { return t.marks.group }},
	{"group", fromLink, func(t texts) string { return groupOf(t.links) }},
	{"group", "alert_status", func(t texts) string { return scopeIn(t.status, " over ", " was ") }},
	{"group", fromMessage, func(t texts) string { return scopeIn(t.message, "** over **", "**") }},
	{"link", fromMessage, func(t texts) string { return ownAddress(t.links) }},
}

// texts are what the patterns read.
type texts struct {
	marks                               marks
	message, status, incident, security string
	tags                                Tags
	links                               []link
}

// Infer fills state, priority, monitor, group and link from Datadog's own words in the alert,
// where they are empty.
func (a *Alert) Infer() { a.infer(a.links()) }

func (a *Alert) infer(links []link) {
	fields := map[string]*string{"state": (*string)(&a.Transition), "priority": &a.Priority, "monitor": &a.MonitorID, "group": &a.Scope, "link": &a.Link}
	t := texts{a.marks(), a.Message, a.Status, a.Incident.Severity, a.Security.SignalSeverity, a.Tags, links}
	for _, p := range patterns {
		field := fields[p.field]
		if *field != "" {
			continue
		}
		if *field = p.find(t); *field != "" {
			a.guess(p.field, p.source)
		}
	}
}

// marks are what Datadog writes before a monitor's name in a title:
// "[P2] [Triggered on {host:web-1}] CPU is high", and in mail
// "[Monitor Alert] Triggered: CPU is high".
type marks struct{ priority, state, group string }

// marks reads the first title that has any.
func (a *Alert) marks() (m marks) {
	for _, title := range []string{a.Title, a.AlertTitle, a.Status, firstLine(a.Message), firstLine(a.Text)} {
		if m = readMarks(title); m != (marks{}) {
			break
		}
	}
	return m
}

func readMarks(title string) (m marks) {
	const maxMarks = 4096 // Bytes, a group included.
	title = title[:min(len(title), maxMarks)]
	prefixed := false
	for title != "" {
		if inside, rest, ok := cutMark(title); ok {
			m.add(inside)
			title = strings.TrimLeft(rest, " ")
			continue
		}
		word, rest, ok := strings.Cut(title, ":")
		state, known := stateOf(word)
		switch start := strings.IndexByte(title, '['); {
		case ok && known && m.state == "":
			m.state, title = state, strings.TrimLeft(rest, " ")
		case start > 0 && !prefixed && m == marks{}:
			title, prefixed = title[start:], true // Words of the template's, such as "Datadog: ".
		default:
			return m
		}
	}
	if prefixed {
		return marks{} // No name follows, so that they are its end: "Load [Triggered]".
	}
	return m
}

// cutMark splits "[inside] rest". A group in braces may hold brackets, and the title may
// be cut.
func cutMark(title string) (inside, rest string, ok bool) {
	if title[0] != '[' {
		return "", "", false
	}
	inside, rest, _ = strings.Cut(title[1:], "]")
	if strings.Contains(inside, "{") {
		if i := strings.Index(title, "}]"); i > 0 {
			return title[1 : i+1], title[i+2:], true
		}
	}
	return inside, rest, true
}

func (m *marks) add(inside string) {
	word, group, _ := strings.Cut(inside, " on ")
	switch state, known := stateOf(word); {
	case known && m.state == "":
		m.state, m.group = state, scopeOf(strings.Trim(group, "{}"))
	case len(inside) == 2 && inside[0] == 'P' && m.priority == "":
		m.priority = priorityOf(inside)
	}
}

// stateOf returns the transition that a word in a title means.
func stateOf(word string) (string, bool) {
	if word = strings.TrimSpace(word); strings.EqualFold(word, "renotified") {
		return string(Renotify), true
	}
	t, known := ParseTransition(word)
	return string(t), known
}

// stateIn reads what Datadog writes when a person resolves a monitor.
func stateIn(message string) string {
	if strings.Contains(message, " was marked as **recovered**") {
		return string(Recovered)
	}
	return ""
}

// scopeIn returns the group between two marks of a text.
func scopeIn(text, before, after string) string {
	_, rest, _ := strings.Cut(text, before)
	group, _, ok := strings.Cut(rest, after)
	if !ok {
		return ""
	}
	return scopeOf(group)
}

// scopeOf returns a group that is tags, and not "*" or "total".
func scopeOf(group string) string {
	if group = strings.TrimSpace(group); strings.Contains(group, ":") && !strings.Contains(group, "\n") {
		return group
	}
	return ""
}

// severityOf returns the priority that a severity means: SEV-2, high, P2.
func severityOf(severity string) string {
	severity = strings.ToLower(severity)
	for i, word := range []string{"critical", "high", "medium", "low", "info"} {
		p := string(rune('1' + i))
		if severity == word || severity == "p"+p || severity == "sev-"+p || severity == "sev"+p {
			return "P" + p
		}
	}
	return ""
}

// link is what an address of Datadog says about an alert. The address is one of
// /event/event?id=1, /event/jump_to?event_id=1 and /monitors/1?event_id=2&group=host:a,
// each also with "#", on the host of any site or of a customer.
type link struct {
	source, address       string
	own                   bool // It is about this alert: from a field, or from Datadog's part of the message.
	event, monitor, group string
}

// links returns those of the link field and of the message.
func (a *Alert) links() []link {
	source := fromLink
	if !isAddress(a.Link) || a.guessedFrom("link", fromAddress) {
		source = fromAddress // Any text, or an address that may be a constant of the template.
	}
	found := appendLinks(nil, a.Link, source)
	found = appendLinks(found, a.Message, fromMessage)
	return appendLinks(found, a.Text, fromMessage)
}

func appendLinks(found []link, text, source string) []link {
	const scheme = "://"
	for at := 0; ; {
		i := strings.Index(text[at:], scheme)
		if i < 0 {
			return found
		}
		before := text[:at+i]
		at += i + len(scheme)
		address := text[at:]
		if end := strings.IndexAny(address, " \t\r\n\"'<>()[]|\\`*"); end >= 0 {
			address = address[:end]
		}
		at += len(address)
		if l, ok := readLink(address); ok {
			l.source, l.own = source, source == fromLink || isFooter(before)
			l.address = text[at-len(address)-len(scheme)-schemeLength(before) : at]
			found = append(found, l)
		}
	}
}

// schemeLength is that of "https" or "http" at the end of a text.
func schemeLength(before string) int {
	return len(before) - len(strings.TrimSuffix(strings.TrimSuffix(before, "http"), "https"))
}

// isFooter reports whether a link after this text is one that Datadog adds to each
// message: at the graph, and to the monitor's status. A person may write other links.
func isFooter(before string) bool {
	before = before[:len(before)-schemeLength(before)]
	const graph = "[![Metric Graph]("
	return strings.HasSuffix(before, "[Monitor Status](") ||
		strings.HasSuffix(before, ")](") && strings.Contains(before[max(0, len(before)-1024):], graph)
}

func readLink(address string) (l link, ok bool) {
	if strings.Contains(address, "%3Fevent_id%3D") || strings.Contains(address, "%26event_id%3D") { // A login page that leads to it.
		address, _ = url.QueryUnescape(address)
	}
	_, path, _ := strings.Cut(address, "/")
	isEvent := strings.HasPrefix(path, "event/") || strings.HasPrefix(path, "#/event/") || strings.HasPrefix(path, "event?")
	for _, mark := range []string{"monitors/", "monitors#"} {
		if _, rest, found := strings.Cut(path, mark); found && l.monitor == "" {
			if l.monitor = leadingDigits(rest); len(l.monitor) > maxMonitorID {
				l.monitor = ""
			}
		}
	}
	if !isEvent && l.monitor == "" {
		return link{}, false
	}
	isSeparator := func(r rune) bool { return r == '?' || r == '&' || r == ';' || r == '#' }
	for parameter := range strings.FieldsFuncSeq(path, isSeparator) {
		switch key, value, _ := strings.Cut(parameter, "="); {
		case key == "event_id", key == "id" && isEvent:
			if id := leadingDigits(value); isEventID(id) {
				l.event = id
			}
		case key == "group":
			if group, err := url.QueryUnescape(value); err == nil {
				l.group = scopeOf(group)
			}
		}
	}
	return l, true
}

func leadingDigits(s string) string {
	if end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		return s[:end]
	}
	return s
}

// monitorOf returns the monitor of the links from a source: of Datadog's own one, or
// the only one that is linked.
func monitorOf(links []link, source string) (monitor string) {
	several := false
	for _, l := range links {
		switch {
		case l.source != source || l.monitor == "":
		case l.own:
			return l.monitor
		default:
			several = several || monitor != "" && monitor != l.monitor
			monitor = l.monitor
		}
	}
	if several {
		return ""
	}
	return monitor
}

// ownAddress returns the address of Datadog's own link.
func ownAddress(links []link) string {
	for _, l := range links {
		if l.own {
			return l.address
		}
	}
	return ""
}

// groupOf returns the group of Datadog's own links.
func groupOf(links []link) string {
	for _, l := range links {
		if l.own && l.group != "" {
			return l.group
		}
	}
	return ""
}
