package datadog

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// SLO is a service level objective as a search finds it. Its standing is that of
// the primary timeframe, as of Indexed.
type SLO struct {
	ID        string
	Name      string
	Type      string // "metric", "monitor", "time_slice": an open list.
	Tags      []string
	Timeframe string  // "7d", "30d", "90d": an open list.
	Target    float64 // Percent.
	Warning   float64 // Percent; 0 when it has none.
	State     string  // "ok", "warning", "breached", "no_data": an open list.
	SLIStatus
	Indexed time.Time
}

// SLIStatus is how an SLO stands. Both numbers are nil when they could not be
// calculated, and Problem may say why.
type SLIStatus struct {
	SLI *float64 // Percent of good, 0 to 100.
	// Budget is the percentage of the error budget that is left: 100 when nothing
	// went wrong, below 0 when more did than was allowed.
	Budget  *float64
	Problem string
}

// SLOs returns the first SLOs that query finds, at most limit of them. A query is
// a tag, "service:checkout", or words of a name. It needs the permission slos_read.
//
// https://docs.datadoghq.com/api/latest/service-level-objectives/#search-for-slos
func (c *Client) SLOs(ctx context.Context, query string, limit int) ([]SLO, error) {
	var answer wireSLOs
	search := call{
		op: "search for SLOs", permission: slosRead, method: http.MethodGet, path: "/api/v1/slo/search",
		query: url.Values{"query": {query}, "page[size]": {strconv.Itoa(limit)}},
	}
	if err := c.read(ctx, search, &answer); err != nil {
		return nil, err
	}
	var all []SLO
	for _, w := range answer.Data.Attributes.SLOs {
		if w.Data.ID != "" {
			all = append(all, w.Data.slo())
		}
	}
	return all, nil
}

const slosRead = "slos_read"

// SLOHistoryQuery asks how an SLO stood at the end of a window that is as long as
// its timeframe.
type SLOHistoryQuery struct {
	ID        string
	Timeframe string    // That of the SLO's target.
	Target    float64   // Percent; 0 stands for the SLO's own.
	From, To  time.Time // Whole seconds count.
}

// SLOHistory returns how an SLO stood at the end of the window, calculated for
// this call. It needs the permission slos_read.
//
// https://docs.datadoghq.com/api/latest/service-level-objectives/#get-an-slos-history
func (c *Client) SLOHistory(ctx context.Context, query SLOHistoryQuery) (SLIStatus, error) {
	var answer wireSLOHistory
	get := call{
		op: "get the SLO's history", permission: slosRead,
		method: http.MethodGet, path: "/api/v1/slo/" + url.PathEscape(query.ID) + "/history", query: query.values(),
	}
	if err := c.read(ctx, get, &answer); err != nil {
		return SLIStatus{}, err
	}
	return answer.status(query.Timeframe), nil
}

func (q SLOHistoryQuery) values() url.Values {
	v := url.Values{"from_ts": {strconv.FormatInt(q.From.Unix(), 10)}, "to_ts": {strconv.FormatInt(q.To.Unix(), 10)}}
	if q.Target != 0 {
		v.Set("target", strconv.FormatFloat(q.Target, 'f', -1, 64))
	}
	return v
}

type wireSLOs struct {
	Data struct {
		Attributes struct {
			SLOs []struct {
				Data wireSLO `json:"data"`
			} `json:"slos"`
		} `json:"attributes"`
	} `json:"data"`
}

func (w *wireSLOs) complete() bool { return w.Data.Attributes.SLOs != nil }

type wireSLO struct {
	ID         string `json:"id"`
	Attributes struct {
		Name      string   `json:"name"`
		Type      string   `json:"slo_type"`
		Tags      []string `json:"all_tags"`
		Timeframe string   `json:"timeframe"`
		Target    float64  `json:"target_threshold"`
		Warning   float64  `json:"warning_threshold"`
		Status    struct {
			State            string     `json:"state"`
			SLI              wireNumber `json:"sli"`
			Budget           wireNumber `json:"error_budget_remaining"`
			CalculationError string     `json:"calculation_error"`
			IndexedAt        int64      `json:"indexed_at"`
		} `json:"status"`
	} `json:"attributes"`
}

func (w wireSLO) slo() SLO {
	a, status := w.Attributes, w.Attributes.Status
	return SLO{
		ID: w.ID, Name: a.Name, Type: a.Type, Tags: a.Tags,
		Timeframe: a.Timeframe, Target: a.Target, Warning: a.Warning, State: status.State,
		SLIStatus: SLIStatus{SLI: status.SLI.value, Budget: status.Budget.value, Problem: status.CalculationError},
		Indexed:   epoch(status.IndexedAt),
	}
}

type wireSLOHistory struct {
	Data struct {
		Overall *struct {
			SLI    wireNumber            `json:"sli_value"`
			Budget map[string]wireNumber `json:"error_budget_remaining"`
			Errors []struct {
				Message string `json:"error_message"`
			} `json:"errors"`
		} `json:"overall"`
	} `json:"data"`
}

func (w *wireSLOHistory) complete() bool { return w.Data.Overall != nil }

// customTimeframe is where the budget of the target stands that the call named.
const customTimeframe = "custom"

func (w *wireSLOHistory) status(timeframe string) SLIStatus {
	overall := w.Data.Overall
	s := SLIStatus{SLI: overall.SLI.value}
	for _, key := range []string{timeframe, customTimeframe} {
		if s.Budget == nil {
			s.Budget = overall.Budget[key].value
		}
	}
	if len(overall.Errors) > 0 {
		s.Problem = overall.Errors[0].Message
	}
	return s
}
