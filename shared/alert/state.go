package alert

import (
	"cmp"
	"strings"
)

// marks reads the first title that has any.
func (a *Alert) marks() (m marks) {
	for _, title := range []string{a.Title, a.AlertTitle, a.Status} {
		if m = readMarks(title); m != (marks{}) {
			return m
		}
	}
	if m = readMarks(titleLine(a.Message)); m == (marks{}) {
		m = readMarks(titleLine(a.Text))
	}
	return m
}

// beside matches a state that a template writes beside a monitor's name: "Recovered - CPU", "CPU (Recovered)",
// "CPU has Recovered on host:a".
var beside = Pattern(strings.ReplaceAll(`^[^\pL]*\[[^\pL]*(STATE|OK)\]|^[^\pL\[]*(STATE)\*?(?:\s*[:|–—]|\s-)|(?:[:|–—(\[]|\s-)\s*\*?(STATE)[)\]*.!\s]*$|\b(?:has|is|was) \*?((?:Re-)?Triggered|Recovered)\*?(?:[.!\s]*$|\s(?:on|for|in)\s)`,
	"STATE", `(?:Re-)?(?:Triggered|Warn|No [Dd]ata)|TRIGGERED|WARN|NO DATA|(?:Warn )?Recovered|RECOVERED|Resolved|RESOLVED`))

func (a *Alert) stateBeside() string {
	if a.Transition != "" && !a.isGuessed("state") {
		return ""
	}
	for _, title := range []string{a.Title, a.AlertTitle, firstLine(a.Message), firstLine(a.Text)} {
		if found := beside().FindStringSubmatch(title[:min(len(title), maxMarks)]); found != nil {
			word := strings.Join(found[1:], "")
			return cmp.Or(ifTransition(word), stateOfWord(word))
		}
	}
	return ""
}

// ifTransition leaves out other words for a state, which a message may have in its lines: "Status: OK".
func ifTransition(value string) string {
	if t, known := ParseTransition(value); known {
		return string(t)
	}
	return ""
}

// ResolvedByPerson reports whether a person resolved the monitor, as Datadog writes it.
func (a Alert) ResolvedByPerson() bool {
	_, state, _ := strings.Cut(a.Message, " was marked as **")
	return len(state) > len("recovered**") && strings.EqualFold(state[:len("recovered**")], "recovered**")
}

func (a Alert) stateByPerson() string {
	if a.ResolvedByPerson() {
		return string(Recovered)
	}
	return ""
}

// stateWords are words for a state that a webhook for only this state has as a constant. Those for
// a trigger, such as firing, are in templates for all states.
var stateWords = map[string]Transition{
	"alert": Triggered, "warning": Warn,
	"ok": Recovered, "resolved": Recovered, "resolve": Recovered, "recovery": Recovered, "close": Recovered, "closed": Recovered, "cleared": Recovered,
}

func stateOfWord(word string) string { return string(stateWords[strings.ToLower(word)]) }

// stateByWord reads the state from a key for it, at the top level or one object deep.
func (t texts) stateByWord() string {
	_, happened, _ := strings.Cut(t.EventType, ".") // incident.resolved
	return cmp.Or(stateOfWord(t.Status), stateOfWord(happened), t.Extra.first(stateOfWord, "alert_transition", "transition", "status", "state", "alert_state",
		"alert_status", "monitor_status", "monitor_state", "message_type", "action", "event_action", "alert_type"))
}
