package alert

import (
	"cmp"
	"slices"
	"strings"
)

// beside matches a state that a template writes beside a monitor's name: "Recovered - CPU", "CPU (Recovered)",
// "CPU is Recovered".
var beside = Pattern(strings.ReplaceAll(`^[^\pL]*\[[^\pL]*(STATE|OK)\]|^[^\pL\[]*(STATE)\*?(?:\s*[:|–—]|\s-)|(?:[:|–—(\[]|\s-)\s*\*?(STATE)[)\]*.!\s]*$|\b(?:has|is|was) \*?((?:Re-)?Triggered|Recovered)\b`,
	"STATE", `(?:Re-)?(?:Triggered|Warn|No [Dd]ata)|TRIGGERED|WARN|NO DATA|(?:Warn )?Recovered|RECOVERED|Resolved|RESOLVED`))

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

// namedLine matches a name and a value in a line, or the value in the next one, as chats write fields.
var namedLine = Pattern(`(?m)^[\s*_>-]*([A-Za-z][A-Za-z ]{1,20}?)[*_]*:[*_]*\s*\*?(\S.*?)[*_\s]*$`)

// line returns the first meaning of a line with one of the names.
func (t texts) line(meaning func(string) string, names ...string) string {
	for _, text := range textsIn([]string{t.Message, t.Text}, map[string]any(t.Extra)) {
		for _, found := range namedLine().FindAllStringSubmatch(text[:min(len(text), maxMarks)], -1) {
			if value := meaning(found[2]); value != "" && slices.Contains(names, canonical(found[1])) {
				return value
			}
		}
	}
	return ""
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
	heading := a.Extra.heading(hasKey)
	rest := longest(texts, func(s string) bool { return s != heading && isMessage(s) })
	if a.Title+a.AlertTitle != "" || heading == "" || heading == a.Message || rest+a.Message+a.Text == "" {
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
		list, _ := queue[0].([]any)
		queue = append(queue, list...)
		if !hasKey {
			if lines := textsIn(nil, list); slices.ContainsFunc(lines, isHeading) {
				return lines[slices.IndexFunc(lines, isHeading)]
			}
		}
		object, _ := queue[0].(map[string]any)
		for _, key := range sortedKeys(object) {
			text, _ := object[key].(string)
			if hasKey && slices.Contains(headingKeys, canonical(key)) && isHeading(text) {
				return text
			}
			queue = append(queue, object[key])
		}
	}
	return ""
}
