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
	Status  string // "error", "warn", "info", …: an open list.
	Service string
	Host    string
	// Message is the line itself, or what its attribute error.message says when
	// it has none.
	Message string
	Tags    []string
}

// LogQuery chooses log lines. A zero Limit stands for Datadog's own, 10 lines.
type LogQuery struct {
	Query    string   // https://docs.datadoghq.com/logs/explorer/search_syntax/
	Indexes  []string // None stands for all of them.
	From, To time.Time
	Limit    int // At most 1,000.
}

// Logs returns the newest lines that match, the newest first. It needs the
// permission logs_read_data, and indexes that the key's owner may read. Datadog
// takes few of these calls: 10 in 10 seconds, by the rate limit that the API
// answers with.
//
// https://docs.datadoghq.com/api/latest/logs/#search-logs-post
func (c *Client) Logs(ctx context.Context, query LogQuery) ([]Log, error) {
	var answer wireLogs
	search := call{
		op: "search the logs", permission: "logs_read_data",
		method: http.MethodPost, path: "/api/v2/logs/events/search", body: query.body(),
	}
	if err := c.read(ctx, search, &answer); err != nil {
		return nil, err
	}
	logs := make([]Log, len(answer.Data))
	for i, w := range answer.Data {
		logs[i] = w.log()
	}
	return logs, nil
}

type logSearch struct {
	Filter logFilter `json:"filter"`
	Page   logPage   `json:"page,omitzero"`
	Sort   string    `json:"sort"`
}

type logFilter struct {
	Query   string   `json:"query"`
	Indexes []string `json:"indexes,omitempty"`
	From    string   `json:"from"`
	To      string   `json:"to"`
}

type logPage struct {
	Limit int `json:"limit"`
}

func (q LogQuery) body() *logSearch {
	return &logSearch{
		Filter: logFilter{
			Query: q.Query, Indexes: q.Indexes,
			From: q.From.UTC().Format(time.RFC3339), To: q.To.UTC().Format(time.RFC3339),
		},
		Page: logPage{Limit: q.Limit},
		Sort: "-timestamp",
	}
}

type wireLogs struct {
	Data []wireLog `json:"data"`
}

func (w *wireLogs) complete() bool { return w.Data != nil }

type wireLog struct {
	ID         string `json:"id"`
	Attributes struct {
		Timestamp  string   `json:"timestamp"`
		Status     string   `json:"status"`
		Service    string   `json:"service"`
		Host       string   `json:"host"`
		Message    string   `json:"message"`
		Tags       []string `json:"tags"`
		Attributes struct {
			Error struct {
				Message string `json:"message"`
			} `json:"error"`
		} `json:"attributes"`
	} `json:"attributes"`
}

func (w wireLog) log() Log {
	a := w.Attributes
	return Log{
		ID: w.ID, Time: instant(a.Timestamp), Status: a.Status, Service: a.Service, Host: a.Host,
		Message: cmp.Or(a.Message, a.Attributes.Error.Message), Tags: a.Tags,
	}
}
