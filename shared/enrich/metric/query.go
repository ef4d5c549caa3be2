package metric

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/enrich"
)

// Query is a metric monitor's query in its parts. That of
//
//	avg(last_5m):avg:system.load.1{env:prod} by {host} > 4
//
// has the aggregation avg over 5m, the operator > and the threshold 4; what is
// left is what can be drawn. https://docs.datadoghq.com/api/latest/monitors/#create-a-monitor
type Query struct {
	// Metric is the part that a graph is drawn of, functions and groups included.
	Metric string
	// Aggregation makes one value of the points in Over: avg, sum, min or max.
	// Both are zero of a query that does not say.
	Aggregation string
	Over        time.Duration
	// Instead says what is compared with the threshold in place of the value, for a
	// monitor of changes, "pct_change since last_1h", and for one whose window has no
	// fixed length, "sum over current_1mo".
	Instead string
	// Operator compares the value with the threshold, and is empty of a query that
	// is no monitor's.
	Operator  string
	Threshold float64
}

var (
	// aggregated is the beginning of a monitor's query; the window may be one that
	// is no fixed time, such as current_1mo.
	aggregated = enrich.Pattern(`^([a-z]\w*)\(\s*((?:last|current)_\w+)\s*\)\s*:`)
	changed    = enrich.Pattern(`^(change|pct_change)\(\s*([a-z]\w*)\(\s*(last_\w+)\s*\)\s*,\s*(\w+)\s*\)\s*:`)
	forecast   = enrich.Pattern(`^[a-z]\w*\(\s*next_`)
	compared   = enrich.Pattern(`^(.*\S)\s*(>=|<=|==|!=|>|<)\s*([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)$`)
	// ofMetric finds the filter behind a metric's name, without which nothing is
	// the name of a metric.
	ofMetric = enrich.Pattern(`[A-Za-z][\w.]*\s*\{`)
)

// others are the queries of the other kinds of monitor, and what to call them.
var others = []struct {
	pattern func() *regexp.Regexp
	name    string
}{
	{enrich.Pattern(`^"[^"]*"\.over\(`), "a service check"},
	{enrich.Pattern(`^[!( ]*\d+[) ]*(&&|\|\|)`), "a composite of other monitors"},
	{enrich.Pattern(`^logs\(`), "a log query"},
	{enrich.Pattern(`^(error_budget|burn_rate)\(`), "an SLO query"},
	{enrich.Pattern(`^(processes|process)\(`), "a process query"},
	{enrich.Pattern(`^[\w-]+\(\s*["']`), "an event query"},
}

// judged are functions whose result is not the metric but a verdict on it, which
// is what the threshold is for.
var judged = []struct {
	pattern func() *regexp.Regexp
	name    string
}{
	{enrich.Pattern(`\banomalies\s*\(`), "an anomaly query"},
	{enrich.Pattern(`\bforecast\s*\(`), "a forecast"},
	{enrich.Pattern(`\boutliers\s*\(`), "an outlier query"},
}

// ParseQuery takes a monitor's query apart, or a metric query as graphs have them.
// Its error says what else the query is, "a log query", to follow the word "is".
func ParseQuery(text string) (Query, error) {
	text = strings.Join(strings.Fields(text), " ")
	for _, other := range others {
		if other.pattern().MatchString(text) {
			return Query{}, errors.New(other.name)
		}
	}
	if forecast().MatchString(text) {
		return Query{}, errors.New("a forecast")
	}
	q := Query{Metric: text}
	if part := aggregated().FindStringSubmatch(text); part != nil {
		q.Metric, q.Aggregation, q.Over = text[len(part[0]):], part[1], window(part[2])
		if q.Over == 0 {
			q.Instead = part[1] + " over " + part[2]
		}
	} else if part := changed().FindStringSubmatch(text); part != nil {
		q.Metric, q.Aggregation, q.Over, q.Instead = text[len(part[0]):], part[2], window(part[3]), part[1]+" since "+part[4]
	}
	if part := compared().FindStringSubmatch(q.Metric); part != nil {
		q.Metric, q.Operator = part[1], part[2]
		q.Threshold, _ = strconv.ParseFloat(part[3], 64) // The expression matches numbers only.
	}
	q.Metric = strings.TrimSpace(q.Metric)
	for _, verdict := range judged {
		if verdict.pattern().MatchString(q.Metric) {
			return Query{}, errors.New(verdict.name)
		}
	}
	if !ofMetric().MatchString(q.Metric) {
		return Query{}, errors.New("no query of a metric")
	}
	return q, nil
}

// window returns the time that a monitor's window names, such as last_5m, last_4h,
// last_2d or last_1w, and 0 for one of no fixed length or beyond the longest.
func window(text string) time.Duration {
	text, _ = strings.CutPrefix(text, "last_")
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz")
	n, err := strconv.Atoi(digits)
	units := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	unit := units[text[len(digits):]]
	if err != nil || n <= 0 || unit == 0 || n > int(longestWindow/unit) {
		return 0
	}
	return time.Duration(n) * unit
}

// beyond reports whether the value meets the comparison.
func (q Query) beyond(value float64) bool {
	switch q.Operator {
	case ">":
		return value > q.Threshold
	case ">=":
		return value >= q.Threshold
	case "<":
		return value < q.Threshold
	case "<=":
		return value <= q.Threshold
	case "==":
		return value == q.Threshold
	case "!=":
		return value != q.Threshold
	}
	return false
}
