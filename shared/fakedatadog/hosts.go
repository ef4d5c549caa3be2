package fakedatadog

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

// HostsList is the route that lists the hosts.
const HostsList Route = "hosts.list"

// Host is a host as the API shows it; its JSON names are Datadog's.
type Host struct {
	Name             string              `json:"name"`
	HostName         string              `json:"host_name"`
	ID               int64               `json:"id"`
	AWSID            string              `json:"aws_id,omitempty"`
	Aliases          []string            `json:"aliases"`
	Apps             []string            `json:"apps"`
	Up               bool                `json:"up"`
	LastReportedTime int64               `json:"last_reported_time"` // Epoch seconds.
	IsMuted          bool                `json:"is_muted"`
	MuteTimeout      *int64              `json:"mute_timeout"` // Epoch seconds; null for a mute without end.
	TagsBySource     map[string][]string `json:"tags_by_source"`
	Sources          []string            `json:"sources"`
	Metrics          HostMetrics         `json:"metrics"`
	// Meta is what the Agent says of its host.
	Meta map[string]any `json:"meta"`
}

// HostMetrics are the newest values of a host that reports them.
type HostMetrics struct {
	CPU    *float64 `json:"cpu"`
	IOWait *float64 `json:"iowait"`
	Load   *float64 `json:"load"`
}

// hosts are the machines of the infrastructure list.
type hosts struct {
	all []Host
}

// SetHosts says which hosts there are, in the place of those that were. Whatever
// is zero gets a default: a host reported at this moment by the server's clock.
func (s *Server) SetHosts(all ...Host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts.all = nil
	for i, h := range all {
		h.HostName = cmp.Or(h.HostName, h.Name)
		h.ID = cmp.Or(h.ID, 1_036_078_308+int64(i))
		h.LastReportedTime = cmp.Or(h.LastReportedTime, s.now().Unix())
		if h.Aliases == nil {
			h.Aliases = []string{h.Name}
		}
		h.Apps, h.Sources = orEmpty(h.Apps), orEmpty(h.Sources)
		if h.TagsBySource == nil {
			h.TagsBySource = map[string][]string{"Datadog": {"host:" + h.Name}}
		}
		s.hosts.all = append(s.hosts.all, h)
	}
}

func orEmpty(list []string) []string { return append([]string{}, list...) }

func (s *hosts) routes() []route {
	return []route{{name: HostsList, method: http.MethodGet, path: "/api/v1/hosts", needs: bothKeys, limit: globalLimit, handle: s.list}}
}

// The hosts that a list shows unless it says otherwise, and how long Datadog
// keeps them (https://docs.datadoghq.com/api/latest/hosts/#get-all-hosts-for-your-organization).
const (
	liveFor         = 3 * time.Hour
	hostsKept       = 7 * 24 * time.Hour
	defaultHosts    = 100
	maxHostsPerPage = 1000
)

func (s *hosts) list(c call) answer {
	p := queryParams{Values: c.query}
	start, count, from := p.integer("start", false), p.integer("count", false), p.integer("from", false)
	withMeta := p.flag("include_hosts_metadata")
	withMutes := p.flag("include_muted_hosts_data") || !c.query.Has("include_muted_hosts_data")
	if p.problem != "" {
		return failure(http.StatusBadRequest, p.problem)
	}
	if from == 0 {
		from = c.now.Add(-liveFor).Unix()
	}
	from = max(from, c.now.Add(-hostsKept).Unix())
	matching := []Host{}
	for _, h := range s.all {
		if h.LastReportedTime >= from && h.matches(c.query.Get("filter")) {
			matching = append(matching, h.shown(withMeta, withMutes))
		}
	}
	page := window(matching, start, min(cmp.Or(count, defaultHosts), maxHostsPerPage))
	return success(map[string]any{
		"host_list": page, "total_returned": len(page), "total_matching": len(matching), "exact_total_matching": true,
	})
}

func (h Host) shown(withMeta, withMutes bool) Host {
	if !withMeta || h.Meta == nil {
		h.Meta = map[string]any{}
	}
	if !withMutes {
		h.IsMuted, h.MuteTimeout = false, nil
	}
	return h
}

// matches takes the beginning of a name, of an alias or of a tag, and a part of a
// name.
func (h Host) matches(filter string) bool {
	filter = strings.ToLower(filter)
	if name, only := strings.CutPrefix(filter, "host:"); only {
		filter = name
	}
	candidates := slices.Concat([]string{h.Name}, h.Aliases)
	for _, tags := range h.TagsBySource {
		candidates = append(candidates, tags...)
	}
	return slices.ContainsFunc(candidates, func(s string) bool { return strings.HasPrefix(strings.ToLower(s), filter) }) ||
		strings.Contains(strings.ToLower(h.Name), filter)
}
