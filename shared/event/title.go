package event

import (
	"slices"
	"strings"

	"boomerang/shared/alert"
)

func title(a alert.Alert, override string) string {
	return shortenTitle(escapeMentions(wholeTitle(a, override)), MaxTitle)
}

// wholeTitle is the title before it is shortened.
func wholeTitle(a alert.Alert, override string) string {
	for _, text := range []string{override, a.Title, a.AlertTitle, a.Status} {
		if l := line(text); l != "" {
			return l
		}
	}
	for _, text := range []string{a.Text, a.Message} {
		for l := range strings.Lines(withoutWrapper(text)) {
			if l = line(l); l != "" {
				return l
			}
		}
	}
	return "Datadog alert " + line(a.ID)
}

// shortenTitle shortens a title to limit characters: first the groups of its prefix, as in
// "[P1] [Triggered on {env:prod,host:a}] Disk is full", so that the monitor's name stays.
func shortenTitle(title string, limit int) string {
	if fits(title, limit) {
		return title
	}
	over := length(title) - limit
	var ends []string // From the last group back to the first.
	for _, g := range slices.Backward(prefixGroups(title)) {
		tags, rest := title[g.start:g.end], title[g.end:]
		shorter := shortenTags(tags, length(tags)-max(0, over))
		over -= length(tags) - length(shorter)
		ends, title = append(ends, rest, shorter), title[:g.start]
	}
	slices.Reverse(ends)
	return truncate(title+strings.Join(ends, ""), limit)
}

// span is a part of a text, in bytes.
type span struct{ start, end int }

// prefixGroups returns what stands in the braces of the brackets before a monitor's name.
func prefixGroups(title string) (groups []span) {
	brackets, braces, start := 0, 0, 0
	for i := range len(title) {
		switch c := title[i]; {
		case c == '}' && braces > 0:
			if braces--; braces == 0 {
				groups = append(groups, span{start, i})
			}
		case c == '{' && brackets > 0:
			if braces++; braces == 1 {
				start = i + 1
			}
		case braces > 0:
		case c == '[':
			brackets++
		case brackets == 0 && c != ' ':
			return groups
		case c == ']':
			brackets--
		}
	}
	return groups
}

// shortenTags shortens "env:prod,host:a" to limit characters, if possible by whole tags.
func shortenTags(tags string, limit int) string {
	if fits(tags, limit) {
		return tags
	}
	if last := strings.LastIndexByte(firstRunes(tags, limit-1), ','); last > 0 {
		return tags[:last] + ",…"
	}
	return truncate(tags, max(1, limit))
}
