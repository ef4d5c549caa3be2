package logs

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

// masks take out of a line what differs each time, the longer forms first.
var masks = []struct {
	pattern func() *regexp.Regexp
	name    string
}{
	{enrich.Pattern(`\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b`), "<uuid>"},
	{enrich.Pattern(`\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?\b`), "<time>"},
	{enrich.Pattern(`\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b`), "<ip>"},
	{enrich.Pattern(`\b(?:[0-9a-fA-F]{1,4}:){1,7}(?::[0-9a-fA-F]{1,4}){1,6}\b|\b(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}\b`), "<ip>"},
	{enrich.Pattern(`\b0[xX][0-9a-fA-F]+\b`), "<hex>"},
}

var (
	// quoted begins behind what is no letter, because of words such as "can't".
	quoted = enrich.Pattern("(^|[^\\pL\\pN])(?:\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`)")
	hexes  = enrich.Pattern(`\b[0-9a-fA-F]{6,}\b`)
	number = enrich.Pattern(`\d+(?:[.,]\d+)*`)
)

// masked is a line's text with names for what differs. In a line of JSON nearly
// all is quoted, so that there only what is inside the quotes is looked at.
func masked(text string) string {
	if !strings.HasPrefix(text, "{") {
		text = quoted().ReplaceAllString(text, "${1}<text>")
	}
	for _, mask := range masks {
		text = mask.pattern().ReplaceAllLiteralString(text, mask.name)
	}
	text = hexes().ReplaceAllStringFunc(text, func(word string) string {
		if strings.ContainsAny(word, "0123456789") && strings.ContainsAny(word, "abcdefABCDEF") {
			return "<hex>"
		}
		return word
	})
	return number().ReplaceAllLiteralString(text, "<n>")
}

const (
	// maxRead, in bytes, is how much of a line makes its pattern. Masking takes time
	// by the byte, and lines that differ further on are of one kind.
	maxRead = 512
	// maxSample is how many characters of a line are shown.
	maxSample = 240
	// maxPatterns is how many patterns are shown.
	maxPatterns = 5
)

// Pattern is what several lines have in common.
type Pattern struct {
	// Pattern is the line with <n>, <uuid>, <time>, <ip>, <hex> and <text> for what
	// differs.
	Pattern string `json:"pattern"`
	Count   int    `json:"count"`
	// Sample is the newest of the lines, cut to size, and LastAt its time.
	Sample string    `json:"sample"`
	LastAt time.Time `json:"last_at,omitzero"`
}

// patternOf takes the first line that says anything: what follows in a stack
// trace is where, not what.
func patternOf(message string) string {
	text := strings.TrimSpace(message)
	text, _, _ = strings.Cut(text, "\n")
	if len(text) > maxRead {
		text = text[:maxRead]
		for !utf8.ValidString(text) && len(text) > maxRead-utf8.UTFMax {
			text = text[:len(text)-1]
		}
	}
	return enrich.Line(masked(text), maxSample)
}

// grouped returns the patterns of the lines, the most frequent first and of
// equally frequent ones the newest.
func grouped(lines []datadog.Log) []Pattern {
	var all []Pattern
	at := map[string]int{}
	for _, l := range lines {
		key := patternOf(l.Message)
		i, seen := at[key]
		if !seen {
			i, at[key] = len(all), len(all)
			all = append(all, Pattern{Pattern: key, Sample: l.Message, LastAt: l.Time})
		}
		all[i].Count++
		if l.Time.After(all[i].LastAt) {
			all[i].Sample, all[i].LastAt = l.Message, l.Time
		}
	}
	for i := range all {
		all[i].Sample = cmp.Or(enrich.Line(all[i].Sample, maxSample), "(a line without a message)")
	}
	slices.SortStableFunc(all, func(a, b Pattern) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), b.LastAt.Compare(a.LastAt))
	})
	return all
}
