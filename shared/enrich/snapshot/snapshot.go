// Package snapshot is the step "snapshot": a picture of the metric's graph. It is the
// picture that the alert has, or else one that Datadog renders: that one appears after
// some seconds, and an organization may render about 60 per hour.
package snapshot

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/metric"
)

// Kind describes the step. Datadog names no permission for it.
func Kind(client *datadog.Client) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "snapshot", Doc: "A picture of the metric's graph: the alert's own, or one that Datadog renders.", Data: Data{},
	}, func(c Config, cache time.Duration) enrich.Step { return newStep(client.Cached(cache).Snapshot, c) })
}

// Config is what a playbook sets.
type Config struct {
	Query  string        `yaml:"query" doc:"Metric query to draw, such as avg:system.load.1{env:prod} by {host}; by default the alert's own picture, or else the query of its monitor."`
	Window time.Duration `yaml:"window" doc:"Time before the alert to draw, 1h by default; the alert's own picture has its own."`
}

// Validate checks the configuration as it is in the playbook.
func (c Config) Validate() error { return metric.Config(c).Validate() }

// Data is what playbooks see.
type Data struct {
	URL   string `json:"url"`   // The URL of a PNG.
	Query string `json:"query"` // Empty for the alert's own picture.
	Own   bool   `json:"own"`   // It is the alert's own picture.
}

const (
	maxTitleRunes = 120
	maxURLBytes   = 1000
)

func newStep(render func(context.Context, datadog.SnapshotQuery) (address string, err error), c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		own := strings.TrimSpace(a.Snapshot)
		if strings.TrimSpace(c.Query) == "" && isPicture(own) {
			return newFinding("The alert's graph", Data{URL: own, Own: true}), nil
		}
		q, err := metric.Config(c).QueryFor(a)
		if err != nil {
			return enrich.Finding{}, err
		}
		from, to := metric.Config(c).WindowFor(a, 0)
		address, err := render(ctx, datadog.SnapshotQuery{Query: q.Metric, From: from, To: to})
		if err != nil {
			return enrich.Finding{}, err
		}
		title := fmt.Sprintf("Graph of %s; it may take some seconds to appear", enrich.Line(q.Metric, maxTitleRunes))
		return newFinding(title, Data{URL: address, Query: q.Metric}), nil
	})
}

// isPicture reports whether a page can load a picture from the address.
func isPicture(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && len(address) <= maxURLBytes
}

func newFinding(title string, d Data) enrich.Finding {
	return enrich.Finding{Title: "Graph", Weight: enrich.Useful, Blocks: []enrich.Block{enrich.Image{Title: title, URL: d.URL}}, Data: d}
}
