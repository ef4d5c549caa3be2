package fakedatadog

import (
	"cmp"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The words of Datadog's answers about parameters.
const (
	missingValue = "The parameter '%s' is required"
	invalidValue = "The value provided for parameter '%s' is invalid"
)

// params reads query parameters and keeps the first problem, which then is the
// call's answer.
type params struct {
	url.Values
	problem string
}

func (p *params) fail(format string, args ...any) {
	p.problem = cmp.Or(p.problem, fmt.Sprintf(format, args...))
}

// integer returns a number that is not negative.
func (p *params) integer(name string, defaultValue int64) int64 {
	n, err := strconv.ParseInt(cmp.Or(p.Get(name), "0"), 10, 64)
	p.failIf(err != nil || n < 0, invalidValue, name)
	return cmp.Or(max(0, n), defaultValue)
}

// failIf keeps a problem if there is one.
func (p *params) failIf(wrong bool, format string, args ...any) {
	if wrong {
		p.fail(format, args...)
	}
}

func (p *params) require(names ...string) {
	for _, name := range names {
		p.failIf(p.Get(name) == "", missingValue, name)
	}
}

func (p *params) flag(name string) bool {
	return p.oneOf(name, "", "true", "false") == "true"
}

// oneOf returns a value that must be one of those.
func (p *params) oneOf(name string, values ...string) string {
	v := p.Get(name)
	p.failIf(!slices.Contains(values, v), invalidValue, name)
	return v
}

// list splits at commas and drops what is empty.
func (p *params) list(name string) (parts []string) {
	for part := range strings.SplitSeq(p.Get(name), ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// includes reports whether the caller asks for related resources.
func (p *params) includes(name string) bool { return slices.Contains(p.list("include"), name) }

// window returns at most limit elements from offset on.
func window[T any](all []T, offset, limit int64) []T {
	first := min(offset, int64(len(all)))
	return all[first : first+max(0, min(limit, int64(len(all))-first))]
}

const (
	defaultSearchLimit = 10
	maxSearchLimit     = 1000
)

// searchable is what a search finds.
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
		if !v.at().Before(from) && !v.at().After(to) && wanted(v.values) {
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
