// Package registry lists the steps that playbooks can use. A new step is a folder of its
// own, with a conformance test, and a line here.
package registry

import (
	"time"

	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/event"
	"boomerang/shared/enrich/events"
	"boomerang/shared/enrich/host"
	"boomerang/shared/enrich/httpapi"
	"boomerang/shared/enrich/incidents"
	"boomerang/shared/enrich/lambda"
	"boomerang/shared/enrich/logs"
	"boomerang/shared/enrich/lookup"
	"boomerang/shared/enrich/metric"
	"boomerang/shared/enrich/monitor"
	"boomerang/shared/enrich/oncall"
	"boomerang/shared/enrich/owner"
	"boomerang/shared/enrich/slo"
	"boomerang/shared/enrich/snapshot"
	"boomerang/shared/site"
)

// Deps are what the steps need. Kinds without them describe and check steps, but cannot
// run them.
type Deps struct {
	Datadog   *datadog.Client
	Site      site.Site      // Where links to Datadog's pages lead.
	Tables    *lookup.Tables // Those beside the playbook file. Without them, tables are not checked.
	HTTP      *httpapi.Client
	Secrets   httpapi.Secrets
	Functions lambda.Invoker
}

// Kinds returns all steps, in the order of the documents.
func Kinds(d Deps) []enrich.Kind {
	return []enrich.Kind{
		monitor.Kind(d.Datadog, d.Site),
		events.RelatedKind(d.Datadog),
		owner.Kind(d.Datadog),
		oncall.Kind(d.Datadog),
		incidents.Kind(d.Datadog),
		monitor.DowntimesKind(d.Datadog),
		enrich.KindOf(enrich.Kind{
			Name: metric.Name, Doc: "The alert's metric: value against threshold, min, mean and max before the alert, trend as a sparkline, whether it began with a jump.",
			Permissions: []string{"timeseries_query"}, Data: metric.Data{},
		}, func(c metric.Config, cache time.Duration) enrich.Step { return metric.New(d.Datadog.Cached(cache), c) }),
		enrich.KindOf(enrich.Kind{
			Name: snapshot.Name, Doc: "A picture of the metric's graph: the alert's own, or one that Datadog draws.",
			Data: snapshot.Data{},
		}, func(c snapshot.Config, cache time.Duration) enrich.Step {
			return snapshot.New(d.Datadog.Cached(cache), c)
		}),
		enrich.KindOf(enrich.Kind{
			Name: logs.Name, Doc: "The last error lines of the alert's service or host, grouped by pattern with counts.",
			Permissions: []string{"logs_read_data"}, Data: logs.Data{},
		}, func(c logs.Config, cache time.Duration) enrich.Step {
			return logs.New(d.Datadog.Cached(cache), d.Site, c)
		}),
		slo.Kind(d.Datadog, d.Site),
		events.ChangesKind(d.Datadog),
		event.Kind(d.Datadog),
		host.Kind(d.Datadog, d.Site),
		enrich.KindOf(enrich.Kind{
			Name: lookup.Name, Doc: "The alert's row in a CSV or YAML table beside the playbook.",
			Data: lookup.Data{}, Check: d.checkTable,
		}, func(c lookup.Config, _ time.Duration) enrich.Step { return lookup.New(d.Tables, c) }),
		httpapi.Kind(d.HTTP, d.Secrets),
		lambda.Kind(d.Functions),
	}
}

func (d Deps) checkTable(config any) error {
	if d.Tables == nil {
		return nil
	}
	return d.Tables.Check(config.(lookup.Config))
}
