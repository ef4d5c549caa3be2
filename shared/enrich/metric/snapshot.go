package metric

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/monitor"
)

// SnapshotKind describes the step "snapshot": a picture of the metric's graph. It is the
// picture that the alert has, or else one that Datadog renders: that one appears after
// some seconds, and an organization may render about 60 per hour. Datadog names no
// permission for it.
func SnapshotKind(client *datadog.Client) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "snapshot", Doc: "A picture of the metric's graph: the alert's own, or one that Datadog renders.", Data: SnapshotData{},
	}, func(c SnapshotConfig, cache time.Duration) enrich.Step {
		cached := client.Cached(cache)
		lacks := func(a alert.Alert) bool { return !isPicture(strings.TrimSpace(a.Snapshot)) && Config(c).lacksQuery(a) }
		return monitor.Completed(cached.Monitor, lacks, newSnapshot(cached.Snapshot, c))
	})
}

type SnapshotConfig struct {
	Query  string        `yaml:"query" doc:"Metric query to draw, such as avg:system.load.1{env:prod} by {host}; by default the alert's own picture, or else the query of its monitor."`
	Window time.Duration `yaml:"window" min:"1m" max:"720h" doc:"Time before the alert to draw, 1h by default; the alert's own picture has its own."`
}

func (c SnapshotConfig) Validate() error { return Config(c).Validate() }

type SnapshotData struct {
	URL   string `json:"url"`   // The URL of a PNG.
	Query string `json:"query"` // Empty for the alert's own picture.
	Own   bool   `json:"own"`   // It is the alert's own picture.
}

const (
	maxTitleRunes = 120
	maxURLBytes   = 1000
)

func newSnapshot(render func(context.Context, datadog.SeriesQuery) (address string, err error), c SnapshotConfig) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		own := strings.TrimSpace(a.Snapshot)
		if strings.TrimSpace(c.Query) == "" && isPicture(own) {
			return newPicture("The alert's graph", SnapshotData{URL: own, Own: true}), nil
		}
		q, err := Config(c).queryFor(a)
		if err != nil {
			return enrich.Finding{}, err
		}
		from, to := Config(c).windowFor(a, 0)
		address, err := render(ctx, datadog.SeriesQuery{Query: q.Metric, From: from, To: to})
		if err != nil {
			return enrich.Finding{}, err
		}
		title := fmt.Sprintf("Graph of %s; it may take some seconds to appear", enrich.Line(q.Metric, maxTitleRunes))
		return newPicture(title, SnapshotData{URL: address, Query: q.Metric}), nil
	})
}

// isPicture reports whether a page can load a picture from the address.
func isPicture(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && len(address) <= maxURLBytes
}

func newPicture(title string, d SnapshotData) enrich.Finding {
	return enrich.Finding{Title: "Graph", Weight: enrich.Useful, Blocks: []enrich.Block{enrich.Image{Title: title, URL: d.URL}}, Data: d}
}
