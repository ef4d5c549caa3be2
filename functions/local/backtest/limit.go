package backtest

import (
	"fmt"
	"strconv"
	"strings"
)

// Limit is how many alerts may fall to the default playbook: a number, or a share of all.
type Limit struct {
	number float64
	unit   string // "%", or "" for alerts
}

// ParseLimit reads 20 or 5%.
func ParseLimit(text string) (Limit, error) {
	number, isShare := strings.CutSuffix(strings.TrimSpace(text), "%")
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	switch {
	case err != nil || !(n >= 0) || isShare && n > 100, !isShare && n != float64(int(n)):
		return Limit{}, fmt.Errorf("%q is neither a number of alerts such as 20 nor a share such as 5%%", text)
	case isShare:
		return Limit{n, "%"}, nil
	}
	return Limit{number: n}, nil
}

// Exceeded reports whether n of all alerts are more than the limit.
func (l Limit) Exceeded(n, all int) bool {
	if l.unit == "" {
		return float64(n) > l.number
	}
	return float64(n)*100 > l.number*float64(all)
}

// String is the limit as it is written.
func (l Limit) String() string { return strconv.FormatFloat(l.number, 'g', -1, 64) + l.unit }
