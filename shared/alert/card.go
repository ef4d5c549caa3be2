package alert

import (
	"cmp"
	"slices"
	"strings"
)

// marks reads the first title that has any.
func (a *Alert) marks() (m marks) {
	for _, title := range []string{a.Title, a.AlertTitle, a.Status} {
		if m = readMarks(title); m != (marks{}) {
			break
		}
	}
	if m == (marks{}) {
		m = readMarks(titleLine(a.Message))
	}
	if m == (marks{}) {
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
			return stateOf(strings.Join(found[1:], ""))
		}
	}
	return ""
}

// stateOf returns the state that a word says, Datadog's or another tool's.
func stateOf(word string) string {
	return cmp.Or(ifTransition(word), string(stateWords[strings.ToLower(word)]))
}

// ifTransition leaves out other words for a state, which a message may have in its lines: "Status: OK".
func ifTransition(value string) string {
	if t, known := ParseTransition(value); known {
		return string(t)
	}
	return ""
}

func ifTags(value string) string {
	if areTags(value) {
		return value
	}
	return ""
}

// line returns the first meaning of a line with one of the names, or of the line below it, as chats write
// fields: "*Status:* Recovered".
func (t texts) line(meaning func(string) string, names ...string) string {
	for _, text := range t.all() {
		isBelow := false
		for line := range strings.Lines(text[:min(len(text), maxMarks)]) {
			name, value, _ := strings.Cut(line, ":")
			switch {
			case slices.Contains(names, canonical(name)):
			case isBelow:
				value = line
			default:
				continue
			}
			value = strings.Trim(value, " \t\r\n*_`")
			if found := meaning(value); found != "" {
				return found
			}
			isBelow = value == ""
		}
	}
	return ""
}

// isSecret reports whether the value under a key must not become an event's words.
func isSecret(key string) bool {
	name := canonical(key)
	return slices.ContainsFunc([]string{"token", "secret", "password", "authorization", "apikey", "appkey", "routingkey", "accesskey"}, func(end string) bool {
		return strings.HasSuffix(name, end)
	})
}

// readCard takes the texts of a card that a proxy passes on as JSON, if nothing else says which alert it is.
func (a *Alert) readCard() {
	card := parseObjects(a.Message)
	if card == nil || a.Title+a.AlertTitle != "" {
		return
	}
	texts := slices.DeleteFunc(textsIn(nil, card), func(s string) bool { return !isMessage(s) && !isMarked(s) })
	a.Message = cmp.Or(strings.Join(texts, "\n\n"), a.Message)
}

// takeHeading takes the title of a card, and returns the message that is left: the longest text. Only a
// list's first text is one without a key for it.
func (a *Alert) takeHeading(texts []string, message string, hasKey bool) string {
	if a.Title+a.AlertTitle != "" {
		return message
	}
	heading := a.Extra.heading(hasKey)
	rest := longest(texts, func(s string) bool { return s != heading && isMessage(s) })
	if heading == "" || heading == a.Message || rest+a.Message+a.Text == "" {
		return message
	}
	a.take("title", &a.Title, "first_line", heading)
	return rest
}

// headingKeys are those of a title in cards, as canonical returns them.
var headingKeys = []string{"title", "activitytitle", "subject", "heading", "headline"}

// heading returns the outermost line under a key for a title, or the first one of a list.
func (e Extra) heading(hasKey bool) string {
	isHeading := func(text string) bool { return isLine(text) && isMessage(text) }
	for queue := []any{map[string]any(e)}; len(queue) > 0; queue = queue[1:] {
		switch value := queue[0].(type) {
		case []any:
			if hasKey {
				queue = append(queue, value...)
			} else if lines := textsIn(nil, value); slices.ContainsFunc(lines, isHeading) {
				return lines[slices.IndexFunc(lines, isHeading)]
			}
		case map[string]any:
			for _, key := range sortedKeys(value) {
				text, _ := value[key].(string)
				if hasKey && slices.Contains(headingKeys, canonical(key)) && isHeading(text) {
					return text
				}
				queue = append(queue, value[key])
			}
		}
	}
	return ""
}
