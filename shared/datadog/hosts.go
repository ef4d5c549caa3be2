package datadog

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Host is a host of the infrastructure list. Fields that a response lacks are zero. Playbooks see
// it.
type Host struct {
	Name         string       `json:"name"`
	Up           bool         `json:"up"` // It reported within the last two hours.
	LastReported time.Time    `json:"last_reported,omitzero"`
	Muted        bool         `json:"muted"`
	MutedUntil   time.Time    `json:"muted_until,omitzero"` // Zero when the mute has no end.
	Apps         []string     `json:"apps,omitempty"`       // The integrations that report from it, such as "agent".
	AgentVersion string       `json:"agent"`
	Platform     string       `json:"platform"` // "linux", "win32", or a newer one.
	OS           string       `json:"os"`       // Such as "ubuntu 18.04".
	CPUs         int          `json:"cpus"`
	CloudID      string       `json:"cloud_id"` // Such as i-0abc… of EC2.
	Aliases      []string     `json:"aliases,omitempty"`
	Tags         []string     `json:"tags,omitempty"`    // Of all sources, sorted.
	Checks       []AgentCheck `json:"failing,omitempty"` // The Agent's checks that are not OK.
	CPU          *float64     `json:"-"`                 // Percent.
	IOWait       *float64     `json:"-"`                 // Percent.
	Load         *float64     `json:"-"`                 // Over one minute, by core.
}

// AgentCheck is the state of one check of a host's Agent. Playbooks see it.
type AgentCheck struct {
	Name    string `json:"name"`
	Status  string `json:"status"` // "WARNING", "ERROR", or a newer one.
	Message string `json:"message"`
}

// maxHosts suffices to find a host among those with a similar name.
const maxHosts = 100

// Hosts returns at most 100 hosts with a name, an alias or a tag that begins with a text, and which
// reported since a time. Datadog keeps hosts for seven days.
// https://docs.datadoghq.com/api/latest/hosts/#get-all-hosts-for-your-organization
func (c *Client) Hosts(ctx context.Context, beginning string, since time.Time) ([]Host, error) {
	search := values(
		"filter", beginning, "from", unixSeconds(since), "count", strconv.Itoa(maxHosts),
		"include_hosts_metadata", "true", "include_muted_hosts_data", "true",
	)
	return readEach(ctx, c, get("list the hosts", "hosts_read", "/api/v1/hosts", search), "host_list", hostFields.host)
}

type hostFields struct {
	Name         string
	HostName     string `json:"host_name"`
	Aliases      []string
	Apps         []string
	CloudID      string `json:"aws_id"`
	Up           bool
	Muted        bool                `json:"is_muted"`
	LastReported int64               `json:"last_reported_time"`
	MuteTimeout  int64               `json:"mute_timeout"`
	TagsBySource map[string][]string `json:"tags_by_source"`
	Metrics      struct {
		CPU, IOWait, Load optionalNumber
	}
	Meta struct {
		AgentVersion string `json:"agent_version"`
		Platform     string
		CPUCores     int
		Linux        []string            `json:"nixV"`
		Mac          []json.RawMessage   `json:"macV"`
		Windows      []string            `json:"winV"`
		FreeBSD      []string            `json:"fbsdV"`
		AgentChecks  [][]json.RawMessage `json:"agent_checks"`
	}
}

func (f hostFields) host() Host {
	h := Host{
		Name: cmp.Or(f.Name, f.HostName), Up: f.Up, LastReported: unixTime(f.LastReported), Muted: f.Muted, MutedUntil: unixTime(f.MuteTimeout),
		Apps: f.Apps, AgentVersion: f.Meta.AgentVersion, Platform: f.Meta.Platform, OS: f.system(), CPUs: f.Meta.CPUCores,
		CloudID: f.CloudID, Aliases: f.Aliases, CPU: f.Metrics.CPU.value, IOWait: f.Metrics.IOWait.value, Load: f.Metrics.Load.value,
	}
	for _, tags := range f.TagsBySource {
		h.Tags = append(h.Tags, tags...)
	}
	slices.Sort(h.Tags)
	h.Tags = slices.Compact(h.Tags)
	for _, check := range f.Meta.AgentChecks {
		if c, ok := agentCheck(check); ok {
			h.Checks = append(h.Checks, c)
		}
	}
	return h
}

// system is the name and the version of the operating system. The lists of the other
// platforms hold empty strings.
func (f hostFields) system() string {
	words := slices.Concat(f.Meta.Linux, f.Meta.Windows, f.Meta.FreeBSD)
	if len(f.Meta.Mac) > 0 { // The other elements are lists.
		words = append(words, plainText(f.Meta.Mac[0]))
	}
	return strings.Join(slices.DeleteFunc(words, func(word string) bool { return strings.TrimSpace(word) == "" }), " ")
}

// agentCheck reads a check: name, source, id, status, messages, and more. It leaves
// out a check that is OK.
func agentCheck(fields []json.RawMessage) (AgentCheck, bool) {
	if len(fields) < 4 {
		return AgentCheck{}, false
	}
	c := AgentCheck{Name: plainText(fields[0]), Status: plainText(fields[3])}
	if len(fields) > 4 {
		c.Message = plainText(fields[4])
	}
	return c, c.Name != "" && c.Status != "" && c.Status != "OK"
}

// plainText returns the string or the strings that raw holds.
func plainText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var list []string
	_ = decode(raw, &list)
	return strings.Join(slices.DeleteFunc(list, func(s string) bool { return s == "" }), "; ")
}
