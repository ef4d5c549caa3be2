package alert

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// claim says that a key carries a variable, if when accepts the value's text.
type claim struct {
	variable int // index into variables
	// rank orders claims of one variable: the variable's own name first, then
	// the other keys as the table lists them.
	rank  int
	guess bool
	when  func(string) bool
}

func (c claim) accepts(value any) bool {
	if c.when == nil {
		return true
	}
	s, _ := scalar(value)
	return c.when(strings.TrimSpace(s))
}

// claims finds by canonical key; of several for one key the first that accepts
// the value counts. They are built for the first alert, since most of our functions
// read none.
var claims = sync.OnceValue(buildClaims)

func buildClaims() map[string][]claim {
	byKey := make(map[string][]claim)
	add := func(key string, c claim) {
		var buf [96]byte
		k := string(canonical(buf[:0], key))
		byKey[k] = append(byKey[k], c)
	}
	addShared := func(rows []sharedKey, guess bool) {
		for _, row := range rows {
			variable := slices.IndexFunc(variables, func(v variable) bool { return v.name == row.variable })
			for i, key := range row.keys {
				add(key, claim{variable: variable, rank: 1 + i, guess: guess, when: row.when})
			}
		}
	}
	addShared(shared, false)
	conditional := slices.DeleteFunc(slices.Clone(guesses), func(g sharedKey) bool { return g.when == nil })
	addShared(conditional, true)
	for i, v := range variables {
		add(v.name, claim{variable: i, when: v.when})
		for rank, key := range v.keys {
			add(key, claim{variable: i, rank: 1 + rank, when: v.when})
		}
	}
	addShared(slices.DeleteFunc(slices.Clone(guesses), func(g sharedKey) bool { return g.when != nil }), true)
	return byKey
}

// claimsOf returns the claims of a key inside a container, or of a key at the
// top when container is empty. Container and key together come first: org.id is
// $ORG_ID and nothing else.
func claimsOf(container, key string) []claim {
	var buf [96]byte
	if container == "" {
		return claims()[string(canonical(buf[:0], key))]
	}
	k := canonical(buf[:0], container)
	split := len(k)
	k = canonical(k, key)
	if found := claims()[string(k)]; found != nil {
		return found
	}
	found := claims()[string(k[split:])]
	if found != nil && ambiguous()[string(k[split:])] && entities()[string(k[:split])] {
		return nil
	}
	return found
}

// takesObject reports whether an object under this key is a value.
func takesObject(found []claim) bool {
	return slices.ContainsFunc(found, func(c claim) bool { return variables[c.variable].object })
}

func keySet(keys ...string) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool {
		set := make(map[string]bool, len(keys))
		for _, key := range keys {
			set[string(canonical(nil, key))] = true
		}
		return set
	})
}

func isPriority(s string) bool {
	return len(s) == 2 && (s[0] == 'P' || s[0] == 'p') && '1' <= s[1] && s[1] <= '5'
}

func isEventPriority(s string) bool {
	return strings.EqualFold(s, "normal") || strings.EqualFold(s, "low")
}

func isTransition(s string) bool {
	_, known := ParseTransition(s)
	return known
}

func isAlertType(s string) bool {
	switch strings.ToLower(s) {
	case "error", "warning", "success", "info":
		return true
	}
	return false
}

// isEventType recognises the documented event types by how they end: query_alert_monitor,
// log_alert, service_check.
func isEventType(s string) bool {
	return strings.HasSuffix(s, "_alert") || strings.HasSuffix(s, "_monitor") || s == "service_check"
}

// isID accepts more than Datadog's decimals: an alert that comes by way of
// something else still has to be known again when it is sent twice.
func isID(s string) bool { return !strings.ContainsFunc(s, unicode.IsSpace) }

func isEventID(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && n > 0 && isDigits(s)
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
