package playbooktest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"boomerang/functions/local/dryrun"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
	"boomerang/shared/memory"
	"boomerang/shared/pipeline"
)

type Result struct {
	Path      string       `json:"-"`
	Cases     []CaseResult `json:"cases"`
	Unreached []string     `json:"unreached,omitempty"` // playbooks that no case uses, and steps that none runs
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

// step returns the stub in place of a step.
func (s stub) step(real dryrun.Step) enrich.Step {
	return enrich.StepFunc(func(context.Context, alert.Alert) (enrich.Finding, error) {
		switch {
		case s.Data != nil:
			return s.finding(real)
		case s.Error != "":
			return enrich.Finding{}, fault.New(fault.Permanent, s.Error, nil)
		case s.Timeout > 0:
			return enrich.Finding{}, fault.New(fault.Temporary, "no answer within "+s.Timeout.String(), nil)
		}
		return enrich.Finding{}, enrich.Skip(cmp.Or(s.Skip, "the case has no stub for this step"))
	})
}

// finding returns the stub's data. The event shows its scalar values as facts.
func (s stub) finding(real dryrun.Step) (enrich.Finding, error) {
	data, err := dataOf(s.value, real.Kind.Data)
	if err != nil {
		return enrich.Finding{}, stubError{s.path + ".data", real.Kind.Name, err}
	}
	lead, err := leads(s.Lead)
	if err != nil {
		return enrich.Finding{}, stubError{s.path + ".lead", real.Kind.Name, err}
	}
	title := strings.ToUpper(real.Name[:1]) + strings.ReplaceAll(real.Name[1:], "_", " ")
	return enrich.Finding{Title: title, Weight: enrich.Useful, Lead: lead, Blocks: []enrich.Block{facts(s.Data)}, Data: data}, nil
}

// leads returns what a finding says on the first screen.
func leads(texts map[string]string) (all []enrich.Lead, err error) {
	for _, answer := range slices.Sorted(maps.Keys(texts)) {
		lead := enrich.Lead{Answer: enrich.Answer(answer)}
		switch text := texts[answer]; lead.Answer {
		case enrich.What, enrich.Suspect, enrich.Owner, enrich.OnCall:
			lead.Text = text
		case enrich.Runbook, enrich.Monitor:
			lead.URL = text
		case enrich.Since:
			if lead.Time, err = time.Parse(time.RFC3339, text); err != nil {
				return nil, errors.New("since is not a time such as 2026-11-20T09:02:00Z")
			}
		default:
			return nil, fmt.Errorf("the first screen has no answer %q", answer)
		}
		all = append(all, lead)
	}
	return all, nil
}

// stubError is data that the step cannot find.
type stubError struct {
	path, kind string
	cause      error
}

func (e stubError) Error() string { return e.cause.Error() }

// dataOf returns a value as one of zero's type.
func dataOf(value, zero any) (any, error) {
	if zero == nil {
		return value, nil
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, errors.New("not a JSON value")
	}
	into := reflect.New(reflect.TypeOf(zero))
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into.Interface()); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return into.Elem().Interface(), nil
}

// facts returns the scalar values of a mapping, in the order of the file.
func facts(node *yaml.Node) enrich.Facts {
	if node.Kind != yaml.MappingNode {
		return nil
	}
	var all enrich.Facts
	for pair := range slices.Chunk(node.Content, 2) {
		if name, value := pair[0], pair[1]; value.Kind == yaml.ScalarNode && value.Tag != "!!null" {
			all = append(all, enrich.Fact{Name: name.Value, Value: value.Value})
		}
	}
	return all
}
