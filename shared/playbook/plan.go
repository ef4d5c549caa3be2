package playbook

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/vm"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

// Plan is the steps and the event's texts for one alert.
type Plan struct {
	Names    []string        // of the playbooks that matched, in order
	API      string          // that posts the event
	Limit    int             // events a minute for one monitor, the smallest of all; 0 for any number
	After    []time.Duration // of the follow-ups, those of the first playbook that has any
	Warnings []error         // for the log: expressions that cannot be evaluated
	Unjudged []Unjudged      // of a Judge: the event's templates that read unknown values
	// Cycle returns what is known of the alert's cycle, for steps that read it. Without it,
	// nothing is known.
	Cycle func() event.Cycle

	alert       map[string]any // its View
	memory      map[string]any
	playbooks   []*playbook
	steps, then []*step
	recovered   bool     // of the alert
	kept        []string // the names that cycles keep
	unknown     Unknown  // of a Judge
	stepsText   string   // of a Judge
}

// Name is the first playbook that matched.
func (p *Plan) Name() string { return p.Names[0] }

// add adds a playbook that matched. Of two steps with one name the earlier runs.
func (p *Plan) add(b *playbook) {
	p.playbooks = append(p.playbooks, b)
	p.Names = append(p.Names, b.Name)
	p.API = cmp.Or(p.API, b.Event.API)
	if b.Limit > 0 && (p.Limit == 0 || b.Limit < p.Limit) {
		p.Limit = b.Limit
	}
	if len(p.After) == 0 {
		p.After = b.After
	}
	p.steps = mergeSteps(p.steps, b.steps)
	p.then = mergeSteps(p.then, b.then)
}

// orFallback returns the plan, or that of the book's fallback if no playbook matched.
func (p *Plan) orFallback(b *Book) *Plan {
	if len(p.Names) == 0 {
		p.add(b.fallback)
	}
	p.API = cmp.Or(p.API, APIv1)
	return p
}

func mergeSteps(steps, more []*step) []*step {
	names := stepNames(steps)
	for _, s := range more {
		if !slices.Contains(names, s.Name) {
			steps = append(steps, s)
		}
	}
	return steps
}

// Steps returns the steps to run for the alert.
func (p *Plan) Steps() []enrich.Named {
	all := make([]enrich.Named, len(p.steps))
	for i, s := range p.steps {
		all[i] = enrich.Named{Name: s.Name, ID: s.id(), After: s.steps, Timeout: s.Timeout}
		all[i].Make = func(earlier map[string]enrich.Result) (enrich.Step, error) {
			var env map[string]any
			if s.when != nil || len(s.with.templates) > 0 {
				var cycle event.Cycle
				if s.readsBelow("cycle") {
					cycle = p.cycle()
				}
				env = p.environment(nil, earlier, cycle)
			}
			config, err := s.config(env, nil)
			if err != nil {
				return nil, err
			}
			return enrich.Made{Kind: s.kind, Config: config, Cache: s.Cache}, nil
		}
	}
	return all
}

// cycle is what is known of the alert's cycle.
func (p *Plan) cycle() event.Cycle {
	if p.Cycle == nil {
		return event.Cycle{}
	}
	return p.Cycle()
}

// id names the step among those of all playbooks.
func (s *step) id() string { return s.playbook + "/" + s.Name }

// config returns the Config for an alert, if the condition holds. A step that reads one of
// the pending names of the cycle fails for now.
func (s *step) config(env map[string]any, pending []string) (any, error) {
	if s.when != nil {
		if err := s.when.waits(pending); err != nil {
			return nil, err
		}
	}
	holds, err := s.when.holds(new(vm.VM), env)
	if err != nil {
		return nil, fault.Wrap("its condition could not be evaluated", err)
	}
	if !holds {
		return nil, enrich.Skip("its condition does not hold: " + s.when.source)
	}
	if err := s.waits(pending); err != nil {
		return nil, err
	}
	config, err := s.with.render(env)
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return nil, err // The value of a template does not fit where it stands.
	}
	if err != nil {
		return nil, fault.New(fault.Permanent, "its settings could not be rendered", err)
	}
	return config, nil
}

