package fakedatadog

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Host is a host. Its JSON names are Datadog's
// (https://docs.datadoghq.com/api/latest/hosts/#get-all-hosts-for-your-organization).
type Host struct {
	Name             string              `json:"name"`
	Aliases          []string            `json:"aliases"`
	Apps             []string            `json:"apps"`
	Up               bool                `json:"up"`
	LastReportedTime int64               `json:"last_reported_time"` // Epoch seconds.
	TagsBySource     map[string][]string `json:"tags_by_source"`
	Sources          []string            `json:"sources"`
	// Meta is what the Agent reports about its host.
	Meta map[string]any `json:"meta"`
}

// SetHosts replaces all hosts. Defaults replace zero values: a host reported just now.
func (s *Server) SetHosts(all ...Host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts = nil
	for _, h := range all {
		h.LastReportedTime = cmp.Or(h.LastReportedTime, s.now().Unix())
		h.Aliases, h.Apps, h.Sources = orEmpty(h.Aliases), orEmpty(h.Apps), orEmpty(h.Sources)
		if h.TagsBySource == nil {
			h.TagsBySource = map[string][]string{"Datadog": {"host:" + h.Name}}
		}
		s.hosts = append(s.hosts, h)
	}
}

// What a list shows by default.
const (
	hostsLiveFor    = 3 * time.Hour
	defaultHosts    = 100
	maxHostsPerPage = 1000
)

func (s *Server) listHosts(c *call) answer {
	count, from := min(c.integer("count", defaultHosts), maxHostsPerPage), c.now.Add(-hostsLiveFor).Unix()
	withMeta := c.flag("include_hosts_metadata")
	matching := where(s.hosts, func(h Host) bool { return h.LastReportedTime >= from && h.matches(c.Get("filter")) })
	page := list(window(matching, 0, count), func(h Host) object {
		if !withMeta || h.Meta == nil {
			h.Meta = object{}
		}
		shown := objectOf(h)
		shown["host_name"] = h.Name
		return shown
	})
	return success(object{"host_list": page, "total_returned": len(page), "total_matching": len(matching)})
}

// matches takes the start of a name, an alias or a tag, or any part of a name.
func (h Host) matches(filter string) bool {
	filter = strings.TrimPrefix(strings.ToLower(filter), "host:")
	candidates := slices.Concat([]string{h.Name}, h.Aliases)
	for _, tags := range h.TagsBySource {
		candidates = append(candidates, tags...)
	}
	return strings.Contains(strings.ToLower(h.Name), filter) ||
		slices.ContainsFunc(candidates, func(s string) bool { return strings.HasPrefix(strings.ToLower(s), filter) })
}
