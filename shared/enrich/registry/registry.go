// Package registry is the one place that knows every step by its name.
package registry

import (
	"fmt"
	"slices"
	"strings"

	"boomerang/shared/enrich"
	"boomerang/shared/enrich/monitor"
	"boomerang/shared/enrich/relatedevents"
	"boomerang/shared/site"
)

// Deps are what steps are made of.
type Deps struct {
	Datadog Datadog
	// Site is where links to Datadog's pages lead.
	Site site.Site
}

// Datadog is all that the steps read there; *datadog.Client is one.
type Datadog interface {
	monitor.Source
	relatedevents.Source
}

// entry is one step. Names are part of playbooks and of events: they never change.
type entry struct {
	name string
	make func(Deps) enrich.Step
	// always is true of the steps that run for every alert.
	always bool
}

var entries = []entry{
	{name: monitor.Name, always: true, make: func(d Deps) enrich.Step { return monitor.New(d.Datadog, d.Site) }},
	{name: relatedevents.Name, always: true, make: func(d Deps) enrich.Step { return relatedevents.New(d.Datadog) }},
}

// Default returns the steps that run for every alert.
func Default(d Deps) []enrich.Named {
	var steps []enrich.Named
	for _, e := range entries {
		if e.always {
			steps = append(steps, enrich.Named{Name: e.name, Step: e.make(d)})
		}
	}
	return steps
}

// New returns the step with the name. The error for any other name lists those
// there are.
func New(name string, d Deps) (enrich.Named, error) {
	i := slices.IndexFunc(entries, func(e entry) bool { return e.name == name })
	if i < 0 {
		return enrich.Named{}, fmt.Errorf("there is no step %q: use one of %s", name, strings.Join(Names(), ", "))
	}
	return enrich.Named{Name: name, Step: entries[i].make(d)}, nil
}

// Names returns the names of all steps, in the order in which people should read them.
func Names() []string {
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.name
	}
	return names
}
