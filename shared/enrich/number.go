package enrich

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
)

// unit is one of a family, size times its first.
type unit struct {
	name string
	size float64
}

// unitFamilies are those of Datadog's units that have several sizes, from the smallest on
// (https://docs.datadoghq.com/metrics/units/).
var unitFamilies = [][]unit{
	{{"ns", 1}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 60e9}, {"h", 3600e9}, {"d", 86400e9}},
	{{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"PiB", 1 << 50}},
}

// unitNames are Datadog's other names.
var unitNames = map[string]string{
	"nanosecond": "ns", "μs": "µs", "us": "µs", "microsecond": "µs", "millisecond": "ms", "second": "s", "minute": "min", "hr": "h", "hour": "h", "day": "d",
	"byte": "B", "kibibyte": "KiB", "mebibyte": "MiB", "gibibyte": "GiB", "percent": "%",
}

// Number writes a number with its unit for people: "0.97 s", "1.2 GiB", "93 %". It has so
// many significant digits, and all digits of its whole part.
func Number(v float64, unit string, digits int) string {
	unit, per, isRate := strings.Cut(unit, "/")
	unit = cmp.Or(unitNames[unit], unit)
	if unit == "fraction" {
		v, unit = v*100, "%"
	}
	v, unit = resize(v, unit)
	text := significant(v, digits)
	if unit != "" {
		text += " " + unit
	}
	if isRate {
		text += "/" + per
	}
	return text
}

// resize returns the number in the unit of the family that reads best.
func resize(v float64, name string) (float64, string) {
	for _, family := range unitFamilies {
		i := slices.IndexFunc(family, func(u unit) bool { return u.name == name })
		if i < 0 || v == 0 {
			continue
		}
		base := v * family[i].size
		if math.IsInf(base, 0) {
			break
		}
		for i > 0 && math.Abs(base) < 0.1*family[i].size {
			i--
		}
		for i+1 < len(family) && math.Abs(base) >= enough(family[i], family[i+1])*family[i+1].size {
			i++
		}
		return base / family[i].size, family[i].name
	}
	return v, name
}

// enough is how many of the next larger unit read better than the unit: 90 s is clear.
func enough(u, larger unit) float64 {
	if larger.size/u.size < 1000 {
		return 2
	}
	return 1
}

func significant(v float64, digits int) string {
	magnitude := math.Floor(math.Log10(math.Abs(v)))
	if v != 0 && (magnitude < -4 || magnitude >= 15) {
		return strconv.FormatFloat(v, 'g', digits, 64)
	}
	decimals := 0
	if v != 0 {
		decimals = max(0, digits-1-int(magnitude))
	}
	text := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}
