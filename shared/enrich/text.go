package enrich

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"boomerang/shared/alert"
)

// Line returns foreign text, such as a log line, on one line without invisible
// characters. A text of more than limit runes is truncated and ends in an ellipsis.
func Line(text string, limit int) string {
	// A log line may have megabytes, of which only the start is shown.
	const maxBytesPerRune = 8 * utf8.UTFMax
	if len(text) > limit*maxBytesPerRune {
		text = text[:limit*maxBytesPerRune]
	}
	visible := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == utf8.RuneError:
			return -1
		}
		return r
	}, text)
	line := []rune(strings.Join(strings.Fields(visible), " "))
	if len(line) <= limit {
		return string(line)
	}
	return strings.TrimRight(string(line[:max(0, limit-1)]), " ") + "…"
}

// Count returns a number with its noun: "1 line", "2 lines".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Join returns the first limit texts, and how many more there are.
func Join(texts []string, separator string, limit int) string {
	if len(texts) <= limit {
		return strings.Join(texts, separator)
	}
	return fmt.Sprintf("%s and %d more", strings.Join(texts[:limit], separator), len(texts)-limit)
}

// plainValue has no search syntax (https://docs.datadoghq.com/logs/explorer/search_syntax/).
var plainValue = alert.Pattern(`^[\pL\pN][\pL\pN_./-]*$`)

// SearchValue returns a tag's value for a search, quoted if it has search syntax.
func SearchValue(value string) string {
	if plainValue().MatchString(value) {
		return value
	}
	return Quote(value)
}

// Quote keeps a value from being read as part of a search.
func Quote(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(strings.ToValidUTF8(value, "")) + `"`
}

// FormatTime writes a time as "21 Nov 16:00 UTC".
func FormatTime(t time.Time) string { return t.UTC().Format("2 Jan 15:04 UTC") }

// FormatDuration returns a duration in at most two units: "45 s", "12 min",
// "3 h 5 min", "2 d 4 h".
func FormatDuration(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 24*time.Hour:
		return twoUnits(int(d.Hours()), "h", int(d.Minutes())%60, "min")
	}
	return twoUnits(int(d.Hours())/24, "d", int(d.Hours())%24, "h")
}

// ShortDuration writes a duration as a playbook has it, without zeros: 5m, 1h, 1h30m.
func ShortDuration(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func twoUnits(big int, bigUnit string, small int, smallUnit string) string {
	if small == 0 {
		return fmt.Sprintf("%d %s", big, bigUnit)
	}
	return fmt.Sprintf("%d %s %d %s", big, bigUnit, small, smallUnit)
}

// Moment writes a time in UTC and its distance from the alert's time, which may be zero:
// "06:13 UTC, 6 min before".
func Moment(t, about time.Time) string {
	if about.IsZero() || t.UTC().Format(time.DateOnly) != about.UTC().Format(time.DateOnly) {
		return FormatTime(t) + distance(t, about)
	}
	return t.UTC().Format("15:04 UTC") + distance(t, about)
}

func distance(t, about time.Time) string {
	switch d := about.Sub(t); {
	case about.IsZero():
		return ""
	case d >= time.Minute:
		return ", " + FormatDuration(d) + " before"
	case d <= -time.Minute:
		return ", " + FormatDuration(-d) + " after"
	}
	return ""
}

// Until writes when something ends, and how long after the alert: "until 21 Nov 16:00 UTC,
// 4 h after", or "indefinitely" when the time is zero.
func Until(t, about time.Time) string {
	if t.IsZero() {
		return "indefinitely"
	}
	return "until " + FormatTime(t) + distance(t, about)
}

// Times writes how often something happened: "once", "twice", "3 times".
func Times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

// NameAndID writes a name with its identifier: "Shop (shop)", or the one that there is.
func NameAndID(name, id string) string {
	if name == "" || id == "" || name == id {
		return cmp.Or(name, id)
	}
	return fmt.Sprintf("%s (%s)", name, id)
}

// maxURLBytes leaves out what an event has no room for.
const maxURLBytes = 2048

// IsWebURL reports whether an event can link to s.
func IsWebURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && len(s) <= maxURLBytes && !strings.ContainsFunc(s, unicode.IsSpace)
}

// DecodeJSON decodes one JSON value. A whole number becomes an int64, so that a
// 64-bit id keeps all its digits and expressions can compare it.
func DecodeJSON(raw []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return plainNumbers(v), nil
}

func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
		return v.String() // It is too large for a float64.
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = plainNumbers(v[key])
		}
	}
	return v
}

// Text returns a JSON or YAML value for people: null as "", a list of plain values
// as "a, b", and an object as JSON.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		texts := make([]string, len(v))
		for i, one := range v {
			switch one.(type) {
			case []any, map[string]any:
				return asJSON(v)
			}
			texts[i] = Text(one)
		}
		return strings.Join(texts, ", ")
	case map[string]any:
		return asJSON(v)
	}
	return fmt.Sprint(v)
}

func asJSON(v any) string {
	encoded, _ := json.Marshal(v) // Decoded values always encode.
	return string(encoded)
}
