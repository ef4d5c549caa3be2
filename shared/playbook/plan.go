package playbook

import (
	"fmt"
	"strings"

	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

// Plan is what the playbooks decided for one alert.
type Plan struct {
	// Names are the playbooks that matched, in order.
	Names []string
	// API is how the event is posted.
	API string
	// Warnings are for the log: expressions that could not be evaluated.
	Warnings []error

	env   map[string]any
	steps []*step
	then  []*step
	words words
}

// Name is what the event and the answer call the playbook: the first that matched.
func (p *Plan) Name() string { return p.Names[0] }

// add takes over a playbook that matched. Its words count where no earlier one
// has any; a step whose name is taken is left out, since the earlier one stands
// in for it.
func (p *Plan) add(b *playbook) {
	if len(p.Names) == 0 {
		p.words, p.API = b.event, b.event.api
	}
	p.Names = append(p.Names, b.name)
	p.steps = joined(p.steps, b.steps)
	p.then = joined(p.then, b.then)
}

func joined(have, more []*step) []*step {
	taken := map[string]bool{}
	for _, s := range have {
		taken[s.name] = true
	}
	for _, s := range more {
		if !taken[s.name] {
			have = append(have, s)
		}
	}
	return have
}

// Steps returns the steps to run on the alert.
func (p *Plan) Steps() []enrich.Named { return p.named(p.steps, nil) }

// Then returns the steps to run once the event is posted.
func (p *Plan) Then(results []enrich.Result, e event.Event, posted event.Posted) []enrich.Named {
	env := p.environment(p.steps, byName(results))
	env["event"] = map[string]any{"id": posted.ID, "url": posted.URL, "title": e.Title}
	return p.named(p.then, env)
}

// named returns steps as the runner wants them. Each is made once those it reads
// have ended; env is what it knows besides them.
func (p *Plan) named(steps []*step, env map[string]any) []enrich.Named {
	named := make([]enrich.Named, len(steps))
	for i, s := range steps {
		named[i] = enrich.Named{
			Name: s.name, After: s.after, Timeout: s.timeout,
			Make: func(earlier map[string]enrich.Result) (enrich.Step, error) {
				known := env
				if known == nil {
					known = p.environment(steps, earlier)
				}
				return s.make(known)
			},
		}
	}
	return named
}

// environment is what expressions and templates see: the alert, and the steps
// that have ended.
func (p *Plan) environment(steps []*step, earlier map[string]enrich.Result) map[string]any {
	views := make(map[string]any, len(earlier))
	for _, s := range steps {
		if r, ok := earlier[s.name]; ok {
			views[s.name] = stepView(s.kind.Data, r)
		}
	}
	return map[string]any{"alert": p.env["alert"], "steps": views}
}

func byName(results []enrich.Result) map[string]enrich.Result {
	all := make(map[string]enrich.Result, len(results))
	for _, r := range results {
		all[r.Name] = r
	}
	return all
}

// make makes the step for one alert.
func (s *step) make(env map[string]any) (enrich.Step, error) {
	holds, err := s.when.holds(env)
	if err != nil {
		return nil, fault.New(fault.Refused, "its condition could not be evaluated", err)
	}
	if !holds {
		return nil, enrich.Skip("its condition does not hold: " + s.when.source)
	}
	config, err := s.with.render(env)
	if err != nil {
		return nil, fault.New(fault.Refused, "its settings could not be written out", err)
	}
	return s.kind.New(config, s.cache), nil
}

// Draft returns what the playbook wants the event to say. What cannot be written
// is left to the event's own words, and told.
func (p *Plan) Draft(results []enrich.Result, cycle event.Cycle) (event.Draft, []error) {
	env := p.environment(p.steps, byName(results))
	env["cycle"] = map[string]any{"lasted": cycle.Lasted.Seconds(), "notified": float64(cycle.Notified)}
	var failed []error
	write := func(name string, t *textTemplate) string {
		if t == nil {
			return ""
		}
		text, err := t.render(env)
		if err != nil {
			failed = append(failed, fmt.Errorf("playbook %s, event.%s: %w", p.Name(), name, err))
			return ""
		}
		return strings.TrimSpace(text)
	}
	d := event.Draft{
		Playbook:  p.Name(),
		Title:     write("title", p.words.title),
		Text:      write("text", p.words.text),
		Priority:  write("priority", p.words.priority),
		AlertType: write("alert_type", p.words.alertType),
		Cycle:     cycle,
	}
	for _, t := range p.words.tags {
		if tag := write("tags", t); tag != "" {
			d.Tags = append(d.Tags, tag)
		}
	}
	return d, failed
}
