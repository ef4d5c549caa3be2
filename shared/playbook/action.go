package playbook

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.yaml.in/yaml/v4"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

// The notifications on which a step of then runs, and how often it does.
const (
	onRecovery = "recovery"
	onFailure  = "failure"
	onEvery    = "every"
	onceCycle  = "cycle"
)

// The bounds of what the cycle keeps for a playbook.
const (
	maxKept      = 10
	maxKeptBytes = 1 << 10
)

// Action is a step of then for one alert.
type Action struct {
	saved enrich.Action
	with  atomic.Pointer[string] // the rendered settings
	make  func(earlier map[string]enrich.Result) (enrich.Step, error)
	after []string
	zero  map[string]any // the view of the step without a finding
	keep  map[string]*textTemplate
	alert map[string]any
	// Applies says that the step runs on the alert, unless its condition is false.
	Applies bool
}

// Then returns the steps to run after the event is posted. They can read all results, the
// cycle and the event.
func (p *Plan) Then(results []enrich.Result, title string, posted event.Posted) []*Action {
	view := map[string]any{"id": posted.ID, "url": posted.URL, "title": title}
	actions := make([]*Action, len(p.then))
	for i, s := range p.then {
		a := &Action{after: s.steps, zero: s.zero, keep: s.keep, alert: p.alert, Applies: s.runsOn(p.recovered)}
		a.saved = enrich.Action{Playbook: s.playbook, Step: s.Name, Kind: s.kind.Name, Timeout: s.Timeout, Once: s.Once != "", Keep: s.Keep}
		a.make = func(earlier map[string]enrich.Result) (enrich.Step, error) {
			if !a.Applies {
				return nil, enrich.Skip("it runs on " + s.On + " only")
			}
			cycle := p.cycle()
			env := p.environment(results, earlier, cycle)
			env["event"] = view
			config, err := s.config(env, cycle.Pending)
			if err != nil {
				return nil, err
			}
			return a.of(s.kind, config, s.Cache)
		}
		actions[i] = a
	}
	return actions
}

// Acts reports whether a step of then runs on this alert, unless its condition is false.
func (p *Plan) Acts() bool {
	return slices.ContainsFunc(p.then, func(s *step) bool { return s.runsOn(p.recovered) })
}

// ReadsKept returns the names that the steps and the event read of what the cycle keeps.
func (p *Plan) ReadsKept() (names []string) {
	for _, name := range p.kept {
		if slices.ContainsFunc(slices.Concat(p.steps, p.then), func(s *step) bool { return s.readsKept(name) }) ||
			slices.ContainsFunc(p.playbooks, func(b *playbook) bool { return b.event.readsKept(name) }) {
			names = append(names, name)
		}
	}
	return names
}

// NeedsCycle reports whether a step that runs on this alert runs once a cycle, or keeps texts.
func (p *Plan) NeedsCycle() bool {
	return slices.ContainsFunc(p.then, func(s *step) bool { return s.runsOn(p.recovered) && (s.Once != "" || len(s.Keep) > 0) })
}

// Keeps returns the names that the cycle keeps of this alert's actions.
func (p *Plan) Keeps() (names []string) {
	for _, s := range p.then {
		if s.runsOn(p.recovered) {
			names = appendNew(names, slices.Sorted(maps.Keys(s.Keep))...)
		}
	}
	return names
}

func (s *step) runsOn(recovered bool) bool {
	return s.On == "" || s.On == onEvery || (s.On == onRecovery) == recovered
}

// readsKept reports whether a name that the cycle keeps is read.
func (r *reads) readsKept(name string) bool {
	return r.readsBelow(strings.Join(append(slices.Clone(keptPath), name), "."))
}

// waits returns an error if what is read will be known later.
func (r *reads) waits(pending []string) error {
	for _, name := range pending {
		if r.readsKept(name) {
			return fault.New(fault.Temporary, "it waits for "+name+", which a step of an earlier notification has still to keep", nil)
		}
	}
	return nil
}

// Resume returns an action whose settings are rendered. The error says that this version
// cannot run it.
func (b *Book) Resume(of alert.Alert, saved enrich.Action) (*Action, error) {
	i := slices.IndexFunc(b.kinds, func(k enrich.Kind) bool { return k.Name == saved.Kind })
	if i < 0 {
		return nil, unloadable(saved, fmt.Errorf("unknown step %q", saved.Kind))
	}
	kind := b.kinds[i]
	config := reflect.New(reflect.TypeOf(kind.Config))
	if err := Read("settings", []byte(saved.With), config.Interface(), nil).Err(); err != nil {
		return nil, unloadable(saved, err)
	}
	known := &step{stepDefinition: stepDefinition{Name: saved.Step}, kind: kind, shapes: newShapes(kind.Data)}
	a := &Action{saved: saved, zero: known.zero, keep: map[string]*textTemplate{}, alert: View(of), Applies: true}
	a.make = func(map[string]enrich.Result) (enrich.Step, error) { return a.of(kind, config.Elem().Interface(), 0) }
	for name, source := range saved.Keep {
		compiled, mistakes := compileTemplate(source, keepScope(known), nil)
		if len(mistakes) > 0 {
			return nil, unloadable(saved, errors.New("keep."+name+": "+mistakes[0].Text))
		}
		a.keep[name] = compiled
	}
	return a, nil
}

