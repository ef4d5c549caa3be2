package fakedatadog

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Log is one log line.
type Log struct {
	ID        string
	Timestamp time.Time
	Status    string
	Service   string
	Host      string
	Message   string
	Tags      []string
}

// AddLog adds a line. Zero values become the status info, the time of the server's
// clock, a new id.
func (s *Server) AddLog(l Log) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.ID = cmp.Or(l.ID, fmt.Sprintf("AQAAAYAZdboJ7dGw%08d", len(s.lines)+1))
	l.Status = cmp.Or(l.Status, "info")
	if l.Timestamp.IsZero() {
		l.Timestamp = s.now()
	}
	l.Tags = slices.Clone(l.Tags)
	s.lines = append(s.lines, l)
	slices.SortStableFunc(s.lines, func(a, b Log) int { return b.Timestamp.Compare(a.Timestamp) })
}

func (s *Server) searchLogs(c *call) answer { return search(c, slices.Values(s.lines)) }

func (l Log) at() time.Time { return l.Timestamp }

func (l Log) values(key string) []string {
	if key == "" {
		return []string{l.Message}
	}
	return tagValues(append(l.Tags, "status:"+l.Status, "service:"+l.Service, "host:"+l.Host), key)
}

func (l Log) found() object {
	return resource("log", l.ID, object{
		"timestamp": l.Timestamp.UTC().Format("2006-01-02T15:04:05.000Z"), "status": l.Status, "message": l.Message,
		"host": l.Host, "tags": orEmpty(l.Tags),
	})
}
