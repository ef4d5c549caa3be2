package alert

import (
	"cmp"
	"slices"
	"strings"
)

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

var secretKey = Pattern(`(?i)(?:(?:api|app|application|access|private|secret|routing)[^a-z0-9]*key|token|pass[^a-z0-9]*w(?:or)?d|secret|authorization|cookie|credentials?)[^a-z0-9]*$`)

// IsSecret reports whether a key is that of a secret, which no event and no recording may have.
func IsSecret(key string) bool { return secretKey().MatchString(key) }

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
