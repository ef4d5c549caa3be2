package datadog

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Host is a machine of the infrastructure list. What an answer lacks is zero.
type Host struct {
	Name         string
	Aliases      []string
	CloudID      string   // Such as i-0abc… of EC2.
	Apps         []string // The integrations that report from it, "agent" among them.
	Up           bool     // It reported within the last two hours.
	LastReported time.Time
	Muted        bool
	MutedUntil   time.Time // Zero when the mute has no end.
	Tags         []string  // Of all sources, sorted.
	AgentVersion string
	Platform     string // "linux", "win32", …: an open list.
	OS           string // Such as "ubuntu 18.04".
	CPUs         int
	CPU          *float64 // Percent.
	IOWait       *float64 // Percent.
	Load         *float64 // Over one minute, by core.
	// Checks are the Agent's checks that are not well.
	Checks []AgentCheck
}

// AgentCheck is the state of one check of a host's Agent.
type AgentCheck struct {
	Name    string
	Status  string // "WARNING", "ERROR", …
	Message string
}

// HostQuery chooses hosts. Datadog keeps them for seven days.
type HostQuery struct {
	// Filter is a name, an alias or a tag, or the beginning of one.
	Filter string
	// From is since when a host must have reported; zero stands for Datadog's own
	// three hours.
	From time.Time
}

// maxHosts is enough to find a host among those whose names begin like its own.
const maxHosts = 100

// Hosts returns the hosts that match, at most 100. It needs the permission
// hosts_read.
//
// https://docs.datadoghq.com/api/latest/hosts/#get-all-hosts-for-your-organization
func (c *Client) Hosts(ctx context.Context, query HostQuery) ([]Host, error) {
	var answer wireHosts
	list := call{op: "list the hosts", permission: "hosts_read", method: http.MethodGet, path: "/api/v1/hosts", query: query.values()}
	if err := c.read(ctx, list, &answer); err != nil {
		return nil, err
	}
	hosts := make([]Host, len(answer.Hosts))
	for i, w := range answer.Hosts {
		hosts[i] = w.host()
	}
	return hosts, nil
}

func (q HostQuery) values() url.Values {
	v := url.Values{}
	setText(v, "filter", q.Filter)
	if !q.From.IsZero() {
		v.Set("from", strconv.FormatInt(q.From.Unix(), 10))
	}
	v.Set("count", strconv.Itoa(maxHosts))
	setTrue(v, "include_hosts_metadata", true)
	setTrue(v, "include_muted_hosts_data", true)
	return v
}

type wireHosts struct {
	Hosts []wireHost `json:"host_list"`
}

func (w *wireHosts) complete() bool { return w.Hosts != nil }

type wireHost struct {
	Name         string              `json:"name"`
	HostName     string              `json:"host_name"`
	Aliases      []string            `json:"aliases"`
	AWSID        string              `json:"aws_id"`
	Apps         []string            `json:"apps"`
	Up           bool                `json:"up"`
	LastReported int64               `json:"last_reported_time"`
	IsMuted      bool                `json:"is_muted"`
	MuteTimeout  int64               `json:"mute_timeout"`
	TagsBySource map[string][]string `json:"tags_by_source"`
	Metrics      struct {
		CPU    wireNumber `json:"cpu"`
		IOWait wireNumber `json:"iowait"`
		Load   wireNumber `json:"load"`
	} `json:"metrics"`
	Meta struct {
		AgentVersion string              `json:"agent_version"`
		Platform     string              `json:"platform"`
		CPUCores     int                 `json:"cpuCores"`
		Linux        []string            `json:"nixV"`
		Mac          []json.RawMessage   `json:"macV"`
		Windows      []string            `json:"winV"`
		FreeBSD      []string            `json:"fbsdV"`
		AgentChecks  [][]json.RawMessage `json:"agent_checks"`
	} `json:"meta"`
}

func (w wireHost) host() Host {
	h := Host{
		Name: cmp.Or(w.Name, w.HostName), Aliases: w.Aliases, CloudID: w.AWSID, Apps: w.Apps,
		Up: w.Up, LastReported: epoch(w.LastReported), Muted: w.IsMuted, MutedUntil: epoch(w.MuteTimeout),
		AgentVersion: w.Meta.AgentVersion, Platform: w.Meta.Platform, OS: w.system(), CPUs: w.Meta.CPUCores,
		CPU: w.Metrics.CPU.value, IOWait: w.Metrics.IOWait.value, Load: w.Metrics.Load.value,
	}
	for _, tags := range w.TagsBySource {
		h.Tags = append(h.Tags, tags...)
	}
	slices.Sort(h.Tags)
	h.Tags = slices.Compact(h.Tags)
	for _, check := range w.Meta.AgentChecks {
		if c, ok := agentCheck(check); ok {
			h.Checks = append(h.Checks, c)
		}
	}
	return h
}

// system is the name and the version of the system. The platforms that a host is
// not have empty ones.
func (w wireHost) system() string {
	var words []string
	for _, version := range [][]string{w.Meta.Linux, w.Meta.Windows, w.Meta.FreeBSD} {
		words = append(words, version...)
	}
	if len(w.Meta.Mac) > 0 { // The others of its parts are lists.
		words = append(words, plainText(w.Meta.Mac[0]))
	}
	return strings.Join(slices.DeleteFunc(words, func(word string) bool { return strings.TrimSpace(word) == "" }), " ")
}

// agentCheck reads a check's state: its name, its source, its id, its status,
// one or more messages, and more. One that is well is left out.
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

// plainText returns a string, or the strings of a list, of raw.
func plainText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var list []string
	_ = decode(raw, &list) // What is neither says nothing.
	return strings.Join(slices.DeleteFunc(list, func(s string) bool { return s == "" }), "; ")
}
