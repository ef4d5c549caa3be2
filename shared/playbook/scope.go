package playbook

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"boomerang/shared/alert"
	"boomerang/shared/memory"
)

// scope is what an expression or a template can name at one place of a playbook.
type scope struct {
	root     map[string]any // the shapes, by name
	key      string         // equal for scopes with equal shapes
	steps    []*step
	later    []stepDefinition
	suspects string // the first step that finds suspects
}

// The shape of a value is what its fields are before there is data: a map that is not
// empty stands for exactly its fields, nil for anything.
var (
	alertShape  = sync.OnceValue(func() map[string]any { return View(alert.Alert{}) })
	memoryShape = sync.OnceValue(func() map[string]any { return memoryView(memory.Memory{}) })
	thenShape   = map[string]any{"event": map[string]any{"id": "", "url": "", "title": ""}}
	eventShape  = map[string]any{"cycle": map[string]any{"lasted": 0.0, "notified": int64(0)}}
)

// suspectsName is the kind of step whose list has a name of its own.
const suspectsName = "suspects"

// matchScope is that of match, before any step.
var matchScope = sync.OnceValue(func() *scope {
	return &scope{key: "match", root: map[string]any{"alert": alertShape(), "memory": memoryShape()}}
})

// newScope returns the scope behind steps, with extra names.
func newScope(steps []*step, later []stepDefinition, extra map[string]any) *scope {
	s := &scope{root: maps.Clone(matchScope().root), steps: steps, later: later}
	maps.Copy(s.root, extra)
	known := make(map[string]any, len(steps))
	s.key = strings.Join(slices.Sorted(maps.Keys(extra)), " ")
	for _, step := range steps {
		known[step.Name] = step.shape
		s.key += "\n" + step.Name + " " + step.kind.Name
	}
	s.root["steps"] = known
	if named := firstOf(steps, suspectsName); named != nil {
		s.suspects, s.root[suspectsName] = named.Name, []any{}
	}
	return s
}

func firstOf(steps []*step, kind string) *step {
	for _, one := range steps {
		if one.kind.Name == kind {
			return one
		}
	}
	return nil
}

// resolve returns the shape of a path such as alert.tags.env, or its problem.
func (s *scope) resolve(path []string) (shape any, problem string) {
	if len(path) == 0 {
		return nil, "name a value: " + strings.Join(slices.Sorted(maps.Keys(s.root)), ", ")
	}
	shape, ok := s.root[path[0]]
	switch {
	case !ok && path[0] == "steps":
		return nil, "match runs before all steps: use when in a step"
	case !ok && path[0] == suspectsName:
		return nil, "no step suspects runs before this: add one, or move it before"
	case !ok:
		return nil, fmt.Sprintf("unknown name %q%s", path[0], suggest(path[0], slices.Sorted(maps.Keys(s.root))))
	case path[0] == "steps" && len(path) == 1:
		return nil, "name the step: steps.<name>"
	}
	for i, name := range path[1:] {
		parent := path[:i+1]
		switch known := shape.(type) {
		case nil:
			return nil, ""
		case map[string]string:
			shape = ""
		case map[string]any:
			inner, ok := known[name]
			switch {
			case !ok && i == 0 && path[0] == "steps":
				return nil, s.unknownStep(name)
			case !ok && len(known) > 0:
				return nil, fmt.Sprintf("%s has no %q%s", strings.Join(parent, "."), name, suggest(name, slices.Sorted(maps.Keys(known))))
			}
			shape = inner
		case []any, []string:
			return nil, fmt.Sprintf("%s is a list and has no %q", strings.Join(parent, "."), name)
		default:
			return nil, fmt.Sprintf("%s is a single value and has no %q", strings.Join(parent, "."), name)
		}
	}
	return shape, ""
}

func (s *scope) unknownStep(name string) string {
	if slices.ContainsFunc(s.later, func(d stepDefinition) bool { return d.Name == name }) {
		return fmt.Sprintf("the step %q comes later: move it before this one", name)
	}
	return fmt.Sprintf("there is no step %q before this one%s", name, suggest(name, stepNames(s.steps)))
}

func stepNames(steps []*step) []string {
	names := make([]string, len(steps))
	for i, s := range steps {
		names[i] = s.Name
	}
	return names
}

// checks are what an expression or a template reads, and its mistakes.
type checks struct {
	scope    *scope
	strict   bool // refuses what can never hold, too
	steps    []string
	paths    []string
	mistakes []mistake
}

func (c *checks) refuse(at int, format string, args ...any) {
	c.mistakes = append(c.mistakes, mistake{at, fmt.Sprintf(format, args...)})
}

// read notes a path and its step, and reports whether the scope has the path.
func (c *checks) read(at int, path []string) bool {
	_, problem := c.scope.resolve(path)
	if problem != "" {
		c.refuse(at, "%s", problem)
	}
	c.paths = appendNew(c.paths, strings.Join(path, "."))
	if len(path) > 1 && path[0] == "steps" {
		c.steps = appendNew(c.steps, path[1])
	}
	if len(path) > 0 && path[0] == suspectsName && c.scope.suspects != "" {
		c.steps = appendNew(c.steps, c.scope.suspects)
	}
	return problem == ""
}

// appendNew appends the names that are not in a list.
func appendNew(list []string, names ...string) []string {
	for _, name := range names {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// shapes are what other steps see of the steps of a kind.
type shapes struct {
	zero  map[string]any // the view of a step without a finding
	shape any
}

// newShapes returns the shapes for a kind's Data. Data other than a struct can have
// any fields.
func newShapes(data any) shapes {
	zeros := viewer{left: maxViewBytes}
	zero, isObject := zeros.view(data).(map[string]any)
	if !isObject || reflect.TypeOf(data).Kind() != reflect.Struct {
		return shapes{zero: zero}
	}
	all := viewer{left: maxViewBytes, followNil: true}
	fields, _ := all.view(data).(map[string]any)
	fields["ok"] = false
	return shapes{zero, fields}
}
