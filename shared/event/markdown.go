package event

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"boomerang/shared/enrich"
)

// The wrapper that makes Datadog render a text as markdown
// (https://docs.datadoghq.com/events/guides/email/).
const (
	markdownOpen  = "%%% \n"
	markdownClose = "\n %%%"
)

// longestURL keeps one hostile or absurd link from filling the event.
const longestURL = 1000

// escape makes plain text come out as plain text where markdown is expected. It
// escapes only what would have an effect where it stands, so that the text stays
// readable for those who see the source: in a log, in an e-mail.
func escape(text string) string {
	text = line(text)
	if !strings.ContainsAny(text, "\\`*_]<>#~%&") {
		return text
	}
	text = breakWrapper(text)
	var out strings.Builder
	out.Grow(len(text) + roomForMarks)
	written := 0
	for i := range len(text) {
		if hasEffect(text, i) {
			out.WriteString(text[written:i])
			out.WriteByte('\\')
			written = i
		}
	}
	out.WriteString(text[written:])
	return out.String()
}

// roomForMarks spares a text with a few marks from being copied as it grows.
const roomForMarks = 8

// hasEffect reports whether the byte at i means something to markdown where it
// stands.
func hasEffect(text string, i int) bool {
	before := func() rune { r, _ := utf8.DecodeLastRuneInString(text[:i]); return r }
	after := func() rune { r, _ := utf8.DecodeRuneInString(text[i+1:]); return r }
	switch text[i] {
	case '\\', '`', '*', '<':
		return true
	case '_':
		return !isWord(before()) || !isWord(after())
	case ']':
		return strings.ContainsRune("([:", after())
	case '~':
		return before() == '~' || after() == '~'
	case '&':
		return after() == '#' || isWord(after())
	case '#', '>':
		return i == 0
	}
	return false
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// breakWrapper takes the effect off marks that would end the markdown block.
func breakWrapper(text string) string {
	for strings.Contains(text, "%%%") {
		text = strings.ReplaceAll(text, "%%%", "%% %")
	}
	return text
}

// code shows text as it is, in a fixed-width font. A fence longer than any run
// of backticks inside keeps the text from ending it.
func code(text string) string {
	text = line(text)
	if text == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		text = " " + text + " "
	}
	return fence + breakWrapper(text) + fence
}

// link renders a page in at most limit characters, or only its title when the
// address is not one that a person could open, or has no room. It is the title that
// gives way: a part of an address leads nowhere.
func link(title, address string, limit int) string {
	address = webAddress(address, longestURL)
	room := limit - length(address) - len("[]()")
	if address == "" || room < len(untitled) {
		return escape(title)
	}
	return linkTo(shorten(linkTitle(title), room), address)
}

// linkTo renders a page whose title linkTitle and whose address webAddress returned.
func linkTo(title, address string) string { return "[" + title + "](" + address + ")" }

// untitled is the title of a page that has none.
const untitled = "open"

func linkTitle(title string) string { return brackets.Replace(cmp.Or(escape(title), untitled)) }

// brackets would end a link's title early. Some are escaped already.
var brackets = strings.NewReplacer("[", "\\[", "]", "\\]", "\\]", "\\]")

// webAddress returns the address in the form that markdown and Datadog need, or
// nothing when it is no http(s) address of at most limit bytes.
func webAddress(address string, limit int) string {
	parsed, err := url.Parse(strings.TrimSpace(clean(address)))
	if err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Host == "" {
		return ""
	}
	// Two percent signs escape nothing, and make a mark with that of an escape.
	encoded := reserved.Replace(strings.ReplaceAll(parsed.String(), "%%", "%25%25"))
	if len(encoded) > limit {
		return ""
	}
	return encoded
}

// reserved are the characters of a URL that mean something to markdown, besides the
// marks of its block.
var reserved = strings.NewReplacer("(", "%28", ")", "%29", "|", "%7C")

// renderer turns blocks into lines of markdown. Every line stands for itself, so
// that any of them may give way.
type renderer struct {
	// about is the time that other times are told relative to: the alert's.
	about time.Time
}

func (r renderer) block(b enrich.Block) []string {
	switch b := b.(type) {
	case enrich.Facts:
		return r.facts(b)
	case enrich.List:
		return r.list(b)
	case enrich.Links:
		return r.links(b)
	case enrich.Paragraph:
		return []string{escape(string(b))}
	case enrich.Code:
		return r.code(b)
	case enrich.Image:
		if address := webAddress(b.URL, longestURL); address != "" {
			return []string{"!" + linkTo(shorten(escape(b.Title), maxLine-length(address)-len("![]()")), address)}
		}
	}
	return nil
}

func (r renderer) facts(facts enrich.Facts) []string {
	lines := make([]string, 0, len(facts))
	for _, fact := range facts {
		if value := escape(fact.Value); value != "" {
			lines = append(lines, "- "+escape(fact.Name)+": "+value)
		}
	}
	return lines
}

func (r renderer) list(list enrich.List) []string {
	lines := make([]string, 0, len(list.Items)+1)
	for _, item := range list.Items {
		var parts []string
		if !item.Time.IsZero() {
			parts = append(parts, r.when(item.Time))
		}
		if item.Tag != "" {
			parts = append(parts, escape(item.Tag))
		}
		entry := "- " + strings.Join(append(parts, ""), " · ")
		lines = append(lines, entry+link(item.Text, item.URL, maxLine-length(entry)))
	}
	if list.More > 0 {
		lines = append(lines, fmt.Sprintf("- and %d more", list.More))
	}
	return lines
}

func (r renderer) links(links enrich.Links) []string {
	lines := make([]string, 0, len(links))
	for _, l := range links {
		kind := ""
		if l.Kind != "" && !strings.EqualFold(l.Kind, l.Title) {
			kind = " (" + escape(l.Kind) + ")"
		}
		lines = append(lines, "- "+link(l.Title, l.URL, maxLine-len("- ")-length(kind))+kind)
	}
	return lines
}

func (r renderer) code(text enrich.Code) []string {
	var lines []string
	for row := range strings.Lines(clean(string(text))) {
		if row = code(row); row != "" {
			lines = append(lines, "- "+row)
		}
	}
	return lines
}

// when tells a time in UTC and, because nobody subtracts at night, how far from
// the alert it lies.
func (r renderer) when(t time.Time) string {
	layout := "15:04 UTC"
	if r.about.IsZero() || !sameDay(t, r.about) {
		layout = "2 Jan 15:04 UTC"
	}
	told := t.UTC().Format(layout)
	if r.about.IsZero() {
		return told
	}
	switch d := r.about.Sub(t); {
	case d >= time.Minute:
		return told + " (" + Span(d) + " before)"
	case d <= -time.Minute:
		return told + " (" + Span(-d) + " after)"
	}
	return told
}

func sameDay(a, b time.Time) bool {
	ay, am, ad := a.UTC().Date()
	by, bm, bd := b.UTC().Date()
	return ay == by && am == bm && ad == bd
}

// Span tells a duration in the two units that matter: "45 s", "12 min",
// "3 h 5 min", "2 d 4 h".
func Span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 24*time.Hour:
		return twoUnits(int(d.Hours()), "h", int(d.Minutes())%60, "min")
	}
	return twoUnits(int(d.Hours())/24, "d", int(d.Hours())%24, "h")
}

func twoUnits(big int, bigUnit string, small int, smallUnit string) string {
	if small == 0 {
		return fmt.Sprintf("%d %s", big, bigUnit)
	}
	return fmt.Sprintf("%d %s %d %s", big, bigUnit, small, smallUnit)
}
