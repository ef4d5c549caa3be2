package playbooktest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"boomerang/functions/local/dryrun"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
)

// Result is the result of a suite.
type Result struct {
	Cases     []CaseResult
	Unreached []string // playbooks that no case uses, and steps that none runs
}

// CaseResult is the result of a case, which passed without failures.
type CaseResult struct {
	Name     string
	Failures []string
}

// Passed reports whether all cases passed.
func (r Result) Passed() bool {
	return !slices.ContainsFunc(r.Cases, func(c CaseResult) bool { return len(c.Failures) > 0 })
}

// Run runs all cases. With update it writes the golden files. An error is a mistake in
// the test file.
func (s *Suite) Run(ctx context.Context, update bool) (Result, error) {
	var result Result
	reached := map[string]bool{}
	for _, c := range s.cases {
		report, err := s.run(ctx, c)
		if err != nil {
			return result, err
		}
		s.mark(reached, report)
		failures, err := s.compare(c.Expect, report, update)
		if err != nil {
			return result, fmt.Errorf("%s: %s: %w", s.path, c.Name, err)
		}
		result.Cases = append(result.Cases, CaseResult{c.Name, failures})
	}
	result.Unreached = s.unreached(reached)
	return result, nil
}

func (s *Suite) run(ctx context.Context, c testCase) (dryrun.Report, error) {
	now := c.alert.Date.Add(time.Second)
	if c.alert.Date.IsZero() {
		now = time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)
	}
	runner := dryrun.Runner{
		Playbooks: s.book, WebhookName: "boomerang", Budget: time.Minute, Poster: discardPoster{},
		Now: func() time.Time { return now }, Cycles: fixedHistory{c.Cycle, now},
		Override: func(step dryrun.Step) enrich.Step { return c.stubs[step.Name].step(step) },
	}
	report, err := runner.Run(ctx, c.alert)
	for _, step := range report.Steps {
		if invalid, ok := errors.AsType[stubError](step.Err); ok {
			s.source.Report(invalid.path, "the step %s cannot find this: %s", invalid.kind, invalid.cause)
			return report, s.source.Err()
		}
	}
	if err != nil {
		return report, fmt.Errorf("%s: %s: %s", s.path, c.Name, fault.Public(err))
	}
	return report, nil
}

// discardPoster accepts all events.
type discardPoster struct{}

var posted = event.Posted{ID: "1", URL: "https://app.datadoghq.com/event/event?id=1"}

func (discardPoster) Create(context.Context, event.Event) (event.Posted, error) { return posted, nil }

func (discardPoster) CreateAlert(context.Context, event.AlertEvent) (event.Posted, error) {
	return posted, nil
}

// fixedHistory is the history of one alert cycle.
type fixedHistory struct {
	cycle cycle
	now   time.Time
}

func (h fixedHistory) AddNotification(_ context.Context, _ string, n ledger.Notification) (ledger.Cycle, error) {
	at := n.At
	if at.IsZero() {
		at = h.now
	}
	return ledger.Cycle{FirstSeen: at.Add(-h.cycle.Lasted), LastSeen: at, Notified: max(1, h.cycle.Notified)}, nil
}

// mark notes the playbooks and steps that a case reached. A step belongs to the first
// playbook that has it.
func (s *Suite) mark(reached map[string]bool, r dryrun.Report) {
	names := s.book.Names()
	for _, used := range r.Playbooks {
		reached["playbook "+used] = true
	}
	for _, step := range r.Steps {
		owner := slices.IndexFunc(r.Playbooks, func(used string) bool { return slices.Contains(names[used], step.Name) })
		if owner >= 0 && step.Status != enrich.Skipped {
			reached["step "+step.Name+" of playbook "+r.Playbooks[owner]] = true
		}
	}
}

func (s *Suite) unreached(reached map[string]bool) []string {
	var missed []string
	for name, steps := range s.book.Names() {
		if !reached["playbook "+name] {
			missed = append(missed, "playbook "+name)
			continue
		}
		for _, step := range steps {
			if what := "step " + step + " of playbook " + name; !reached[what] {
				missed = append(missed, what)
			}
		}
	}
	slices.Sort(missed)
	return missed
}
