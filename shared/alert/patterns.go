package alert

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Pattern compiles a regular expression at its first use, because compiling dozens
// takes as long as the rest of a cold start and an alert needs few of them.
func Pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// The sources of guesses that are texts, and not fields of the payload. What is read
// from them may also stand in an event that is not a monitor's.
const (
	fromTitle   = "title"
	fromMessage = "message"
	fromLink    = "link"
	fromAddress = "address"
	fromTags    = "tags"
	fromLevel   = "level"
	fromWord    = "word"
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
	{"state", fromMessage, func(t texts) string { return t.stateByPerson() }},
	{"state", fromWord, func(t texts) string { return t.stateByWord() }},
	{"state", fromMessage, func(t texts) string {
		return t.line(ifTransition, "status", "state", "transition", "alertstatus", "alertstate", "monitorstatus")
	}},
	{"priority", fromTitle, func(t texts) string { return t.marks.priority }},
	{"priority", fromTags, func(t texts) string { return severityOf(t.Tags.Get("priority")) }},
	{"priority", "incident", func(t texts) string { return severityOf(t.Incident.Severity) }},
	{"priority", "security", func(t texts) string { return severityOf(t.Security.SignalSeverity) }},
	{"priority", fromLevel, func(t texts) string { return t.Extra.first(severityOf, "severity") }},
	{"priority", fromLevel, func(t texts) string { return t.Extra.first(severityOf, "urgency") }},
	{"priority", fromLevel, func(t texts) string { return urgent(t.EventPriority) }},
	{"priority", fromMessage, func(t texts) string { return t.line(severityOf, "priority") }},
	{"monitor", fromLink, func(t texts) string { return monitorOf(t.links, fromLink) }},
	{"monitor", fromAddress, func(t texts) string { return monitorOf(t.links, fromAddress) }},
	{"monitor", fromMessage, func(t texts) string { return monitorOf(t.links, fromMessage) }},
	{"group", fromTitle, func(t texts) string { return t.marks.group }},
	{"group", fromLink, func(t texts) string {
		l, _ := first(t.links, func(l link) string { return l.ifOwn(l.group) })
		return l.group
	}},
	{"group", "alert_status", func(t texts) string { return scopeIn(t.Status, " over ", " was ") }},
	{"group", fromMessage, func(t texts) string { return scopeIn(t.Message, "** over **", "**") }},
	{"link", fromMessage, func(t texts) string {
		l, _ := first(t.links, func(l link) string { return l.ifOwn(l.address) })
		return l.address
	}},
}

// texts are what the patterns read.
type texts struct {
	*Alert
	marks marks
	links []link
	all   func() []string // Those of the message and of unknown keys.
}

// Infer fills state, priority, monitor, group and link from Datadog's own words in the alert,
// where they are empty.
func (a *Alert) Infer() { a.infer(a.links(), false) }

// infer reads more from a payload, because templates have words of their own, unlike Datadog's events.
func (a *Alert) infer(links []link, isPayload bool) {
	fields := map[string]*string{
		"state": (*string)(&a.Transition), "priority": &a.Priority, "monitor": &a.MonitorID, "group": &a.Scope, "link": &a.Link,
	}
	t := texts{Alert: a, marks: a.marks(), links: links, all: func() []string { return nil }}
	if isPayload {
		t.all = sync.OnceValue(func() []string { return textsIn([]string{a.Message, a.Text}, map[string]any(a.Extra)) })
		if t.marks.state == "" {
			t.marks.state = a.stateBeside()
		}
	}
	if t.marks.priority != "" && a.isGuessed("priority") { // A number is a constant of the template.
		a.forget("priority", &a.Priority)
	}
	if t.marks.state != "" && t.marks.state != string(Triggered) && a.Transition == Triggered && a.isGuessed("state") { // So is this one, also in a recovery.
		a.forget("state", fields["state"])
	}
	for _, p := range patterns {
		if field := fields[p.field]; *field == "" {
			a.take(p.field, field, p.source, p.find(t))
		}
	}
	if isPayload && a.Type == "success" && a.MonitorID != "" { // A deploy's event succeeds, too.
		a.take("state", fields["state"], fromWord, string(Recovered))
	}
	if a.Type == "" {
		a.Type = a.typeOf()
	}
	if len(a.Tags) == 0 {
		if a.Tags = splitTags(t.line(ifTags, "tags")); len(a.Tags) > 0 {
			a.guess("tags", fromMessage)
			return
		}
		a.tagByKey("service", "service")
		a.tagByKey("env", "env", "environment")
		a.tagByKey("team", "team")
	}
}

