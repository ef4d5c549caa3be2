package events

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var errTime = errors.New("is not a time: write 2026-11-29T12:00:00Z, seconds since 1970, or how long ago it was, such as 2h or 7d")

// days matches days, which time.ParseDuration does not know.
var days = regexp.MustCompile(`^(\d{1,5})d$`)

// Time returns the time that a text means: RFC 3339, a date, seconds or milliseconds since 1970,
// or a duration before now.
func Time(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
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
	if found := days.FindStringSubmatch(text); found != nil {
		n, _ := strconv.Atoi(found[1]) // The pattern has digits only.
		return now.AddDate(0, 0, -n), nil
	}
	ago, err := time.ParseDuration(text)
	if err != nil || ago < 0 {
		return time.Time{}, fmt.Errorf("%q %w", text, errTime)
	}
	return now.Add(-ago), nil
}
