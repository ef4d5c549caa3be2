// Package slo is the step "slo": how much of the error budget of the alerting
// service's SLOs is left. It needs the permission slos_read.
//
// A search finds the SLOs and how they stood when Datadog last looked; the worst
// of them are calculated anew.
package slo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/site"
)

// Name is the step's name in playbooks, answers and events.
const Name = "slo"

// Permission is what the application key needs.
const Permission = "slos_read"

// Source is where SLOs are read.
type Source interface {
	SLOs(ctx context.Context, query string, limit int) ([]datadog.SLO, error)
	SLOHistory(ctx context.Context, query datadog.SLOHistoryQuery) (datadog.SLIStatus, error)
}

var _ Source = (*datadog.Client)(nil)

// Config is what a playbook may say.
type Config struct {
	Query string `yaml:"query" doc:"SLO search to make, a tag such as service:checkout or words of a name; empty means the alert's service tag."`
}

const (
	// maxFound is how many SLOs are read.
	maxFound = 20
	// maxRecent is how many of them are calculated anew.
	maxRecent = 3
)

// New returns the step. The links to SLOs lead to the pages of s.
func New(source Source, s site.Site, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		query, err := c.search(a)
		if err != nil {
			return enrich.Finding{}, err
		}
		all, err := source.SLOs(ctx, query, maxFound)
		if err != nil {
			return enrich.Finding{}, err
		}
		all = slices.DeleteFunc(all, func(o datadog.SLO) bool { return elsewhere(o, enrich.Tags(a).All("env")) })
		if len(all) == 0 {
			return enrich.Finding{}, enrich.SkipRedacted("Datadog has no SLO for ", enrich.Line(query, maxName), "")
		}
		slices.SortStableFunc(all, worstFirst)
		missing := renew(ctx, source, all[:min(len(all), maxRecent)], a.Date)
		slices.SortStableFunc(all, worstFirst)
		return found(all, s, missing), nil
	})
}

func (c Config) search(a alert.Alert) (string, error) {
	if query := strings.TrimSpace(c.Query); query != "" {
		return query, nil
	}
	switch service := enrich.Tags(a).Get("service"); {
	case service == "":
		return "", enrich.Skip("the alert has no service tag")
	case len(service) > longestValue:
		return "", enrich.Skip("the alert's service tag is longer than any that Datadog takes")
	case !plainValue().MatchString(service):
		return `service:"` + strings.NewReplacer(`\`, "", `"`, "").Replace(strings.ToValidUTF8(service, "")) + `"`, nil
	default:
		return "service:" + service, nil
	}
}

// longestValue, in bytes: tags have at most 200 characters
// (https://docs.datadoghq.com/getting_started/tagging/).
const longestValue = 4 * 200

var plainValue = enrich.Pattern(`^[\pL\pN][\pL\pN_./-]*$`)

// elsewhere reports whether the SLO says that it is of another environment.
func elsewhere(o datadog.SLO, env []string) bool {
	of := alert.Tags(o.Tags).All("env")
	return len(env) > 0 && len(of) > 0 && !slices.ContainsFunc(of, func(one string) bool { return slices.Contains(env, one) })
}

// renew replaces how the SLOs stood when Datadog last looked with how they stand,
// side by side, and returns the first error. An SLO that could not be calculated
// stays as it was found.
func renew(ctx context.Context, source Source, all []datadog.SLO, at time.Time) error {
	if at.IsZero() {
		at = time.Now()
	}
	// Alerts of one minute have one question, which is asked once.
	at = at.UTC().Truncate(time.Minute)
	var steps []enrich.Named
	for _, o := range all {
		steps = append(steps, enrich.Named{Name: o.ID, Step: history(source, o, at)})
	}
	var missing error
	for i, r := range enrich.Run(ctx, steps, alert.Alert{}, timeFor(ctx)) {
		status, ok := r.Finding.Data.(datadog.SLIStatus)
		switch {
		case ok && status.SLI != nil && status.Budget != nil:
			all[i].SLIStatus = status
			all[i].State = state(all[i])
		case r.Status != enrich.OK && r.Status != enrich.Skipped && missing == nil:
			missing = r.Err
		}
	}
	return missing
}

func history(source Source, o datadog.SLO, at time.Time) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, _ alert.Alert) (enrich.Finding, error) {
		length := timeframe(o.Timeframe)
		if length == 0 {
			return enrich.Finding{}, enrich.Skip("the SLO's timeframe is no number of days")
		}
		status, err := source.SLOHistory(ctx, datadog.SLOHistoryQuery{
			ID: o.ID, Timeframe: o.Timeframe, Target: o.Target, From: at.Add(-length), To: at,
		})
		return enrich.Finding{Data: status}, err
	})
}

// timeframe returns the time that "7d" names, and 0 for one such as "month".
func timeframe(text string) time.Duration {
	days, isDays := strings.CutSuffix(text, "d")
	n, err := strconv.Atoi(days)
	if !isDays || err != nil || n < 1 || n > 366 {
		return 0
	}
	return time.Duration(n) * 24 * time.Hour
}

const (
	// reserve is the part of the time, one in so many, that is left for telling what
	// was found when the calculations take too long.
	reserve = 20
	// unhurried is the time for those who set none.
	unhurried = time.Minute
)

func timeFor(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return unhurried
	}
	left := time.Until(deadline)
	return left - left/reserve
}

// The states of an SLO, as Datadog names them.
const (
	breached = "breached"
	warning  = "warning"
	fine     = "ok"
)

// state tells the state from an SLI and a budget that are known.
func state(o datadog.SLO) string {
	switch {
	case *o.Budget < 0:
		return breached
	case *o.SLI < o.Warning:
		return warning
	}
	return fine
}

// worstFirst orders by state and then by what is left. Those of which nothing is
// known come last.
func worstFirst(a, b datadog.SLO) int {
	rank := func(o datadog.SLO) int {
		if at := slices.Index([]string{breached, warning, fine}, o.State); at >= 0 {
			return at
		}
		return 3
	}
	left := func(o datadog.SLO) float64 {
		if o.Budget == nil {
			return 100
		}
		return *o.Budget
	}
	switch d := rank(a) - rank(b); {
	case d != 0:
		return d
	case left(a) < left(b):
		return -1
	case left(a) > left(b):
		return 1
	}
	return 0
}

// page is where Datadog shows an SLO.
func page(s site.Site, id string) string {
	return fmt.Sprintf("https://%s/slo?slo_id=%s", s.App(), id)
}
