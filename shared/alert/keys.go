package alert

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// keyMapping says that a key holds a variable, if when accepts the value's text.
type keyMapping struct {
	variable int // Index into variables.
	// rank orders the mappings of one variable: its own name, then the other keys in
	// the order of the table.
	rank  int
	guess bool
	when  func(string) bool
}

func (m keyMapping) accepts(value any) bool {
	if m.when == nil {
		return true
	}
	s, _ := scalar(value)
	return m.when(strings.TrimSpace(s))
}

// keyMappings finds the mappings of a canonical key, in order: the first one that
// accepts the value counts. It is built for the first alert, because most functions
// decode none.
var keyMappings = sync.OnceValue(func() map[string][]keyMapping {
	byKey := keyMap{}
	byKey.addRows(shared, false)
	byKey.addRows(slices.DeleteFunc(slices.Clone(guesses), func(k sharedKey) bool { return k.when == nil }), true)
	for i, v := range variables {
		for rank, key := range append([]string{v.name}, v.keys...) {
			byKey.add(key, keyMapping{variable: i, rank: rank, when: v.when})
		}
	}
	byKey.addRows(slices.DeleteFunc(slices.Clone(guesses), func(k sharedKey) bool { return k.when != nil }), true)
	return byKey
})

type keyMap map[string][]keyMapping

func (m keyMap) add(key string, mapping keyMapping) {
	k := string(canonical(nil, key))
	m[k] = append(m[k], mapping)
}

func (m keyMap) addRows(rows []sharedKey, guess bool) {
	for _, row := range rows {
		variable := slices.IndexFunc(variables, func(v variable) bool { return v.name == row.variable })
		for i, key := range row.keys {
			m.add(key, keyMapping{variable: variable, rank: 1 + i, guess: guess, when: row.when})
		}
	}
}

// canonical appends the key's lower-case letters and digits to dst. It keeps all
// non-ASCII bytes, so that a key in another script never equals one of the table.
func canonical(dst []byte, key string) []byte {
	for i := range len(key) {
		switch c := key[i]; {
		case 'A' <= c && c <= 'Z':
			dst = append(dst, c+'a'-'A')
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c >= 0x80:
			dst = append(dst, c)
		}
	}
	return dst
}

// mappingsOf returns the mappings of a key inside a container, or at the top level
// when container is empty. Container and key together come first: org.id is $ORG_ID
// only.
func mappingsOf(container, key string) []keyMapping {
	var buf [96]byte
	if container == "" {
		return keyMappings()[string(canonical(buf[:0], key))]
	}
	k := canonical(buf[:0], container)
	split := len(k)
	k = canonical(k, key)
	if both := keyMappings()[string(k)]; both != nil {
		return both
	}
	found := keyMappings()[string(k[split:])]
	if found != nil && ambiguous()[string(k[split:])] && entities()[string(k[:split])] {
		return nil
	}
	return found
}

// takesObject reports whether an object under this key is a value.
func takesObject(found []keyMapping) bool {
	return slices.ContainsFunc(found, func(m keyMapping) bool { return variables[m.variable].object })
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
	return slices.Contains([]string{"error", "warning", "success", "info"}, strings.ToLower(s))
}

// isEventType recognises the documented event types: query_alert_monitor, log_alert,
// service_check.
func isEventType(s string) bool {
	return strings.HasSuffix(s, "_alert") || strings.HasSuffix(s, "_monitor") || s == "service_check"
}

// isID accepts more than Datadog's decimals, so that alerts of other senders are
// deduplicated too.
func isID(s string) bool { return !strings.ContainsFunc(s, unicode.IsSpace) }

func isEventID(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && n > 0 && isDigits(s)
}

func isDigits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}
