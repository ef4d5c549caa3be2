package fakedatadog

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// LogsSearch is the route of POST /api/v2/logs/events/search.
const LogsSearch Route = "logs.search"

// Log is one log line.
type Log struct {
	ID        string    `json:"id"`
	Timestamp time.Time `json:"timestamp"`
	Status    string    `json:"status"`
	Service   string    `json:"service"`
	Host      string    `json:"host"`
	Message   string    `json:"message"`
	Tags      []string  `json:"tags"`
	// Attributes are what the line's JSON held besides.
	Attributes map[string]any `json:"attributes"`
}

// logs are the lines that the stand-in knows, the oldest first.
type logs struct {
	lines  []Log
	issued int
}

// AddLog adds a line and returns its id. Whatever is zero gets a default: the
// status info, the time of the server's clock, a new id.
func (s *Server) AddLog(l Log) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.ID == "" {
		s.logs.issued++
		l.ID = fmt.Sprintf("AQAAAYAZdboJ7dGw%08d", s.logs.issued)
	}
	if l.Timestamp.IsZero() {
		l.Timestamp = s.now()
	}
	l.Status = cmp.Or(l.Status, "info")
	l.Tags, l.Attributes = slices.Clone(l.Tags), maps.Clone(l.Attributes)
	at, _ := slices.BinarySearchFunc(s.logs.lines, l, func(a, b Log) int {
		return cmp.Or(a.Timestamp.Compare(b.Timestamp), cmp.Compare(a.ID, b.ID))
	})
	s.logs.lines = slices.Insert(s.logs.lines, at, l)
	return l.ID
}

// The limit is that of Datadog's recorded answers.
func (l *logs) routes() []route {
	return []route{{
		name: LogsSearch, method: http.MethodPost, path: "/api/v2/logs/events/search", needs: bothKeys, handle: l.search,
		limit: limit{name: "logs_public_search_api", calls: 10, period: 10 * time.Second},
	}}
}

// logsRequest is what a search may say; whatever is absent is Datadog's default
// (https://docs.datadoghq.com/api/latest/logs/#search-logs-post).
type logsRequest struct {
	Filter struct {
		Query string `json:"query"`
		From  string `json:"from"`
		To    string `json:"to"`
	} `json:"filter"`
	Page struct {
		Limit  int    `json:"limit"`
		Cursor string `json:"cursor"`
	} `json:"page"`
	Sort string `json:"sort"`
}

const (
	defaultLogs = 10
	mostLogs    = 1000
)

func (l *logs) search(c call) answer {
	var in logsRequest
	if err := json.Unmarshal(c.body, &in); err != nil {
		return failure(http.StatusBadRequest, unreadable(err))
	}
	from, err := logTime(cmp.Or(in.Filter.From, "now-15m"), c.now)
	to, err2 := logTime(cmp.Or(in.Filter.To, "now"), c.now)
	terms, err3 := parseLogQuery(in.Filter.Query)
	if err := errors.Join(err, err2, err3); err != nil {
		return failure(http.StatusBadRequest, err.Error())
	}
	if in.Page.Limit < 0 || in.Page.Limit > mostLogs {
		return failure(http.StatusBadRequest, fmt.Sprintf("input_validation_error(Field 'page.limit' is invalid: limit must be between 0 and %d)", mostLogs))
	}
	lines := slices.DeleteFunc(slices.Clone(l.lines), func(line Log) bool {
		return line.Timestamp.Before(from) || line.Timestamp.After(to) || !terms.match(line)
	})
	if strings.HasPrefix(in.Sort, "-") {
		slices.Reverse(lines)
	}
	return logsAnswer(page(lines, in.Page.Cursor, cmp.Or(in.Page.Limit, defaultLogs)))
}

// logTime reads date math as far as it is used, a timestamp, or milliseconds.
func logTime(s string, now time.Time) (time.Time, error) {
	if s == "now" {
		return now, nil
	}
	if ago, ok := strings.CutPrefix(s, "now-"); ok {
		if d, err := time.ParseDuration(ago); err == nil {
			return now.Add(-d), nil
		}
	}
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return at, nil
	}
	var ms int64
	if _, err := fmt.Sscanf(s, "%d", &ms); err == nil && isDecimal(s) {
		return time.UnixMilli(ms), nil
	}
	return time.Time{}, fmt.Errorf("input_validation_error(Field 'filter' is invalid: %q is no time)", s)
}

// page returns the lines that come after the one that a cursor names. After a
// line that is gone there are none.
func page(lines []Log, cursor string, limit int) []Log {
	if cursor != "" {
		var last struct{ After string }
		raw, _ := base64.RawStdEncoding.DecodeString(cursor)
		_ = json.Unmarshal(raw, &last) // What is no cursor names no line.
		at := slices.IndexFunc(lines, func(l Log) bool { return l.ID == last.After })
		if at < 0 {
			return nil
		}
		lines = lines[at+1:]
	}
	return lines[:min(limit, len(lines))]
}

// logsAnswer has the keys that Datadog's recorded answers have: of a page without
// lines others than of one with some.
func logsAnswer(lines []Log) answer {
	if len(lines) == 0 {
		return success(map[string]any{
			"data": []any{}, "meta": map[string]any{"elapsed": 0, "request_id": "pddv1ChZzdGFuZGlu", "status": "done"},
		})
	}
	data := make([]any, len(lines))
	for i, l := range lines {
		data[i] = map[string]any{"id": l.ID, "type": "log", "attributes": l.wire()}
	}
	raw, _ := json.Marshal(map[string]string{"after": lines[len(lines)-1].ID}) // A map of strings always encodes.
	cursor := base64.RawStdEncoding.EncodeToString(raw)
	return success(map[string]any{
		"data": data, "meta": map[string]any{"page": map[string]string{"after": cursor}},
		"links": map[string]string{"next": "https://api.datadoghq.com/api/v2/logs/events?page%5Bcursor%5D=" + cursor},
	})
}

// wire leaves out what the line does not have, as Datadog does.
func (l Log) wire() map[string]any {
	w := map[string]any{
		"timestamp": l.Timestamp.UTC().Format("2006-01-02T15:04:05.000Z"), "status": l.Status, "message": l.Message,
	}
	if l.Service != "" {
		w["service"] = l.Service
	}
	if l.Host != "" {
		w["host"] = l.Host
	}
	if len(l.Tags) > 0 {
		w["tags"] = l.Tags
	}
	if len(l.Attributes) > 0 {
		w["attributes"] = l.Attributes
	}
	return w
}
