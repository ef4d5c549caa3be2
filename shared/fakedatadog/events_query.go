package fakedatadog

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// eventQuery says whether an event matches.
type eventQuery func(Event) bool

// eventToken is one token of a search: a parenthesis, a key with its colon, a
// quoted or a bare word; each may have a minus before it.
var eventToken = regexp.MustCompile(`^\s*(-?)(\(|\)|[\w.@-]+:|"(?:[^"\\]|\\.)*"|(?:[^\s"():\\]|\\.)+)`)

var errEventQuery = errors.New("input_validation_error(Field 'filter.query' is invalid: the stand-in knows words, key:value, key:(a OR b), AND, OR, NOT, - and parentheses, of tags and of source, service, status, host, tags, @evt.category and @monitor.id)")

// parseEventQuery reads the search syntax as far as it is used, and refuses the
// rest: a filter that is ignored proves nothing
// (https://docs.datadoghq.com/events/explorer/searching/).
func parseEventQuery(text string) (eventQuery, error) {
	p := eventParser{rest: strings.TrimSpace(text)}
	if p.rest == "" {
		return func(Event) bool { return true }, nil
	}
	query := p.anyOf("")
	if p.failed || strings.TrimSpace(p.rest) != "" {
		return nil, errEventQuery
	}
	return query, nil
}

type eventParser struct {
	rest   string
	failed bool
}

// peek returns the next token and its minus without taking it.
func (p *eventParser) peek() (minus bool, token string) {
	match := eventToken.FindStringSubmatch(p.rest)
	if match == nil {
		return false, ""
	}
	return match[1] == "-", match[2]
}

func (p *eventParser) take() {
	p.rest = p.rest[len(eventToken.FindString(p.rest)):]
}

// anyOf reads terms joined by OR; key is that of the values in parentheses.
func (p *eventParser) anyOf(key string) eventQuery {
	alternatives := []eventQuery{p.allOf(key)}
	for {
		if _, token := p.peek(); token != "OR" {
			break
		}
		p.take()
		alternatives = append(alternatives, p.allOf(key))
	}
	return func(e Event) bool {
		return slices.ContainsFunc(alternatives, func(q eventQuery) bool { return q(e) })
	}
}

// allOf reads terms joined by AND, or by nothing.
func (p *eventParser) allOf(key string) eventQuery {
	var terms []eventQuery
	for {
		_, token := p.peek()
		joined := token == "AND" && len(terms) > 0
		if joined {
			p.take()
			_, token = p.peek()
		}
		if token == "" || token == ")" || token == "OR" {
			p.failed = p.failed || joined
			break
		}
		terms = append(terms, p.term(key))
	}
	p.failed = p.failed || len(terms) == 0
	return func(e Event) bool {
		return !slices.ContainsFunc(terms, func(q eventQuery) bool { return !q(e) })
	}
}

func (p *eventParser) term(key string) eventQuery {
	minus, token := p.peek()
	p.take()
	var query eventQuery
	switch {
	case token == "NOT":
		minus, query = true, p.term(key)
	case token == "(":
		query = p.anyOf(key)
		p.close()
	case strings.HasSuffix(token, ":") && key == "":
		query = p.valueOf(strings.ToLower(strings.TrimSuffix(token, ":")))
	default:
		query = p.value(key, token)
	}
	if minus {
		return func(e Event) bool { return !query(e) }
	}
	return query
}

// valueOf reads what follows a key: one value, or several in parentheses.
func (p *eventParser) valueOf(key string) eventQuery {
	minus, token := p.peek()
	p.take()
	if token != "(" {
		return p.value(key, token)
	}
	p.failed = p.failed || minus
	query := p.anyOf(key)
	p.close()
	return query
}

func (p *eventParser) close() {
	_, token := p.peek()
	p.failed = p.failed || token != ")"
	p.take()
}

func (p *eventParser) value(key, token string) eventQuery {
	fields, known := eventFields(key)
	if !known || token == "" || token == ")" || strings.HasSuffix(token, ":") {
		p.failed = true
	}
	pattern := glob(token, key == "")
	return func(e Event) bool { return slices.ContainsFunc(fields(e), pattern.MatchString) }
}

// eventFields returns what a key looks at. Without a key, that is every word of
// title and text.
func eventFields(key string) (func(Event) []string, bool) {
	fields, known := map[string]func(Event) []string{
		"":              func(e Event) []string { return []string{e.Title, e.Text} },
		"source":        func(e Event) []string { return []string{e.source()} },
		"service":       func(e Event) []string { return []string{e.service()} },
		"host":          func(e Event) []string { return append(tagValues(e.Tags, "host"), e.Host) },
		"status":        func(e Event) []string { return []string{searchStatus(e.AlertType)} },
		"tags":          func(e Event) []string { return e.searchTags() },
		"@monitor.id":   func(e Event) []string { return []string{strconv.FormatInt(e.MonitorID, 10)} },
		"@evt.category": func(e Event) []string { return []string{e.category()} },
	}[key]
	if !known && !strings.HasPrefix(key, "@") {
		return func(e Event) []string { return tagValues(e.Tags, key) }, true
	}
	return fields, known
}

func tagValues(tags []string, key string) []string {
	var values []string
	for _, tag := range tags {
		if name, value, _ := strings.Cut(tag, ":"); strings.EqualFold(name, key) {
			values = append(values, value)
		}
	}
	return values
}

// searchStatus is the status by which an event is searched, which is not always
// what it was posted with (https://docs.datadoghq.com/events/guides/migrating_to_new_events_features/).
func searchStatus(alertType string) string {
	switch alertType {
	case "success":
		return "ok"
	case "warning":
		return "warn"
	}
	return alertType
}

func (e Event) category() string {
	if e.Change != nil {
		return "change"
	}
	return ""
}

// glob makes a pattern of a value, in which an unquoted * stands for anything.
// A word may stand anywhere in a text.
func glob(token string, word bool) *regexp.Regexp {
	pattern := regexp.QuoteMeta(unquoted(token))
	if !strings.HasPrefix(token, `"`) {
		pattern = strings.ReplaceAll(pattern, `\*`, `.*`)
	}
	if word {
		pattern = `\b` + pattern + `\b`
		if strings.HasSuffix(token, "*") {
			pattern = strings.TrimSuffix(pattern, `\b`)
		}
		return regexp.MustCompile(`(?is)` + pattern)
	}
	return regexp.MustCompile(`(?is)^` + pattern + `$`)
}