func unloadable(saved enrich.Action, err error) error {
	return fault.New(fault.Permanent, fmt.Sprintf(
		"the step %s of the playbook %s does not load in this version; deploy the version that queued it, then redrive the dead-letter queue", saved.Step, saved.Playbook), err)
}

// of returns the step with a Config, which it saves first.
func (a *Action) of(kind enrich.Kind, config any, cache time.Duration) (enrich.Step, error) {
	text, err := yaml.Dump(config)
	if err != nil {
		return nil, fault.New(fault.Internal, "its settings cannot be written as YAML", err)
	}
	with := string(text)
	a.with.Store(&with)
	return enrich.Made{Kind: kind, Config: config, Cache: cache}, nil
}

// Saved returns the action as a later run can resume it. It has no settings if they are not
// rendered.
func (a *Action) Saved() enrich.Action {
	saved := a.saved
	if with := a.with.Load(); with != nil {
		saved.With = *with
	}
	return saved
}

// Named returns the action for the runner, which makes it once the actions that it reads
// have ended.
func (a *Action) Named() enrich.Named {
	return enrich.Named{Name: a.saved.Step, ID: a.saved.ID(), After: a.after, Timeout: a.saved.Timeout, Make: a.make}
}

// Kept returns what the cycle keeps of a finding. The errors name what it cannot keep.
func (a *Action) Kept(found enrich.Finding) (map[string]string, []error) {
	view := stepView(a.zero, enrich.Result{Status: enrich.OK, Finding: found})
	env := withDeadline(map[string]any{"alert": a.alert, "steps": map[string]any{a.saved.Step: view}})
	kept := map[string]string{}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(a.keep)) {
		text, err := a.keep[name].render(env)
		text = strings.TrimSpace(text)
		switch {
		case err == nil && text == "":
			err = errors.New("the template came out empty")
		case err == nil && len(text) > maxKeptBytes:
			err = errors.New("the text is longer than 1 KiB")
		}
		if err != nil {
			problems = append(problems, fault.New(fault.Permanent, fmt.Sprintf("playbook %s, %s, keep.%s: %s", a.saved.Playbook, a.saved.Step, name, err), nil))
			continue
		}
		kept[name] = text
	}
	return kept, problems
}

// keptNames returns the names that the playbooks of a file keep.
func keptNames(file Document) (names []string) {
	for _, p := range file.Playbooks {
		for _, s := range p.Then {
			names = appendNew(names, slices.Sorted(maps.Keys(s.Keep))...)
		}
	}
	return names
}

// keepScope is that of the keep of a step, which reads that step only.
func keepScope(of *step) *scope {
	return &scope{
		key:   "keep " + of.Name + " " + of.kind.Name,
		root:  map[string]any{"alert": alertShape(), "steps": map[string]any{of.Name: of.shape}},
		steps: []*step{of},
		alone: true,
	}
}

// keptForm is that of names that a template can read as a field.
var keptForm = alert.Pattern(`^[a-z][a-z0-9_]{0,63}$`)

// actions checks the keys of the steps of then, and compiles what they keep.
func (l *loader) actions(steps []*step, path string) {
	var names []string
	for i, s := range steps {
		at := element(path, i)
		s.keep = make(map[string]*textTemplate, len(s.Keep))
		for _, name := range slices.Sorted(maps.Keys(s.Keep)) {
			l.keep(s, name, under(at+".keep", name))
			names = appendNew(names, name)
		}
		if len(names) > maxKept {
			l.Report(at+".keep", "a playbook keeps at most %d names", maxKept)
			names = nil
		}
	}
}

func (l *loader) keep(s *step, name, path string) {
	if !keptForm().MatchString(name) {
		l.Report(path, "the name %q must start with a lower-case letter and have letters, digits and _ only, at most 64, so that templates can read cycle.kept.<name>", name)
	}
	source := s.Keep[name]
	if strings.TrimSpace(source) == "" {
		l.Report(path, "keep.%s needs a template, such as {{ .steps.%s.body.id }}", name, s.Name)
	}
	if s.kind.Name == "" {
		return // It is reported as an unknown step.
	}
	s.keep[name] = l.template(source, path, keepScope(s))
}

// refuseActionKeys reports the keys of actions in a step before the event.
func (l *loader) refuseActionKeys(path string) {
	for _, key := range []string{"on", "once", "keep"} {
		if l.has(under(path, key)) {
			l.Report(under(path, key), "%s is for the steps of then only: use when, or move the step into then", key)
		}
	}
}
