// Package suspects is the step "suspects": what happened before the alert began that may
// have caused it. It reads evidence (read.go) and applies rules to it (rules.go).
package suspects

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/events"
)

type Config struct {
	Without []string `yaml:"without" doc:"Names of rules that are switched off, such as flag or upstream_alert."`
}

// Validate checks the names of the rules.
func (c Config) Validate() error {
	var names []string
	for _, r := range rules {
		names = append(names, r.name)
	}
	for _, name := range c.Without {
		if !slices.Contains(names, name) {
			return fmt.Errorf("without: %q is not a rule: use one of %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}

// Data is the finding for playbooks. Times are UTC.
type Data struct {
	Began    time.Time `json:"began,omitzero"` // When the alert began, if that is known.
	Suspects []Suspect `json:"suspects"`       // The most suspect first.
	// Missing says for people which part is missing and why.
	Missing []string `json:"missing,omitempty"`
}

// Suspect is one thing that may have caused the alert.
type Suspect struct {
	Kind     string    `json:"kind"` // As of the step changes, or "alert" or "group".
	Title    string    `json:"title"`
	Time     time.Time `json:"time,omitzero"`
	Before   int64     `json:"before"` // Seconds before the alert began.
	Evidence []string  `json:"evidence,omitempty"`
	Rule     string    `json:"rule"`
	Service  string    `json:"service"` // What it is about.
	URL      string    `json:"url"`
	EventID  string    `json:"event_id"` // In the event stream, empty for a group.
	Score    float64   `json:"score"`
}

func Kind(client *datadog.Client) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "suspects", Doc: "What may have caused the alert: changes and alerts before it began, and what only failing groups share, by stated rules.",
		Permissions: []string{"monitors_read", "events_read", "apm_service_catalog_read", "timeseries_query"}, Data: Data{},
	}, func(c Config, cache time.Duration) enrich.Step { return newStep(reader{client.Cached(cache)}, c) })
}

func newStep(r reader, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		if a.Date.IsZero() {
			a.Date = time.Now()
		}
		e, results := r.read(ctx, a)
		named := suspectsOf(e, c.Without)
		if candidates := e.recurringCandidates(); len(named) == 0 && len(candidates) > 0 && !slices.Contains(c.Without, "recurring") {
			var past enrich.Result
			e, past = r.readPast(ctx, a, e, candidates)
			results, named = append(results, past), suspectsOf(e, c.Without)
		}
		return newFinding(ctx, e, named, results)
	})
}

func newFinding(ctx context.Context, e evidence, named []candidate, results []enrich.Result) (enrich.Finding, error) {
	var d Data
	texts, news, failed := missing(ctx, results)
	if !slices.ContainsFunc(results, func(r enrich.Result) bool { return r.Status == enrich.OK }) {
		if failed == nil {
			failed = errNoSubject
		}
		return enrich.Finding{}, failed
	}
	f := enrich.Finding{Title: "Suspects", Weight: enrich.Essential, Began: e.began.UTC(), PartialReason: failed}
	d.Began, d.Missing, d.Suspects = e.began.UTC(), texts, []Suspect{}
	var list enrich.List
	if len(named) > 0 && named[0].group == "" {
		f.Suspect = enrich.Change{Kind: string(named[0].kind), Service: named[0].subject}
	}
	for _, c := range named {
		s := e.suspect(c)
		d.Suspects = append(d.Suspects, s)
		text := strings.Join(append([]string{s.Title}, s.Evidence...), "; ")
		lead, repeated := enrich.NewLead(enrich.Lead{Answer: enrich.Suspect, Text: text, URL: s.URL, Time: s.Time})
		f.Lead = append(f.Lead, lead)
		list.Items = append(list.Items, enrich.Item{Time: s.Time, Tag: s.Kind, Text: text, URL: s.URL, Lead: repeated})
	}
	if len(named) == 0 {
		none := enrich.NoSuspect
		if e.began.IsZero() && e.ongoing {
			none += " Datadog does not say when the alert began."
		}
		if failed != nil {
			none += " Not all of the evidence could be read."
		}
		f.Lead = []enrich.Lead{{Answer: enrich.Suspect, Text: none}}
		list.Items = []enrich.Item{{Text: none, Lead: enrich.Suspect}}
	}
	f.Blocks, f.Data = enrich.Blocks(list, enrich.Paragraph(strings.Join(news, " "))), d
	return f, nil
}

// suspect returns a candidate as people and playbooks see it.
func (e evidence) suspect(c candidate) Suspect {
	s := Suspect{Kind: string(c.kind), Title: c.group, Time: c.time().UTC(), Evidence: c.because, Rule: c.rule, Service: c.subject, Score: math.Round(100*c.score) / 100}
	if c.group != "" {
		s.Kind = "group"
	} else {
		s.Title, s.URL, s.EventID = events.Title(c.Event), events.Link(c.Event), c.ID
		if who := events.Author(c.Event); who != "" {
			s.Title += ", by " + who
		}
	}
	if !s.Time.IsZero() && s.Time.Before(e.began) {
		s.Before = int64(e.began.Sub(s.Time) / time.Second)
	}
	return s
}
