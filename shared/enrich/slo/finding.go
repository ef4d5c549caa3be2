package slo

import (
	"fmt"
	"net/url"
	"strconv"

	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/stepkit"
	"boomerang/shared/fault"
	"boomerang/shared/site"
)

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

const (
	maxShown = 5
	maxName  = 120
)

// newFinding shows the worst SLOs. An error means that they could not be refreshed.
func newFinding(slos []datadog.SLO, s site.Site, stale error) enrich.Finding {
	d, list := Data{Count: len(slos)}, enrich.List{More: max(0, len(slos)-maxShown)}
	for _, o := range slos[:len(slos)-list.More] {
		one := newSLO(o, s)
		d.SLOs = append(d.SLOs, one)
		list.Items = append(list.Items, enrich.Item{Tag: one.State, Text: one.summary(o.Problem), URL: one.URL})
	}
	d.SLO = d.SLOs[0]
	f := enrich.Finding{Title: "Error budget", Weight: enrich.Useful, Blocks: []enrich.Block{list}, Data: d, PartialReason: stale}
	if d.State == breached || d.State == warning {
		f.Weight = enrich.Important
	}
	if stale != nil {
		asOf := ""
		if indexed := slos[0].Indexed; !indexed.IsZero() {
			asOf = ", as of " + stepkit.FormatTime(indexed)
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

// summary is an SLO in a line: "Checkout answers: 12.5% of the error budget left
// (99.6% good, target 99.5% over 7d)".
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

func percent(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) + "%" }
