// Package slo is the step "slo": the error budgets of the alerting service's SLOs. It
// needs the permission slos_read.
//
// A search finds the SLOs with the state that Datadog last indexed. The step then
// calculates the worst of them as of the alert.
package slo

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/site"
)

// Source reads SLOs.
type Source interface {
	SLOs(ctx context.Context, query string, limit int) ([]datadog.SLO, error)
	SLOHistory(ctx context.Context, query datadog.SLOHistoryQuery) (datadog.SLIStatus, error)
}

type Config struct {
	Query string `yaml:"query" doc:"SLO search: a tag such as service:checkout, or words of a name. Default: the alert's service tag."`
}

const (
	maxFound     = 20 // SLOs to read.
	maxRefreshed = 3  // SLOs to calculate as of the alert.
	maxShown     = 5
	maxName      = 120
)

func Kind(client *datadog.Client, s site.Site) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "slo", Doc: "Error budget left for the service's SLOs, with target and timeframe.",
		Permissions: []string{"slos_read"}, Data: Data{},
	}, func(c Config, cache time.Duration) enrich.Step { return newStep(client.Cached(cache), s, c) })
}

// Data is the finding for playbooks. The fields of SLO are those of the worst one.
type Data struct {
	SLO
	Count int   `json:"count"`          // How many were found.
	SLOs  []SLO `json:"slos,omitempty"` // The worst of them.
}

// SLO is the state of a service level objective. All numbers are percent.
type SLO struct {
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	State     string  `json:"state"` // "ok", "warning", "breached", "no_data", …
	Timeframe string  `json:"timeframe"`
	Target    float64 `json:"target"`
	SLI       float64 `json:"sli"`
	Budget    float64 `json:"budget"` // Left of the error budget; below 0 when overspent.
	Known     bool    `json:"known"`  // SLI and Budget are valid.
	URL       string  `json:"url"`
}

func newStep(source Source, s site.Site, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		query, err := search(c, a)
		if err != nil {
			return enrich.Finding{}, err
		}
		slos, err := source.SLOs(ctx, query, maxFound)
		if err != nil {
			return enrich.Finding{}, err
		}
		env := enrich.Tags(a).All("env")
		slos = slices.DeleteFunc(slos, func(o datadog.SLO) bool { return enrich.DifferentEnv(o.Tags, env) })
		if len(slos) == 0 {
			return enrich.Finding{}, enrich.SkipRedacted("Datadog has no SLO for ", enrich.Line(query, maxName), "")
		}
		slices.SortStableFunc(slos, worstFirst)
		stale := refresh(ctx, source, slos[:min(len(slos), maxRefreshed)], a.Date)
		slices.SortStableFunc(slos, worstFirst)
		return newFinding(slos, s, stale, a.Date), nil
	})
}

func search(c Config, a alert.Alert) (string, error) {
	if query := strings.TrimSpace(c.Query); query != "" {
		return query, nil
	}
	_, service, err := enrich.Tag(a, "", "service")
	if err != nil {
		return "", err
	}
	return "service:" + enrich.SearchValue(strings.NewReplacer(`\`, "", `"`, "").Replace(service)), nil
}

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
	for i, r := range enrich.Run(ctx, steps, alert.Alert{}, enrich.PartTimeout(ctx)) {
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

// newFinding shows the worst SLOs. An error means that they could not be refreshed.
func newFinding(slos []datadog.SLO, s site.Site, stale error, alerted time.Time) enrich.Finding {
	d := Data{Count: len(slos)}
	list := enrich.ListOf(slos, maxShown, func(o datadog.SLO) enrich.Item {
		one := newSLO(o, s)
		d.SLOs = append(d.SLOs, one)
		return enrich.Item{Tag: one.State, Text: one.summary(o.Problem), URL: one.URL}
	})
	d.SLO = d.SLOs[0]
	f := enrich.Finding{Title: "Error budget", Weight: enrich.Useful, Blocks: []enrich.Block{list}, Data: d, PartialReason: stale}
	if d.State == breached || d.State == warning {
		lead, repeated := enrich.NewLead(enrich.Lead{Answer: enrich.What, Text: list.Items[0].Text, URL: d.URL})
		list.Items[0].Lead = repeated
		f.Weight, f.Lead = enrich.Important, []enrich.Lead{lead}
	}
	if stale != nil {
		asOf := ""
		if indexed := slos[0].Indexed; !indexed.IsZero() {
			asOf = ", as of " + enrich.Moment(indexed, alerted)
		}
		f.Blocks = append(f.Blocks, enrich.Paragraph(fmt.Sprintf("Last known values%s: %s.", asOf, fault.Public(stale))))
	}
	return f
}

func newSLO(o datadog.SLO, s site.Site) SLO {
	one := SLO{
		ID: enrich.Line(o.ID, maxName), Name: enrich.Line(o.Name, maxName), State: enrich.Line(o.State, maxName),
		Timeframe: enrich.Line(o.Timeframe, maxName), Target: o.Target,
		URL: fmt.Sprintf("https://%s/slo?slo_id=%s", s.App(), url.QueryEscape(o.ID)),
	}
	if o.SLI != nil && o.Budget != nil {
		one.SLI, one.Budget, one.Known = *o.SLI, *o.Budget, true
	}
	return one
}

// summary is an SLO in a line: "Checkout answers: 12.5 % of the error budget
// left (99.6 % good, target 99.5 % over 7d)".
func (o SLO) summary(problem string) string {
	target := fmt.Sprintf("target %s over %s", percent(o.Target), o.Timeframe)
	if !o.Known {
		if problem = enrich.Line(problem, maxName); problem != "" {
			problem = ": " + problem
		}
		return fmt.Sprintf("%s: error budget unknown%s (%s)", o.Name, problem, target)
	}
	left := percent(o.Budget) + " of the error budget left"
	if o.Budget < 0 {
		left = "error budget overspent by " + percent(-o.Budget)
	}
	return fmt.Sprintf("%s: %s (%s good, %s)", o.Name, left, percent(o.SLI), target)
}

func percent(v float64) string { return enrich.Number(v, "%", 6) }