// environment is what expressions and templates see: the alert, and all steps, those
// that have not ended without findings.
func (p *Plan) environment(results []enrich.Result, earlier map[string]enrich.Result, cycle event.Cycle) map[string]any {
	ended := make(map[string]enrich.Result, len(results)+len(earlier))
	for _, r := range results {
		ended[r.Name] = r
	}
	maps.Copy(ended, earlier)
	views := make(map[string]any, len(p.steps)+len(p.then))
	for _, s := range slices.Concat(p.steps, p.then) {
		if _, taken := views[s.Name]; !taken {
			views[s.Name] = stepView(s.zero, ended[s.Name])
		}
	}
	kept := make(map[string]any, len(p.kept))
	for _, name := range p.kept {
		kept[name] = cycle.Kept[name]
	}
	env := map[string]any{
		"alert": p.alert, "memory": p.memory, "steps": views, suspectsName: []any{},
		"cycle": map[string]any{"lasted": cycle.Lasted.Seconds(), "notified": int64(cycle.Notified), "kept": kept},
	}
	if named := firstOf(p.steps, suspectsName); named != nil {
		env[suspectsName] = views[named.Name].(map[string]any)[suspectsName]
	}
	return withDeadline(env)
}

// Compose returns the event of a draft, for the plan's API.
func (p *Plan) Compose(a alert.Alert, d event.Draft, results []enrich.Result, now time.Time) event.Request {
	if p.API == APIv2 {
		return event.ComposeAlert(a, d, results, now)
	}
	return event.Compose(a, d, results, now)
}

// Draft returns what the playbooks set in the event: the first text of each field that
// Datadog knows, and the tags of all. The errors, which are the draft's warnings too, name the
// templates that failed and the texts that Datadog does not know. The event has its own texts
// in their place.
func (p *Plan) Draft(results []enrich.Result, cycle event.Cycle) (event.Draft, []error) {
	env := p.environment(results, nil, cycle)
	draft := event.Draft{Playbook: p.Name(), Cycle: cycle}
	var warnings []error
	var emptyTitle error
	for _, b := range p.playbooks {
		v := values{playbook: b.Name, api: p.API, ownAPI: cmp.Or(b.Event.API, APIv1)}
		filled, _ := b.event.fill("event", func(path, source string) (string, error) {
			t := b.event.templates[source]
			if p.leavesOpen(b, path, t, source) {
				v.titleFailed = v.titleFailed || path == titleKey
				return "", nil
			}
			text, err := t.render(env)
			if err != nil {
				v.failed(path, err)
			}
			return text, nil
		})
		texts := filled.(eventDefinition)
		if title := strings.TrimSpace(texts.Title); enrich.Line(title, 1) != "" {
			draft.Title = cmp.Or(draft.Title, title)
		} else if b.Event.Title != "" && !v.titleFailed {
			emptyTitle = cmp.Or(emptyTitle, v.emptyTitle())
		}
		draft.Text = cmp.Or(draft.Text, strings.TrimSpace(texts.Text))
		draft.Priority = cmp.Or(draft.Priority, v.known("priority", texts.Priority))
		draft.AlertType = cmp.Or(draft.AlertType, v.known("alert_type", texts.AlertType))
		draft.Source = cmp.Or(draft.Source, v.known("source", texts.Source))
		draft.Device = cmp.Or(draft.Device, v.known("device_name", texts.Device))
		for _, tag := range texts.Tags {
			if tag = strings.TrimSpace(tag); tag != "" {
				draft.Tags = appendNew(draft.Tags, tag)
			}
		}
		warnings = append(warnings, v.warnings...)
	}
	if draft.Title == "" && emptyTitle != nil {
		warnings = append(warnings, emptyTitle)
	}
	for _, w := range warnings {
		draft.Warnings = append(draft.Warnings, fault.Public(w))
	}
	return draft, warnings
}
