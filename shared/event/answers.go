package event

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

// The bounds of what the first screen takes from the alert itself.
const (
	maxStatus  = 140
	maxScope   = 100
	maxHandles = 5
	// maxScreenURL is the longest address on the first screen.
	maxScreenURL = 250
)

// answers returns what the steps know for the first screen, the heaviest finding first, and
// what the alert itself says where no step knows more.
func answers(a alert.Alert, c Cycle, title, message, status string, found []enrich.Result, now time.Time) map[enrich.Answer][]*entry {
	known, about := map[enrich.Answer][]*entry{}, cmp.Or(a.Date, now)
	add := func(answer enrich.Answer, source int, text, linked string) {
		text = escapeMentions(text)
		i := slices.IndexFunc(known[answer], func(e *entry) bool { return e.text == text })
		switch {
		case text == "":
		case i >= 0: // Another step says the same.
			known[answer][i].sources = append(known[answer][i].sources, source)
		default:
			known[answer] = append(known[answer], &entry{text: text, linked: escapeMentions(linked), sources: []int{source}})
		}
	}
	// The alert itself is asked where no step knows.
	alone := func(answer enrich.Answer, texts ...string) {
		if len(known[answer]) == 0 {
			add(answer, alertItself, cmp.Or(texts...), "")
		}
	}
	add(enrich.What, alertItself, truncate(escape(joinNonEmpty(partBreak, newState(title, a.Transition), unless(title, a.Priority))), maxScope), "")
	states := len(known[enrich.What])
	for i, r := range found {
		for _, lead := range r.Finding.Lead {
			text, linked := leadText(lead, about)
			add(lead.Answer, i, text, linked)
		}
	}
	add(enrich.What, alertItself, truncate(status, maxStatus), "")
	if len(known[enrich.What]) == states {
		add(enrich.What, alertItself, firstSentence(message, title), "")
	}
	add(enrich.What, alertItself, truncate(escape(newScope(a, title)), maxScope), "")
	alone(enrich.Since, sinceText(a, c, now))
	known[enrich.Since][0].text += prefix(". ", c.history(a.Transition))
	for _, lead := range []enrich.Lead{{Text: c.Earlier.Compare(c.Lasted, a.Transition.IsRecovery())}, c.meanwhile()} {
		text, _ := leadText(lead, about)
		add(enrich.Since, alertItself, text, "")
	}
	alone(enrich.Owner, prefix("Owner: ", escape(truncate(cmp.Or(a.Tags.Get("team"), a.Tags.Get("owner")), enrich.MaxLead))))
	if len(known[enrich.OnCall]) == 0 {
		alone(enrich.Owner, prefix("Notified: ", truncate(strings.Join(handles(message), ", "), maxStatus)), "Owner: not known")
	}
	alone(enrich.Runbook, page("Runbook", cmp.Or(runbookIn(message), a.Runbook())))
	alone(enrich.Monitor, page(linkName(a), a.Link))
	return known
}

// leadText renders a lead, also with its page where it has one that may be left out.
func leadText(l enrich.Lead, about time.Time) (text, linked string) {
	text, at := truncate(escape(l.Text), enrich.MaxLead), moment(l.Time, about)
	switch l.Answer {
	case enrich.Suspect:
		if strings.HasPrefix(l.Text, enrich.NoSuspect) {
			return text, ""
		}
		text = joinNonEmpty(", ", text, at)
		if address := webAddress(l.URL, maxScreenURL); address != "" {
			linked = "Suspect: " + joinNonEmpty(", ", linkTo(truncate(linkTitle(l.Text), enrich.MaxLead), shortAddress(address)), at)
		}
		return prefix("Suspect: ", text), linked
	case enrich.Since:
		return prefix("Since ", joinNonEmpty(", ", at, text)), ""
	case enrich.Owner:
		return prefix("Owner: ", text), ""
	case enrich.OnCall:
		return prefix("On call: ", joinNonEmpty(", ", text, at)), ""
	case enrich.Runbook:
		return cmp.Or(page("Runbook", l.URL), prefix("Runbook: ", text)), ""
	case enrich.Monitor:
		return cmp.Or(page(monitorPage, l.URL), text), ""
	}
	return joinNonEmpty(", ", text, at), ""
}

func moment(at, about time.Time) string {
	if at.IsZero() {
		return ""
	}
	return enrich.Moment(at, about)
}

// page returns a link, or nothing if the address is none or too long.
func page(title, address string) string {
	if address = webAddress(shortAddress(address), maxScreenURL); address == "" {
		return ""
	}
	return linkTo(linkTitle(title), address)
}

// monitorPage is the name of the monitor's page.
const monitorPage = "Monitor at the time of the alert"

// alertPage returns the name of the page that the alert links.
func alertPage(a alert.Alert) string {
	if a.LinksToDatadog() {
		return "Alert in Datadog"
	}
	return "Link of the alert"
}

func linkName(a alert.Alert) string {
	if a.LinksToDatadog() && (a.MonitorID != "" || strings.Contains(a.Link, "/monitors/")) {
		return monitorPage
	}
	return alertPage(a)
}

