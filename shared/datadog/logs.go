package datadog

import (
	"cmp"
	"context"
	"net/http"
	"time"
)

// Log is one log line.
type Log struct {
	ID      string
	Time    time.Time
	Status  string // "error", "warn", "info", or a newer one.
	Service string
	Host    string
	Message string // The line, or else its attribute error.message.
	Tags    []string
}

// LogQuery selects log lines
// (https://docs.datadoghq.com/logs/explorer/search_syntax/).
type LogQuery struct {
	Query    string
	Indexes  []string // Empty for all of them.
	From, To time.Time
	Limit    int // At most 1,000; 0 is Datadog's default of 10.
}

// Logs returns the newest lines that match, the newest first. The rate limit is low: 10 calls in 10
// seconds.
// https://docs.datadoghq.com/api/latest/logs/#search-logs-post
func (c *Client) Logs(ctx context.Context, query LogQuery) ([]Log, error) {
	return read(ctx, c, call{
		op: "search the logs", permission: "logs_read_data", method: http.MethodPost, path: "/api/v2/logs/events/search",
		body: newSearch(query.Query, query.Indexes, query.From, query.To, query.Limit),
	}, logs)
}

type logFields struct {
	Timestamp, Status, Service, Host, Message string
	Tags                                      []string
	Attributes                                struct {
		Error struct{ Message string }
	}
}

func logs(r list[resource[logFields]]) []Log {
	logs := make([]Log, len(r.Data))
	for i, line := range r.Data {
		a := line.Attributes
		logs[i] = Log{
			ID: line.ID, Time: parseTime(a.Timestamp), Status: a.Status, Service: a.Service, Host: a.Host,
			Message: cmp.Or(a.Message, a.Attributes.Error.Message), Tags: a.Tags,
		}
	}
	return logs
}
