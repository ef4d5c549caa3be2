package event

import (
	"cmp"
	"net/url"
	"strings"
	"unicode"

	"boomerang/shared/enrich"
)

// said is what a text has said so far, so that it says nothing twice. Its rules:
//
//   - A page is linked once. Its other links become their titles, and lines that have
//     little else go.
//   - An entry whose page and words stand on the first screen goes.
//   - A sentence of at least minWords words and minLetters letters is said once, whatever its marks are.
//   - What Datadog adds to a message goes: its sentence about the metric, the links below it,
//     when the monitor was last triggered, and the handles that it notifies.
//   - Code stays as it is.
type said struct {
	pages, sentences map[string]bool
	top              string // the first screen
}

// The shortest sentence that counts. Shorter ones, such as "See above.", may stand anywhere.
const (
	minWords   = 4
	minLetters = 20
)

// maxLabel is how many words before and after a page make a line that is only its label:
// "3. Runbook: https://…".
const maxLabel = 3

func newSaid() *said { return &said{pages: map[string]bool{}, sentences: map[string]bool{}} }

// message returns markdown without what was said before, and what Datadog adds to it.
func (s *said) message(markdown string) string {
	var kept []string
	var code fence
	last := func() string { return kept[len(kept)-1] }
	for l := range strings.Lines(markdown) {
		l = strings.TrimSuffix(l, "\n")
		isFence := code.read(l)
		switch {
		case isFence || code.marks != "":
		case isFooter(l):
			for len(kept) > 0 && (strings.TrimSpace(last()) == "" || last() == "- - -") {
				kept = kept[:len(kept)-1]
			}
			continue
		case strings.TrimSpace(l) == "":
			if len(kept) == 0 || strings.TrimSpace(last()) == "" {
				continue
			}
		case len(l) >= minLetters: // A shorter line is neither a page nor a sentence.
			if l = s.line(l); l == "" {
				continue
			}
		}
		kept = append(kept, l)
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

// footers are the lines that Datadog adds to a message: the links below it, and the time.
var footers = enrich.Pattern(`^(?:\[\[[^\]]*\]\([^)]*\)\](?: · )?)+$|^The monitor was last triggered at .{1,60}\.$`)

func isFooter(l string) bool {
	l = strings.TrimSpace(l)
	switch {
	case strings.HasPrefix(l, "[["), strings.HasPrefix(l, "The monitor was"):
		return footers().MatchString(l)
	case strings.HasPrefix(l, "**"):
		return metricSentence().MatchString(l) // The first screen has it, or what a step knows of the metric.
	}
	return isHandles(l)
}

// isHandles reports whether a line has nothing but handles, whose @ is escaped.
func isHandles(l string) bool {
	words := strings.Fields(strings.TrimLeft(l, "-*• "))
	for _, word := range words {
		if !strings.HasPrefix(word, "＠") {
			return false
		}
	}
	return len(words) > 0
}

// links finds the links, pictures and addresses of a line. A picture may be a link.
var links = enrich.Pattern(`\[!\[([^\[\]]*)\]\((https?://[^\s()<>]+)\)\]\((https?://[^\s()<>]+)\)` +
	`|(!?)\[((?:[^\[\]\\]|\\.)*)\]\((https?://[^\s()<>]+)\)` + "|https?://[^\\s()<>\\[\\]\"'`|]+")

// entry reports whether the first screen has an entry's page and words.
func (s *said) entry(item enrich.Item) bool {
	address := webAddress(item.URL, maxURL)
	return address != "" && s.pages[pageKey(address)] && strings.Contains(s.top, escapeMentions(linkTitle(item.Text)))
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
	for rest := l; rest != ""; {
		sentence := rest
		if end := strings.Index(rest, ". "); end >= 0 {
			sentence = rest[:end+len(". ")]
		}
		rest = rest[len(sentence):]
		if sentence = s.links(sentence); s.sentence(sentence) {
			out.WriteString(sentence)
		}
	}
	switch {
	case out.String() == l:
		return l
	case !strings.ContainsFunc(out.String(), unicode.IsLetter) && !strings.Contains(out.String(), "]("):
		return ""
	}
	return strings.TrimRight(out.String(), " ")
}

// links replaces the links to pages that were linked before.
func (s *said) links(l string) string {
	if !strings.Contains(l, "://") {
		return l
	}
	found := links().FindAllStringSubmatchIndex(l, -1)
	var out strings.Builder
	at, repeated, words, ticks := 0, 0, 0, 0
	between := func(to int) {
		text := l[at:to]
		words += len(strings.Fields(text))
		ticks += strings.Count(text, "`")
		out.WriteString(text)
	}
	for _, m := range found {
		between(m[0])
		at = m[1]
		part := func(n int) string { return l[max(0, m[2*n]):max(0, m[2*n+1])] }
		whole, picture, address := l[m[0]:m[1]], part(2), part(6)
		switch {
		case ticks%2 == 1: // Inside code.
			out.WriteString(whole)
		case picture != "":
			isNewPage, isNewPicture := s.page(part(3)), s.page(picture)
			switch {
			case isNewPage && isNewPicture:
				out.WriteString(whole)
			case isNewPicture:
				out.WriteString("![" + part(1) + "](" + picture + ")")
			default:
				repeated++
			}
		case s.page(strings.TrimRight(cmp.Or(address, whole), ".,;:!?*_~")):
			out.WriteString(whole)
		default:
			repeated++
			if part(4) == "" {
				out.WriteString(shownAddress(part(5), whole))
			}
		}
	}
	between(len(l))
	if repeated > 0 && repeated == len(found) && words <= maxLabel {
		return ""
	}
	return out.String()
}

// shownAddress is what stays of a link to a page that was linked before: its title, or the
// address without its scheme.
func shownAddress(title, address string) string {
	if title != "" {
		return title
	}
	_, address, _ = strings.Cut(address, "://")
	return address
}

// page reports whether a page was not linked before, and remembers it.
func (s *said) page(address string) bool {
	key := pageKey(address)
	isNew := !s.pages[key]
	s.pages[key] = true
	return isNew
}

// pageKey is the same for all addresses of a page: those of a monitor at different times,
// and those of an event by both of its parameters.
func pageKey(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	path := strings.TrimSuffix(u.Path, "/")
	switch q := u.Query(); {
	case monitorPath().MatchString(path):
		return u.Host + path
	case path == "/event/event":
		return u.Host + path + "?" + q.Get("id") + q.Get("event_id")
	}
	u.Scheme, u.Path, u.RawPath = "", path, ""
	return strings.ToLower(u.Host) + strings.TrimPrefix(u.String(), "//"+u.Host)
}

var monitorPath = enrich.Pattern(`^/monitors/\d+$`)

// maxMonitorURL is up to which length a monitor's address names its group.
const maxMonitorURL = 130

// shortAddress leaves out of a monitor's address what its page does not need: the time
// stays, and a short group.
func shortAddress(address string) string {
	u, err := url.Parse(line(address))
	if err != nil || !monitorPath().MatchString(u.Path) {
		return address
	}
	q := u.Query()
	var kept []string
	for _, name := range []string{"from_ts", "to_ts", "group"} {
		if value := q.Get(name); value != "" {
			kept = append(kept, name+"="+url.QueryEscape(value))
		}
	}
	u.RawQuery = strings.Join(kept, "&")
	if last := len(kept) - 1; last >= 0 && len(u.String()) > maxMonitorURL && strings.HasPrefix(kept[last], "group=") {
		u.RawQuery = strings.Join(kept[:last], "&")
	}
	return u.String()
}

// sentence reports whether a sentence was not said before, and remembers it.
func (s *said) sentence(text string) bool {
	if !isSentence(text) {
		return true
	}
	key := sentenceKey(text)
	isNew := !s.sentences[key]
	s.sentences[key] = true
	return isNew
}

// isSentence reports whether a text is long enough to be said once.
func isSentence(text string) bool {
	return len(sentenceKey(text)) >= minLetters && len(strings.Fields(text)) >= minWords
}

// sentenceKey returns a sentence without case, marks and spaces.
func sentenceKey(sentence string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("<>=-/:", r) {
			return unicode.ToLower(r)
		}
		return -1
	}, sentence)
}

// addressRunes counts the characters of a text that are addresses.
func addressRunes(text string) (n int) {
	for _, m := range links().FindAllStringSubmatch(text, -1) {
		switch {
		case m[2] != "":
			n += length(m[2]) + length(m[3])
		default:
			n += length(cmp.Or(m[6], m[0]))
		}
	}
	return n
}
