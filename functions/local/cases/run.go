package cases

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"boomerang/functions/local/functionurl"
	"boomerang/functions/local/trial"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
)

// testCase is a case that makes sense.
type testCase struct {
	definition
	alert alert.Alert
	stubs map[string]placed
}

// Result is how a suite went.
type Result struct {
	Cases []CaseResult
	// Unreached are the playbooks that no case used, and the steps that none ran.
	Unreached []string
}

// CaseResult is how a case went. It passed when there are no failures.
type CaseResult struct {
	Name     string
	Failures []string
}

// Passed reports whether every case did.
func (r Result) Passed() bool {
	return !slices.ContainsFunc(r.Cases, func(c CaseResult) bool { return len(c.Failures) > 0 })
}

// Run runs every case. With update it writes the golden files. The error is of the
// test file: an answer that the step could not have given, a file that is not there.
func (s *Suite) Run(ctx context.Context, update bool) (Result, error) {
	var result Result
	reached := map[string]bool{}
	for _, c := range s.cases {
		r, err := s.run(ctx, c)
		if err != nil {
			return result, err
		}
		mark(reached, s.book.Names(), r)
		failures, err := s.compare(c.Expect, r, update)
		if err != nil {
			return result, fmt.Errorf("%s: %s: %w", s.Path, c.Name, err)
		}
		result.Cases = append(result.Cases, CaseResult{c.Name, failures})
	}
	result.Unreached = unreached(reached, s.book.Names())
	return result, nil
}

// run takes the case's alert through the playbooks.
func (s *Suite) run(ctx context.Context, c testCase) (trial.Report, error) {
	now := c.alert.Date.Add(time.Second)
	if c.alert.Date.IsZero() {
		now = time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)
	}
	t := trial.Trial{
		Book: s.book, WebhookName: "boomerang", Budget: time.Minute, Poster: nowhere{}, Now: func() time.Time { return now },
		Cycles:  past{c.Cycle, now},
		Instead: func(step trial.Step) enrich.Step { return c.stubs[step.Name].step(step) },
	}
	r, err := t.Run(ctx, c.alert)
	for _, step := range r.Steps {
		if wrong, ok := errors.AsType[mistake](step.Err); ok {
			wrong.report()
			return r, wrong.source.Err()
		}
	}
	if err != nil {
		return r, fmt.Errorf("%s: %s: %s", s.Path, c.Name, fault.Public(err))
	}
	return r, nil
}

// nowhere takes every event.
type nowhere struct{}

var somewhere = event.Posted{ID: "1", URL: "https://app.datadoghq.com/event/event?id=1"}

func (nowhere) Create(context.Context, event.Event) (event.Posted, error) { return somewhere, nil }

func (nowhere) CreateAlert(context.Context, event.AlertEvent) (event.Posted, error) {
	return somewhere, nil
}

// past knows how one alert cycle went.
type past struct {
	cycle cycle
	now   time.Time
}

func (p past) AddNotification(_ context.Context, _ string, n ledger.Notification) (ledger.Cycle, error) {
	at := n.At
	if at.IsZero() {
		at = p.now
	}
	return ledger.Cycle{FirstSeen: at.Add(-p.cycle.Lasted), LastSeen: at, Notified: max(1, p.cycle.Notified)}, nil
}

// alert returns the alert that a case is about.
func (s *Suite) alert(c definition) (alert.Alert, error) {
	if (c.Event == "") == (len(c.Alert) == 0) {
		return alert.Alert{}, errors.New("a case is about either an event file or an alert")
	}
	a, err := s.decoded(c)
	if err != nil {
		return a, err
	}
	if c.Cycle != (cycle{}) {
		a.CycleKey = cmp.Or(a.CycleKey, "cycle")
	}
	return a, nil
}

func (s *Suite) decoded(c definition) (alert.Alert, error) {
	if c.Event != "" {
		request, err := functionurl.ReadFile(s.file(c.Event))
		if err != nil {
			return alert.Alert{}, err
		}
		return handler.Decode(request)
	}
	if a, err := inline(c.Alert); err == nil {
		return a, nil
	}
	// A payload without any id and text is no alert, but a case about tags needs no more.
	named := maps.Clone(c.Alert)
	named["id"] = "1"
	return inline(named)
}

func inline(fields map[string]any) (alert.Alert, error) {
	raw, err := json.Marshal(fields)
	if err != nil {
		return alert.Alert{}, fmt.Errorf("the alert cannot be written as JSON: %w", err)
	}
	return alert.Decode(raw)
}

// mark notes which playbooks and steps a case reached. A step belongs to the first
// playbook in use that has it.
func mark(reached map[string]bool, names map[string][]string, r trial.Report) {
	for _, used := range r.Playbooks {
		reached[used] = true
	}
	for _, step := range r.Steps {
		owner := slices.IndexFunc(r.Playbooks, func(used string) bool { return slices.Contains(names[used], step.Name) })
		if owner >= 0 && step.Status != enrich.Skipped {
			reached[r.Playbooks[owner]+"."+step.Name] = true
		}
	}
}

func unreached(reached map[string]bool, names map[string][]string) []string {
	var missed []string
	for used, steps := range names {
		if !reached[used] {
			missed = append(missed, "playbook "+used)
			continue
		}
		for _, step := range steps {
			if !reached[used+"."+step] {
				missed = append(missed, "step "+step+" of playbook "+used)
			}
		}
	}
	slices.Sort(missed)
	return missed
}
