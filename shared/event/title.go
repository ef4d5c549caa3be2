package event

import (
	"cmp"
	"slices"
	"strings"

	"boomerang/shared/alert"
)

func title(a alert.Alert, override string) string {
	return shortenTitle(escapeMentions(wholeTitle(a, override)), MaxTitle)
}

// wholeTitle is the title before it is shortened, without the marks that stand beside an empty
// variable.
func wholeTitle(a alert.Alert, override string) string {
	const marks = " :|·"
	if title := cmp.Or(line(override), strings.Trim(line(a.Title), marks), strings.Trim(line(a.AlertTitle), marks), line(a.Status)); title != "" {
		return title
	}
	return cmp.Or(firstLine(a.Text), firstLine(a.Message), line("Datadog alert "+a.ID))
}

// firstLine returns the first line with words, without the markdown that a title shows as
// it is: a heading's mark, links, pictures, and the marks of a line that is all bold.
func firstLine(text string) string {
	for l := range strings.Lines(WithoutWrapper(text)) {
		l = strings.TrimSpace(withoutLinks(l))
		if heading := strings.TrimLeft(l, "#"); strings.HasPrefix(heading, " ") {
			l = heading
		}
		if l = line(l); len(l) > len("****") && strings.HasPrefix(l, "**") && strings.HasSuffix(l, "**") && strings.Count(l, "**") == 2 {
			l = l[2 : len(l)-2]
		}
		if l != "" {
			return l
		}
	}
	return ""
}

// withoutLinks leaves the titles of links, and plain addresses.
func withoutLinks(l string) string {
	return replaceLinks(l, func(found markdownLink) string {
		switch {
		case found.isPicture:
			return ""
		case found.title == "":
			return found.whole
		}
		return withoutLinks(found.title) // It may be a picture.
	})
}

// group is what stands in braces inside brackets. It may hold braces.
var group = alert.Pattern(`\[[^\[\]{]*\{((?:[^{}]|\{[^{}]*\})*)\}`)

// shortenTitle shortens a title to limit characters: first the groups in its brackets, the
// longest first, as in "[P1] [Triggered on {env:prod,host:a}] Disk is full", so that the
// monitor's name stays.
func shortenTitle(title string, limit int) string {
	over := length(title) - limit
	if over <= 0 {
		return title
	}
	groups := group().FindAllStringSubmatchIndex(title, -1)
	shorter := make(map[int]string, len(groups)) // By the start of the group.
	longest := slices.SortedStableFunc(slices.Values(groups), func(a, b []int) int { return (b[3] - b[2]) - (a[3] - a[2]) })
	for _, g := range longest {
		tags := title[g[2]:g[3]]
		shorter[g[2]] = shortenTags(tags, length(tags)-max(0, over))
		over -= length(tags) - length(shorter[g[2]])
	}
	var out strings.Builder
	at := 0
	for _, g := range groups {
		out.WriteString(title[at:g[2]] + shorter[g[2]])
		at = g[3]
	}
	return truncate(out.String()+title[at:], limit)
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
