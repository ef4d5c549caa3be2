package event

import (
	"strings"
	"unicode"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

// said is what a text has said so far, so that it says nothing twice. Its rules:
//
//   - A page is linked once. Its other links become their titles, and lines that have
//     little else go.
//   - An entry whose page and words stand on the first screen goes.
//   - A sentence of at least minWords words and minLetters letters is said once. Its marks do not count.
//   - What Datadog adds to a message goes: its sentence about the metric, the links below it,
//     when the monitor was last triggered, and the handles that it notifies.
//   - Code stays as it is.
type said struct {
	pages, sentences map[string]bool
	screen           screen
	top              string // The screen as text.
	title            string // Its letters.
}

// The shortest sentence that counts. Shorter ones, such as "See above.", may stand anywhere.
const (
	minWords   = 4
	minLetters = 20
)

// maxLabel is how many words before and after a page make a line that is only its label:
// "3. Runbook: https://…".
const maxLabel = 3

// newSaid remembers what the title and the first screen say, which shows the status sentence in a short form.
func newSaid(title string, screen screen, status, short string) *said {
	s := &said{pages: map[string]bool{}, sentences: map[string]bool{}, screen: screen, top: screen.String(), title: letters(title)}
	for l := range strings.Lines(s.top) {
		for part := range strings.SplitSeq(l, partBreak) {
			s.line(part)
		}
	}
	if strings.Contains(s.top, escapeMentions(short)) {
		s.line(escapeMentions(escape(status)))
	}
	return s
}

// message returns markdown without what was said before, and what Datadog adds to it.
func (s *said) message(markdown string) string {
	var kept []string
	var code fence
	for l := range strings.SplitSeq(markdown, "\n") {
		switch isFence := code.read(l); {
		case isFence || code.marks != "":
		case isFooter(l):
			continue
		case strings.TrimSpace(l) == "":
			if l = ""; len(kept) == 0 || kept[len(kept)-1] == "" {
				continue
			}
		case len(l) >= minLetters: // A shorter line is neither a page nor a sentence.
			if l = s.line(l); l == "" {
				continue
			}
		}
		if code.marks == "" && s.title != "" && letters(l) == s.title {
			continue
		}
		kept = append(kept, l)
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

// footer is what Datadog adds to a message: a rule, the links below it, the time, and the
// handles that it notifies, whose @ is escaped.
var footer = alert.Pattern(`^\s*(?:- - -|(?:\[\[[^\]]*\]\([^)]*\)\](?: · )?)+|The monitor was last triggered at .{1,60}\.|[-*•\s]*(?:＠\S*\s*)+)\s*$`)

// isFooter reports whether Datadog adds a line. Its sentence about the metric is on the first
// screen, or what a step knows of it.
func isFooter(l string) bool {
	return footer().MatchString(l) || strings.HasPrefix(l, "**") && metricSentence().MatchString(l)
}

// entry reports whether the first screen has an entry's page and words.
func (s *said) entry(item enrich.Item) bool {
	address := webAddress(item.URL, maxURL)
	return address != "" && s.pages[pageKey(address)] && strings.Contains(s.top, escapeMentions(linkTitle(item.Text)))
}

// answer reports whether the first screen has what a finding says there.
func (s *said) answer(source int, answer enrich.Answer) bool {
	return answer != "" && s.screen.says(source, answer)
}

// finding returns a line of a finding without links to pages that were linked before. Its
// entries may have equal words.
func (s *said) finding(l string) string {
	l = s.links(l)
	s.line(l)
	return l
}

// line returns a line without what was said before, or nothing if little is left.
func (s *said) line(l string) string {
	var out strings.Builder
	for part := range strings.SplitAfterSeq(l, ". ") {
		for sentence := range strings.SplitAfterSeq(part, "。") {
			sentence = s.links(sentence)
			if key := sentenceKey(sentence); key == "" || isNew(s.sentences, key) {
				out.WriteString(sentence)
			}
		}
	}
	switch rest := out.String(); {
	case rest == l:
		return l
	case !strings.ContainsFunc(rest, unicode.IsLetter) && !strings.Contains(rest, "]("):
		return ""
	default:
		return strings.TrimRight(rest, " ")
	}
}

// links replaces the links to pages that were linked before by their titles, or their
// addresses without the scheme. Nothing is left of a line that has little else.
func (s *said) links(l string) string {
	linkWords, isRepeated, isNeeded := 0, false, strings.Contains(l, "`") // Code is no label.
	left := replaceLinks(l, func(l markdownLink) string {
		linkWords += len(strings.Fields(l.whole))
		title := l.title
		if strings.HasPrefix(title, "![") {
			title = s.links(title)
		}
		isNewPage := s.page(l.address)
		if isNewPage && (title != "" || l.title == "") {
			isNeeded = true
			return l.whole
		}
		isRepeated, isNeeded = true, isNeeded || strings.HasPrefix(title, "![")
		switch {
		case l.isPicture:
			return ""
		case l.title != "":
			return title
		}
		_, address, _ := strings.Cut(strings.Trim(l.whole, "<>"), "://")
		return address
	})
	if isRepeated && !isNeeded && len(strings.Fields(l))-linkWords <= maxLabel {
		return ""
	}
	return left
}

// page reports whether a page was not linked before, and remembers it.
func (s *said) page(address string) bool { return isNew(s.pages, pageKey(address)) }

func isNew(seen map[string]bool, key string) bool {
	isNew := !seen[key]
	seen[key] = true
	return isNew
}

// sentenceKey returns a sentence without case, marks and spaces, or nothing if it is too
// short to count. Chinese and Japanese have no spaces between words.
func sentenceKey(sentence string) string {
	if len(sentence) < minLetters {
		return ""
	}
	key := letters(sentence)
	hasNoSpaces := func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) }
	words := len(strings.Fields(sentence))
	if len(key) < minLetters || words < minWords && (words > 2 || !strings.ContainsFunc(key, hasNoSpaces)) {
		return ""
	}
	return key
}

// letters returns what makes the words of a text.
func letters(text string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("<>=-/:", r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text), "-:>")
}
