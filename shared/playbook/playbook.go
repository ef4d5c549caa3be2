// Package playbook decides which steps run for an alert and what its event says. A
// playbook file is YAML; loading it checks all of it. The content of an alert is data:
// it is never evaluated as an expression or a template.
package playbook

import (
	"iter"
	"reflect"
	"slices"
	"time"

	"github.com/expr-lang/expr/vm"
	"go.yaml.in/yaml/v4"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/memory"
)

// The format of a playbook file. The JSON Schema takes its texts from the doc tags, and its
// bounds from min, max and values, which a check holds. A text with the tag texts is one of
// these or a template.
type (
	// Document is a playbook file.
	Document struct {
		Playbooks []Definition `yaml:"playbooks" required:"true" doc:"The playbooks. The first that matches an alert is used."`
	}

	// Definition is a playbook.
	Definition struct {
		Name     string           `yaml:"name" required:"true" pattern:"^[a-z0-9][a-z0-9_-]{0,63}$" doc:"The name, which events carry as the tag playbook:<name>. Lower-case letters, digits and dashes."`
		Match    string           `yaml:"match" doc:"An expression over the alert, such as alert.tags.service == \"checkout\". Default: every alert matches."`
		Continue bool             `yaml:"continue" doc:"Continue to the next playbook that matches, and add its steps, tags, limit and event texts to the same event."`
		Limit    int              `yaml:"limit" min:"1" max:"10000" doc:"The maximum number of events per minute for one monitor, of several playbooks the smallest. Further alerts become one summary event. Default: no limit."`
		After    []time.Duration  `yaml:"after" min:"1m" max:"24h" items:"2" doc:"Times after the alert's event, such as 15m or [15m, 1h], at which a follow-up says what became of the alert, unless it has recovered. From 1m to 24h, at most two. Default: no follow-up."`
		Steps    []stepDefinition `yaml:"steps" doc:"The steps, which run in parallel."`
		Event    eventDefinition  `yaml:"event" doc:"Changes to the event."`
		Then     []stepDefinition `yaml:"then" doc:"Steps that run after the event is posted. They can read event.id, event.url and event.title. One that fails for now is retried for an hour."`
	}

	stepDefinition struct {
		Name    string        `yaml:"name" pattern:"^[a-z0-9][a-z0-9_-]{0,63}$" doc:"The name of the step in the event and in later steps (steps.<name>). Default: the value of uses."`
		Uses    string        `yaml:"uses" required:"true" doc:"The kind of step."`
		With    *yaml.Node    `yaml:"with" doc:"The settings of the step. Texts can be templates."`
		When    string        `yaml:"when" doc:"An expression. The step is skipped if it is false."`
		Timeout time.Duration `yaml:"timeout" min:"10ms" max:"1m" doc:"The timeout of the step, within the time for all steps."`
		Cache   time.Duration `yaml:"cache" min:"0s" max:"24h" doc:"The maximum age of cached reads. Default: 30s; 0s reads each time."`

		// These are for the steps of then only.
		On   string            `yaml:"on" values:"recovery,failure,every" doc:"In then: run on recovery, on failure (all other notifications), or on every one (default)."`
		Once string            `yaml:"once" values:"cycle" doc:"In then: cycle runs the step once from the alert's trigger to its recovery."`
		Keep map[string]string `yaml:"keep" doc:"In then: templates over this step (steps.<name>) and the alert. Later notifications of the cycle read each text as cycle.kept.<name>."`
	}

	eventDefinition struct {
		API       string   `yaml:"api" values:"v1,v2" doc:"The Events API: v1 (default) or v2 (an alert with structured attributes)."`
		Title     string   `yaml:"title" doc:"A template for the title."`
		Text      string   `yaml:"text" doc:"A template, in markdown, for the text above the findings. It replaces the alert's message."`
		Tags      []string `yaml:"tags" doc:"Templates for more tags. Empty ones are left out."`
		Priority  string   `yaml:"priority" texts:"normal,low,1,2,3,4,5" doc:"A template for the priority: normal or low; with v2 1 to 5."`
		AlertType string   `yaml:"alert_type" texts:"error,warning,info,success" doc:"A template for the type: error, warning, info or success."`
		Source    string   `yaml:"source" doc:"A template for the source (source_type_name), such as github: the search source:github finds the event. Only with v1. Default: Datadog's my_apps."`
		Device    string   `yaml:"device_name" doc:"A template for the name of a device. Only with v1."`
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
	fallback  *playbook // for alerts that match nothing
	kinds     []enrich.Kind
	kept      []string // the names that cycles keep
}

type playbook struct {
	Definition
	match       *expression
	steps, then []*step
	event       settings // an eventDefinition
}

type step struct {
	stepDefinition
	playbook string
	kind     enrich.Kind
	shapes
	with  settings // the Config of the kind
	raw   any      // the Config, with its templates
	when  *expression
	reads // of its condition and its settings
	keep  map[string]*textTemplate
}

// DefaultCache is the maximum age of a step's reads where a playbook does not set it.
const DefaultCache = 30 * time.Second

// Shape returns the type of a playbook file, for its JSON Schema. A *yaml.Node stands
// for the Config of a step.
func Shape() reflect.Type { return reflect.TypeFor[Document]() }

// Names returns the playbooks' names and their steps' names.
func (b *Book) Names() map[string][]string {
	names := map[string][]string{}
	for _, p := range b.playbooks {
		names[p.Name] = stepNames(slices.Concat(p.steps, p.then))
	}
	return names
}

// Configs yields the kind and the Config of each step. The Config has its templates, and is nil
// if it has a mistake.
func (b *Book) Configs() iter.Seq2[enrich.Kind, any] {
	return func(yield func(enrich.Kind, any) bool) {
		for _, p := range b.playbooks {
			for _, s := range slices.Concat(p.steps, p.then) {
				if s.kind.Name != "" && !yield(s.kind, s.raw) {
					return
				}
			}
		}
	}
}

// Fallback returns the name of the playbook for alerts that match nothing.
func (b *Book) Fallback() string { return b.fallback.Name }

// Join returns a book of all playbooks, in order, with the fallback of the first.
func Join(first *Book, more ...*Book) *Book {
	all := *first
	for _, b := range more {
		all.playbooks = slices.Concat(all.playbooks, b.playbooks)
		all.kept = appendNew(slices.Clip(all.kept), b.kept...)
	}
	return &all
}

// Kept returns the names that steps of then keep in a cycle.
func (b *Book) Kept() []string { return slices.Clone(b.kept) }

// For returns the plan for an alert with what is known of earlier cycles: the first
// playbook that matches, with those that it continues to, or the fallback.
func (b *Book) For(a alert.Alert, m memory.Memory) *Plan {
	plan := &Plan{alert: View(a), memory: memoryView(m), kept: b.kept, recovered: a.Transition.IsRecovery()}
	env := withDeadline(map[string]any{"alert": plan.alert, "memory": plan.memory})
	var machine vm.VM
	for _, p := range b.playbooks {
		holds, err := p.match.holds(&machine, env)
		if err != nil {
			plan.Warnings = append(plan.Warnings, fault.Wrap("playbook "+p.Name+" does not match", err))
		}
		if !holds {
			continue
		}
		plan.add(p)
		if !p.Continue {
			break
		}
	}
	return plan.orFallback(b)
}

// Verdict says whether one playbook matched, and why not.
type Verdict struct {
	Playbook  string
	Matched   bool
	Clauses   []Clause // the operands of the expression's &&
	False     string   // the first of them that is false
	Err       error    // the expression cannot be evaluated, which counts as no match
	Unreached bool     // a playbook before this one ended the matching
}

// Clause is a part of an expression.
type Clause struct {
	Text  string
	Holds bool
}

// Explain returns a verdict on each playbook.
func (b *Book) Explain(a alert.Alert, m memory.Memory) []Verdict {
	env := map[string]any{"alert": View(a), "memory": memoryView(m)}
	var verdicts []Verdict
	ended := false
	for _, p := range b.playbooks {
		v := Verdict{Playbook: p.Name, Unreached: ended}
		v.Matched, v.Err = p.match.holds(new(vm.VM), withDeadline(env))
		v.Clauses = newPart(p.match).clauses(env)
		if i := slices.IndexFunc(v.Clauses, func(c Clause) bool { return !c.Holds }); !v.Matched {
			v.False = p.match.source
			if i >= 0 {
				v.False = v.Clauses[i].Text
			}
		}
		verdicts = append(verdicts, v)
		ended = ended || v.Matched && !p.Continue
	}
	return verdicts
}
