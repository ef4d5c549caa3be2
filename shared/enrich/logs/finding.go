package logs

import (
	"fmt"
	"time"

	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

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

const maxQueryRunes = 300

func searchFinding(lines []datadog.Log, q datadog.LogQuery, page string) enrich.Finding {
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
	return f
}

func sampleFinding(lines []datadog.Log) enrich.Finding {
	return newFinding(Data{}, "The alert's own sample", lines)
}

// newFinding groups the lines, the newest first, by their patterns.
func newFinding(d Data, name string, lines []datadog.Log) enrich.Finding {
	patterns := groupByPattern(lines)
	d.Count, d.Patterns = len(lines), patterns[:min(len(patterns), maxPatterns)]
	d.Last, d.LastAt = enrich.Line(lines[0].Message, maxSampleRunes), lines[0].Time
	counts := enrich.Count(d.Count, "line") + " of " + enrich.Count(len(patterns), "pattern")
	if d.More {
		counts = "the newest " + counts
	}
	list := enrich.List{More: len(patterns) - len(d.Patterns)}
	for _, p := range d.Patterns {
		list.Items = append(list.Items, enrich.Item{Time: p.LastAt, Tag: fmt.Sprintf("%d×", p.Count), Text: p.Sample})
	}
	return enrich.Finding{Title: "Logs", Weight: enrich.Important, Blocks: []enrich.Block{enrich.Facts{{Name: name, Value: counts}}, list}, Data: d}
}
