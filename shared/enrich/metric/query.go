package metric

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
)

// Query is a metric monitor's query in its parts
// (https://docs.datadoghq.com/api/latest/monitors/#create-a-monitor). In
//
//	avg(last_5m):avg:system.load.1{env:prod} by {host} > 4
//
// the aggregation is avg over 5m, the operator > and the threshold 4.
type Query struct {
	// Metric is the part that a graph shows, with functions and groups.
	Metric string
	// Aggregation makes one value of the points in Over: avg, sum, min or max. Both
	// are zero for a query without them.
	Aggregation string
	Over        time.Duration
	// Compared is what the threshold applies to if it is not the value: for a change
	// "pct_change since last_1h", for a window without a fixed length "sum over current_1mo".
	Compared string
	// Operator compares the value with the threshold. It is empty for a graph's query.
	Operator  string
	Threshold float64
}

var (
	aggregation = alert.Pattern(`^([a-z]\w*)\(\s*((?:last|current)_\w+)\s*\)\s*:`)
	change      = alert.Pattern(`^(change|pct_change)\(\s*([a-z]\w*)\(\s*(last_\w+)\s*\)\s*,\s*(\w+)\s*\)\s*:`)
	comparison  = alert.Pattern(`^(.*\S)\s*(>=|<=|==|!=|>|<)\s*([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)$`)
	// metricFilter follows each metric's name.
	metricFilter = alert.Pattern(`[A-Za-z][\w.]*\s*\{`)
)

// otherQueries are those of other kinds of monitor, and those whose result is a
// verdict on the metric, which the threshold then applies to.
var otherQueries = []struct {
	pattern func() *regexp.Regexp
	name    string
}{
	{alert.Pattern(`^"[^"]*"\.over\(`), "a service check"},
	{alert.Pattern(`^[!( ]*\d+[) ]*(&&|\|\|)`), "a composite of other monitors"},
	{alert.Pattern(`^logs\(`), "a log query"},
	{alert.Pattern(`^(error_budget|burn_rate)\(`), "an SLO query"},
	{alert.Pattern(`^(processes|process)\(`), "a process query"},
	{alert.Pattern(`^[\w-]+\(\s*["']`), "an event query"},
	{alert.Pattern(`^[a-z]\w*\(\s*next_|\bforecast\s*\(`), "a forecast"},
	{alert.Pattern(`\banomalies\s*\(`), "an anomaly query"},
	{alert.Pattern(`\boutliers\s*\(`), "an outlier query"},
}

// ParseQuery parses a metric monitor's query, or a graph's. The error is what the
// query is instead: "a log query".
func ParseQuery(text string) (Query, error) {
	text = strings.Join(strings.Fields(text), " ")
	for _, other := range otherQueries {
		if other.pattern().MatchString(text) {
			return Query{}, errors.New(other.name)
		}
	}
	q := Query{Metric: text}
	if part := aggregation().FindStringSubmatch(text); part != nil {
		q.Metric, q.Aggregation, q.Over = text[len(part[0]):], part[1], parseWindow(part[2])
		if q.Over == 0 {
			q.Compared = part[1] + " over " + part[2]
		}
	} else if part := change().FindStringSubmatch(text); part != nil {
		q.Metric, q.Aggregation, q.Over, q.Compared = text[len(part[0]):], part[2], parseWindow(part[3]), part[1]+" since "+part[4]
	}
	if part := comparison().FindStringSubmatch(q.Metric); part != nil {
		q.Metric, q.Operator = part[1], part[2]
		q.Threshold, _ = strconv.ParseFloat(part[3], 64) // The pattern matches numbers only.
	}
	q.Metric = strings.TrimSpace(q.Metric)
	if !metricFilter().MatchString(q.Metric) {
		return Query{}, errors.New("not a metric query")
	}
	return q, nil
}

var windowUnits = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}

// parseWindow returns the length of a window such as last_5m, and 0 for one without a
// fixed length or longer than maxWindow.
func parseWindow(text string) time.Duration {
	text, _ = strings.CutPrefix(text, "last_")
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz")
	n, err := strconv.Atoi(digits)
	unit := windowUnits[text[len(digits):]]
	if err != nil || n <= 0 || unit == 0 || n > int(maxWindow/unit) {
		return 0
	}
	return time.Duration(n) * unit
}

// operators are the comparisons, with the words for a value that meets one and for one that does not.
var operators = map[string]struct {
	meets   func(value, threshold float64) bool
	yes, no string
}{
	">":  {func(value, threshold float64) bool { return value > threshold }, "above", "not above"},
	">=": {func(value, threshold float64) bool { return value >= threshold }, "at or above", "below"},
	"<":  {func(value, threshold float64) bool { return value < threshold }, "below", "not below"},
	"<=": {func(value, threshold float64) bool { return value <= threshold }, "at or below", "above"},
	"==": {func(value, threshold float64) bool { return value == threshold }, "equal to", "not equal to"},
	"!=": {func(value, threshold float64) bool { return value != threshold }, "not equal to", "equal to"},
}

// isBeyond reports whether the value meets the comparison.
func (q Query) isBeyond(value float64) bool {
	return q.Operator != "" && operators[q.Operator].meets(value, q.Threshold)
}
