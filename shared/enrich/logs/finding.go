package logs

import (
	"fmt"
	"time"

	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

// Data is what playbooks and machines see. Times are UTC.
type Data struct {
	// Query is what was searched for, empty when the lines are the alert's own sample.
	Query string `json:"query"`
	// Count is how many lines were read, the newest of them; More is true when
	// Datadog has others.
	Count int  `json:"count"`
	More  bool `json:"more"`
	// Last is the newest line, cut to size, and LastAt its time.
	Last   string    `json:"last"`
	LastAt time.Time `json:"last_at,omitzero"`
	// Patterns are the most frequent ones.
	Patterns []Pattern `json:"patterns,omitempty"`
	URL      string    `json:"url"` // Where Datadog shows the same search.
}

// search is where lines come from; nothing for the alert's own sample.
type search struct {
	datadog.LogQuery
	page string
}

const maxQuery = 300

// found tells the lines, the newest first, by their patterns.
func found(lines []datadog.Log, from search) enrich.Finding {
	d := Data{Query: from.Query, Count: len(lines), More: from.Limit > 0 && len(lines) >= from.Limit, URL: from.page}
	f := enrich.Finding{Title: "Logs", Weight: enrich.Important}
	shown := enrich.Line(from.Query, maxQuery)
	if len(lines) == 0 {
		none := fmt.Sprintf("No line of %s from %s to %s.", shown, clock(from.From), clock(from.To))
		f.Weight, f.Data = enrich.Background, d
		f.Blocks = []enrich.Block{enrich.Paragraph(none), links(d)}
		return f
	}
	patterns := grouped(lines)
	d.Patterns = patterns[:min(len(patterns), maxPatterns)]
	newest := lines[0]
	d.Last, d.LastAt = enrich.Line(newest.Message, maxSample), newest.Time
	f.Blocks = append(f.Blocks, enrich.Facts{summary(d, from, len(patterns))}, list(d, len(patterns)))
	if d.URL != "" {
		f.Blocks = append(f.Blocks, links(d))
	}
	f.Data = d
	return f
}

// summary counts: "service:checkout status:error, 11:45 to 12:00 UTC: 37 lines
// of 4 patterns".
func summary(d Data, from search, patterns int) enrich.Fact {
	counts := fmt.Sprintf("%s of %s", plural(d.Count, "line"), plural(patterns, "pattern"))
	if d.More {
		counts = "the newest " + counts
	}
	if d.Query == "" {
		return enrich.Fact{Name: "The alert's own sample", Value: counts}
	}
	name := fmt.Sprintf("%s, %s to %s", enrich.Line(d.Query, maxQuery), from.From.Format("15:04"), clock(from.To))
	return enrich.Fact{Name: name, Value: counts}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func list(d Data, patterns int) enrich.List {
	l := enrich.List{More: patterns - len(d.Patterns)}
	for _, p := range d.Patterns {
		l.Items = append(l.Items, enrich.Item{Time: p.LastAt, Tag: fmt.Sprintf("%d×", p.Count), Text: p.Sample})
	}
	return l
}

func links(d Data) enrich.Links {
	return enrich.Links{{Title: "Logs in Datadog", URL: d.URL}}
}

func clock(t time.Time) string { return t.Format("15:04 UTC") }
