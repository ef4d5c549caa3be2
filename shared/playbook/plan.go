package playbook

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr/vm"

	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

// Plan is the steps and the event's texts for one alert.
type Plan struct {
	Names    []string // of the playbooks that matched, in order
	API      string   // that posts the event
	Limit    int      // events a minute for one monitor; 0 is no limit
	Warnings []error  // for the log: expressions that cannot be evaluated

	alert       map[string]any // its View
	steps, then []*step
	texts       texts
}

// Name is the first playbook that matched.
func (p *Plan) Name() string { return p.Names[0] }

// add adds a playbook that matched. The texts are those of the first; of two steps with
// one name the earlier runs.
func (p *Plan) add(b *playbook) {
	if len(p.Names) == 0 {
		p.texts, p.API, p.Limit = b.event, b.event.api, b.limit
	}
	p.Names = append(p.Names, b.name)
	p.steps = mergeSteps(p.steps, b.steps)
	p.then = mergeSteps(p.then, b.then)
}

func mergeSteps(steps, more []*step) []*step {
	names := stepNames(steps)
	for _, s := range more {
		if !slices.Contains(names, s.name) {
			steps = append(steps, s)
		}
	}
	return steps
}

// Steps returns the steps to run for the alert.
func (p *Plan) Steps() []enrich.Named { return p.named(p.steps, nil, nil) }

// Then returns the steps to run after the event is posted. They can read all results
// and the event.
func (p *Plan) Then(results []enrich.Result, e event.Request, posted event.Posted) []enrich.Named {
	return p.named(p.then, results, map[string]any{"id": posted.ID, "url": posted.URL, "title": e.Headline()})
}

// named returns steps for the runner, which makes each once the steps that it reads
// have ended.
func (p *Plan) named(steps []*step, results []enrich.Result, posted map[string]any) []enrich.Named {
	all := make([]enrich.Named, len(steps))
	for i, s := range steps {
		all[i] = enrich.Named{Name: s.name, After: s.after, Timeout: s.timeout, Make: stepMaker{p, s, results, posted}.make}
	}
	return all
}

// stepMaker makes a step for one alert.
type stepMaker struct {
	plan    *Plan
	step    *step
	results []enrich.Result // of steps before the event
	posted  map[string]any  // the event; nil before it is posted
}

func (m stepMaker) make(earlier map[string]enrich.Result) (enrich.Step, error) {
	s := m.step
	var env map[string]any
	if s.when != nil || len(s.with.templates) > 0 {
		ended := resultsByName(m.results)
		maps.Copy(ended, earlier)
		env = m.plan.environment(ended)
		if m.posted != nil {
			env["event"] = m.posted
		}
	}
	holds, err := s.when.holds(new(vm.VM), env)
	if err != nil {
		return nil, fault.Wrap("its condition could not be evaluated", err)
	}
	if !holds {
		return nil, enrich.Skip("its condition does not hold: " + s.when.source)
	}
	config, err := s.with.render(env)
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return nil, err // The value of a template does not fit where it stands.
	}
	if err != nil {
		return nil, fault.New(fault.Permanent, "its settings could not be rendered", err)
	}
	return s.kind.New(config, s.cache), nil
}

// environment is what expressions and templates see: the alert, and all steps, those
// that have not ended without findings.
func (p *Plan) environment(ended map[string]enrich.Result) map[string]any {
	views := make(map[string]any, len(p.steps)+len(p.then))
	for _, s := range slices.Concat(p.steps, p.then) {
		if _, taken := views[s.name]; !taken {
			views[s.name] = stepView(s.zero, ended[s.name])
		}
	}
	return withDeadline(map[string]any{"alert": p.alert, "steps": views})
}

func resultsByName(results []enrich.Result) map[string]enrich.Result {
	all := make(map[string]enrich.Result, len(results))
	for _, r := range results {
		all[r.Name] = r
	}
	return all
}

// Draft returns what the playbook sets in the event. The errors name the templates that
// failed, whose texts stay the event's own.
func (p *Plan) Draft(results []enrich.Result, cycle event.Cycle) (event.Draft, []error) {
	d := drafter{plan: p, env: p.environment(resultsByName(results))}
	d.env["cycle"] = map[string]any{"lasted": cycle.Lasted.Seconds(), "notified": int64(cycle.Notified)}
	draft := event.Draft{
		Playbook:  p.Name(),
		Title:     d.text("title", p.texts.title),
		Text:      d.text("text", p.texts.text),
		Priority:  d.text("priority", p.texts.priority),
		AlertType: d.text("alert_type", p.texts.alertType),
		Cycle:     cycle,
	}
	for _, t := range p.texts.tags {
		if tag := d.text("tags", t); tag != "" {
			draft.Tags = append(draft.Tags, tag)
		}
	}
	return draft, d.failed
}

// drafter renders the texts of an event and collects the errors.
type drafter struct {
	plan   *Plan
	env    map[string]any
	failed []error
}

func (d *drafter) text(name string, t *textTemplate) string {
	if t == nil {
		return ""
	}
	text, err := t.render(d.env)
	if err == nil {
		return strings.TrimSpace(text)
	}
	where := fmt.Sprintf("playbook %s, event.%s", d.plan.Name(), name)
	if _, ok := errors.AsType[*fault.Error](err); ok {
		err = fault.Wrap(where+": the template", err)
	} else {
		err = fmt.Errorf("%s: %w", where, err)
	}
	d.failed = append(d.failed, err)
	return ""
}
