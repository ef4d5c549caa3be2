// Package logs is the step "logs": the last error lines of the alert's service or
// host, grouped by pattern. It needs the permission logs_read_data, and indexes
// that the application key's owner may read.
//
// Datadog takes 10 of these searches in 10 seconds. Where it answers none, the
// sample that a log monitor's alert brings along has to do.
package logs

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/site"
)

// Name is the step's name in playbooks, answers and events.
const Name = "logs"

// Permission is what the application key needs.
const Permission = "logs_read_data"

// Source is where logs are searched.
type Source interface {
	Logs(ctx context.Context, query datadog.LogQuery) ([]datadog.Log, error)
}

var _ Source = (*datadog.Client)(nil)

// Config is what a playbook may say.
type Config struct {
	Query   string        `yaml:"query" doc:"Log search to make, such as service:checkout status:error; empty means the errors of the alert's service, or else of its host."`
	Window  time.Duration `yaml:"window" doc:"How long before the alert to look back, 15m when empty."`
	Indexes []string      `yaml:"indexes" doc:"Log indexes to search; empty means all of them."`
}

const (
	defaultWindow = 15 * time.Minute
	longestWindow = 7 * 24 * time.Hour
	// maxLines is how many lines are read, enough to tell which pattern leads.
	maxLines = 200
)

// Validate finds what would fail for every alert.
func (c Config) Validate() error {
	if c.Window < 0 || c.Window > longestWindow {
		return fmt.Errorf("window is %v: give a time between 1m and 168h", c.Window)
	}
	return nil
}

// New returns the step. The links to searches lead to the pages of s.
func New(source Source, s site.Site, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		sample := sampled(a)
		query := c.search(a)
		if query == "" {
			if len(sample) == 0 {
				return enrich.Finding{}, enrich.Skip("the alert has neither a service tag nor a host to find log lines by")
			}
			return found(sample, search{}), nil
		}
		asked := c.about(a, query)
		lines, err := source.Logs(ctx, asked)
		from := search{LogQuery: asked, page: page(s, asked)}
		switch {
		case err != nil && len(sample) == 0:
			return enrich.Finding{}, err
		case err != nil:
			f := found(sample, search{})
			f.PartialReason = err
			f.Blocks = append(f.Blocks, enrich.Paragraph("Unknown is what else was logged: "+fault.Public(err)+"."))
			return f, nil
		case len(lines) == 0 && len(sample) > 0:
			return found(sample, search{}), nil
		}
		return found(lines, from), nil
	})
}

// about is the search for the time up to the alert. That begins and ends with a
// minute, so that alerts of one minute have one question, which is asked once.
func (c Config) about(a alert.Alert, query string) datadog.LogQuery {
	window, to := c.Window, a.Date
	if window <= 0 {
		window = defaultWindow
	}
	if to.IsZero() {
		to = time.Now()
	}
	to = to.UTC().Add(time.Minute - time.Nanosecond).Truncate(time.Minute)
	return datadog.LogQuery{Query: query, Indexes: c.Indexes, From: to.Add(-window), To: to, Limit: maxLines}
}

// search returns the query, or nothing when neither playbook nor alert say
// enough for one.
func (c Config) search(a alert.Alert) string {
	if query := strings.TrimSpace(c.Query); query != "" {
		return query
	}
	tags := enrich.Tags(a)
	for _, key := range []string{"service", "host"} {
		name := tags.Get(key)
		if name == "" || len(name) > longestValue {
			continue
		}
		terms := []string{key + ":" + value(name)}
		if env := tags.Get("env"); env != "" && len(env) <= longestValue {
			terms = append(terms, "env:"+value(env))
		}
		return strings.Join(append(terms, "status:error"), " ")
	}
	return monitored(a.Query)
}

// longestValue, in bytes, leaves out what is no tag's value: tags have at most
// 200 characters (https://docs.datadoghq.com/getting_started/tagging/).
const longestValue = 4 * 200

var plainValue = enrich.Pattern(`^[\pL\pN][\pL\pN_./-]*$`)

// value writes a tag's value so that nothing in it is taken for a part of the
// search (https://docs.datadoghq.com/logs/explorer/search_syntax/).
func value(v string) string {
	if plainValue().MatchString(v) {
		return v
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(strings.ToValidUTF8(v, "")) + `"`
}

var ofLogs = enrich.Pattern(`^\s*logs\(("(?:[^"\\]|\\.)*")\)`)

// monitored is what a log monitor searches for.
func monitored(query string) string {
	part := ofLogs().FindStringSubmatch(query)
	if part == nil || len(part[1]) > longestQuery {
		return ""
	}
	text, _ := strconv.Unquote(part[1]) // Nothing, of an escape that is none.
	return strings.TrimSpace(text)
}

const longestQuery = 4000

// page is where Datadog shows the same search.
func page(s site.Site, q datadog.LogQuery) string {
	values := url.Values{
		"query":   {q.Query},
		"from_ts": {strconv.FormatInt(q.From.UnixMilli(), 10)}, "to_ts": {strconv.FormatInt(q.To.UnixMilli(), 10)}, "live": {"false"},
	}
	return "https://" + s.App() + "/logs?" + values.Encode()
}
