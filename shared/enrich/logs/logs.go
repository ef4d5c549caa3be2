// Package logs is the step "logs": the last error lines of the alert's service or
// host, grouped by pattern.
//
// Datadog allows 10 searches in 10 seconds. If a search fails, the step shows the
// sample that a log monitor's alert has.
package logs

import (
	"cmp"
	"context"
	"encoding/json"
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

const permission = "logs_read_data"

// Source searches logs.
type Source interface {
	Logs(ctx context.Context, query datadog.LogQuery) ([]datadog.Log, error)
}

// Kind describes the step.
func Kind(client *datadog.Client, s site.Site) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "logs", Doc: "The last error lines of the alert's service or host, grouped by pattern with counts.",
		Permissions: []string{permission}, Data: Data{},
	}, func(c Config, cache time.Duration) enrich.Step { return New(client.Cached(cache), s, c) })
}

// Config is what a playbook sets.
type Config struct {
	Query   string        `yaml:"query" doc:"Log search, such as service:checkout status:error; by default the errors of the alert's service, or else of its host."`
	Window  time.Duration `yaml:"window" doc:"Time before the alert to search, 15m by default."`
	Indexes []string      `yaml:"indexes" doc:"Log indexes to search; all by default."`
}

const (
	defaultWindow = 15 * time.Minute
	maxWindow     = 7 * 24 * time.Hour
	maxLines      = 200
	maxSampled    = 100
	maxQueryBytes = 4000
	// maxTagBytes leaves out what is not a tag's value: tags have at most 200
	// characters (https://docs.datadoghq.com/getting_started/tagging/).
	maxTagBytes = 4 * 200
)

// Validate checks the configuration as it is in the playbook.
func (c Config) Validate() error {
	if c.Window < 0 || c.Window > maxWindow {
		return fmt.Errorf("window is %v: set a time between 1m and 168h", c.Window)
	}
	return nil
}

// New returns the step, with links to the pages of s.
func New(source Source, s site.Site, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		sample := sampleOf(a)
		q := datadog.LogQuery{Query: c.search(a), Indexes: c.Indexes, Limit: maxLines}
		if q.Query == "" && len(sample) == 0 {
			return enrich.Finding{}, enrich.Skip("the alert has neither a service tag nor a host")
		}
		if q.Query == "" {
			return sampleFinding(sample), nil
		}
		q.From, q.To = enrich.Window(a, cmp.Or(c.Window, defaultWindow))
		lines, err := source.Logs(ctx, q)
		switch {
		case err != nil && len(sample) == 0:
			return enrich.Finding{}, err
		case err != nil:
			f := sampleFinding(sample)
			f.PartialReason = err
			f.Blocks = append(f.Blocks, enrich.Paragraph("Other lines are unavailable: "+fault.Public(err)+"."))
			return f, nil
		case len(lines) == 0 && len(sample) > 0:
			return sampleFinding(sample), nil
		}
		return searchFinding(lines, q, pageURL(s, q)), nil
	})
}

// search returns the query, or "" if neither the playbook nor the alert has one.
func (c Config) search(a alert.Alert) string {
	if query := strings.TrimSpace(c.Query); query != "" {
		return query
	}
	tags := enrich.Tags(a)
	for _, key := range []string{"service", "host"} {
		name := tags.Get(key)
		if name == "" || len(name) > maxTagBytes {
			continue
		}
		query := key + ":" + escape(name)
		if env := tags.Get("env"); env != "" && len(env) <= maxTagBytes {
			query += " env:" + escape(env)
		}
		return query + " status:error"
	}
	return monitorSearch(a.Query)
}

var plainValue = enrich.Pattern(`^[\pL\pN][\pL\pN_./-]*$`)

// escape quotes a tag's value unless it has no search syntax
// (https://docs.datadoghq.com/logs/explorer/search_syntax/).
func escape(value string) string {
	if plainValue().MatchString(value) {
		return value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(strings.ToValidUTF8(value, "")) + `"`
}

var logMonitor = enrich.Pattern(`^\s*logs\(("(?:[^"\\]|\\.)*")\)`)

// monitorSearch returns what a log monitor searches for.
func monitorSearch(query string) string {
	part := logMonitor().FindStringSubmatch(query)
	if part == nil || len(part[1]) > maxQueryBytes {
		return ""
	}
	text, _ := strconv.Unquote(part[1]) // An invalid escape makes it empty.
	return strings.TrimSpace(text)
}

func pageURL(s site.Site, q datadog.LogQuery) string {
	values := url.Values{
		"query":   {q.Query},
		"from_ts": {strconv.FormatInt(q.From.UnixMilli(), 10)}, "to_ts": {strconv.FormatInt(q.To.UnixMilli(), 10)}, "live": {"false"},
	}
	return "https://" + s.App() + "/logs?" + values.Encode()
}

// sampleOf returns the lines of $LOGS_SAMPLE, which is an object or a text that holds
// one (https://docs.datadoghq.com/integrations/webhooks/). They have no times.
func sampleOf(a alert.Alert) []datadog.Log {
	raw := []byte(a.LogsSample)
	var text string
	if json.Unmarshal(raw, &text) == nil {
		raw = []byte(text)
	}
	var sample struct {
		Rows []struct {
			Message string `json:"message"`
		} `json:"rows"`
	}
	_ = json.Unmarshal(raw, &sample) // Another shape has no lines.
	var lines []datadog.Log
	for _, row := range sample.Rows[:min(len(sample.Rows), maxSampled)] {
		if message := strings.TrimSpace(row.Message); message != "" {
			lines = append(lines, datadog.Log{Message: message})
		}
	}
	return lines
}
