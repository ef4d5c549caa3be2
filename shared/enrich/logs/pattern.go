package logs

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

// masks replace what differs in each line, the longer forms first.
var masks = []struct {
	pattern func() *regexp.Regexp
	name    string
}{
	{alert.Pattern(`\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b`), "<uuid>"},
	{alert.Pattern(`\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?\b`), "<time>"},
	{alert.Pattern(`\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b`), "<ip>"},
	{alert.Pattern(`\b(?:[0-9a-fA-F]{1,4}:){1,7}(?::[0-9a-fA-F]{1,4}){1,6}\b|\b(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}\b`), "<ip>"},
	{alert.Pattern(`\b0[xX][0-9a-fA-F]+\b`), "<hex>"},
}

var (
	// quotedText starts after a character that is not a letter, because of "can't".
	quotedText = alert.Pattern("(^|[^\\pL\\pN])(?:\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`)")
	hexWord    = alert.Pattern(`\b[0-9a-fA-F]{6,}\b`)
	number     = alert.Pattern(`\d+(?:[.,]\d+)*`)
)

func mask(text string) string {
	// In JSON nearly all text is quoted, so its quotes stay.
	if !strings.HasPrefix(text, "{") {
		text = quotedText().ReplaceAllString(text, "${1}<text>")
	}
	for _, m := range masks {
		text = m.pattern().ReplaceAllLiteralString(text, m.name)
	}
	text = hexWord().ReplaceAllStringFunc(text, func(word string) string {
		if strings.ContainsAny(word, "0123456789") && strings.ContainsAny(word, "abcdefABCDEF") {
			return "<hex>"
		}
		return word
	})
	return number().ReplaceAllLiteralString(text, "<n>")
}

const (
	// maxMaskedBytes bounds the time that masking takes; lines that differ only
	// further on have one pattern.
	maxMaskedBytes = 512
	maxSampleRunes = 240
	maxPatterns    = 5
)

// Pattern is what several lines have in common.
type Pattern struct {
	// Pattern is the line with <n>, <uuid>, <time>, <ip>, <hex> and <text> for what differs.
	Pattern string `json:"pattern"`
	Count   int    `json:"count"`
	// Sample is the newest of the lines, truncated, and LastAt its time.
	Sample string    `json:"sample"`
	LastAt time.Time `json:"last_at,omitzero"`
}

// patternOf returns the pattern of the first line of a message, because a stack trace
// follows it.
func patternOf(message string) string {
	text, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	if len(text) > maxMaskedBytes {
		text = strings.ToValidUTF8(text[:maxMaskedBytes], "")
	}
	return enrich.Line(mask(text), maxSampleRunes)
}

// groupByPattern returns the most frequent patterns first, and of equally frequent
// ones the newest.
func groupByPattern(lines []datadog.Log) []Pattern {
	var all []Pattern
	index := map[string]int{}
	for _, l := range lines {
		key := patternOf(l.Message)
		i, seen := index[key]
		if !seen {
			i, index[key] = len(all), len(all)
			all = append(all, Pattern{Pattern: key, Sample: l.Message, LastAt: l.Time})
		}
		all[i].Count++
		if l.Time.After(all[i].LastAt) {
			all[i].Sample, all[i].LastAt = l.Message, l.Time
		}
	}
	for i := range all {
		all[i].Sample = cmp.Or(enrich.Line(all[i].Sample, maxSampleRunes), "(no message)")
	}
	slices.SortStableFunc(all, func(a, b Pattern) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), b.LastAt.Compare(a.LastAt))
	})
	return all
}
