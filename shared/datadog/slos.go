package datadog

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// SLO is a service level objective as a search returns it. Its status is that of the
// primary timeframe, at Indexed.
type SLO struct {
	ID        string   `json:"-"`
	Name      string   `json:"name"`
	Tags      []string `json:"all_tags"`
	Timeframe string   `json:"timeframe"`         // "7d", "30d", "90d", or a newer one.
	Target    float64  `json:"target_threshold"`  // Percent.
	Warning   float64  `json:"warning_threshold"` // Percent, or 0.
	State     string   `json:"-"`                 // "ok", "warning", "breached", "no_data", or a newer one.
	SLIStatus `json:"-"`
	Indexed   time.Time `json:"-"`
}

// SLIStatus is the status of an SLO. The numbers are nil when Datadog could not
// calculate them; Problem may say why.
type SLIStatus struct {
	SLI *float64 // Percent of good, 0 to 100.
	// Budget is the percentage of the error budget that is left, below 0 when it is
	// overspent.
	Budget  *float64
	Problem string
}

// SLOs returns at most limit SLOs that match query: a tag, "service:checkout", or words of a name.
// https://docs.datadoghq.com/api/latest/service-level-objectives/#search-for-slos
func (c *Client) SLOs(ctx context.Context, query string, limit int) ([]SLO, error) {
	search := values("query", query, "page[size]", strconv.Itoa(limit))
	all, err := read(ctx, c, get("search for SLOs", slosRead, "/api/v1/slo/search", search), sloResponse.all)
	return slices.Clone(all), err // The caller sorts them.
}

// SLOHistoryQuery asks for the status of an SLO at the end of a window that is as
// long as its timeframe.
type SLOHistoryQuery struct {
	ID        string
	Timeframe string    // That of the SLO's target.
	Target    float64   // Percent; 0 is the SLO's own.
	From, To  time.Time // Whole seconds count.
}

// SLOHistory returns the status of an SLO at the end of the window, calculated for this call.
// https://docs.datadoghq.com/api/latest/service-level-objectives/#get-an-slos-history
func (c *Client) SLOHistory(ctx context.Context, query SLOHistoryQuery) (SLIStatus, error) {
	window := values("from_ts", unixSeconds(query.From), "to_ts", unixSeconds(query.To))
	if query.Target != 0 {
		window.Set("target", strconv.FormatFloat(query.Target, 'f', -1, 64))
	}
	history, err := read(ctx, c, get("get the SLO's history", slosRead, "/api/v1/slo/"+url.PathEscape(query.ID)+"/history", window),
		func(r struct{ Data struct{ Overall *sloHistory } }) (*sloHistory, bool) {
			return r.Data.Overall, r.Data.Overall != nil
		})
	if err != nil {
		return SLIStatus{}, err
	}
	return history.status(query.Timeframe), nil
}

type sloResponse struct {
	Data resource[struct {
		SLOs []struct{ Data resource[sloFields] }
	}]
}

type sloFields struct {
	SLO
	Status struct {
		State            string
		SLI              optionalNumber
		Budget           optionalNumber `json:"error_budget_remaining"`
		CalculationError string         `json:"calculation_error"`
		IndexedAt        int64          `json:"indexed_at"`
	}
}

func (r sloResponse) all() ([]SLO, bool) {
	var all []SLO
	for _, found := range r.Data.Attributes.SLOs {
		slo, status := found.Data.Attributes.SLO, found.Data.Attributes.Status
		slo.ID, slo.State, slo.Indexed = found.Data.ID, status.State, unixTime(status.IndexedAt)
		slo.SLIStatus = SLIStatus{SLI: status.SLI.value, Budget: status.Budget.value, Problem: status.CalculationError}
		if slo.ID != "" {
			all = append(all, slo)
		}
	}
	return all, r.Data.Attributes.SLOs != nil
}

type sloHistory struct {
	SLI    optionalNumber            `json:"sli_value"`
	Budget map[string]optionalNumber `json:"error_budget_remaining"`
	Errors []struct {
		Message string `json:"error_message"`
	}
}

// status takes the budget of the timeframe, or else that of the call's target, which
// the response has as "custom".
func (h sloHistory) status(timeframe string) SLIStatus {
	s := SLIStatus{SLI: h.SLI.value, Budget: cmp.Or(h.Budget[timeframe].value, h.Budget["custom"].value)}
	if len(h.Errors) > 0 {
		s.Problem = h.Errors[0].Message
	}
	return s
}
