package playbook

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"boomerang/shared/alert"
	"boomerang/shared/memory"
)

// Unknown are the paths whose values are not known, such as "alert.query" and "memory".
type Unknown []string

// among returns those of the paths that are unknown, in part or as a whole.
func (u Unknown) among(paths []string) (open []string) {
	for _, path := range paths {
		if slices.ContainsFunc(u, func(unknown string) bool { return isBelow(path, unknown) || isBelow(unknown, path) }) {
			open = append(open, path)
		}
	}
	return open
}

func isBelow(path, parent string) bool { return path == parent || strings.HasPrefix(path, parent+".") }

// Unjudged is an expression or a template that reads unknown values.
type Unjudged struct {
	Playbook string
	Key      string // of the playbook: "match", "event.title"
	Source   string
	Needs    []string // the unknown values
	// Steps is the text of all steps whose findings a template can read. Two templates with
	// one source and one text come out equal for all values.
	Steps string
}

// Judge matches alerts that have unknown values, and never guesses these.
type Judge struct {
	book       *Book
	conditions []*part
	steps      map[*playbook]string // the text of its steps
}

// NewJudge returns a judge for a book.
func NewJudge(b *Book) *Judge {
	j := &Judge{book: b, steps: map[*playbook]string{b.fallback: textOfSteps(b.fallback)}}
	for _, p := range b.playbooks {
		j.conditions = append(j.conditions, newPart(p.match))
		j.steps[p] = textOfSteps(p)
	}
	return j
}

// Judgment is what is known of the playbooks that match an alert.
type Judgment struct {
	Open []Unjudged // the conditions that no known value decides

	judge   *Judge
	alert   map[string]any
	unknown Unknown
	answers []answer
}

// Judge evaluates all conditions.
func (j *Judge) Judge(a alert.Alert, unknown Unknown) *Judgment {
	d := &Judgment{judge: j, alert: View(a), unknown: unknown, answers: make([]answer, len(j.conditions))}
	e := evaluation{env: map[string]any{"alert": d.alert, "memory": memoryView(memory.Memory{})}, unknown: unknown}
	for i, p := range j.book.playbooks {
		e.needs = nil
		if d.answers[i] = e.answer(j.conditions[i]); d.answers[i] == open {
			d.Open = append(d.Open, Unjudged{Playbook: p.Name, Key: "match", Source: p.Match, Needs: e.needs})
		}
		if d.answers[i] == yes && !p.Continue {
			break
		}
	}
	return d
}

// Plan returns the plan if the open conditions hold as holds says.
func (d *Judgment) Plan(holds func(condition string) bool) *Plan {
	plan := &Plan{alert: d.alert, memory: memoryView(memory.Memory{}), unknown: d.unknown}
	for i, p := range d.judge.book.playbooks {
		if d.answers[i] != yes && (d.answers[i] == no || !holds(p.Match)) {
			continue
		}
		plan.add(p)
		if !p.Continue {
			break
		}
	}
	plan.orFallback(d.judge.book)
	for _, p := range plan.playbooks {
		plan.stepsText += d.judge.steps[p]
	}
	return plan
}

// leavesOpen reports whether a template of the event reads unknown values, and notes it.
func (p *Plan) leavesOpen(b *playbook, key string, t *textTemplate, source string) bool {
	needs := p.unknown.among(t.paths)
	if len(needs) == 0 {
		return false
	}
	leadsOn := func(path string) bool {
		return slices.ContainsFunc(needs, func(other string) bool { return other != path && isBelow(other, path) })
	}
	unjudged := Unjudged{Playbook: b.Name, Key: key, Source: source, Needs: slices.DeleteFunc(slices.Clone(needs), leadsOn)}
	if len(t.steps) > 0 {
		unjudged.Steps = p.stepsText
	}
	p.Unjudged = append(p.Unjudged, unjudged)
	return true
}

// textOfSteps returns the definitions of the steps before the event.
func textOfSteps(p *playbook) string {
	text, _ := yaml.Marshal(p.Definition.Steps) // Without a text no two templates are equal.
	return string(text)
}
