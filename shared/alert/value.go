package alert

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"boomerang/shared/jsonvalue"
)

// isAbsent reports whether a value is null, "", white space, a word for none, an empty
// list or object, or an unresolved variable.
func isAbsent(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return isAbsentText(v)
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

func isAbsentText(s string) bool {
	s = strings.TrimSpace(s)
	return s == "" || slices.ContainsFunc(noValue, func(word string) bool { return strings.EqualFold(s, word) }) ||
		s[0] == '$' && jsonvalue.Variable(s) == s || len(s) < maxMarks && strings.Contains(s, "$") && unresolved().MatchString(s) || len(s) > 1 && strings.Contains("{{ ${ <%", s[:2]) && foreign().MatchString(s)
}

// unresolved matches nothing but variables that Datadog left as they are: "$INCIDENT_TITLE: $INCIDENT_URL".
var unresolved = Pattern(`^(?:[^\pL\pN$]*\$[A-Z][A-Z0-9_]*(?:\[[^\]]*\])?)+[^\pL\pN$]*$`)

// noValue has what templates of Datadog, JavaScript and Go write for no value, and people do.
var noValue = []string{"null", "none", "undefined", "<no value>", "n/a"}

// foreign matches a variable of another tool, which Datadog does not fill.
var foreign = Pattern(`^(?:\{\{\{?[\w\s.|$-]*\}?\}\}|\$\{[A-Za-z_][\w.]*\}|<%[^%]*%>)$`)

// scalar returns the text of a string, number or bool.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return string(v), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// wholeNumber spells 42.0 and 4.2e1 as 42, and keeps all digits of a 64-bit id.
func wholeNumber(s string) string {
	const precision, longest = 128, 64
	if len(s) > longest || !strings.ContainsAny(s, ".eE") {
		return s
	}
	f, _, err := big.ParseFloat(s, 10, precision, big.ToNearestEven)
	if err != nil || !f.IsInt() || f.MantExp(nil) > 64 {
		return s
	}
	return f.Text('f', 0)
}

// parseObjects returns the object or the list of objects that a text holds, or nil.
func parseObjects(s string) any {
	if strings.HasPrefix(s, `"`) { // It is encoded twice.
		inner, _ := jsonvalue.Parse(s)
		s, _ = inner.(string)
	}
	if s = fromBase64(strings.TrimSpace(s)); strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[{") {
		return parseInner(s)
	}
	return nil
}

// fromBase64 returns the words that a text holds in Base64, as queues and topics pass them on, or the
// text as it is.
func fromBase64(s string) string {
	const shortest = 20 // A word of less may be valid.
	if len(s) < shortest || len(s)%4 != 0 || strings.ContainsAny(s[:shortest], " {\n") {
		return s
	}
	decoded, err := base64.StdEncoding.DecodeString(s)
	isBinary := func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) && !unicode.IsSpace(r) }
	if err != nil || bytes.ContainsFunc(decoded, isBinary) || !bytes.ContainsAny(decoded, " {") {
		return s
	}
	return strings.TrimSpace(string(decoded))
}

// parseInner returns the object or list that a text holds, or nil.
func parseInner(s string) (v any) {
	if s = strings.TrimSpace(s); strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[") {
		v, _ = jsonvalue.Parse(s)
	}
	return v
}
