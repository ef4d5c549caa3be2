// Package registry lists the steps that playbooks can use. A new step is a folder of its
// own, with a conformance test, and a line here.
package registry

import (
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
	"boomerang/shared/enrich/suspects"
	"boomerang/shared/site"
)

// Deps are what the steps need. Kinds without them describe and check steps, but cannot
// run them.
type Deps struct {
	Datadog *datadog.Client
	Site    site.Site      // Where links to Datadog's pages lead.
	Tables  *lookup.Tables // Those beside the playbook file. Without them, tables are not checked.
	HTTP    *httpapi.Client
	Secrets httpapi.Secrets
	Invoke  lambda.Invoke
}

// Kinds returns all steps, in the order of the documents.
func Kinds(d Deps) []enrich.Kind {
	return []enrich.Kind{
		monitor.Kind(d.Datadog, d.Site),
		events.RelatedKind(d.Datadog),
		suspects.Kind(d.Datadog),
		owner.Kind(d.Datadog),
		oncall.Kind(d.Datadog),
		incidents.Kind(d.Datadog),
		monitor.DowntimesKind(d.Datadog),
		metric.Kind(d.Datadog),
		metric.SnapshotKind(d.Datadog),
		logs.Kind(d.Datadog, d.Site),
		slo.Kind(d.Datadog, d.Site),
		events.ChangesKind(d.Datadog),
		event.Kind(d.Datadog),
		host.Kind(d.Datadog, d.Site),
		lookup.Kind(d.Tables),
		httpapi.Kind(d.HTTP, d.Secrets),
		lambda.Kind(d.Invoke),
	}
}
