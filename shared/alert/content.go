package alert

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// addContent finds a title, a message and a link in the payload where no key of the
// table names them, so that an alert comes back with its words. It reports whether the
// payload has any.
func (a *Alert) addContent(payload map[string]any, unused []any) bool {
	a.Message, a.Text, a.Title = readable(a.Message), unescaped(a.Text), readable(a.Title)
	if a.Text == "" && strings.Contains(a.Title, "\n") {
		a.take("message", &a.Message, fromTitle, a.Title)
		a.Title = firstLine(a.Title)
	}
	if text := a.Link; !isAddress(text) && len(appendLinks(nil, text, "")) > 0 { // <https://…|Open>, [Open](https://…)
		a.forget("link", &a.Link)
		a.takeLink(text)
	}
	if isNumber(a.Title) {
		a.Title = ""
	}
	if a.Title == "" && isNumber(a.AlertTitle) {
		a.AlertTitle = ""
	}
	if a.Title == "" && a.AlertTitle == "" {
		a.take("title", &a.Title, "incident", a.Incident.Title)
		a.take("title", &a.Title, "security", cmp.Or(a.Security.SignalTitle, a.Security.RuleName))
		a.take("title", &a.Title, "synthetics", a.Synthetics.TestName)
	}
	if a.Message == "" && a.Text == "" {
		a.take("message", &a.Message, "incident", a.Incident.Message)
		a.take("message", &a.Message, "security", a.Security.SignalMessage)
		a.take("message", &a.Message, "synthetics", a.Synthetics.FirstFailingStepName)
	}
	a.readCard()
	title, message := cmp.Or(a.Title, a.AlertTitle), cmp.Or(a.Message, a.Text)
	if title == "" || message == "" || title == message || a.Link == "" || !isMarked(title) {
		a.searchContent(a.unclaimed(unused))
	}
	if a.Title+a.AlertTitle+a.Message+a.Text+a.Status != "" {
		return true
	}
	rest := textsIn(nil, payload)
	words := rest
	if a.ID+a.MonitorID != "" { // The title says which alert it is, and other fields are seen where they belong.
		words = a.unclaimed(unused)
	}
	a.take("message", &a.Message, "longest_text", longest(words, isWord))
	if a.Message == "" && (a.ID != "" || len(rest) > 0) {
		a.take("title", &a.Title, "numbers", strings.TrimSpace("Datadog alert "+cmp.Or(a.ID, a.MonitorID, longest(rest, isNumber))))
	}
	return a.Message+a.Title != ""
}

// searchContent takes what is missing from the texts that fill no field.
func (a *Alert) searchContent(texts []string) {
	for _, text := range texts {
		if isAddress(text) || isLink(text) || isTitle(text) && isMarked(firstLine(text)) {
			a.takeLink(text)
		}
	}
	text := longest(texts, isMessage)
	if !isMarked(a.AlertTitle) && !isMarked(a.Title) {
		constant := a.Title // Such as "Datadog alert".
		if a.Title = ""; constant+a.AlertTitle == "" || TransitionIn(firstLine(a.Message)) != "" {
			a.take("title", &a.Title, fromMessage, markedLine([]string{a.Message}))
		}
		marked := markedLine(slices.Concat([]string{a.Incident.Title, a.Security.SignalTitle}, texts))
		if a.AlertTitle == "" || readMarks(marked).state != "" { // "[P1] Call Ada" may be a note.
			a.take("title", &a.Title, "first_line", marked)
		}
		a.Title = cmp.Or(a.Title, constant)
		text = a.takeHeading(texts, text, true)
		if a.AlertTitle == "" && isLine(a.Message) && len(text) > len(a.Message) {
			// Chats and on-call tools have their title in "text" or "message".
			a.take("title", &a.Title, fromMessage, strings.TrimSpace(a.Message))
		}
	}
	text = a.takeHeading(texts, text, false)
	if line := firstLine(a.Message); isTitle(a.Message) && text+a.Text != "" && (isMarked(line) || line == cmp.Or(a.Title, a.AlertTitle)) {
		a.takeLink(a.Message)
		a.Message = "" // It is a title.
	}
	if a.Text == "" {
		a.take("message", &a.Message, "longest_text", text)
	}
	if a.guessedFrom("title", "first_line") { // A card's, and the message is what a chat says above it.
		a.addMessage(text)
	}
	if a.Message+a.Text+a.Status == "" { // The titles of other alerts, or more than the title.
		a.take("message", &a.Message, "longest_text", strings.Join(slices.DeleteFunc(texts, func(s string) bool {
			line := firstLine(s)
			return !strings.HasPrefix(line, "[") || readMarks(line).state == "" || strings.Contains(a.Title+"\n"+a.AlertTitle, line)
		}), "\n\n"))
	}
	message := strings.TrimSpace(cmp.Or(a.Message, a.Text))
	if last := message[strings.LastIndexByte(message, '\n')+1:]; isAddress(last) || isLink(last) {
		a.takeLink(last) // A template's, because Datadog ends each message with lines of its own.
	}
}

