package alert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// isAbsent reports whether a value is null, "", white space, "null", "None", an empty
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
	default:
		return false
	}
}

func isAbsentText(s string) bool {
	s = strings.TrimSpace(s)
	return s == "" || strings.EqualFold(s, "null") || strings.EqualFold(s, "none") || isUnresolved(s)
}

// isUnresolved reports whether s is the name of a variable: $HOSTNAME, $TAGS[service].
func isUnresolved(s string) bool {
	name, ok := strings.CutPrefix(s, "$")
	if !ok {
		return false
	}
	name, index, indexed := strings.Cut(name, "[")
	if indexed && strings.IndexByte(index, ']') != len(index)-1 {
		return false
	}
	return isName(name)
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('A' <= c && c <= 'Z' || i > 0 && (c == '_' || '0' <= c && c <= '9')) {
			return false
		}
	}
	return s != ""
}

// scalar returns the text of a string, number or bool.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return string(v), true
	case bool:
		return strconv.FormatBool(v), true
	default:
		return "", false
	}
}

// reader puts a value that is not absent into its field of the alert. It returns why
// that is not possible, or "". The reason never quotes the value.
type reader func(a *Alert, v any) string

const notText = "is a list or an object where text is expected"

// text reads a string, number or bool.
func text(field func(*Alert) *string) reader {
	return func(a *Alert, v any) string {
		s, ok := scalar(v)
		if !ok {
			return notText
		}
		*field(a) = strings.TrimSpace(s)
		return ""
	}
}

// verbatim reads text and keeps its white space.
func verbatim(field func(*Alert) *string) reader {
	return func(a *Alert, v any) string {
		s, ok := scalar(v)
		if !ok {
			return notText
		}
		*field(a) = s
		return ""
	}
}

func readTransition(a *Alert, v any) string {
	s, ok := scalar(v)
	if !ok {
		return notText
	}
	a.Transition, _ = ParseTransition(strings.TrimSpace(s))
	return ""
}

func readPriority(a *Alert, v any) string {
	s, _ := scalar(v)
	s = strings.ToUpper(strings.TrimSpace(s))
	if len(s) == 1 {
		s = "P" + s
	}
	if !isPriority(s) {
		return "must be P1 to P5"
	}
	a.Priority = s
	return ""
}

// readScope accepts a list too, because a template may build one.
func readScope(a *Alert, v any) string {
	if s, ok := scalar(v); ok {
		a.Scope = strings.TrimSpace(s)
		return ""
	}
	tags, reason := tagsOf(v)
	a.Scope = strings.Join(tags, ",")
	return reason
}

func readTags(a *Alert, v any) string {
	tags, reason := tagsOf(v)
	if len(tags) > 0 {
		a.Tags = tags
	}
	return reason
}

// tagsOf reads "a:b,c", a list of such texts, or an object of keys and values. It
// skips what it cannot read and returns the reason.
func tagsOf(v any) (tags Tags, reason string) {
	if s, ok := scalar(v); ok {
		list, isList := parseInner(s).([]any)
		if !isList {
			return splitTags(s), ""
		}
		v = list
	}
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			s, ok := scalar(item)
			if !ok && item != nil {
				reason = "holds entries that are not text"
			}
			for part := range strings.SplitSeq(s, ",") {
				tags = tags.with(part)
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			s, ok := scalar(v[key])
			switch {
			case isAbsent(v[key]):
			case !ok:
				reason = "holds entries that are not text"
			default:
				tags = tags.with(strings.TrimSpace(key) + ":" + strings.TrimSpace(s))
			}
		}
	}
	return tags, reason
}

// structured reads a JSON object or list, also from text that holds one. Other text
// stays text.
func structured(field func(*Alert) *json.RawMessage) reader {
	return func(a *Alert, v any) string {
		if s, ok := v.(string); ok {
			if inner := parseInner(s); inner != nil {
				v = inner
			}
		}
		if !isAbsent(v) {
			*field(a) = rawJSON(v)
		}
		return ""
	}
}

// rawJSON escapes as encoding/json does, so that the queue does not change the value.
func rawJSON(v any) json.RawMessage {
	var b bytes.Buffer
	json.HTMLEscape(&b, appendJSON(nil, v))
	return b.Bytes()
}

// parseInner returns the object or list that a text holds, or nil.
func parseInner(s string) any {
	s = strings.TrimSpace(s)
	if s == "" || s[0] != '{' && s[0] != '[' {
		return nil
	}
	v, err := parse([]byte(s))
	if err != nil {
		return nil
	}
	return v
}

// Dates outside these years are mistakes of a template.
var (
	earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// firstMilli is the least number that is read as milliseconds: 1973, or the year 5138
// in seconds.
const firstMilli = 1e11

func date(field func(*Alert) *time.Time) reader {
	return func(a *Alert, v any) string {
		s, _ := scalar(v)
		t, ok := parseDate(strings.TrimSpace(s))
		switch {
		case !ok:
			return "is not a date: epoch milliseconds, epoch seconds or RFC 3339"
		case t.Before(earliest) || !t.Before(latest):
			return fmt.Sprintf("is a date outside %d to %d", earliest.Year(), latest.Year()-1)
		}
		*field(a) = t
		return ""
	}
}

// parseDate reads epoch milliseconds like $DATE, epoch seconds like $DATE_POSIX, and
// RFC 3339 with a "T" or a space between date and time.
func parseDate(s string) (time.Time, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n >= firstMilli {
			return time.UnixMilli(n).UTC(), true
		}
		return time.Unix(n, 0).UTC(), true
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return fractionalDate(f)
	}
	const spaceAt = len("2006-01-02")
	if len(s) > spaceAt && s[spaceAt] == ' ' {
		s = s[:spaceAt] + "T" + s[spaceAt+1:]
	}
	t, err := time.Parse(time.RFC3339, s)
	return t.UTC(), err == nil
}

// fractionalDate keeps the milliseconds of "1406662672.123" and reads 1.4e12.
func fractionalDate(f float64) (time.Time, bool) {
	if f < firstMilli {
		f *= 1000
	}
	if math.IsNaN(f) || math.Abs(f) > math.MaxInt64/2 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(math.Round(f))).UTC(), true
}
