// Package host is the step "host": whether the alert's host is up or muted, its
// failing Agent checks, what runs on it, and its tags.
package host

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/site"
)

func Kind(client *datadog.Client, s site.Site) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "host", Doc: "Whether the alert's host is up or muted, its failing checks, apps, Agent version and tags.",
		Permissions: []string{"hosts_read"}, Data: Data{},
	}, func(c Config, cache time.Duration) enrich.Step { return newStep(client.Cached(cache).Hosts, s, c) })
}

type Config struct {
	Host string `yaml:"host" doc:"Name or alias of the host; the alert's own host by default."`
}

// Data is what playbooks see. Times are UTC.
type Data struct {
	// Host has only the name if the host is not known.
	datadog.Host
	// Known is false for a host that Datadog has not seen for seven days.
	Known bool   `json:"known"`
	URL   string `json:"url"`
}

const (
	// retention is how long Datadog keeps a host that no longer reports
	// (https://docs.datadoghq.com/api/latest/hosts/#get-all-hosts-for-your-organization).
	retention = 7 * 24 * time.Hour

	maxApps       = 15
	maxTags       = 20
	maxChecks     = 5
	maxValueRunes = 200
)

type source func(ctx context.Context, beginning string, since time.Time) ([]datadog.Host, error)

func newStep(hosts source, s site.Site, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		name := hostName(c, a)
		if name == "" {
			return enrich.Finding{}, enrich.Skip("the alert has no host")
		}
		now := time.Now()
		found, err := hosts(ctx, "host:"+name, now.Add(-retention).Truncate(time.Hour))
		if err != nil {
			return enrich.Finding{}, err
		}
		if h, known := selectHost(found, name); known {
			return newFinding(a, h, now, "https://"+s.App()+"/infrastructure?hostname="+url.QueryEscape(h.Name)), nil
		}
		// It is a finding and not an error, because a host that is down for long looks like this.
		const none = "Datadog has no data of it for seven days"
		lead, repeated := enrich.NewLead(enrich.Lead{Answer: enrich.What, Text: "host " + enrich.Line(name, maxValueRunes) + ": " + none})
		facts := enrich.Facts{{Name: "Name", Value: name, Lead: repeated}, {Name: "State", Value: none, Lead: repeated}}
		return enrich.Finding{
			Title: "Host", Weight: enrich.Useful, Data: Data{Host: datadog.Host{Name: name}}, Blocks: []enrich.Block{facts.Known(maxValueRunes)}, Lead: []enrich.Lead{lead},
		}, nil
	})
}

// hostName is the playbook's host, the host of the alert's group, or the alert's host.
func hostName(c Config, a alert.Alert) string {
	trim := strings.TrimSpace
	return cmp.Or(trim(c.Host), trim(a.Scopes().Get("host")), trim(a.Hostname), trim(a.Tags.Get("host")))
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

func newFinding(a alert.Alert, h datadog.Host, now time.Time, page string) enrich.Finding {
	stateNow := state(h, now, a.Date)
	lead, repeated := enrich.NewLead(enrich.Lead{Answer: enrich.What, Text: "host " + h.Name + " is " + stateNow})
	if h.Up {
		repeated = ""
	}
	facts := enrich.Facts{
		{Name: "Name", Value: h.Name, Lead: repeated},
		{Name: "State", Value: stateNow, Lead: repeated},
		{Name: "Muted", Value: muted(h, a.Date)},
		{Name: "System", Value: system(h)},
		{Name: "Load", Value: load(h)},
		{Name: "Agent", Value: h.AgentVersion},
		{Name: "Apps", Value: enrich.Join(h.Apps, ", ", maxApps)},
		{Name: "More tags", Value: enrich.Join(enrich.NewTags(h.Tags, a, "host:"), ", ", maxTags)},
	}
	checks := enrich.ListOf(h.Checks, maxChecks, checkItem)
	pages := enrich.Links{{Kind: "resource", Title: "Host in Datadog", URL: page}}
	f := enrich.Finding{Title: "Host", Weight: enrich.Useful, Blocks: enrich.Blocks(facts.Known(maxValueRunes), checks, pages), Data: Data{h, true, page}}
	if !h.Up || h.Muted || len(h.Checks) > 0 {
		f.Weight = enrich.Important
	}
	if !h.Up {
		f.Lead = []enrich.Lead{lead}
	}
	return f
}

func state(h datadog.Host, now, alerted time.Time) string {
	state := "down"
	if h.Up {
		state = "up"
	}
	if h.LastReported.IsZero() || h.Up && now.Sub(h.LastReported) < 2*time.Minute {
		return state
	}
	return state + ", last report " + enrich.Moment(h.LastReported, alerted)
}

func muted(h datadog.Host, alerted time.Time) string {
	if !h.Muted {
		return ""
	}
	return enrich.Until(h.MutedUntil, alerted)
}

func system(h datadog.Host) string {
	parts := []string{cmp.Or(h.OS, h.Platform), h.CloudID}
	if h.CPUs > 0 {
		parts = append(parts, enrich.Count(h.CPUs, "CPU"))
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

func load(h datadog.Host) string {
	var parts []string
	for _, one := range []struct {
		format string
		value  *float64
	}{{"CPU %.2f %%", h.CPU}, {"I/O wait %.2f %%", h.IOWait}, {"load %.2f", h.Load}} {
		if one.value != nil {
			parts = append(parts, fmt.Sprintf(one.format, *one.value))
		}
	}
	return strings.Join(parts, ", ")
}

func checkItem(c datadog.AgentCheck) enrich.Item {
	text := c.Name
	if c.Message != "" {
		text += ": " + c.Message
	}
	return enrich.Item{Tag: c.Status, Text: enrich.Line(text, maxValueRunes)}
}
