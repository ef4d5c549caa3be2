package check

import (
	"embed"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"boomerang/shared/alert"
	"boomerang/shared/playbook"
)

// Each file of rules has the rules of one language, one in a line: a pattern of the parser's
// message, a pattern of the text that the mistake is about (empty for any), and the advice,
// with $1 for a group of the text and @1 for one of the message, by tabs. A group named at moves
// the mistake to where it matches, and one named here matches at the mistake. The first rule whose patterns match is used.
//
//go:embed rules
var ruleFiles embed.FS

// rule says what to do about a mistake.
type rule struct {
	message, source *regexp.Regexp
	advice          string
}

// rules are read at the first mistake: most files have none.
var rules = sync.OnceValue(func() map[playbook.Language][]rule {
	all := map[playbook.Language][]rule{}
	for _, l := range []playbook.Language{playbook.YAML, playbook.Value, playbook.Expression, playbook.Template} {
		file, _ := ruleFiles.ReadFile("rules/" + string(l) + ".tsv")
		for line := range strings.Lines(string(file)) {
			if !strings.HasPrefix(line, "# ") {
				columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
				all[l] = append(all[l], rule{regexp.MustCompile(columns[0]), regexp.MustCompile(columns[1]), columns[2]})
			}
		}
	}
	return all
})

// advise says what to do about a mistake in a source, in plain words.
func advise(l playbook.Language, source string, m playbook.Mistake) playbook.Mistake {
	from, to := offset(source, m.At), len(source)
	switch {
	case l == playbook.YAML: // Its parser notices a mistake up to a line later.
		line, _, _ := strings.Cut(source[from:], "\n")
		from, to = lineStart(source, from), from+len(line)+1
	case strings.HasPrefix(m.Text, "unclosed action"): // The parser of templates notices it at the end.
		from = max(strings.LastIndex(source, "{{"), 0)
	case m.Text == "unexpected EOF":
		from = openBlock(source)
	}
	for _, r := range rules()[l] {
		message := r.message.FindStringSubmatch(m.Text)
		if message == nil {
			continue
		}
		match := r.first(source, from, to)
		if match == nil && l == playbook.YAML {
			match = r.first(source, lineStart(source, from-1), from)
		}
		if match == nil {
			continue
		}
		if i := r.source.SubexpIndex("at"); i > 0 {
			m.At = utf8.RuneCountInString(source[:match[2*i]])
		}
		m.Text = group().ReplaceAllStringFunc(r.advice, func(p string) string {
			i := int(p[1] - '0')
			switch {
			case p[0] == '@':
				return message[i]
			case match[2*i] < 0:
				return ""
			}
			return source[match[2*i]:match[2*i+1]]
		})
		return m
	}
	return m
}

var group = alert.Pattern(`[@$][0-9]`)

// first returns the first match of the source's pattern that ends behind an offset and starts
// before another, or that lasts to the end.
func (r rule) first(source string, from, to int) []int {
	pattern := r.source.String()
	if pattern == "" {
		return []int{0, 0}
	}
	here := max(r.source.SubexpIndex("here"), 0)
	for _, match := range r.source.FindAllStringSubmatchIndex(source, -1) {
		if here > 0 && match[2*here] != from {
			continue
		}
		if match[1] > from && match[0] < to || match[1] == len(source) && strings.HasSuffix(pattern, `\z`) {
			return match
		}
	}
	return nil
}

var blockWord = alert.Pattern(`\{\{-?\s*(if|with|range|end)\b`)

// openBlock returns where the last block starts that a template does not end.
func openBlock(source string) int {
	open := []int{0}
	for _, match := range blockWord().FindAllStringSubmatchIndex(source, -1) {
		if source[match[2]:match[3]] != "end" {
			open = append(open, match[0])
		} else if len(open) > 1 {
			open = open[:len(open)-1]
		}
	}
	return open[len(open)-1]
}

// lineStart returns where the line of an offset starts.
func lineStart(text string, at int) int { return strings.LastIndexByte(text[:max(at, 0)], '\n') + 1 }

// offset returns where a character of a text starts.
func offset(text string, character int) int {
	for at := range text {
		if character--; character < 0 {
			return at
		}
	}
	return len(text)
}
