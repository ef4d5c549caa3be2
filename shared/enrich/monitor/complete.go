package monitor

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

// Completed returns a step that sees an alert with what only its monitor knows, if the alert
// lacks that. The read is the step monitor's, so that both share one response.
func Completed(get source, lacks func(alert.Alert) bool, step enrich.Step) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		id, err := enrich.MonitorID(a.MonitorID)
		if err != nil || !lacks(a) {
			return step.Enrich(ctx, a)
		}
		m, missing := get(ctx, id, Query)
		if datadog.IsNotFound(missing) || enrich.RunsBeside(ctx, "monitor") {
			missing = nil // The step monitor says so.
		}
		f, err := step.Enrich(ctx, Complete(a, m))
		if err != nil {
			return f, cmp.Or(missing, err)
		}
		f.PartialReason = cmp.Or(f.PartialReason, missing)
		return f, nil
	})
}

// Complete returns the alert with its monitor's query if it has none. An alert without a tag
// that names its subject, such as of Datadog's default payload, also gets the monitor's tags
// of other keys than its own, or those that the query filters by.
func Complete(a alert.Alert, m datadog.Monitor) alert.Alert {
	a.Query = cmp.Or(strings.TrimSpace(a.Query), m.Query)
	if enrich.NamesSubject(a) {
		return a
	}
	for _, more := range [][]string{m.Tags, filters(a.Query)} {
		known := enrich.Tags(a)
		isNew := func(tag string) bool {
			key, value, _ := strings.Cut(tag, ":")
			return value != "" && known.Get(key) == ""
		}
		a.Tags = slices.Clip(a.Tags) // The caller's array stays as it is.
		for _, tag := range more {
			if isNew(tag) {
				a.Tags = append(a.Tags, tag)
			}
		}
	}
	return a
}

// filter finds the service and the environment that a query is about, and not those that it
// excludes.
var filter = alert.Pattern(`[{(,\s"](service|env):"?([\w.*-]+)`)

func filters(query string) (tags []string) {
	for _, found := range filter().FindAllStringSubmatch(query, -1) {
		if !strings.Contains(found[2], "*") {
			tags = append(tags, found[1]+":"+found[2])
		}
	}
	return tags
}
