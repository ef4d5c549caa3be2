// Package slo is the step "slo": the error budgets of the alerting service's SLOs. It
// needs the permission slos_read.
//
// A search finds the SLOs with the state that Datadog last indexed. The step then
// calculates the worst of them as of the alert.
package slo

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/stepkit"
	"boomerang/shared/site"
)

// Source reads SLOs.
type Source interface {
	SLOs(ctx context.Context, query string, limit int) ([]datadog.SLO, error)
	SLOHistory(ctx context.Context, query datadog.SLOHistoryQuery) (datadog.SLIStatus, error)
}

// Config is the step's "with" in a playbook.
type Config struct {
	Query string `yaml:"query" doc:"SLO search: a tag such as service:checkout, or words of a name. Default: the alert's service tag."`
}

const (
	maxFound     = 20 // SLOs to read.
	maxRefreshed = 3  // SLOs to calculate as of the alert.
)

// Kind describes the step to playbooks.
func Kind(client *datadog.Client, s site.Site) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "slo", Doc: "Error budget left for the service's SLOs, with target and timeframe.",
		Permissions: []string{"slos_read"}, Data: Data{},
	}, func(c Config, cache time.Duration) enrich.Step { return New(client.Cached(cache), s, c) })
}

// New returns the step. The links to SLOs lead to the pages of s.
func New(source Source, s site.Site, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		query, err := c.search(a)
		if err != nil {
			return enrich.Finding{}, err
		}
		slos, err := source.SLOs(ctx, query, maxFound)
		if err != nil {
			return enrich.Finding{}, err
		}
		env := enrich.Tags(a).All("env")
		slos = slices.DeleteFunc(slos, func(o datadog.SLO) bool { return stepkit.DifferentEnv(o.Tags, env) })
		if len(slos) == 0 {
			return enrich.Finding{}, enrich.SkipRedacted("Datadog has no SLO for ", enrich.Line(query, maxName), "")
		}
		slices.SortStableFunc(slos, worstFirst)
		stale := refresh(ctx, source, slos[:min(len(slos), maxRefreshed)], a.Date)
		slices.SortStableFunc(slos, worstFirst)
		return newFinding(slos, s, stale), nil
	})
}

func (c Config) search(a alert.Alert) (string, error) {
	if query := strings.TrimSpace(c.Query); query != "" {
		return query, nil
	}
	_, service, err := stepkit.Tag(a, "", "service")
	switch {
	case err != nil:
		return "", err
	case plainValue().MatchString(service):
		return "service:" + service, nil
	}
	return `service:"` + strings.NewReplacer(`\`, "", `"`, "").Replace(strings.ToValidUTF8(service, "")) + `"`, nil
}

var plainValue = enrich.Pattern(`^[\pL\pN][\pL\pN_./-]*$`)

// refresh calculates the SLOs as of a time, side by side, and returns the first error.
// An SLO that Datadog cannot calculate keeps its indexed state.
func refresh(ctx context.Context, source Source, slos []datadog.SLO, at time.Time) error {
	if at.IsZero() {
		at = time.Now()
	}
	at = at.UTC().Truncate(time.Minute) // Alerts of the same minute share one cached answer.
	var steps []enrich.Named
	for _, o := range slos {
		steps = append(steps, enrich.Named{Name: o.ID, Step: history(source, o, at)})
	}
	var first error
	for i, r := range enrich.Run(ctx, steps, alert.Alert{}, stepkit.PartTimeout(ctx)) {
		if status, ok := r.Finding.Data.(datadog.SLIStatus); ok && status.SLI != nil && status.Budget != nil {
			slos[i].SLIStatus = status
			slos[i].State = state(slos[i])
		}
		if r.Status == enrich.Failed || r.Status == enrich.TimedOut {
			first = cmp.Or(first, r.Err)
		}
	}
	return first
}

func history(source Source, o datadog.SLO, at time.Time) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, _ alert.Alert) (enrich.Finding, error) {
		length := timeframe(o.Timeframe)
		if length == 0 {
			return enrich.Finding{}, enrich.Skip("the SLO's timeframe is not a number of days")
		}
		status, err := source.SLOHistory(ctx, datadog.SLOHistoryQuery{
			ID: o.ID, Timeframe: o.Timeframe, Target: o.Target, From: at.Add(-length), To: at,
		})
		return enrich.Finding{Data: status}, err
	})
}

// timeframe returns the duration of "7d", and 0 for others such as "month".
func timeframe(text string) time.Duration {
	days, isDays := strings.CutSuffix(text, "d")
	n, err := strconv.Atoi(days)
	if !isDays || err != nil || n < 1 || n > 366 {
		return 0
	}
	return time.Duration(n) * 24 * time.Hour
}

// The states of an SLO, as Datadog names them.
const (
	breached = "breached"
	warning  = "warning"
	healthy  = "ok"
)

// state returns the state of an SLO whose SLI and budget are known.
func state(o datadog.SLO) string {
	switch {
	case *o.Budget < 0:
		return breached
	case *o.SLI < o.Warning:
		return warning
	}
	return healthy
}

// worstFirst orders by state and then by the budget left. SLOs in other states come last.
func worstFirst(a, b datadog.SLO) int {
	rank := func(o datadog.SLO) uint { return uint(slices.Index([]string{breached, warning, healthy}, o.State)) } // -1 becomes the last.
	left := func(o datadog.SLO) float64 {
		if o.Budget == nil {
			return 100
		}
		return *o.Budget
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(left(a), left(b)))
}
