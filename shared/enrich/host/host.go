// Package host is the step "host": whether the alert's host is up or muted, its
// failing Agent checks, what runs on it, and its tags.
package host

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/site"
)

const permission = "hosts_read"

// Source reads hosts.
type Source interface {
	Hosts(ctx context.Context, query datadog.HostQuery) ([]datadog.Host, error)
}

// Kind describes the step.
func Kind(client *datadog.Client, s site.Site) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "host", Doc: "Whether the alert's host is up or muted, its failing checks, apps, Agent version and tags.",
		Permissions: []string{permission}, Data: Data{},
	}, func(c Config, cache time.Duration) enrich.Step { return New(client.Cached(cache), s, c) })
}

// Config is what a playbook sets.
type Config struct {
	Host string `yaml:"host" doc:"Name or alias of the host; the alert's own host by default."`
}

// retention is how long Datadog keeps a host that no longer reports
// (https://docs.datadoghq.com/api/latest/hosts/#get-all-hosts-for-your-organization).
const retention = 7 * 24 * time.Hour

// New returns the step, with links to the pages of s.
func New(source Source, s site.Site, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		name := hostName(c, a)
		if name == "" {
			return enrich.Finding{}, enrich.Skip("the alert has no host")
		}
		now := time.Now()
		hosts, err := source.Hosts(ctx, datadog.HostQuery{Filter: "host:" + name, From: now.Add(-retention).Truncate(time.Hour)})
		if err != nil {
			return enrich.Finding{}, err
		}
		h, known := selectHost(hosts, name)
		if !known {
			return unknownHost(name), nil
		}
		return newFinding(a, h, now, "https://"+s.App()+"/infrastructure?hostname="+url.QueryEscape(h.Name)), nil
	})
}

// hostName is the playbook's host, the host of the alert's group, or the alert's host.
func hostName(c Config, a alert.Alert) string {
	for _, name := range []string{c.Host, a.Scopes().Get("host"), a.Hostname, a.Tags.Get("host")} {
		if name = strings.TrimSpace(name); name != "" {
			return name
		}
	}
	return ""
}

// selectHost returns the host with that name, or else that alias or tag. The query
// also returns hosts whose name only starts with it.
func selectHost(hosts []datadog.Host, name string) (datadog.Host, bool) {
	same := func(other string) bool { return strings.EqualFold(other, name) }
	for _, matches := range []func(datadog.Host) bool{
		func(h datadog.Host) bool { return same(h.Name) },
		func(h datadog.Host) bool { return slices.ContainsFunc(h.Aliases, same) || same(h.CloudID) },
		func(h datadog.Host) bool { return slices.ContainsFunc(alert.Tags(h.Tags).All("host"), same) },
	} {
		if i := slices.IndexFunc(hosts, matches); i >= 0 {
			return hosts[i], true
		}
	}
	return datadog.Host{}, false
}

// Data is what playbooks see. Times are UTC.
type Data struct {
	Name string `json:"name"`
	// Known is false for a host that Datadog has not seen for seven days. All other
	// fields are zero then.
	Known        bool      `json:"known"`
	Up           bool      `json:"up"` // It reported within the last two hours.
	LastReported time.Time `json:"last_reported,omitzero"`
	Muted        bool      `json:"muted"`
	MutedUntil   time.Time `json:"muted_until,omitzero"` // Zero if the mute has no end.
	Apps         []string  `json:"apps,omitempty"`
	Agent        string    `json:"agent"` // The Agent's version.
	Platform     string    `json:"platform"`
	OS           string    `json:"os"`
	CPUs         int       `json:"cpus"`
	CloudID      string    `json:"cloud_id"`
	Aliases      []string  `json:"aliases,omitempty"`
	Tags         []string  `json:"tags,omitempty"`
	Failing      []Check   `json:"failing,omitempty"` // Agent checks that warn or fail.
	URL          string    `json:"url"`
}

// Check is an Agent check.
type Check struct {
	Name    string `json:"name"`
	Status  string `json:"status"` // "WARNING", "ERROR", …
	Message string `json:"message"`
}
