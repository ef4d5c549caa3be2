package playbook

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr/vm"

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
	// Limit is how many events a minute one monitor may have; 0 is no limit.
	Limit int
	// Warnings are for the log: expressions that could not be evaluated.
	Warnings []error

	alert map[string]any // its View
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
		p.words, p.API, p.Limit = b.event, b.event.api, b.limit
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
func (p *Plan) Steps() []enrich.Named { return named(p.steps, p.environment) }

// Then returns the steps to run once the event is posted. They know how the
// others ended, and the event.
func (p *Plan) Then(results []enrich.Result, e event.Request, posted event.Posted) []enrich.Named {
	ended := byName(results)
	return named(p.then, func(earlier map[string]enrich.Result) map[string]any {
		known := maps.Clone(ended)
		maps.Copy(known, earlier)
		env := p.environment(known)
		env["event"] = map[string]any{"id": posted.ID, "url": posted.URL, "title": e.Headline()}
		return env
	})
}

// named returns steps as the runner wants them. Each is made once those it reads
// have ended, from the environment that their results make.
func named(steps []*step, environment func(earlier map[string]enrich.Result) map[string]any) []enrich.Named {
	all := make([]enrich.Named, len(steps))
	for i, s := range steps {
		all[i] = enrich.Named{
			Name: s.name, After: s.after, Timeout: s.timeout,
			Make: func(earlier map[string]enrich.Result) (enrich.Step, error) {
				return s.make(sync.OnceValue(func() map[string]any { return environment(earlier) }))
			},
		}
	}
	return all
}

// environment is what expressions and templates see: the alert, and all steps,
// those that have not ended as if they had found nothing.
func (p *Plan) environment(ended map[string]enrich.Result) map[string]any {
	views := make(map[string]any, len(p.steps)+len(p.then))
	for _, s := range slices.Concat(p.steps, p.then) {
		if _, taken := views[s.name]; !taken {
			views[s.name] = stepView(s.zero, ended[s.name])
		}
	}
	return withDeadline(map[string]any{"alert": p.alert, "steps": views})
}

// unwrittenIn says where a text could not be written. A value that does not fit has
// words for people and others for the log.
func unwrittenIn(where string, err error) error {
	if _, told := errors.AsType[*fault.Error](err); told {
		return fault.Wrap(where+": the template", err)
	}
	return fmt.Errorf("%s: %w", where, err)
}

func byName(results []enrich.Result) map[string]enrich.Result {
	all := make(map[string]enrich.Result, len(results))
	for _, r := range results {
		all[r.Name] = r
	}
	return all
}

// make makes the step for one alert. Most steps look at nothing, and need no
// environment.
func (s *step) make(environment func() map[string]any) (enrich.Step, error) {
	if s.when != nil {
		holds, err := s.when.holds(new(vm.VM), environment())
		if err != nil {
			return nil, fault.Wrap("its condition could not be evaluated", err)
		}
		if !holds {
			return nil, enrich.Skip("its condition does not hold: " + s.when.source)
		}
	}
	var env map[string]any
	if len(s.with.templates) > 0 {
		env = environment()
	}
	config, err := s.with.render(env)
	// A value that does not fit where it belongs says itself what that means.
	if _, told := errors.AsType[*fault.Error](err); told {
		return nil, err
	}
	if err != nil {
		return nil, fault.New(fault.Permanent, "its settings could not be written out", err)
	}
	return s.kind.New(config, s.cache), nil
}

// Draft returns what the playbook wants the event to say. What cannot be written
// is left to the event's own words, and told.
func (p *Plan) Draft(results []enrich.Result, cycle event.Cycle) (event.Draft, []error) {
	environment := sync.OnceValue(func() map[string]any {
		env := p.environment(byName(results))
		env["cycle"] = map[string]any{"lasted": cycle.Lasted.Seconds(), "notified": int64(cycle.Notified)}
		return env
	})
	var failed []error
	write := func(name string, t *textTemplate) string {
		if t == nil {
			return ""
		}
		text, err := t.render(environment())
		if err != nil {
			failed = append(failed, unwrittenIn(fmt.Sprintf("playbook %s, event.%s", p.Name(), name), err))
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
