package check

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/playbook"
)

// field says what is wrong with the value of a key, by the tags of its field: "values" are
// all that it may be, "min" and "max" bound a number or a time. Texts with templates are not
// known before an alert comes.
func field(tag reflect.StructTag, value reflect.Value) string {
	if values := tag.Get("values"); values != "" && value.Kind() == reflect.String {
		all, text := strings.Split(values, ","), value.String()
		if strings.Contains(text, "{{") || slices.Contains(all, text) {
			return ""
		}
		return fmt.Sprintf("must be %s, not %q", playbook.OneOf(all), text)
	}
	least, most := tag.Get("min"), tag.Get("max")
	if least == "" || !value.CanInt() {
		return ""
	}
	of := func(bound string) int64 { n, _ := strconv.ParseInt(bound, 10, 64); return n }
	if value.Type() == reflect.TypeFor[time.Duration]() {
		of = func(bound string) int64 { d, _ := time.ParseDuration(bound); return int64(d) }
	}
	if value.Int() < of(least) || value.Int() > of(most) {
		return fmt.Sprintf("must be between %s and %s", least, most)
	}
	return ""
}