// tagByKey adds a tag that a template without $TAGS has under a key of its own, at the top level or
// one object deep, if it can be one: "service": "$TAGS[service]".
func (a *Alert) tagByKey(tag string, keys ...string) {
	for _, value := range a.Extra.texts(true, keys...) {
		if value = strings.ToLower(value); value != "" && value != "datadog" && hasNoSpace(value) {
			a.Tags = append(a.Tags, tag+":"+value)
			a.guess("tags", "service")
			return
		}
	}
}

// typeOf returns the alert type of what has no transition, such as an incident or a security
// signal.
func (a *Alert) typeOf() string {
	level := a.Extra.first(urgent, "alert_type", "message_type", "status")
	if a.guessedFrom("priority", "incident", "security", fromLevel) {
		level = a.Priority
	}
	switch status := strings.ToLower(a.Incident.Status); {
	case a.Transition != "":
	case status == "resolved", status == "completed":
		return "success"
	case level == "":
	case level <= "P2":
		return "error"
	case level == "P3":
		return "warning"
	}
	return ""
}

// marks are what Datadog writes before a monitor's name in a title:
// "[P2] [Triggered on {host:web-1}] CPU is high", and in mail
// "[Monitor Alert] Triggered: CPU is high".
type marks struct{ priority, state, group string }

// TransitionIn returns the transition that a monitor's title begins with, or "".
func TransitionIn(title string) Transition { return Transition(readMarks(title).state) }

// marked matches what may be a monitor's title, up to what ends it in a payload of any form.
var marked = Pattern(`\[[A-Z][^"\\<\n]{1,300}`)

// TitleIn returns the monitor's title that a payload has somewhere, or "".
func TitleIn(payload string) string {
	for _, title := range marked().FindAllString(payload, -1) {
		if title, _, _ = strings.Cut(title, "',"); TransitionIn(title) != "" {
			return strings.TrimRight(title, " ,'}]")
		}
	}
	return ""
}

// maxMarks is how many bytes of a title are read, its group included.
const maxMarks = 4096

func readMarks(title string) (m marks) {
	title = title[:min(len(title), maxMarks)]
	prefixed := false
	for title != "" {
		inside, rest, bracketed := cutMark(title)
		known := m.add(inside)
		switch start := strings.IndexByte(title, '['); {
		case bracketed, known:
			title = strings.TrimLeft(rest, " ")
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

// cutMark splits "[inside] rest", and "inside: rest". A group in braces may hold brackets
// and colons, and the title may be cut.
func cutMark(title string) (inside, rest string, bracketed bool) {
	end := ":"
	if title, bracketed = strings.CutPrefix(title, "["); bracketed {
		end = "]"
	}
	inside, rest, ended := strings.Cut(title, end)
	if i := strings.Index(title, "}"+end); i > 0 && strings.Contains(inside, "{") {
		return title[:i+1], title[i+2:], bracketed
	}
	if !ended && !bracketed {
		return "", "", false
	}
	return inside, rest, bracketed
}

// add reads what a mark says, and reports whether it says anything.
func (m *marks) add(inside string) bool {
	word, group, _ := strings.Cut(inside, " on ")
	switch state, known := ParseTransition(word); {
	case known && m.state == "":
		m.state, m.group = string(state), scopeOf(strings.Trim(group, "{}"))
	case m.priority == "" && slices.Contains(Values("priority"), inside):
		m.priority = inside
	default:
		return false
	}
	return true
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
	if group = strings.TrimSpace(group); strings.Contains(group, ":") && !strings.Contains(group, "\n") && !isAbsentText(group) {
		return group
	}
	return ""
}

// levels are the words for the priorities P1 to P5.
var levels = []string{"critical", "high", "medium", "low", "info"}

// severityOf returns the priority that a severity means: SEV-2, high, P2.
func severityOf(severity string) string {
	severity = strings.ToLower(severity)
	if i := slices.Index(levels, severity); i >= 0 {
		return Values("priority")[i]
	}
	return priorityOf(strings.TrimLeft(severity, "sev-"))
}

// urgent returns the priority of a word that $PRIORITY, which is normal or low, never is.
func urgent(word string) string {
	if slices.Contains(levels[:3], strings.ToLower(word)) {
		return severityOf(word)
	}
	return ""
}
