package fakedatadog_test

import (
	"net/http"
	"net/url"
	"path"
	"testing"
	"time"

	"boomerang/shared/fakedatadog"
)

// seedSignals adds what the recorded organisation had measured and logged, and
// its SLOs: the recordings show them in the answers alone.
func (p *playback) seedSignals(t *testing.T, c cassette) {
	t.Helper()
	for _, e := range c.Interactions {
		switch p.server.Route(e.request(t, p.replacer())) {
		case fakedatadog.MetricsQuery:
			p.seedSeries(t, e)
		case fakedatadog.LogsSearch:
			p.seedLogs(t, e)
		case fakedatadog.SLOSearch:
			p.seedFoundSLOs(t, e)
		case fakedatadog.SLOHistory:
			p.seedSLO(t, e)
		}
	}
}

func (p *playback) seedSeries(t *testing.T, e exchange) {
	answer := decode[struct {
		Query  string
		Series []fakedatadog.Series
	}](t, e.Response.Body)
	for _, series := range answer.Series {
		series.Query = answer.Query
		p.server.AddSeries(series)
	}
}

// seedLogs also sets the clock, since the recorded searches say "now".
func (p *playback) seedLogs(t *testing.T, e exchange) {
	for _, line := range decode[struct {
		Data []struct {
			ID         string
			Attributes fakedatadog.Log
		}
	}](t, e.Response.Body).Data {
		line.Attributes.ID = line.ID
		p.server.AddLog(line.Attributes)
		if at := line.Attributes.Timestamp.Add(time.Second); at.After(p.now) {
			p.now = at
		}
	}
}

func (p *playback) seedFoundSLOs(t *testing.T, e exchange) {
	for _, slo := range decode[struct {
		Data struct {
			Attributes struct {
				SLOs []struct {
					Data struct {
						ID         string
						Attributes struct {
							fakedatadog.SLO
							Type   string `json:"slo_type"`
							Status fakedatadog.SLO
						}
					}
				}
			}
		}
	}](t, e.Response.Body).Data.Attributes.SLOs {
		found := slo.Data.Attributes.SLO
		found.ID, found.Type = slo.Data.ID, slo.Data.Attributes.Type
		found.State, found.Problem = slo.Data.Attributes.Status.State, slo.Data.Attributes.Status.Problem
		p.server.AddSLO(found)
	}
}

// seedSLO adds the SLO of a history. One whose history was refused for its
// parameters was there too.
func (p *playback) seedSLO(t *testing.T, e exchange) {
	asked, err := url.Parse(e.Request.URL)
	if err != nil {
		t.Fatal(err)
	}
	history := decode[struct {
		Data struct {
			SLO     fakedatadog.SLO
			Overall struct {
				State  string
				Errors []struct {
					Message string `json:"error_message"`
				}
			}
		}
	}](t, e.Response.Body).Data
	switch e.Response.Code {
	case http.StatusOK:
		history.SLO.State = history.Overall.State
		if len(history.Overall.Errors) > 0 {
			history.SLO.Problem = history.Overall.Errors[0].Message
		}
		p.server.AddSLO(history.SLO)
	case http.StatusBadRequest:
		p.server.AddSLO(fakedatadog.SLO{ID: path.Base(path.Dir(asked.Path))})
	}
}
