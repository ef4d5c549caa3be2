package fakedatadog

import (
	"errors"
	"regexp"
	"slices"
	"strings"
)

// logTerms are a search's terms, all of which a line must match.
type logTerms []logTerm

type logTerm struct {
	not        bool
	key, value string // Without a key, the value is a word of the message.
}

// logWord is one term of a search: -key:"value", key:value, or a word.
var logWord = regexp.MustCompile(`^(-?)(?:([\w.@-]+):)?("(?:[^"\\]|\\.)*"|[^\s"()]+)(?:\s+|$)`)

// parseLogQuery reads the part of the search syntax that is used here, terms that
// must all match, and refuses the rest: a filter that is ignored proves nothing
// (https://docs.datadoghq.com/logs/explorer/search_syntax/).
func parseLogQuery(query string) (logTerms, error) {
	var terms logTerms
	for query = strings.TrimSpace(query); query != ""; {
		word := logWord.FindStringSubmatch(query)
		if word == nil || word[3] == "OR" || word[3] == "NOT" {
			return nil, errors.New("input_validation_error(Field 'filter.query' is invalid: the stand-in knows words, key:value, -key:value and AND)")
		}
		query = query[len(word[0]):]
		if word[0] = strings.TrimSpace(word[0]); word[0] != "AND" && word[0] != "*" {
			terms = append(terms, logTerm{not: word[1] == "-", key: strings.ToLower(word[2]), value: unquoted(word[3])})
		}
	}
	return terms, nil
}

var escaped = regexp.MustCompile(`\\(.)`)

func unquoted(value string) string {
	if len(value) > 1 && value[0] == '"' {
		value = value[1 : len(value)-1]
	}
	return escaped.ReplaceAllString(value, "$1")
}

func (t logTerms) match(l Log) bool {
	return !slices.ContainsFunc(t, func(term logTerm) bool { return term.matches(l) == term.not })
}

func (t logTerm) matches(l Log) bool {
	switch t.key {
	case "":
		return strings.Contains(strings.ToLower(l.Message), strings.ToLower(t.value))
	case "status":
		return t.fits(l.Status)
	case "service":
		return t.fits(l.Service)
	case "host":
		return t.fits(l.Host)
	}
	return slices.ContainsFunc(l.Tags, func(tag string) bool {
		key, value, _ := strings.Cut(tag, ":")
		return strings.EqualFold(key, t.key) && t.fits(value)
	})
}

// fits takes an asterisk at the end for anything.
func (t logTerm) fits(value string) bool {
	if start, wild := strings.CutSuffix(t.value, "*"); wild {
		return len(value) >= len(start) && strings.EqualFold(value[:len(start)], start)
	}
	return strings.EqualFold(value, t.value)
}
