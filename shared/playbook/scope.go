package playbook

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"boomerang/shared/alert"
)

// scope is what an expression or a template may name, at one place of a playbook.
// Most places have neither, and so most scopes are never asked.
type scope struct {
	// begun is false where no step has run yet.
	begun bool
	// steps are those that have ended there, and later those that have not.
	steps []*step
	later []stepDefinition
	// more are the first words besides alert and steps, with their shapes.
	more map[string]any

	known map[string]any // names, once they were asked for
}

var alertShape = sync.OnceValue(func() map[string]any { return View(alert.Alert{}) })

// matching is the scope of match.
func matching() *scope { return &scope{} }

// after is the scope of whatever runs once these steps have ended.
func after(steps []*step, later []stepDefinition, more map[string]any) *scope {
	return &scope{begun: true, steps: steps, later: later, more: more}
}

// names returns the first words, alert and others, each with the shape of its
// value: a map that is not empty stands for an object of these very fields, nil
// for anything.
func (s *scope) names() map[string]any {
	if s.known != nil {
		return s.known
	}
	s.known = map[string]any{"alert": alertShape()}
	maps.Copy(s.known, s.more)
	if s.begun {
		shapes := make(map[string]any, len(s.steps))
		for _, step := range s.steps {
			shapes[step.name] = step.shape
		}
		s.known["steps"] = shapes
	}
	return s.known
}

// key returns what is the same for scopes in which the same is right.
func (s *scope) key() string {
	if !s.begun {
		return "match"
	}
	var key strings.Builder
	for name := range s.more {
		key.WriteString(name + "\n")
	}
	for _, step := range s.steps {
		key.WriteString(step.name + " " + step.kind.Name + "\n")
	}
	return key.String()
}

// check returns what is wrong with a path such as alert.tags.env, or "".
func (s *scope) check(path []string) string {
	switch {
	case len(path) == 0:
		return "say which part of everything: " + strings.Join(s.roots(), ", ")
	case path[0] == "steps":
		return s.checkStep(path)
	}
	shape, ok := s.names()[path[0]]
	if !ok {
		return fmt.Sprintf("there is no %q here%s", path[0], suggest(path[0], s.roots()))
	}
	return checkFields(path[0], shape, path[1:])
}

func (s *scope) checkStep(path []string) string {
	switch {
	case !s.begun:
		return "no step has run yet when playbooks are matched: use when in a step"
	case len(path) == 1:
		return "name the step: steps.<name>"
	}
	i := slices.IndexFunc(s.steps, func(one *step) bool { return one.name == path[1] })
	switch {
	case i >= 0:
		return checkFields("steps."+path[1], s.steps[i].shape, path[2:])
	case slices.ContainsFunc(s.later, func(one stepDefinition) bool { return one.name() == path[1] }):
		return fmt.Sprintf("the step %q comes later: move it up, before this one", path[1])
	}
	return fmt.Sprintf("there is no step %q before this one%s", path[1], suggest(path[1], stepNames(s.steps)))
}

func (s *scope) roots() []string { return slices.Sorted(maps.Keys(s.names())) }

// checkFields checks a path inside a value of a shape.
func checkFields(name string, shape any, path []string) string {
	if len(path) == 0 || shape == nil {
		return ""
	}
	switch shape := shape.(type) {
	case map[string]string:
		return checkFields(name+"."+path[0], "", path[1:])
	case map[string]any:
		if len(shape) == 0 {
			return ""
		}
		inner, ok := shape[path[0]]
		if !ok {
			known := slices.Sorted(maps.Keys(shape))
			return fmt.Sprintf("%s has no %q%s", name, path[0], suggest(path[0], known))
		}
		return checkFields(name+"."+path[0], inner, path[1:])
	case []any, []string:
		return fmt.Sprintf("%s is a list, and has no %q", name, path[0])
	}
	return fmt.Sprintf("%s is a single value, and has no %q", name, path[0])
}

// look returns the shape at a path that check has found nothing wrong with.
func (s *scope) look(path []string) any {
	var shape any = s.names()
	for _, name := range path {
		switch known := shape.(type) {
		case map[string]any:
			shape = known[name]
		case map[string]string:
			shape = ""
		default:
			return nil
		}
	}
	return shape
}

func stepNames(steps []*step) []string {
	all := make([]string, len(steps))
	for i, s := range steps {
		all[i] = s.name
	}
	return all
}

// reads notes in a list of steps one that a path names.
func reads(steps []string, path []string) []string {
	if len(path) < 2 || path[0] != "steps" || slices.Contains(steps, path[1]) {
		return steps
	}
	return append(steps, path[1])
}

// What Then steps and an event's words see besides alert and steps.
var (
	ofThen  = map[string]any{"event": map[string]any{"id": "", "url": "", "title": ""}}
	ofWords = map[string]any{"cycle": map[string]any{"lasted": 0.0, "notified": int64(0)}}
)

// shapes are what the steps of a kind look like from outside.
type shapes struct {
	zero  map[string]any // what others see of a step that found nothing
	shape any            // what others may name of it, as in a scope
}

// newShapes returns the shapes of steps with this Data: the fields of it, or
// anything where that is no struct.
func newShapes(data any) shapes {
	found := plain{left: maxViewBytes}
	zero, isObject := found.of(data).(map[string]any)
	if !isObject || reflect.TypeOf(data).Kind() != reflect.Struct {
		return shapes{zero: zero}
	}
	could := plain{left: maxViewBytes, shape: true}
	fields, _ := could.of(data).(map[string]any)
	fields["ok"] = false
	return shapes{zero, fields}
}