// unless returns a text that the title does not say.
func unless(title, text string) string {
	if text = line(text); strings.Contains(strings.ToLower(title), strings.ToLower(text)) {
		return ""
	}
	return text
}

// newState returns the transition, unless the title says it: "Renotified" for Renotify.
func newState(title string, t alert.Transition) string {
	if unless(title, strings.TrimSuffix(string(t), "y")) == "" {
		return ""
	}
	return line(string(t))
}

// metricSentence is Datadog's sentence about a metric: in the status, and with marks in the
// message. A chat's template may have the title before it.
var metricSentence = alert.Pattern(`(?m)^(?:\[[^*\n]*: )?\**((?:[^*\n]|\{\*\})+?)\** over \**([^*\n]*?)\** was \**([^*\n]+?)\** (on average|at least once|at all times|in total)( during the )\**([^*\n]+?)\**\.?$`)

// countSentence starts Datadog's sentence about what it counts, such as logs. A link to them follows.
var countSentence = alert.Pattern(`^(?:More|Less) than (?:or exactly )?\**[\d.,]+\** [\w -]{1,40} matched in the last \**\w+`)

// statusOf returns the status sentence, or the same sentence of the message.
func statusOf(a alert.Alert) string {
	switch {
	case a.Status == "":
		for l := range strings.Lines(firstRunes(a.Message, MaxText)) {
			if strings.Contains(l, " during the ") { // The pattern is slow on other lines.
				sentence, _, _ := strings.Cut(strings.TrimLeft(l, "> "), ". ")
				if found := metricSentence().FindString(sentence); found != "" {
					return found
				}
			}
			if found := countSentence().FindString(l); found != "" {
				return strings.ReplaceAll(found, "*", "")
			}
		}
		return ""
	case a.Status == a.Query: // Of a composite monitor, whose parts are numbers.
		return ""
	}
	return a.Status
}

// withoutScope leaves the group out of the status sentence. The title and the tags have it.
func withoutScope(status string) string {
	return metricSentence().ReplaceAllString(line(firstRunes(status, MaxText)), "$1 was $3 $4$5$6")
}

// newScope returns the group's tags whose values the title does not say.
func newScope(a alert.Alert, title string) string {
	scopes := a.Scopes()
	if len(scopes) == 0 && a.Hostname != "" {
		scopes = alert.Tags{"host:" + a.Hostname}
	}
	return strings.Join(slices.DeleteFunc(scopes[:min(len(scopes), maxScope)], func(tag string) bool {
		_, value, _ := strings.Cut(tag, ":")
		return unless(title, cmp.Or(value, tag)) == ""
	}), ", ")
}

// sinceText says when the alert began, as far as the notification tells.
func sinceText(a alert.Alert, c Cycle, now time.Time) string {
	switch {
	case a.Date.IsZero():
		return "Since " + enrich.Moment(now, now) + " or earlier"
	case a.Transition.IsRecovery():
		return "Ended " + enrich.Moment(a.Date, a.Date)
	case c.Notified > 1:
		return "Since " + enrich.Moment(a.Date.Add(-c.Lasted), a.Date)
	case a.Transition == alert.Renotify, strings.HasPrefix(string(a.Transition), "Re-"):
		return "Since before " + enrich.Moment(a.Date, a.Date)
	}
	return "Since " + enrich.Moment(a.Date, a.Date)
}

// handles returns those that a message notifies, without the @ that is escaped.
func handles(message string) (all []string) {
	for word := range strings.FieldsSeq(message) {
		handle := strings.TrimRight(strings.TrimLeft(word, "＠"), ".,;:)")
		if strings.HasPrefix(word, "＠") && len(all) < maxHandles && !strings.HasPrefix(handle, "webhook-") && !slices.Contains(all, handle) {
			all = append(all, handle)
		}
	}
	return all
}

// runbookIn returns the first page of a message that calls itself or its line a runbook.
func runbookIn(message string) (address string) {
	for l := range strings.Lines(message) {
		if address == "" && strings.Contains(l, "://") && strings.Contains(strings.ToLower(l), "runbook") {
			replaceLinks(l, func(found markdownLink) string {
				address = cmp.Or(address, found.address)
				return ""
			})
		}
	}
	return address
}

// listMarks are those of a list, a quote or a heading, and not of bold text.
var listMarks = alert.Pattern(`^(?:[#>\s-]|\*\s)+`)

// firstSentence returns the start of a message, below the handles that it notifies, if it is a
// sentence that the title lacks.
func firstSentence(message, title string) string {
	l := ""
	for next := range strings.Lines(message) {
		if l = strings.TrimSpace(next); l != "" && !isFooter(l) {
			break
		}
		l = ""
	}
	sentence, _, _ := strings.Cut(l, ". ")
	sentence, _, _ = strings.Cut(sentence, "。")
	sentence = strings.TrimSuffix(strings.TrimSpace(sentence), ".")
	isData := strings.HasPrefix(sentence, `{"`) || strings.HasPrefix(sentence, "{'")
	if isData || !fits(sentence, maxStatus) || sentenceKey(sentence) == "" || strings.Contains(sentence, "://") || strings.Contains(letters(title), letters(sentence)) {
		return ""
	}
	return unless(title, listMarks().ReplaceAllLiteralString(sentence, ""))
}
