// Package playbook decides which steps run for an alert and what its event says.
// A playbook file is YAML, checked strictly and as a whole when it is loaded;
// nothing in an alert can make it do anything but compare and write.
package playbook

import (
	"maps"
	"slices"
	"time"

	"github.com/expr-lang/expr/vm"
	"github.com/goccy/go-yaml/ast"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// The shape of a playbook file. The doc tags are what editors show, and the
// required ones what they miss.
type (
	document struct {
		Playbooks []definition `yaml:"playbooks" required:"true" doc:"The playbooks; the first whose match holds is used."`
	}

	definition struct {
		Name     string           `yaml:"name" required:"true" doc:"The name that events carry as playbook:<name>; lower case, digits and dashes."`
		Match    string           `yaml:"match" doc:"An expression over the alert, such as alert.tags.service == \"checkout\". Left out, the playbook is for every alert."`
		Continue bool             `yaml:"continue" doc:"Go on to the next match after this one, and put its steps into the same event."`
		Limit    int              `yaml:"limit" doc:"At most this many events a minute for one monitor; the alerts beyond it become one summary event. Left out, there is no limit."`
		Steps    []stepDefinition `yaml:"steps" doc:"What to find out, side by side."`
		Event    eventDefinition  `yaml:"event" doc:"What the event says, where that is not what it would say by itself."`
		Then     []stepDefinition `yaml:"then" doc:"Steps to run once the event is posted; they know it as event.id, event.url and event.title."`
	}

	stepDefinition struct {
		Name    string        `yaml:"name" doc:"What the step is called in the event and by later steps (steps.<name>). Left out, it is the name of what it uses."`
		Uses    string        `yaml:"uses" required:"true" doc:"The kind of step."`
		With    ast.Node      `yaml:"with" doc:"The step's own settings; texts may be templates."`
		When    string        `yaml:"when" doc:"An expression; the step is skipped where it does not hold."`
		Timeout time.Duration `yaml:"timeout" doc:"What the step may take, within the time for all steps."`
		Cache   time.Duration `yaml:"cache" doc:"How old what it reads may be; equal reads in this time are asked once. 30s unless set, 0s to ask each time."`
	}

	eventDefinition struct {
		API       string   `yaml:"api" doc:"v1 (the event stream, unless set) or v2 (an alert with structured attributes)."`
		Title     string   `yaml:"title" doc:"A template for the title."`
		Text      string   `yaml:"text" doc:"A template, in markdown, for what stands above the findings in the place of the alert's own message."`
		Tags      []string `yaml:"tags" doc:"Templates for further tags; one that comes out empty is left out."`
		Priority  string   `yaml:"priority" doc:"A template for the priority: normal or low; for v2 1 to 5."`
		AlertType string   `yaml:"alert_type" doc:"A template for the type: error, warning, info or success."`
	}
)

// The ways to post.
const (
	APIv1 = "v1"
	APIv2 = "v2"
)

// Book is a loaded playbook file. It is safe for concurrent use.
type Book struct {
	playbooks []*playbook
	// fallback is used where nothing matches.
	fallback *playbook
}

type playbook struct {
	name  string
	match *expression // nil: every alert
	goOn  bool
	limit int
	steps []*step
	then  []*step
	event words
}

type step struct {
	name string
	kind enrich.Kind
	shapes
	with    with
	when    *expression
	after   []string
	timeout time.Duration
	cache   time.Duration
}

// words are the templates of an event; nil ones leave the event as it is.
type words struct {
	api                              string
	title, text, priority, alertType *textTemplate
	tags                             []*textTemplate
}

// DefaultCache is how old a step's reads may be where a playbook does not say.
const DefaultCache = 30 * time.Second

// Verdict is whether one playbook matched, and why not.
type Verdict struct {
	Playbook string
	Matched  bool
	// False is the part of the expression that was false.
	False string
	// Err is why the expression could not be evaluated, which counts as no match.
	Err error
	// Unreached is true of a playbook after the one that was used.
	Unreached bool
}

// For returns the plan for an alert: the first playbook that matches, with the
// steps of those it continues to, or the fallback.
func (b *Book) For(a alert.Alert) *Plan {
	plan := &Plan{alert: View(a)}
	env := withDeadline(map[string]any{"alert": plan.alert})
	var machine vm.VM
	for _, p := range b.playbooks {
		holds, err := p.match.holds(&machine, env)
		if err != nil {
			plan.Warnings = append(plan.Warnings, fault.Wrap("playbook "+p.name+" does not match", err))
		}
		if !holds {
			continue
		}
		plan.add(p)
		if !p.goOn {
			return plan
		}
	}
	if len(plan.Names) == 0 {
		plan.add(b.fallback)
	}
	return plan
}

// Explain says of every playbook whether it matches an alert, for people who ask
// why another was used.
func (b *Book) Explain(a alert.Alert) []Verdict {
	env := withDeadline(map[string]any{"alert": View(a)})
	var verdicts []Verdict
	ended := false
	for _, p := range b.playbooks {
		v := Verdict{Playbook: p.name, Unreached: ended}
		v.Matched, v.Err = p.match.holds(new(vm.VM), env)
		if !v.Matched {
			v.False = p.match.falsePart(withDeadline(maps.Clone(env)))
		}
		verdicts = append(verdicts, v)
		ended = ended || v.Matched && !p.goOn
	}
	return verdicts
}

// Names returns the playbooks' names and their steps' names, for reports of what
// no test reaches.
func (b *Book) Names() map[string][]string {
	names := map[string][]string{}
	for _, p := range b.playbooks {
		names[p.name] = stepNames(slices.Concat(p.steps, p.then))
	}
	return names
}