// takeLink takes a link of Datadog from an address or a title.
func (a *Alert) takeLink(text string) {
	if links := appendLinks(nil, text, ""); len(links) > 0 {
		a.take("link", &a.Link, fromAddress, links[0].address)
	}
}

// take fills an empty field with a value, and says where it is from.
func (a *Alert) take(name string, field *string, source, value string) {
	if *field == "" && value != "" {
		*field = value
		a.guess(name, source)
	}
}

// guess adds to Guessed, where each field is once.
func (a *Alert) guess(field, source string) {
	if !a.isGuessed(field) {
		a.Guessed = append(a.Guessed, Guess{field, source})
	}
}

func (a *Alert) isGuessed(field string) bool {
	return slices.ContainsFunc(a.Guessed, func(g Guess) bool { return g.Field == field })
}

// forget empties a field that was guessed.
func (a *Alert) forget(name string, field *string) {
	*field = ""
	a.Guessed = slices.DeleteFunc(a.Guessed, func(g Guess) bool { return g.Field == name })
}

// guessedFrom reports whether the field was guessed from one of the sources.
func (a *Alert) guessedFrom(field string, sources ...string) bool {
	return slices.ContainsFunc(a.Guessed, func(g Guess) bool { return g.Field == field && slices.Contains(sources, g.Source) })
}

// unclaimed returns the texts of Extra and of unused values that fill no field, in
// a fixed order.
func (a *Alert) unclaimed(unused []any) []string {
	claimed := make(map[string]bool)
	for _, v := range variables() {
		if field := reflect.ValueOf(a).Elem().FieldByIndex(v.field); field.Kind() == reflect.String {
			claimed[field.String()] = true
		}
	}
	found := textsIn(textsIn(nil, map[string]any(a.Extra)), unused)
	return slices.DeleteFunc(found, func(s string) bool { return claimed[s] || claimed[strings.TrimSpace(s)] })
}

// textsIn appends the texts and numbers of a payload.
func textsIn(found []string, v any) []string {
	switch v := v.(type) {
	case map[string]any:
		if label, _ := labelOf(v); IsSecret(label) {
			return found
		}
		for _, key := range sortedKeys(v) {
			if !IsSecret(key) {
				found = textsIn(found, v[key])
			}
		}
	case []any:
		if lines, isText := joined(v).(string); isText && len(v) > 1 && !slices.ContainsFunc(v, func(item any) bool { return !isMessage(item.(string)) }) {
			return append(found, readable(lines))
		}
		for _, item := range v {
			found = textsIn(found, item)
		}
	case string:
		if inner := parseObjects(v); inner != nil {
			found = textsIn(found, inner)
		} else if !isAbsentText(v) {
			found = append(found, readable(fromBase64(v)))
		}
	case json.Number:
		found = append(found, string(v))
	}
	return found
}

func longest(texts []string, accept func(string) bool) (text string) {
	for _, s := range texts {
		if len(s) > len(text) && accept(s) {
			text = s
		}
	}
	return text
}

// markedLine returns the first line that begins as Datadog's titles do.
func markedLine(texts []string) string {
	for _, text := range texts {
		if line := titleLine(text); isMarked(line) {
			return line
		}
	}
	return ""
}

