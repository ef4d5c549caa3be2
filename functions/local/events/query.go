package events

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/datadog"
)

// Options are a list as a person asks for it: a limit, and the parameters that Datadog documents
// (https://docs.datadoghq.com/api/latest/events/#get-a-list-of-events).
type Options struct {
	Start, End       string // See Time.
	Priority         string
	Sources, Tags    []string
	Unaggregated     bool
	ExcludeAggregate bool
	Page             int // Reads this page only; below 0 all of them.
	Limit            int
}

// Query returns the query of the options, or what is wrong with them.
func (o Options) Query(now time.Time) (datadog.EventQuery, error) {
	q := datadog.EventQuery{
		Priority: o.Priority, Sources: trimmed(o.Sources), Tags: trimmed(o.Tags),
		Unaggregated: o.Unaggregated, ExcludeAggregate: o.ExcludeAggregate, Page: max(0, o.Page), Raw: true,
	}
	var err error
	if q.Start, err = Time(o.Start, now); err != nil {
		return q, fmt.Errorf("the start %w", err)
	}
	if q.End, err = Time(o.End, now); err != nil {
		return q, fmt.Errorf("the end %w", err)
	}
	switch {
	case q.Start.After(q.End):
		return q, fmt.Errorf("the start, %s, is after the end, %s", q.Start.Format(time.RFC3339), q.End.Format(time.RFC3339))
	case o.Page >= 0 && !isNumbered(q):
		return q, errors.New("a page needs --unaggregated or --exclude-aggregate: Datadog numbers the pages of such lists only")
	}
	return q, nil
}

// trimmed returns the values of a list without those that are empty.
func trimmed(list []string) (values []string) {
	for _, value := range list {
		if value = strings.TrimSpace(value); value != "" {
			values = append(values, value)
		}
	}
	return values
}

var errTime = errors.New("is not a time: write 2026-11-29T12:00:00Z, seconds since 1970, or how long ago it was, such as 2h or 7d")

// days matches the start of a duration that has days, which time.ParseDuration does not know.
var days = regexp.MustCompile(`^(\d{1,5})d`)

// Time returns the time that a text means: RFC 3339, a date, seconds or milliseconds since 1970,
// "now", or a duration before now.
func Time(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "now" {
		return now, nil
	}
	if n, err := strconv.ParseUint(text, 10, 63); err == nil {
		if len(text) >= len("1000000000000") { // Milliseconds have 13 digits from 2001 to 2286.
			return time.UnixMilli(int64(n)).UTC(), nil
		}
		return time.Unix(int64(n), 0).UTC(), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	rest := text
	if found := days.FindStringSubmatch(text); found != nil {
		n, _ := strconv.Atoi(found[1]) // The pattern has digits only.
		now, rest = now.AddDate(0, 0, -n), strings.TrimPrefix(text, found[0])
		if rest == "" {
			return now, nil
		}
	}
	ago, err := time.ParseDuration(rest)
	if err != nil || ago < 0 {
		return time.Time{}, fmt.Errorf("%q %w", text, errTime)
	}
	return now.Add(-ago), nil
}
