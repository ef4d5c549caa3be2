// Package scope evaluates the scopes of Datadog's notification rules on tags. It knows the
// syntax that https://docs.datadoghq.com/monitors/notify/notification_rules/ documents, and
// nothing else: key:value, key:*, key:(a OR b), values in quotes, AND, OR, NOT, and
// parentheses. AND joins terms without an operator, and case does not matter in tags.
package scope

import "strings"

// Answer says whether tags match. In this order AND is the smallest of some answers, and OR
// the largest.
type Answer int

// The answers.
const (
	No Answer = iota
	Undecided
	Yes
)

// Not returns the opposite. That of Undecided is Undecided.
func (a Answer) Not() Answer { return Yes - a }

// Scope answers whether tags match.
type Scope func(tags []string) Answer

func unknown([]string) Answer { return Undecided }

func not(s Scope) Scope { return func(tags []string) Answer { return s(tags).Not() } }

// has matches a tag with the key and the value, or with any value for "*".
func has(key, value string) Scope {
	return func(tags []string) Answer {
		for _, tag := range tags {
			k, v, ok := strings.Cut(tag, ":")
			if ok && strings.EqualFold(k, key) && (value == "*" || strings.EqualFold(v, value)) {
				return Yes
			}
		}
		return No
	}
}

// join joins scopes, each with the one before it by OR or by AND.
//
// Datadog does not document which of the two binds stronger. Of all readings, that with AND
// first matches most and that with OR first least, so where these agree, all do.
func join(scopes []Scope, byOr []bool) Scope {
	return func(tags []string) Answer {
		andFirst, orFirst := No, Yes
		allOf, anyOf := Yes, No // of the terms since the last OR, and since the last AND
		for i, s := range scopes {
			switch {
			case i == 0:
			case byOr[i]:
				andFirst, allOf = max(andFirst, allOf), Yes
			default:
				orFirst, anyOf = min(orFirst, anyOf), No
			}
			answer := s(tags)
			allOf, anyOf = min(allOf, answer), max(anyOf, answer)
		}
		andFirst, orFirst = max(andFirst, allOf), min(orFirst, anyOf)
		if andFirst != orFirst {
			return Undecided
		}
		return andFirst
	}
}
