// Package payload checks the payload template of a webhook: it fills the template as Datadog
// fills it, and decodes the result as the function does.
package payload

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"boomerang/events"
	"boomerang/shared/alert"
	"boomerang/shared/jsonvalue"
)

// Report says what is wrong with a template, and what it could add.
type Report struct {
	Problems []string `json:"problems"` // An alert may get lost, or its event lacks its title or text.
	Missing  []string `json:"missing"`  // The event, or the playbooks, miss something.
}

// wanted are the variables that a template should have, each with the field that holds it,
// the name of that field among the guesses, and what is worse without it.
var wanted = []struct {
	name, guess string
	isEmpty     func(alert.Alert) bool
	without     string
	isProblem   bool
}{
	{"ID", "identity", func(a alert.Alert) bool { return !a.Certain() }, "two alerts that say the same within 5 minutes become one event, and if nothing else names the event, reconcile posts it a second time", true},
	{"EVENT_TITLE", "title", func(a alert.Alert) bool { return a.Title == "" && a.AlertTitle == "" }, "the event has no title of its own", true},
	{"EVENT_MSG", "message", func(a alert.Alert) bool { return a.Message == "" && a.Text == "" }, "the event lacks the monitor's message, with its runbook", true},
	{"DATE", "date", func(a alert.Alert) bool { return a.Date.IsZero() }, "the event has the time of its arrival", false},
	{"ALERT_TRANSITION", "state", func(a alert.Alert) bool { return a.Transition == "" }, "the state comes from the title's first words", false},
	{"ALERT_ID", "monitor", func(a alert.Alert) bool { return a.MonitorID == "" }, "the monitor is not read, and a storm has no limit", false},
	{"ALERT_SCOPE", "group", func(a alert.Alert) bool { return a.Scope == "" }, "the failing group comes from the title", false},
	{"ALERT_PRIORITY", "priority", func(a alert.Alert) bool { return a.Priority == "" }, "the priority comes from the title", false},
	{"ALERT_CYCLE_KEY", "cycle", func(a alert.Alert) bool { return a.CycleKey == "" }, "events of one alert are not grouped, and a recovery does not say how long it lasted", false},
	{"TAGS", "tags", func(a alert.Alert) bool { return len(a.Tags) == 0 }, "most steps find nothing: they search by service, env and host", false},
	{"LINK", "link", func(a alert.Alert) bool { return a.Link == "" }, "the event does not link to its alert", false},
	{"ORG_ID", "org", func(a alert.Alert) bool { return a.OrgID == "" }, "alerts of two organizations look the same", false},
}

// Line is the line of a template that says a guessed field plainly, or "".
func Line(guess string) string {
	for _, w := range wanted {
		if w.guess == guess {
			return line(w.name)
		}
	}
	return ""
}

func line(variable string) string {
	return fmt.Sprintf(`"%s": "$%s"`, strings.ToLower(variable), variable)
}

var (
	reference = regexp.MustCompile(`\$([A-Z][A-Z0-9_]*)`)
	// unquoted matches a variable in the place of a value.
	unquoted = regexp.MustCompile(`[:,\[]\s*\$([A-Z][A-Z0-9_]*)`)
	braced   = regexp.MustCompile(`\$\{([A-Z][A-Z0-9_]*)\}`)
	// eventID matches what stands where the event's id belongs.
	eventID = regexp.MustCompile(`(?i)"(?:event_?)?id"\s*:\s*"?([^",}\s]+)`)
)

// Check reads a webhook's payload template, and says what Datadog would not fill and what an
// alert would lack.
func Check(template string) Report {
	r := Report{Problems: []string{}, Missing: []string{}}
	for _, name := range names(reference, template) {
		if values()[name] == "" {
			r.problem("$%s is not a variable of Datadog's webhooks: correct its name, unless it is a custom variable of yours", name)
		}
	}
	for _, name := range names(braced, template) {
		r.problem("Datadog knows no braces: write $%s instead of ${%s}", name, name)
	}
	if len(r.Problems) == 0 && len(names(reference, template)) == 0 {
		r.problem("it has no variable of Datadog's: give the template that the webhook has in Datadog")
		return r
	}
	a, err := alert.Decode([]byte(fill(template, values(), jsonvalue.InString)))
	if err != nil {
		r.problem("filled with an alert, %w", err)
		if outside := names(unquoted, template); len(outside) > 0 {
			r.problem("$%s stands outside of quotes, and a text breaks the JSON there: put quotes around it", strings.Join(outside, ", $"))
		}
		return r
	}
	wrongID := eventID.FindStringSubmatch(template)
	if slices.Contains(names(reference, template), "ID") {
		wrongID = nil
	}
	for _, w := range wanted {
		guess := slices.IndexFunc(a.Guessed, func(g alert.Guess) bool { return g.Field == w.guess })
		text := fmt.Sprintf("without %s %s", line(w.name), w.without)
		switch {
		case !w.isEmpty(a) && guess < 0:
		case !w.isEmpty(a): // An event has it, and says where it is from.
			r.Missing = append(r.Missing, fmt.Sprintf("without %s the %s comes from %s", line(w.name), w.guess, strings.ReplaceAll(a.Guessed[guess].Source, "_", " ")))
		case w.name == "ID" && wrongID != nil:
			r.problem("the id is %s, which other alerts have too: replace it by $ID", wrongID[1])
		case w.isProblem:
			r.problem("%s", text)
		default:
			r.Missing = append(r.Missing, text)
		}
	}
	return r
}

func (r *Report) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Errorf(format, args...).Error())
}

// names returns the variables that a pattern finds, each once.
func names(pattern *regexp.Regexp, template string) (found []string) {
	for _, match := range pattern.FindAllStringSubmatch(template, -1) {
		if !slices.Contains(found, match[1]) {
			found = append(found, match[1])
		}
	}
	return found
}

// samples are the values of the alert in events/triggered.json, by variable.
var samples = sync.OnceValue(func() map[string]string {
	all := map[string]string{"DATE_POSIX": "1795165924", "LAST_UPDATED_POSIX": "1795165924", "SECURITY_RULE_QUERY": ""}
	for _, name := range alert.Variables() {
		all[name] = ""
	}
	var request struct{ Body string }
	var body map[string]string
	if err := errors.Join(json.Unmarshal(events.Triggered, &request), json.Unmarshal([]byte(request.Body), &body)); err != nil {
		panic(err) // The file is embedded.
	}
	for key, value := range body {
		if _, ok := all[strings.ToUpper(key)]; ok {
			all[strings.ToUpper(key)] = value
		}
	}
	return all
})

// values are the samples, with "x" for a variable that they lack.
var values = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for name, value := range samples() {
		all[name] = cmp.Or(value, "x")
	}
	all["EVENT_TITLE"] += ` "quoted"` // It shows what breaks outside of quotes.
	return all
})

// Plain keeps a value as it is.
func Plain(value string) string { return value }

// HasVariables reports whether a text has variables of Datadog's.
func HasVariables(text string) bool { return fill(text, samples(), Plain) != text }

// Fill replaces each variable of Datadog's by its value in an example, escaped as for the text around it.
func Fill(template string, escape func(string) string) string {
	return fill(template, samples(), escape)
}

func fill(template string, values map[string]string, escape func(string) string) string {
	return reference.ReplaceAllStringFunc(template, func(found string) string {
		value, ok := values[found[1:]]
		if !ok {
			return found
		}
		return escape(value)
	})
}
