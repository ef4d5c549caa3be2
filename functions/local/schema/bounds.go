package schema

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// numbers returns the numbers in tags, each under a keyword.
func numbers(tag reflect.StructTag, pairs ...string) object {
	var all object
	for i := 0; i < len(pairs); i += 2 {
		if n, err := strconv.Atoi(tag.Get(pairs[i])); err == nil {
			all = append(all, member(pairs[i+1], n))
		}
	}
	return all
}

// text returns the schema of a text. Its tags can list its values, the texts that it can be
// besides templates, or the form of a name.
func text(tag reflect.StructTag) object {
	if values := tag.Get("values"); values != "" {
		return object{member("enum", strings.Split(values, ","))}
	}
	if texts := tag.Get("texts"); texts != "" {
		var values []any
		for _, one := range strings.Split(texts, ",") {
			values = append(values, one)
			if n, err := strconv.Atoi(one); err == nil {
				values = append(values, n)
			}
		}
		return object{member("anyOf", []object{{member("enum", values)}, {member("type", "string"), member("pattern", `\{\{`)}})}
	}
	plain := object{member("type", []string{"string", "number", "boolean"})}
	if pattern := tag.Get("pattern"); pattern != "" {
		plain = append(plain, member("pattern", pattern))
	}
	return plain
}

// duration returns the schema of a duration. Its pattern bounds each of its parts, which a
// check does for their sum. 0 needs no unit.
func duration(tag reflect.StructTag) object {
	parts := `[0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h)`
	if most, err := time.ParseDuration(tag.Get("max")); err == nil {
		var each []string
		for _, unit := range []struct {
			name string
			time.Duration
		}{{"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}} {
			each = append(each, fmt.Sprintf(`(%s)(\.[0-9]+)?%s`, upTo(int64(most/unit.Duration)), unit.name))
		}
		parts = strings.Join(each, "|")
	}
	if least, err := time.ParseDuration(tag.Get("min")); err == nil && least > 0 {
		return object{member("type", "string"), member("pattern", "^("+parts+")+$")}
	}
	return object{
		member("type", []string{"string", "integer"}), member("pattern", "^("+parts+")+$|^0$"), member("minimum", 0), member("maximum", 0),
	}
}

// upTo returns a pattern of the whole numbers from 0 to n.
func upTo(n int64) string {
	digits := strconv.FormatInt(n, 10)
	all := []string{digits}
	if len(digits) > 1 {
		all = append(all, fmt.Sprintf("[0-9]{1,%d}", len(digits)-1))
	}
	for i, d := range digits {
		least := '0'
		if i == 0 && len(digits) > 1 {
			least = '1'
		}
		if d > least {
			all = append(all, fmt.Sprintf("%s[%c-%c][0-9]{%d}", digits[:i], least, d-1, len(digits)-1-i))
		}
	}
	return strings.ReplaceAll(strings.Join(all, "|"), "[0-9]{0}", "")
}
