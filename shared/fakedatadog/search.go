package fakedatadog

import (
	"cmp"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	defaultSearchLimit = 10
	maxSearchLimit     = 1000
)

type searchable interface {
	at() time.Time
	// values returns what it has for a key of a search.
	values(key string) []string
	// found returns it as a search shows it.
	found() object
}

// search answers with the first page of what matches
// (https://docs.datadoghq.com/api/latest/logs/#search-logs-post); all has the newest first.
// It refuses every cursor, because no caller asks for a later page.
func search[T searchable](c *call, all iter.Seq[T]) answer {
	var in struct {
		Filter struct{ Query, From, To string }
		Page   struct {
			Limit  int64
			Cursor string
		}
		Sort string
	}
	c.decode(&in)
	from, to := c.time(in.Filter.From, c.now.Add(-15*time.Minute)), c.time(in.Filter.To, c.now)
	wanted, ok := parseQuery(in.Filter.Query)
	c.failIf(in.Page.Cursor != "", `{'errors': [u"input_validation_error(Field 'page' is invalid: invalid cursor)"]}`)
	c.failIf(in.Page.Limit < 0 || in.Page.Limit > maxSearchLimit, "input_validation_error(Field 'page.limit' is invalid: limit must be between 0 and %d)", maxSearchLimit)
	c.failIf(!ok, "input_validation_error(Field 'filter.query' is invalid: fakedatadog cannot parse %q)", in.Filter.Query)
	var matching []T
	for v := range all {
		if v.at().Before(from) {
			break
		}
		if !v.at().After(to) && wanted(v.values) {
			matching = append(matching, v)
		}
	}
	if !strings.HasPrefix(in.Sort, "-") {
		slices.Reverse(matching)
	}
	return success(object{"data": list(window(matching, 0, cmp.Or(max(0, in.Page.Limit), defaultSearchLimit)), T.found)})
}

func (c *call) time(text string, defaultValue time.Time) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if text == "" {
		return defaultValue
	}
	c.failIf(err != nil, "input_validation_error(Field 'filter' is invalid: invalid time %q)", text)
	return at
}

// query is a search in Datadog's syntax, as far as it is used here: words, key:value,
// key:(a OR b), AND, OR, NOT, - and parentheses
// (https://docs.datadoghq.com/logs/explorer/search_syntax/). It reports whether something
// has the values that it wants for each key. The key "" stands for its texts, in which a
// word may be anywhere.
type query func(values func(key string) []string) bool

var token = regexp.MustCompile(`^(-|\(|\)|[\w.@-]+:|"(?:[^"\\]|\\.)*"|(?:[^\s"():\\]|\\.)+)`)

// parseQuery refuses what it does not know, because a filter that is ignored proves
// nothing.
func parseQuery(text string) (q query, ok bool) {
	var p queryParser
	if text = strings.TrimSpace(text); text == "*" {
		text = ""
	}
	for ; text != ""; text = strings.TrimSpace(text) {
		next := token.FindString(text)
		if next == "" {
			return func(func(string) []string) bool { return false }, false
		}
		p.rest, text = append(p.rest, next), text[len(next):]
	}
	if len(p.rest) == 0 {
		return func(func(string) []string) bool { return true }, true
	}
	q = p.anyOf("")
	return q, !p.failed && len(p.rest) == 0
}

type queryParser struct {
	rest   []string
	failed bool
}

func (p *queryParser) next() (text string) {
	if len(p.rest) > 0 {
		text, p.rest = p.rest[0], p.rest[1:]
	}
	return text
}

func (p *queryParser) take(texts ...string) bool {
	taken := len(p.rest) > 0 && slices.Contains(texts, p.rest[0])
	if taken {
		p.next()
	}
	return taken
}

// anyOf reads terms joined by OR; key is that of the values in parentheses.
func (p *queryParser) anyOf(key string) query {
	q := p.allOf(key)
	for p.take("OR") {
		left, right := q, p.allOf(key)
		q = func(values func(string) []string) bool { return left(values) || right(values) }
	}
	return q
}

// allOf reads terms joined by AND, or by nothing.
func (p *queryParser) allOf(key string) query {
	q := p.term(key)
	for p.take("AND") || len(p.rest) > 0 && p.rest[0] != "OR" && p.rest[0] != ")" {
		left, right := q, p.term(key)
		q = func(values func(string) []string) bool { return left(values) && right(values) }
	}
	return q
}

func (p *queryParser) term(key string) query {
	if p.take("NOT", "-") {
		q := p.term(key)
		return func(values func(string) []string) bool { return !q(values) }
	}
	text := p.next()
	if name, isKey := strings.CutSuffix(text, ":"); isKey && key == "" {
		key, text = strings.ToLower(name), p.next()
	}
	if text == "(" {
		q := p.anyOf(key)
		p.failed = !p.take(")") || p.failed
		return q
	}
	p.failed = p.failed || slices.Contains([]string{"", ")", "OR", "AND"}, text) || strings.HasSuffix(text, ":")
	wanted := escaped.ReplaceAllString(strings.Trim(text, `"`), "$1")
	return func(values func(string) []string) bool {
		return slices.ContainsFunc(values(key), func(value string) bool {
			return strings.EqualFold(value, wanted) || wanted == "*" || key == "" && strings.Contains(strings.ToLower(value), strings.ToLower(wanted))
		})
	}
}

var escaped = regexp.MustCompile(`\\(.)`)

func tagValues(tags []string, key string) (values []string) {
	for _, tag := range tags {
		if name, value, _ := strings.Cut(tag, ":"); strings.EqualFold(name, key) {
			values = append(values, value)
		}
	}
	return values
}

// Log is one log line.
type Log struct {
	ID        string
	Timestamp time.Time
	Status    string
	Service   string
	Host      string
	Message   string
	Tags      []string
}

// AddLog adds a line. Zero values become the status info, the time of the server's
// clock, a new id.
func (s *Server) AddLog(l Log) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.ID = cmp.Or(l.ID, fmt.Sprintf("AQAAAYAZdboJ7dGw%08d", len(s.lines)+1))
	l.Status = cmp.Or(l.Status, "info")
	if l.Timestamp.IsZero() {
		l.Timestamp = s.now()
	}
	l.Tags = slices.Clone(l.Tags)
	s.lines = append(s.lines, l)
	slices.SortStableFunc(s.lines, func(a, b Log) int { return b.Timestamp.Compare(a.Timestamp) })
}

func (s *Server) searchLogs(c *call) answer { return search(c, slices.Values(s.lines)) }

func (l Log) at() time.Time { return l.Timestamp }

func (l Log) values(key string) []string {
	if key == "" {
		return []string{l.Message}
	}
	return tagValues(append(l.Tags, "status:"+l.Status, "service:"+l.Service, "host:"+l.Host), key)
}

func (l Log) found() object {
	return resource("log", l.ID, object{
		"timestamp": l.Timestamp.UTC().Format("2006-01-02T15:04:05.000Z"), "status": l.Status, "message": l.Message,
		"host": l.Host, "tags": orEmpty(l.Tags),
	})
}
