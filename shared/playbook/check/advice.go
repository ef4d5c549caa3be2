package check

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"boomerang/shared/enrich"
	"boomerang/shared/playbook"
)

// rule says what to do about a mistake. The first rule whose patterns match is used.
type rule struct {
	message string // a pattern of the parser's message
	// source is a pattern of the text that the mistake is about; "" for any. A group named
	// at moves the mistake to where it matches.
	source string
	advice string // with $1 for a group of source, and @1 for one of message
}

// compiledRule compiles its patterns at their first use: most files have few mistakes.
type compiledRule struct {
	message, source func() *regexp.Regexp
	advice          string
}

var rules = map[playbook.Language][]compiledRule{
	playbook.YAML:       compiled(yamlRules),
	playbook.Value:      compiled(valueRules),
	playbook.Expression: compiled(expressionRules),
	playbook.Template:   compiled(templateRules),
}

func compiled(rules []rule) []compiledRule {
	all := make([]compiledRule, len(rules))
	for i, r := range rules {
		all[i] = compiledRule{enrich.Pattern(r.message), enrich.Pattern(r.source), r.advice}
	}
	return all
}

// advise says what to do about a mistake in a source, in plain words.
func advise(l playbook.Language, source string, m playbook.Mistake) playbook.Mistake {
	from, to := offset(source, m.At), len(source)
	switch l {
	case playbook.YAML: // Its parser notices a mistake up to a line later.
		from = strings.LastIndexByte(source[:from], '\n') + 1
		if end := strings.IndexByte(source[from:], '\n'); end >= 0 {
			to = from + end + 1
		}
	case playbook.Template: // Its parser notices what is not closed at the end.
		if strings.HasPrefix(m.Text, "unclosed action") {
			from = max(strings.LastIndex(source, "{{"), 0)
		} else if m.Text == "unexpected EOF" {
			from = openBlock(source)
		}
	}
	for _, r := range rules[l] {
		message := r.message().FindStringSubmatch(m.Text)
		if message == nil {
			continue
		}
		match := []int{0, 0}
		if r.source().String() != "" {
			if match = r.first(source, from, to); match == nil && l == playbook.YAML {
				match = r.first(source, strings.LastIndexByte(source[:max(from-1, 0)], '\n')+1, from)
			}
			if match == nil {
				continue
			}
		}
		if i := r.source().SubexpIndex("at"); i > 0 {
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

// first returns the first match of the source's pattern that ends behind an offset and starts
// before another, or that lasts to the end.
func (r compiledRule) first(source string, from, to int) []int {
	for _, match := range r.source().FindAllStringSubmatchIndex(source, -1) {
		if match[1] > from && match[0] < to || match[1] == len(source) && strings.HasSuffix(r.source().String(), `\z`) {
			return match
		}
	}
	return nil
}

var blockWord = enrich.Pattern(`\{\{-?\s*(if|with|range|end)\b`)

// openBlock returns where the last block starts that a template does not end.
func openBlock(source string) int {
	var open []int
	for _, match := range blockWord().FindAllStringSubmatchIndex(source, -1) {
		if source[match[2]:match[3]] != "end" {
			open = append(open, match[0])
		} else if len(open) > 0 {
			open = open[:len(open)-1]
		}
	}
	if len(open) == 0 {
		return 0
	}
	return open[len(open)-1]
}

var group = enrich.Pattern(`[@$][0-9]`)

// offset returns where a character of a text starts.
func offset(text string, character int) int {
	for at := range text {
		if character--; character < 0 {
			return at
		}
	}
	return len(text)
}
