package datadog

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const slosRead = "slos_read"

// SLO is a service level objective as a search returns it. Its status is that of the
// primary timeframe, at Indexed.
type SLO struct {
	ID        string   `json:"-"`
	Name      string   `json:"name"`
	Type      string   `json:"slo_type"` // "metric", "monitor", "time_slice", or a newer one.
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
	all, err := read(ctx, c, call{
		op: "search for SLOs", permission: slosRead, method: http.MethodGet, path: "/api/v1/slo/search",
		query: url.Values{"query": {query}, "page[size]": {strconv.Itoa(limit)}},
	}, sloResponse.all)
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
	values := url.Values{"from_ts": {unixSeconds(query.From)}, "to_ts": {unixSeconds(query.To)}}
	if query.Target != 0 {
		values.Set("target", strconv.FormatFloat(query.Target, 'f', -1, 64))
	}
	r, err := read(ctx, c, call{
		op: "get the SLO's history", permission: slosRead,
		method: http.MethodGet, path: "/api/v1/slo/" + url.PathEscape(query.ID) + "/history", query: values,
	}, unchanged[sloHistoryResponse])
	if err != nil {
		return SLIStatus{}, err
	}
	return r.status(query.Timeframe), nil
}

type sloResponse struct {
	Data struct {
		Attributes struct {
			SLOs []struct {
				Data struct {
					ID         string
					Attributes struct {
						SLO
						Status struct {
							State            string
							SLI              optionalNumber
							Budget           optionalNumber `json:"error_budget_remaining"`
							CalculationError string         `json:"calculation_error"`
							IndexedAt        int64          `json:"indexed_at"`
						}
					}
				}
			}
		}
	}
}

func (r sloResponse) complete() bool { return r.Data.Attributes.SLOs != nil }

func (r sloResponse) all() []SLO {
	var all []SLO
	for _, found := range r.Data.Attributes.SLOs {
		slo, status := found.Data.Attributes.SLO, found.Data.Attributes.Status
		slo.ID, slo.State, slo.Indexed = found.Data.ID, status.State, unixTime(status.IndexedAt)
		slo.SLIStatus = SLIStatus{SLI: status.SLI.value, Budget: status.Budget.value, Problem: status.CalculationError}
		if slo.ID != "" {
			all = append(all, slo)
		}
	}
	return all
}

type sloHistoryResponse struct {
	Data struct {
		Overall *struct {
			SLI    optionalNumber            `json:"sli_value"`
			Budget map[string]optionalNumber `json:"error_budget_remaining"`
			Errors []struct {
				Message string `json:"error_message"`
			}
		}
	}
}

func (r sloHistoryResponse) complete() bool { return r.Data.Overall != nil }

// status takes the budget of the timeframe, or else that of the call's target, which
// the response has as "custom".
func (r sloHistoryResponse) status(timeframe string) SLIStatus {
	overall := r.Data.Overall
	s := SLIStatus{SLI: overall.SLI.value, Budget: overall.Budget[timeframe].value}
	if s.Budget == nil {
		s.Budget = overall.Budget["custom"].value
	}
	if len(overall.Errors) > 0 {
		s.Problem = overall.Errors[0].Message
	}
	return s
}
