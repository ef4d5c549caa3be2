// Package events reads Datadog's event stream as far as a person asks for it.
package events

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/datadog"
	"boomerang/shared/fault"
)

// Lister lists events, the newest first.
type Lister interface {
	Events(context.Context, datadog.EventQuery) ([]datadog.Event, error)
}

// All reads the pages of a query until it has limit events, each once.
//
// Datadog numbers the pages of unaggregated lists. Others continue at the time of the oldest event,
// as Datadog documents it (https://docs.datadoghq.com/api/latest/events/#get-a-list-of-events).
func All(ctx context.Context, stream Lister, q datadog.EventQuery, limit int) (all []datadog.Event, more bool, err error) {
	known := map[string]bool{}
	for {
		page, err := stream.Events(ctx, q)
		if err != nil {
			return all, true, err
		}
		before := len(all)
		for _, e := range page {
			if key := cmp.Or(e.ID, string(e.Raw)); !known[key] {
				known[key] = true
				all = append(all, e)
			}
		}
		switch {
		case len(all) >= limit:
			return all[:limit], len(all) > limit || len(page) >= datadog.MaxEvents, nil
		case len(page) == 0: // A page that is merely short may be followed by another.
			return all, false, nil
		case q.Unaggregated || q.ExcludeAggregate:
			q.Page++
		case len(all) > before:
			q.End = page[len(page)-1].Happened
		case len(page) < datadog.MaxEvents:
			return all, false, nil
		default:
			return all, true, fault.New(fault.Permanent, fmt.Sprintf("more than %d events happened at %s: read them with --unaggregated", datadog.MaxEvents, q.End.UTC().Format(time.RFC3339)), nil)
		}
	}
}

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
