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

// shortenTitle shortens a title to limit characters: first the groups in its brackets, as in
// "[P1] [Triggered on {env:prod,host:a}] Disk is full", so that the monitor's name stays.
func shortenTitle(title string, limit int) string {
	if fits(title, limit) {
		return title
	}
	over := length(title) - limit
	groups := bracketGroups(title)
	shorter := make(map[span]string, len(groups))
	for _, g := range slices.SortedStableFunc(slices.Values(groups), func(a, b span) int { return (b.end - b.start) - (a.end - a.start) }) {
		tags := title[g.start:g.end]
		shorter[g] = shortenTags(tags, length(tags)-max(0, over))
		over -= length(tags) - length(shorter[g])
	}
	var out strings.Builder
	at := 0
	for _, g := range groups {
		out.WriteString(title[at:g.start])
		out.WriteString(shorter[g])
		at = g.end
	}
	out.WriteString(title[at:])
	return truncate(out.String(), limit)
}

// span is a part of a text, in bytes.
type span struct{ start, end int }

// bracketGroups returns what stands in braces inside brackets. A group may hold brackets.
func bracketGroups(title string) (groups []span) {
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
		case c == '[' && braces == 0:
			brackets++
		case c == ']' && braces == 0 && brackets > 0:
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
