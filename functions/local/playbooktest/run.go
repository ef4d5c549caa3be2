package playbooktest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"boomerang/functions/local/dryrun"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
	"boomerang/shared/memory"
	"boomerang/shared/pipeline"
)

// Result is what a suite found.
type Result struct {
	Path      string       `json:"-"`
	Cases     []CaseResult `json:"cases"`
	Unreached []string     `json:"unreached,omitempty"` // playbooks that no case uses, and steps that none runs
	Error     string       `json:"error,omitempty"`     // why no case ran
}

// CaseResult is the result of a case, which passed without failures.
type CaseResult struct {
	Name     string   `json:"name"`
	Failures []string `json:"failures,omitempty"`
}

// Passed reports whether all cases passed.
func (r Result) Passed() bool {
	return !slices.ContainsFunc(r.Cases, func(c CaseResult) bool { return len(c.Failures) > 0 })
}

// RunFile loads a test file and runs all its cases.
func RunFile(ctx context.Context, path string, update bool) (Result, error) {
	suite, err := Load(path, FileKinds)
	if err != nil {
		return Result{}, err
	}
	return suite.Run(ctx, update)
}

// Run runs all cases, or writes their golden files. An error is a mistake in the test file.
func (s *Suite) Run(ctx context.Context, update bool) (Result, error) {
	result := Result{Path: s.path}
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
	for name, steps := range s.book.Names() {
		if !reached["playbook "+name] {
			steps, result.Unreached = nil, append(result.Unreached, "playbook "+name)
		}
		for _, step := range steps {
			if text := "step " + step + " of playbook " + name; !reached[text] {
				result.Unreached = append(result.Unreached, text)
			}
		}
	}
	slices.Sort(result.Unreached)
	return result, nil
}

// mark notes what a case reached. A step belongs to the first playbook that has it.
func (s *Suite) mark(reached map[string]bool, r dryrun.Report) {
	owners := map[string]string{}
	for _, used := range slices.Backward(r.Plan().Names) {
		reached["playbook "+used] = true
		for _, step := range s.book.Names()[used] {
			owners[step] = used
		}
	}
	for _, step := range ranSteps(r) {
		reached["step "+step+" of playbook "+owners[step]] = true
	}
}

func (s *Suite) run(ctx context.Context, c definition) (dryrun.Report, error) {
	now := c.decoded.Date.Add(time.Second)
	if c.decoded.Date.IsZero() {
		now = time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)
	}
	report := dryrun.Observe(ctx, pipeline.Config{
		Playbooks: s.book, WebhookName: "boomerang", EnrichBudget: time.Minute, Poster: dryrun.Discard{},
		Now: func() time.Time { return now }, Cycles: fixedHistory{c.Cycle, now}, Kept: kept(c.Cycle.Kept), History: earlier(c.earlier(now)),
	}, c.decoded, func(step dryrun.Step) enrich.Step { return c.Steps[step.Name].step(step) }, dryrun.Process)
	for _, step := range report.Steps {
		if invalid, ok := errors.AsType[stubError](step.Err); ok {
			s.source.Report(invalid.path, "the step %s cannot find this: %s", invalid.kind, invalid.cause)
			return report, s.source.Err()
		}
	}
	if report.Err != nil {
		return report, fmt.Errorf("%s: %s: %s", s.path, c.Name, fault.Public(report.Err))
	}
	return report, nil
}

// earlier returns the earlier cycles of an alert, the oldest first.
func (c definition) earlier(now time.Time) []memory.Cycle {
	var all []memory.Cycle
	for _, past := range c.Earlier {
		all = memory.Add(all, memory.Cycle{
			Began: now.Add(-past.Before), Lasted: past.Lasted, Recovered: past.Recovered, Followed: enrich.Change{Kind: past.Kind, Service: past.Service},
		})
	}
	return all
}

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

// earlier is a history that nothing is added to.
type earlier []memory.Cycle

func (e earlier) History(context.Context, string) ([]memory.Cycle, error) { return e, nil }

func (earlier) AddToHistory(context.Context, string, []memory.Cycle, ...memory.Cycle) error {
	return nil
}

// kept is what a cycle keeps already. Nothing is added to it.
type kept map[string]string

func (k kept) Expect(context.Context, string, string, []string, time.Time) (ledger.Kept, error) {
	return ledger.Kept{Texts: k}, nil
}

func (kept) Keep(context.Context, string, string, map[string]string, []string) error { return nil }
