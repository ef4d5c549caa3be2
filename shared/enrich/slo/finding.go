package slo

import (
	"fmt"
	"net/url"
	"strconv"

	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/site"
)

// Data is what playbooks and machines see. The fields of SLO are those of the
// worst one.
type Data struct {
	SLO
	Count int   `json:"count"`          // How many were found.
	SLOs  []SLO `json:"slos,omitempty"` // The worst of them.
}

// SLO is how a service level objective stands. All numbers are percent.
type SLO struct {
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	State     string  `json:"state"` // "ok", "warning", "breached", "no_data", …
	Timeframe string  `json:"timeframe"`
	Target    float64 `json:"target"`
	SLI       float64 `json:"sli"`
	// Budget is what is left of the error budget, below 0 when it is overspent. It
	// and SLI mean something only if Known is true.
	Budget float64 `json:"budget"`
	Known  bool    `json:"known"`
	URL    string  `json:"url"`
}

const (
	maxShown = 5
	maxName  = 120
)

func found(all []datadog.SLO, s site.Site, missing error) enrich.Finding {
	d, list := Data{Count: len(all)}, enrich.List{More: max(0, len(all)-maxShown)}
	for _, o := range all[:len(all)-list.More] {
		one := told(o, s)
		d.SLOs = append(d.SLOs, one)
		list.Items = append(list.Items, enrich.Item{Tag: one.State, Text: words(one, o.Problem), URL: one.URL})
	}
	d.SLO = d.SLOs[0]
	f := enrich.Finding{Title: "Error budget", Weight: enrich.Useful, Blocks: []enrich.Block{list}, Data: d, PartialReason: missing}
	if d.State == breached || d.State == warning {
		f.Weight = enrich.Important
	}
	if missing != nil {
		f.Blocks = append(f.Blocks, enrich.Paragraph(fmt.Sprintf("As Datadog last calculated it%s: %s.", lastLooked(all), fault.Public(missing))))
	}
	return f
}

func lastLooked(all []datadog.SLO) string {
	if all[0].Indexed.IsZero() {
		return ""
	}
	return ", on " + all[0].Indexed.Format("2 Jan 15:04 UTC")
}

func told(o datadog.SLO, s site.Site) SLO {
	one := SLO{
		ID: enrich.Line(o.ID, maxName), Name: enrich.Line(o.Name, maxName), State: enrich.Line(o.State, maxName),
		Timeframe: enrich.Line(o.Timeframe, maxName), Target: o.Target, URL: page(s, url.QueryEscape(o.ID)),
	}
	if o.SLI != nil && o.Budget != nil {
		one.SLI, one.Budget, one.Known = *o.SLI, *o.Budget, true
	}
	return one
}

// words tell an SLO in a line: "Checkout answers: 12.5% of the error budget left
// (99.6% good, target 99.5% over 7d)".
func words(o SLO, problem string) string {
	target := fmt.Sprintf("target %s over %s", percent(o.Target), o.Timeframe)
	if !o.Known {
		reason := enrich.Line(problem, maxName)
		if reason != "" {
			reason = ": " + reason
		}
		return fmt.Sprintf("%s: nothing is known of its budget%s (%s)", o.Name, reason, target)
	}
	left := percent(o.Budget) + " of the error budget left"
	if o.Budget < 0 {
		left = "error budget overspent by " + percent(-o.Budget)
	}
	return fmt.Sprintf("%s: %s (%s good, %s)", o.Name, left, percent(o.SLI), target)
}

func percent(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) + "%" }
