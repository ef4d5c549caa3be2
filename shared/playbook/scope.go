package playbook

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"boomerang/shared/alert"
)

// scope is what an expression or a template may name, at one place of a playbook.
type scope struct {
	// names are the first words, alert and others, each with the shape of its value:
	// a map that is not empty stands for an object of these very fields, nil for
	// anything.
	names map[string]any
	// steps are those that have ended there, and later those that have not.
	steps []*step
	later []string
	// key is the same for scopes in which the same is right.
	key string
}

var alertShape = View(alert.Alert{})

// matching is the scope of match.
func matching() *scope { return &scope{names: map[string]any{"alert": alertShape}} }

// after is the scope of whatever runs once these steps have ended.
func after(steps []*step, later []string, more map[string]any) *scope {
	s := &scope{names: map[string]any{"alert": alertShape}, steps: steps, later: later}
	shapes := make(map[string]any, len(steps))
	for _, step := range steps {
		shapes[step.name] = step.shape
		s.key += step.name + " " + step.kind.Name + "\n"
	}
	s.names["steps"] = shapes
	for name, shape := range more {
		s.names[name] = shape
		s.key += name + "\n"
	}
	return s
}

// check returns what is wrong with a path such as alert.tags.env, or "".
func (s *scope) check(path []string) string {
	switch {
	case len(path) == 0:
		return "say which part of everything: " + strings.Join(s.roots(), ", ")
	case path[0] == "steps":
		return s.checkStep(path)
	}
	shape, ok := s.names[path[0]]
	if !ok {
		return fmt.Sprintf("there is no %q here%s", path[0], suggest(path[0], s.roots()))
	}
	return checkFields(path[0], shape, path[1:])
}

func (s *scope) checkStep(path []string) string {
	switch _, begun := s.names["steps"]; {
	case !begun:
		return "no step has run yet when playbooks are matched: use when in a step"
	case len(path) == 1:
		return "name the step: steps.<name>"
	}
	i := slices.IndexFunc(s.steps, func(one *step) bool { return one.name == path[1] })
	switch {
	case i >= 0:
		return checkFields("steps."+path[1], s.steps[i].shape, path[2:])
	case slices.Contains(s.later, path[1]):
		return fmt.Sprintf("the step %q comes later: move it up, before this one", path[1])
	}
	return fmt.Sprintf("there is no step %q before this one%s", path[1], suggest(path[1], stepNames(s.steps)))
}

func (s *scope) roots() []string { return slices.Sorted(maps.Keys(s.names)) }

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
	var shape any = s.names
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

// The shapes of what Then steps and an event's words see besides alert and steps.
var (
	eventShape = map[string]any{"id": "", "url": "", "title": ""}
	cycleShape = map[string]any{"lasted": 0.0, "notified": int64(0)}
)

// shapes returns what is seen of a step that found nothing, and what may be named
// of one: the fields of its Data, or anything where that is no struct.
func shapes(zero any) (view map[string]any, shape any) {
	found := plain{left: maxViewBytes}
	view, isObject := found.of(zero).(map[string]any)
	could := plain{left: maxViewBytes, shape: true}
	fields, _ := could.of(zero).(map[string]any)
	if !isObject || reflect.TypeOf(zero).Kind() != reflect.Struct {
		return view, nil
	}
	fields["ok"] = false
	return view, fields
}
