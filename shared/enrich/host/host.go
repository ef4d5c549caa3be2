// Package host is the step "host": whether the alert's host is up or muted, which
// of its Agent's checks are not well, what runs on it, and its tags. It needs the
// permission hosts_read.
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

// Name is the step's name in playbooks, answers and events.
const Name = "host"

// Permission is what the application key needs.
const Permission = "hosts_read"

// Source is where hosts are read.
type Source interface {
	Hosts(ctx context.Context, query datadog.HostQuery) ([]datadog.Host, error)
}

var _ Source = (*datadog.Client)(nil)

// Config is what a playbook may say.
type Config struct {
	Host string `yaml:"host" doc:"Name or alias of the host; empty means the alert's own host."`
}

// kept is how long Datadog knows a host that reports no more
// (https://docs.datadoghq.com/api/latest/hosts/#get-all-hosts-for-your-organization).
const kept = 7 * 24 * time.Hour

// New returns the step. The link to the host leads to the pages of s.
func New(source Source, s site.Site, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		name := nameOf(c, a)
		if name == "" {
			return enrich.Finding{}, enrich.Skip("the alert names no host")
		}
		now := time.Now()
		hosts, err := source.Hosts(ctx, datadog.HostQuery{Filter: "host:" + name, From: now.Add(-kept).Truncate(time.Hour)})
		if err != nil {
			return enrich.Finding{}, err
		}
		h, known := pick(hosts, name)
		if !known {
			return unknown(name), nil
		}
		return found(a, h, now, "https://"+s.App()+"/infrastructure?hostname="+url.QueryEscape(h.Name)), nil
	})
}

// nameOf is the playbook's host, the host that alerted, or the one that the
// alert's tags name.
func nameOf(c Config, a alert.Alert) string {
	for _, name := range []string{c.Host, a.Scopes().Get("host"), a.Hostname, a.Tags.Get("host")} {
		if name = strings.TrimSpace(name); name != "" {
			return name
		}
	}
	return ""
}

// pick returns the host of that name, or else that is also known by it: a filter
// takes the beginning of a name for the name.
func pick(hosts []datadog.Host, name string) (datadog.Host, bool) {
	same := func(other string) bool { return strings.EqualFold(other, name) }
	for _, known := range []func(datadog.Host) bool{
		func(h datadog.Host) bool { return same(h.Name) },
		func(h datadog.Host) bool {
			return slices.ContainsFunc(h.Aliases, same) || h.CloudID != "" && same(h.CloudID)
		},
		func(h datadog.Host) bool { return slices.ContainsFunc(alert.Tags(h.Tags).All("host"), same) },
	} {
		if i := slices.IndexFunc(hosts, known); i >= 0 {
			return hosts[i], true
		}
	}
	return datadog.Host{}, false
}

// Data is what playbooks and machines see. Times are UTC.
type Data struct {
	Name string `json:"name"`
	// Known is false of a host that Datadog has not seen for seven days; everything
	// else is zero then.
	Known        bool      `json:"known"`
	Up           bool      `json:"up"` // It reported within the last two hours.
	LastReported time.Time `json:"last_reported,omitzero"`
	Muted        bool      `json:"muted"`
	MutedUntil   time.Time `json:"muted_until,omitzero"` // Zero when the mute has no end.
	Apps         []string  `json:"apps,omitempty"`
	Agent        string    `json:"agent"` // The Agent's version.
	Platform     string    `json:"platform"`
	OS           string    `json:"os"`
	CPUs         int       `json:"cpus"`
	CloudID      string    `json:"cloud_id"`
	Aliases      []string  `json:"aliases,omitempty"`
	Tags         []string  `json:"tags,omitempty"`
	Failing      []Check   `json:"failing,omitempty"` // The Agent's checks that are not well.
	URL          string    `json:"url"`
}

// Check is a check of the Agent's.
type Check struct {
	Name    string `json:"name"`
	Status  string `json:"status"` // "WARNING", "ERROR", …
	Message string `json:"message"`
}
