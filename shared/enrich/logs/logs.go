// Package logs is the step "logs": the last error lines of the alert's service or
// host, grouped by pattern.
//
// Datadog allows 10 searches in 10 seconds. If a search fails, the step shows the
// sample that a log monitor's alert has.
package logs

import (
	"cmp"
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

func Kind(client *datadog.Client, s site.Site) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "logs", Doc: "The last error lines of the alert's service or host, grouped by pattern with counts.",
		Permissions: []string{"logs_read_data"}, Data: Data{},
	}, func(c Config, cache time.Duration) enrich.Step { return newStep(client.Cached(cache).Logs, s, c) })
}

type Config struct {
	Query   string        `yaml:"query" doc:"Log search, such as service:checkout status:error; by default the errors of the alert's service, or else of its host."`
	Window  time.Duration `yaml:"window" min:"1m" max:"168h" doc:"Time before the alert to search, 15m by default."`
	Indexes []string      `yaml:"indexes" doc:"Log indexes to search; all by default."`
}

const (
	defaultWindow = 15 * time.Minute
	maxWindow     = 7 * 24 * time.Hour
	maxLines      = 200
	maxSampled    = 100
	maxQueryBytes = 4000
	maxQueryRunes = 300 // Those that are shown.
)

func (c Config) Validate() error {
	if c.Window < 0 || c.Window > maxWindow {
		return fmt.Errorf("window is %v: set a time between 1m and 168h", c.Window)
	}
	return nil
}

// Data is what playbooks see. Times are UTC.
type Data struct {
	// Query is the search. It is empty for the alert's own sample.
	Query string `json:"query"`
	// Count is the number of lines read, the newest ones. More is true if Datadog may
	// have others.
	Count int  `json:"count"`
	More  bool `json:"more"`
	// Last is the newest line, truncated, and LastAt its time.
	Last     string    `json:"last"`
	LastAt   time.Time `json:"last_at,omitzero"`
	Patterns []Pattern `json:"patterns,omitempty"` // The most frequent ones.
	URL      string    `json:"url"`                // The same search in Datadog.
}

func newStep(search func(context.Context, datadog.SearchQuery) ([]datadog.Log, error), s site.Site, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		sample := sampleOf(a)
		q := datadog.SearchQuery{Query: queryFor(c, a), Indexes: c.Indexes, Limit: maxLines}
		switch {
		case q.Query == "" && len(sample) == 0:
			return enrich.Finding{}, enrich.Skip("the alert has neither a service tag nor a host")
		case q.Query == "":
			return newFinding(Data{}, ownSample, sample), nil
		}
		q.From, q.To = enrich.Window(a, cmp.Or(c.Window, defaultWindow))
		lines, err := search(ctx, q)
		switch {
		case err != nil && len(sample) == 0:
			return enrich.Finding{}, err
		case err != nil:
			f := newFinding(Data{}, ownSample, sample)
			f.PartialReason = err
			f.Blocks = append(f.Blocks, enrich.Paragraph("Other lines are unavailable: "+fault.Public(err)+"."))
			return f, nil
		case len(lines) == 0 && len(sample) > 0:
			return newFinding(Data{}, ownSample, sample), nil
		}
		return searchFinding(lines, q, pageURL(s, q)), nil
	})
}

// queryFor returns the query, or "" if neither the playbook nor the alert has one.
func queryFor(c Config, a alert.Alert) string {
	if query := strings.TrimSpace(c.Query); query != "" {
		return query
	}
	key, name, err := enrich.Tag(a, "", "service", "host")
	if err != nil {
		return monitorSearch(a.Query)
	}
	query := key + ":" + enrich.SearchValue(name)
	if _, env, err := enrich.Tag(a, "", "env"); err == nil {
		query += " env:" + enrich.SearchValue(env)
	}
	return query + " status:error"
}

var logMonitor = alert.Pattern(`^\s*logs\(("(?:[^"\\]|\\.)*")\)`)

// monitorSearch returns what a log monitor searches for.
func monitorSearch(query string) string {
	part := logMonitor().FindStringSubmatch(query)
	if part == nil || len(part[1]) > maxQueryBytes {
		return ""
	}
	text, _ := strconv.Unquote(part[1]) // An invalid escape makes it empty.
	return strings.TrimSpace(text)
}

func pageURL(s site.Site, q datadog.SearchQuery) string {
	values := url.Values{
		"query":   {q.Query},
		"from_ts": {strconv.FormatInt(q.From.UnixMilli(), 10)}, "to_ts": {strconv.FormatInt(q.To.UnixMilli(), 10)}, "live": {"false"},
	}
	return "https://" + s.App() + "/logs?" + values.Encode()
}

// sampleOf returns the messages of $LOGS_SAMPLE, which have no times.
func sampleOf(a alert.Alert) []datadog.Log {
	rows, _ := enrich.SampleLogs(a)
	var lines []datadog.Log
	for _, row := range rows[:min(len(rows), maxSampled)] {
		if message, _ := row.Message.(string); strings.TrimSpace(message) != "" {
			lines = append(lines, datadog.Log{Message: strings.TrimSpace(message)})
		}
	}
	return lines
}

func searchFinding(lines []datadog.Log, q datadog.SearchQuery, page string) enrich.Finding {
	query := enrich.Line(q.Query, maxQueryRunes)
	from, to := q.From.Format("15:04"), q.To.Format("15:04 UTC")
	links := enrich.Links{{Title: "Logs in Datadog", URL: page}}
	if len(lines) == 0 {
		none := fmt.Sprintf("No lines for %s from %s to %s.", query, from, to)
		return enrich.Finding{
			Title: "Logs", Weight: enrich.Background, Data: Data{Query: q.Query, URL: page},
			Blocks: []enrich.Block{enrich.Paragraph(none), links},
		}
	}
	d := Data{Query: q.Query, More: len(lines) >= q.Limit, URL: page}
	f := newFinding(d, fmt.Sprintf("%s, %s to %s", query, from, to), lines)
	f.Blocks = append(f.Blocks, links)
	if most := f.Data.(Data).Patterns[0]; most.Count > 1 {
		lead, _ := enrich.NewLead(enrich.Lead{Answer: enrich.What, Text: fmt.Sprintf("%d× in the logs: %s", most.Count, most.Sample)})
		f.Lead = []enrich.Lead{lead}
	}
	return f
}

// ownSample is the name of the fact about the lines that the alert has.
const ownSample = "The alert's own sample"

// newFinding groups the lines, the newest first, by their patterns.
func newFinding(d Data, name string, lines []datadog.Log) enrich.Finding {
	patterns := groupByPattern(lines)
	d.Count, d.Patterns = len(lines), patterns[:min(len(patterns), maxPatterns)]
	d.Last, d.LastAt = enrich.Line(lines[0].Message, maxSampleRunes), lines[0].Time
	counts := enrich.Count(d.Count, "line") + " of " + enrich.Count(len(patterns), "pattern")
	if d.More {
		counts = "the newest " + counts
	}
	list := enrich.ListOf(patterns, maxPatterns, func(p Pattern) enrich.Item {
		return enrich.Item{Time: p.LastAt, Tag: fmt.Sprintf("%d×", p.Count), Text: p.Sample}
	})
	return enrich.Finding{Title: "Logs", Weight: enrich.Important, Blocks: []enrich.Block{enrich.Facts{{Name: name, Value: counts}}, list}, Data: d}
}
