// Package snapshot is the step "snapshot": a picture of the metric's graph. The
// one that the alert brings along is taken first. For another, Datadog renders
// one, which shows nothing until some seconds later and of which an organisation
// may have some 60 in an hour. No permission is needed but that of a valid
// application key.
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

// Name is the step's name in playbooks, answers and events.
const Name = "snapshot"

// Permission is empty, because Datadog names none: any valid application key will do.
const Permission = ""

// Source is where pictures are taken.
type Source interface {
	Snapshot(ctx context.Context, query datadog.SnapshotQuery) (address string, err error)
}

var _ Source = (*datadog.Client)(nil)

// Config is what a playbook may say.
type Config struct {
	Query  string        `yaml:"query" doc:"Metric query to draw, such as avg:system.load.1{env:prod} by {host}; empty means the alert's own picture, or else the query of its monitor."`
	Window time.Duration `yaml:"window" doc:"How much time before the alert to draw, 1h when empty; the alert's own picture has its own."`
}

// Validate finds what would fail for every alert.
func (c Config) Validate() error { return metric.Config(c).Validate() }

// New returns the step.
func New(source Source, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		if strings.TrimSpace(c.Query) == "" && isPicture(a.Snapshot) {
			return found("The alert's graph", Data{URL: strings.TrimSpace(a.Snapshot), Own: true}), nil
		}
		q, err := metric.For(a, c.Query)
		if err != nil {
			return enrich.Finding{}, err
		}
		from, to := metric.Window(a, c.Window, 0)
		address, err := source.Snapshot(ctx, datadog.SnapshotQuery{Query: q.Metric, From: from, To: to})
		if err != nil {
			return enrich.Finding{}, err
		}
		title := fmt.Sprintf("Graph of %s; it may take some seconds to appear", enrich.Line(q.Metric, maxTitle))
		return found(title, Data{URL: address, Query: q.Metric}), nil
	})
}

const (
	maxTitle = 120
	// maxAddress leaves out what no event has room for.
	maxAddress = 1000
)

// isPicture reports whether the address is one that a page may load a picture from.
func isPicture(address string) bool {
	u, err := url.Parse(strings.TrimSpace(address))
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && len(address) <= maxAddress
}

// Data is what playbooks and machines see.
type Data struct {
	URL string `json:"url"` // Of a PNG.
	// Query is what was drawn, empty of the picture that the alert brought along.
	Query string `json:"query"`
	Own   bool   `json:"own"` // The alert brought it along.
}

func found(title string, d Data) enrich.Finding {
	return enrich.Finding{Title: "Graph", Weight: enrich.Useful, Blocks: []enrich.Block{enrich.Image{Title: title, URL: d.URL}}, Data: d}
}
