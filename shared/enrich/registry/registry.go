// Package registry is the one place that knows every kind of step.
package registry

import (
	"time"

	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/monitor"
	"boomerang/shared/enrich/relatedevents"
	"boomerang/shared/site"
)

// Deps are what steps are made of. Without them kinds can be looked at, which is
// enough to check a playbook, and make no steps.
type Deps struct {
	Datadog *datadog.Client
	// Site is where links to Datadog's pages lead.
	Site site.Site
}

// Kinds returns every kind of step. Names are part of playbooks and of events:
// they never change.
func Kinds(d Deps) []enrich.Kind {
	return []enrich.Kind{
		enrich.KindOf(enrich.Kind{
			Name: monitor.Name, Doc: "The alert's monitor: thresholds, which groups fail and since when, downtimes, the runbooks its message names.",
			Permissions: []string{"monitors_read"}, Data: monitor.Data{},
		}, func(_ none, cache time.Duration) enrich.Step { return monitor.New(d.Datadog.Cached(cache), d.Site) }),
		enrich.KindOf(enrich.Kind{
			Name: relatedevents.Name, Doc: "The event stream around the alert: deploys and changes, other alerts, how often this monitor fired in the last day.",
			Permissions: []string{"events_read"}, Data: relatedevents.Data{},
		}, func(_ none, cache time.Duration) enrich.Step { return relatedevents.New(d.Datadog.Cached(cache)) }),
	}
}

// none is the Config of a step that has nothing to set.
type none struct{}
