package fakedatadog

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
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
	if !p.Has(name) {
		return defaultValue
	}
	n, err := strconv.ParseInt(p.Get(name), 10, 64)
	if err != nil || n < 0 {
		p.fail(invalidValue, name)
		return defaultValue
	}
	return cmp.Or(n, defaultValue)
}

func (p *params) require(names ...string) {
	for _, name := range names {
		if p.Get(name) == "" {
			p.fail(missingValue, name)
		}
	}
}

func (p *params) flag(name string) bool { return p.oneOf(name, "true", "false") == "true" }

func (p *params) oneOf(name string, allowed ...string) string {
	v := p.Get(name)
	if v != "" && !slices.Contains(allowed, v) {
		p.fail(invalidValue, name)
	}
	return v
}

// list splits at commas and drops what is empty.
func (p *params) list(name string) []string {
	parts := strings.Split(p.Get(name), ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return slices.DeleteFunc(parts, func(part string) bool { return part == "" })
}

// window returns at most limit elements from offset on.
func window[T any](all []T, offset, limit int64) []T {
	first := min(offset, int64(len(all)))
	return all[first : first+max(0, min(limit, int64(len(all))-first))]
}

// searchRequest is the body of a search for events or logs. Datadog's default
// stands for what is absent (https://docs.datadoghq.com/api/latest/logs/#search-logs-post).
type searchRequest struct {
	Filter struct {
		Query string `json:"query"`
		From  string `json:"from"`
		To    string `json:"to"`
	} `json:"filter"`
	Page struct {
		Limit  int64  `json:"limit"`
		Cursor string `json:"cursor"`
	} `json:"page"`
	Sort string `json:"sort"`
}

const (
	defaultSearchLimit = 10
	maxSearchLimit     = 1000
)

// times returns the period of the search.
func (in searchRequest) times(c *call) (from, to time.Time) {
	if in.Page.Limit < 0 || in.Page.Limit > maxSearchLimit {
		c.fail("input_validation_error(Field 'page.limit' is invalid: limit must be between 0 and %d)", maxSearchLimit)
	}
	return c.time(cmp.Or(in.Filter.From, "now-15m")), c.time(cmp.Or(in.Filter.To, "now"))
}

// time reads date math as far as it is used here, a timestamp, or milliseconds.
func (c *call) time(text string) time.Time {
	if text == "now" {
		return c.now
	}
	if d, err := time.ParseDuration(strings.TrimPrefix(text, "now-")); err == nil && strings.HasPrefix(text, "now-") {
		return c.now.Add(-d)
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at
	}
	ms, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		c.fail("input_validation_error(Field 'filter' is invalid: invalid time %q)", text)
	}
	return time.UnixMilli(int64(ms)) //nolint:gosec // It has 63 bits.
}

// searchAnswer answers with one page of what was found, in the order of time. A page
// without results has other keys than one with some, as recorded.
func searchAnswer[T any](in searchRequest, path string, found []T, empty object, id func(T) string, show func(T) any) answer {
	if strings.HasPrefix(in.Sort, "-") {
		slices.Reverse(found)
	}
	if in.Page.Cursor != "" {
		after := readCursor(in.Page.Cursor)
		at := slices.IndexFunc(found, func(v T) bool { return id(v) == after })
		if at < 0 {
			at = len(found) - 1
		}
		found = found[at+1:]
	}
	data := []any{}
	for _, v := range window(found, 0, cmp.Or(in.Page.Limit, defaultSearchLimit)) {
		data = append(data, show(v))
	}
	empty["data"] = data
	if len(data) == 0 {
		return success(empty)
	}
	raw, _ := json.Marshal(map[string]string{"after": id(found[len(data)-1])}) // A map of strings always encodes.
	cursor := base64.RawStdEncoding.EncodeToString(raw)
	return success(object{
		"data": data, "meta": object{"page": object{"after": cursor}},
		"links": object{"next": "https://api.datadoghq.com" + path + "?page%5Bcursor%5D=" + cursor},
	})
}

// readCursor returns the id that a cursor stands behind, empty for no cursor.
func readCursor(cursor string) string {
	var last struct{ After string }
	raw, _ := base64.RawStdEncoding.DecodeString(strings.TrimRight(cursor, "="))
	_ = json.Unmarshal(raw, &last) // An invalid cursor has no id.
	return last.After
}
