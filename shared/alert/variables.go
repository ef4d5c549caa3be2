package alert

import (
	"cmp"
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// variable is one of Datadog's variables, and its field of Alert.
type variable struct {
	name   string // Without the dollar sign.
	form   string // See Alert.
	field  []int  // Index for reflect.Value.FieldByIndex.
	object bool   // An object is a value, and not a container of other keys.
}

// variables are the documented variables, in the order of Alert's fields
// (https://docs.datadoghq.com/integrations/webhooks/).
var variables = sync.OnceValue(func() []variable { return variablesOf(reflect.TypeFor[Alert](), nil) })

func variablesOf(t reflect.Type, path []int) (found []variable) {
	for i := range t.NumField() {
		field, index := t.Field(i), append(slices.Clone(path), i)
		name, form, _ := strings.Cut(field.Tag.Get("variable"), ",")
		switch {
		case name != "":
			object := field.Type == reflect.TypeFor[json.RawMessage]() || field.Type == reflect.TypeFor[Tags]()
			found = append(found, variable{name, form, index, object})
		case field.Type.Kind() == reflect.Struct:
			found = append(found, variablesOf(field.Type, index)...)
		}
	}
	return found
}

// Variables returns the documented variables' names without the dollar sign.
func Variables() []string {
	var names []string
	for _, v := range variables() {
		names = append(names, v.name)
	}
	return names
}

const notText = "is a list or an object where text is expected"

// mustBe says which values a form has, if they are few.
var mustBe = map[string]string{
	"priority": "must be P1 to P5", "event_priority": "must be P1 to P5, normal or low", "type": "must be error, warning, success or info",
}

// set puts a value that is not absent into the variable's field. It returns why that is
// not possible, or "". The reason never quotes the value.
func (v variable) set(a *Alert, value any) (reason string) {
	verbatim, isText := scalar(value)
	text := strings.TrimSpace(verbatim)
	if !isText {
		reason = notText
	}
	switch field := reflect.ValueOf(a).Elem().FieldByIndex(v.field).Addr().Interface().(type) {
	case *json.RawMessage:
		*field, reason = structured(value), ""
	case *time.Time:
		reason = setDate(field, text)
	case *Tags:
		*field, reason = tagsOf(value)
	case *Transition:
		*field, _ = ParseTransition(text)
	case *string:
		switch v.form {
		case "verbatim":
			text = verbatim
		case "number":
			text = wholeNumber(text)
		case "priority":
			text = priorityOf(text)
		case "list":
			var tags Tags
			tags, reason = tagsOf(value)
			text = strings.Join(tags, ",")
		}
		if *field = text; mustBe[v.form] != "" && !isOneOf(v.form)(text) && !(v.form == "event_priority" && urgent(text) != "") {
			reason = mustBe[v.form]
		}
	}
	return reason
}

// priority finds "P4", "4" and "P4 (low)", but not the 4 of "SEV-4" or of "4 hosts".
var priority = Pattern(`(?i)\bp([1-5])\b|^(?:priority\W*)?([1-5])(?:\.0+)?(?:$|\s*\W*\b(?:critical|high|medium|low|info)\b)`)

// priorityOf returns P1 to P5, or "".
func priorityOf(text string) string {
	found := priority().FindStringSubmatch(text)
	if found == nil {
		return ""
	}
	return "P" + found[1] + found[2]
}

// isDatadogs reports whether a priority is written with its P, as Datadog does.
func isDatadogs(value any) bool {
	text, _ := scalar(value)
	found := priority().FindStringSubmatch(text)
	return found != nil && found[1] != ""
}

const notAllText = "holds entries that are not text"

// tagsOf reads "a:b,c", a list of tags, or an object of keys and values, each also in a
// text. It skips what it cannot read and returns the reason.
func tagsOf(v any) (tags Tags, reason string) {
	if s, ok := scalar(v); ok {
		if v = parseInner(s); v == nil {
			if inner := strings.TrimSpace(s); strings.HasPrefix(inner, "[") && strings.LastIndexByte(inner, '[') == 0 && strings.IndexByte(inner, ']') == len(inner)-1 {
				s = inner[1 : len(inner)-1] // "[$TAGS]"
			}
			return splitTags(s), ""
		}
	}
	list, _ := v.([]any)
	if len(list) == 1 {
		if s, ok := list[0].(string); ok {
			return splitTags(s), "" // ["$TAGS"]
		}
	}
	object, _ := v.(map[string]any)
	for _, key := range sortedKeys(object) {
		list = append(list, map[string]any{"key": key, "value": object[key]})
	}
	var found []string
	for _, item := range list {
		tag, ok := tagOf(item)
		if !ok {
			reason = notAllText
		}
		if text, isText := item.(string); isText && hasSeveral(text) {
			found = append(found, splitTags(text)...)
			continue
		}
		found = append(found, tag)
	}
	return uniqueTags(found), reason
}

// tagOf reads an entry of a list: "env:prod", {"key": "env", "value": "prod"}, or {"env": "prod"}.
func tagOf(v any) (tag string, ok bool) {
	object, _ := v.(map[string]any)
	key, labelled := labelOf(object)
	_, hasValue := object["value"]
	switch {
	case labelled:
		v = object["value"]
	case len(object) == 1 && !hasValue:
		for key, v = range object {
			labelled = true
		}
	}
	if inner, _ := v.(map[string]any); labelled && inner["value"] != nil {
		v = inner["value"] // With its color.
	}
	tag, ok = scalar(v)
	if labelled && !isAbsentText(tag) {
		tag = strings.TrimSpace(key) + ":" + strings.TrimSpace(tag)
	}
	return tag, ok || v == nil
}

// structured returns a JSON object or list, also from text that holds one. Other text
// stays text.
func structured(v any) json.RawMessage {
	if s, ok := v.(string); ok {
		if inner := parseInner(s); inner != nil {
			v = inner
		}
	}
	if isAbsent(v) {
		return nil
	}
	raw, _ := json.Marshal(v) // As the queue does, which so changes nothing.
	return raw
}

// Dates outside these years are mistakes of a template.
const firstYear, lastYear = 2000, 2099

func setDate(field *time.Time, text string) string {
	t, ok := parseDate(text)
	switch {
	case !ok:
		return "is not a date: epoch milliseconds, epoch seconds or RFC 3339"
	case t.Year() < firstYear || t.Year() > lastYear:
		return "is a date outside 2000 to 2099"
	}
	*field = t
	return ""
}

// zoned splits a date from its zone. Other names than UTC's mean more than one zone.
var zoned = Pattern(`^(.{1,40}?\d(?:[AP]M)?) ?(?:([+-]\d\d):?(\d\d)(?: UTC)?|Z|UTC|GMT)$`)

// dateLayouts are those of RFC 3339 with a "T" or a space, also without seconds, of
// Datadog's texts and $SYNTHETICS_SUMMARY, and of RFC 1123 with and without a weekday.
var dateLayouts = []string{
	"2006-01-02T15:04:05-0700", "2006-01-02 15:04:05-0700", "2006-01-02T15:04-0700", "2006-01-02 15:04-0700",
	"Mon Jan 2 2006 15:04:05-0700", "Jan 2, 2006, 03:04PM-0700", "Mon, 2 Jan 2006 15:04:05-0700", "2 Jan 2006 15:04:05-0700",
}

// parseDate reads the time since 1970 in seconds, milli-, micro- or nanoseconds, with
// or without a fraction, and a date with its time and zone.
func parseDate(s string) (time.Time, bool) {
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		const latest = 1e11 // The year 5138 in seconds, 1973 in milliseconds.
		millis := f * 1000
		for range 3 {
			if math.Abs(millis) >= latest*1000 {
				millis /= 1000
			}
		}
		return time.UnixMilli(int64(math.Round(millis))).UTC(), math.Abs(millis) < latest*1000 // False for NaN.
	}
	parts := zoned().FindStringSubmatch(strings.ToUpper(s))
	if parts == nil {
		return time.Time{}, false
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, parts[1]+cmp.Or(parts[2]+parts[3], "+0000")); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
