package fakedatadog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// LogsSearch is POST /api/v2/logs/events/search
// (https://docs.datadoghq.com/api/latest/logs/#search-logs-post).
const LogsSearch Route = "logs.search"

// The limit is recorded.
func (s *Server) logRoutes() []route {
	return []route{{
		name: LogsSearch, pattern: "POST /api/v2/logs/events/search",
		limit: limit{name: "logs_public_search_api", calls: 10, period: 10 * time.Second}, handle: withBody(s.searchLogs),
	}}
}

// Log is one log line.
type Log struct {
	ID        string    `json:"id"`
	Timestamp time.Time `json:"timestamp"`
	Status    string    `json:"status"`
	Service   string    `json:"service"`
	Host      string    `json:"host"`
	Message   string    `json:"message"`
	Tags      []string  `json:"tags"`
	// Attributes are the other keys of the line's JSON.
	Attributes map[string]any `json:"attributes"`
}

// AddLog adds a line and returns its id. Zero values become the status info, the time
// of the server's clock, a new id.
func (s *Server) AddLog(l Log) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.ID = cmp.Or(l.ID, fmt.Sprintf("AQAAAYAZdboJ7dGw%08d", len(s.lines)+1))
	l.Status = cmp.Or(l.Status, "info")
	if l.Timestamp.IsZero() {
		l.Timestamp = s.now()
	}
	l.Tags, l.Attributes = slices.Clone(l.Tags), maps.Clone(l.Attributes)
	at, _ := slices.BinarySearchFunc(s.lines, l, func(a, b Log) int {
		return cmp.Or(a.Timestamp.Compare(b.Timestamp), cmp.Compare(a.ID, b.ID))
	})
	s.lines = slices.Insert(s.lines, at, l)
	return l.ID
}

func (s *Server) searchLogs(c *call, in searchRequest) answer {
	from, to := in.times(c)
	matches, ok := parseQuery(in.Filter.Query, func(string) bool { return true })
	if !ok {
		c.fail("input_validation_error(Field 'filter.query' is invalid: fakedatadog cannot parse %q)", in.Filter.Query)
		return answer{}
	}
	lines := slices.DeleteFunc(slices.Clone(s.lines), func(l Log) bool {
		return l.Timestamp.Before(from) || l.Timestamp.After(to) || !matches(l.values)
	})
	empty := object{"meta": object{"elapsed": 0, "request_id": "pddv1ChZmYWtlZGF0YWRvZw", "status": "done"}}
	return searchAnswer(in, "/api/v2/logs/events", lines, empty, func(l Log) string { return l.ID }, Log.shown)
}

// values returns what the line has for a key of a search.
func (l Log) values(key string) []string {
	switch key {
	case "":
		return []string{l.Message}
	case "status":
		return []string{l.Status}
	case "service":
		return []string{l.Service}
	case "host":
		return []string{l.Host}
	}
	return tagValues(l.Tags, key)
}

// shown leaves out what the line lacks, as Datadog does.
func (l Log) shown() any {
	shown := object{"timestamp": l.Timestamp.UTC().Format("2006-01-02T15:04:05.000Z"), "status": l.Status, "message": l.Message}
	if l.Service != "" {
		shown["service"] = l.Service
	}
	if l.Host != "" {
		shown["host"] = l.Host
	}
	if len(l.Tags) > 0 {
		shown["tags"] = l.Tags
	}
	if len(l.Attributes) > 0 {
		shown["attributes"] = l.Attributes
	}
	return object{"id": l.ID, "type": "log", "attributes": shown}
}
