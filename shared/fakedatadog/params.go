package fakedatadog

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// queryParams reads a query's parameters and keeps the first problem, in
// Datadog's words.
type queryParams struct {
	url.Values
	problem string
}

func (p *queryParams) fail(format, name string) {
	if p.problem == "" {
		p.problem = fmt.Sprintf(format, name)
	}
}

// integer returns a number that is not negative.
func (p *queryParams) integer(name string, required bool) int64 {
	if !p.Has(name) {
		if required {
			p.fail("The parameter '%s' is required", name)
		}
		return 0
	}
	n, err := strconv.ParseInt(p.Get(name), 10, 64)
	if err != nil || n < 0 {
		p.invalid(name)
	}
	return n
}

func (p *queryParams) invalid(name string) {
	p.fail("The value provided for parameter '%s' is invalid", name)
}

func (p *queryParams) flag(name string) bool {
	switch p.Get(name) {
	case "true":
		return true
	case "", "false":
	default:
		p.invalid(name)
	}
	return false
}

func (p *queryParams) oneOf(name string, allowed []string) string {
	v := p.Get(name)
	if v != "" && !slices.Contains(allowed, v) {
		p.invalid(name)
	}
	return v
}

// list splits at commas and drops what is empty.
func (p *queryParams) list(name string) []string {
	parts := strings.Split(p.Get(name), ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return slices.DeleteFunc(parts, func(part string) bool { return part == "" })
}