func isMarked(line string) bool { return readMarks(line) != (marks{}) }

// bold matches bold text at a mark, such as *[Triggered]* CPU.
var bold = Pattern(`\*+(\[)|(\])\*+`)

// monitorType matches the types of Datadog's monitors, such as metric alert and service check.
var monitorType = Pattern(`^[a-z0-9-]+ (alert|check)$`)

// isMessage reports whether a text has more than one word, and is neither another title, nor a
// type, nor a date, nor a link.
func isMessage(s string) bool {
	return strings.ContainsFunc(strings.TrimSpace(s), unicode.IsSpace) && strings.ContainsFunc(s, unicode.IsLetter) && !(isLine(s) && isMarked(s)) && !monitorType().MatchString(s) && !isLink(s)
}

// onlyLink matches what is nothing but a link of a chat or of markdown, as the buttons of cards are, or
// an address and its name.
var onlyLink = Pattern(`^\s*[*_]*(?:<http[^<>\s|]*\|[^<>\n]*>|\[[^\[\]\n]*\]\(http[^()\s]*\)|\[[^\[\]\n|]*\|http[^\[\]\s]*\]|[\w -]{1,30}: http\S+)[*_]*\s*$`)

func isLink(s string) bool { return strings.Contains(s, "http") && onlyLink().MatchString(s) }

// firstLine returns the first line of a message with more than white space and the
// fence of Datadog's markdown, without a chat's marks for a link or for bold text.
func firstLine(message string) string {
	for line := range strings.Lines(message) {
		if line = strings.TrimSpace(line); line == "%%%" || isAbsentText(line) {
			continue
		}
		line = strings.TrimRight(strings.TrimLeft(strings.ToValidUTF8(line[:min(len(line), maxMarks)], ""), "*_#> "), "*_# ")
		if address, text, ok := strings.Cut(line, "|"); ok && strings.HasPrefix(address, "<http") {
			line = strings.Replace(text, ">", "", 1)
		}
		if line = withoutLinks(line); strings.Contains(line, "*") {
			line = bold().ReplaceAllString(line, "$1$2")
		}
		if strings.Contains(line, "://") {
			line = cmp.Or(strings.TrimRight(plainAddress().ReplaceAllLiteralString(line, ""), " -–|(<"), line)
		}
		return strings.TrimRight(strings.TrimLeft(line, "*_# "), "*_#: ")
	}
	return ""
}

// titleLine returns the first line of a message, or a line below it that begins with a state, as
// under the greeting of a chat.
func titleLine(message string) string {
	first := firstLine(message)
	if isMarked(first) {
		return first
	}
	for line := range strings.Lines(message) {
		if strings.Contains(line, "[") {
			if line = firstLine(line); strings.HasPrefix(line, "[") && readMarks(line).state != "" {
				return line
			}
		}
	}
	return first
}

// markdownLink matches a link of markdown. Its title may have brackets.
var markdownLink = Pattern(`\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(http[^)]*\)?`)

var plainAddress = Pattern(`https?://\S+`)

// withoutLinks leaves the titles of a line's links, also of one whose title is a picture.
func withoutLinks(line string) string {
	for n := 0; n < 2 && strings.Contains(line, "](http"); n++ {
		line = markdownLink().ReplaceAllString(line, "$1")
	}
	return line
}

// isLine reports whether a text can be a title.
func isLine(s string) bool {
	const maxTitle = 300
	return s != "" && len(s) <= maxTitle && !strings.Contains(strings.TrimSpace(s), "\n")
}

// isTitle reports whether a text without its links can be a title.
func isTitle(s string) bool {
	return isLine(firstLine(s)) && !strings.Contains(strings.TrimSpace(s), "\n")
}

func isAddress(s string) bool {
	return strings.HasPrefix(strings.TrimSpace(s), "http") && strings.Contains(s, "://") && !strings.ContainsFunc(strings.TrimSpace(s), unicode.IsSpace)
}

func isWord(s string) bool { return s != "" && !isNumber(s) && !isAddress(s) && !isTransition(s) }

func isNumber(s string) bool {
	return strings.TrimSpace(s) != "" && strings.Trim(s, "0123456789.,+- ") == ""
}
