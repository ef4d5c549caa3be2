package playbook

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr/conf"

	"boomerang/shared/alert"
	"boomerang/shared/memory"
)

// scope is what an expression or a template can name at one place of a playbook.
type scope struct {
	root     map[string]any // the shapes, by name
	key      string         // equal for scopes with equal shapes
	steps    []*step
	absent   map[string]string // why steps of the playbook cannot be read here, by name
	alone    bool              // its step is the only one that can be read
	suspects string            // the first step that finds suspects
	names    *conf.Config      // the types, for expressions
}

// The shape of a value is what its fields are before there is data: a map that is not
// empty stands for exactly its fields, nil for anything.
var (
	alertShape  = sync.OnceValue(func() map[string]any { return View(alert.Alert{}) })
	memoryShape = sync.OnceValue(func() map[string]any { return shapeOf(memory.Memory{}).(map[string]any) })
	eventShape  = map[string]any{"id": "", "url": "", "title": ""}
)

// Shapes returns the values that expressions and templates can name besides steps, each as it
// is without data. A map that is not empty has exactly its fields.
func Shapes() map[string]any {
	return map[string]any{"alert": alertShape(), "memory": memoryShape(), "cycle": cycleShape(nil), "event": eventShape}
}

// cycleShape is that of the alert's cycle, which keeps these names.
func cycleShape(kept []string) map[string]any {
	texts := make(map[string]any, len(kept))
	for _, name := range kept {
		texts[name] = ""
	}
	return map[string]any{"lasted": 0.0, "notified": int64(0), "kept": texts}
}

// keptPath is the place of the texts that actions keep.
var keptPath = []string{"cycle", "kept"}

// suspectsName is the kind of step whose list has a name of its own.
const suspectsName = "suspects"

// matchScope is that of match, before any step.
func matchScope() *scope {
	return &scope{root: map[string]any{"alert": alertShape(), "memory": memoryShape()}}
}

// newScope returns the scope behind steps, with extra names.
func newScope(steps []*step, absent map[string]string, extra map[string]any) *scope {
	s := matchScope()
	s.steps, s.absent = steps, absent
	maps.Copy(s.root, extra)
	s.key = strings.Join(slices.Sorted(maps.Keys(extra)), " ")
	known := make(map[string]any, len(steps))
	for _, step := range steps {
		known[step.Name] = step.shape
		s.key += "\n" + step.Name + " " + step.kind.Name
	}
	s.root["steps"] = known
	if named := firstOf(steps, suspectsName); named != nil {
		s.suspects, s.root[suspectsName] = named.Name, index(named.shape, suspectsName)
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

// Element is the name of any element of a list in a path.
const Element = "[]"

// resolve returns the shape of a path such as alert.tags.env, or its problem.
func (s *scope) resolve(path []string) (shape any, problem string) {
	if len(path) == 0 {
		return nil, "name a value: " + strings.Join(slices.Sorted(maps.Keys(s.root)), ", ")
	}
	shape, ok := s.root[path[0]]
	switch {
	case !ok && slices.Contains(stepNames(s.steps), path[0]):
		return nil, fmt.Sprintf("unknown name %q; did you mean steps.%[1]s?", path[0])
	case !ok && index(alertShape(), path[0]) != nil:
		return nil, fmt.Sprintf("unknown name %q; did you mean alert.%[1]s?", path[0])
	case !ok:
		return nil, fmt.Sprintf("unknown name %q%s", path[0], Suggest(path[0], slices.Sorted(maps.Keys(s.root))))
	case path[0] == "steps" && len(path) == 1:
		return nil, "name the step: steps.<name>"
	}
	for i, name := range path[1:] {
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
			case !ok && slices.Equal(path[:i+1], keptPath):
				best := cmp.Or(Suggest(name, slices.Sorted(maps.Keys(known))), ": write it below keep of the step that finds it")
				return nil, fmt.Sprintf("no step of a then keeps %q%s", name, best)
			case !ok && len(known) > 0:
				return nil, fmt.Sprintf("%s has no %q%s", s.describe(path[:i+1]), name, s.suggest(path[:i+2], slices.Sorted(maps.Keys(known))))
			}
			shape = inner
		case []any, []string:
			if name != Element {
				return nil, fmt.Sprintf("%s is a list and has no %q", s.describe(path[:i+1]), name)
			}
			shape = elementShape(known)
		default:
			return nil, fmt.Sprintf("%s is a single value and has no %q%s", s.describe(path[:i+1]), name, s.suggest(path[:i+2], nil))
		}
	}
	return shape, ""
}

func (s *scope) unknownStep(name string) string {
	names := stepNames(s.steps)
	best := meant(Closest(name, names))
	switch {
	case s.alone && best == "":
		return fmt.Sprintf("the step %q cannot be read here: keep reads its own step only", name)
	case s.absent[name] != "":
		return fmt.Sprintf("the step %q %s", name, s.absent[name])
	case best == "" && len(names) < len(s.steps):
		return "" // It may be the one without a name, which is a mistake already.
	}
	return fmt.Sprintf("the step %q does not run before this one%s", name, cmp.Or(best, ": add it, or move it before"))
}

// elementShape returns the shape of a list's elements: of the one that it has, if it has one.
func elementShape(list any) any {
	switch list := list.(type) {
	case []string:
		return ""
	case []any:
		if len(list) > 0 {
			return list[0]
		}
	}
	return nil
}

func (s *scope) describe(path []string) string {
	if last := len(path) - 1; path[last] == Element {
		return "an element of " + s.describe(path[:last])
	}
	return strings.ReplaceAll(strings.Join(path, "."), "."+Element, Element)
}

// suggest returns what to write for the last name of a path.
func (s *scope) suggest(path, known []string) string {
	name := path[len(path)-1]
	if _, isRoot := s.root[name]; isRoot {
		return fmt.Sprintf("; inside of range and with write $.%s", name)
	}
	return Suggest(name, known)
}

// stepNames returns the names of steps. A step without a kind may have none.
func stepNames(steps []*step) []string {
	names := make([]string, 0, len(steps))
	for _, s := range steps {
		if s.Name != "" {
			names = append(names, s.Name)
		}
	}
	return names
}

// reads are the steps and all paths that an expression or a template reads.
type reads struct{ steps, paths []string }

func (r *reads) add(more reads) {
	r.steps, r.paths = appendNew(slices.Clip(r.steps), more.steps...), appendNew(slices.Clip(r.paths), more.paths...)
}

// readsBelow reports whether one of the paths is a value or below it.
func (r *reads) readsBelow(parent string) bool {
	return slices.ContainsFunc(r.paths, func(path string) bool { return isBelow(path, parent) })
}

// reader is what an expression or a template reads, and its mistakes.
type reader struct {
	reads
	scope    *scope
	mistakes []Mistake
}

func (c *reader) refuse(at int, format string, args ...any) {
	c.mistakes = append(c.mistakes, Mistake{At: at, Text: fmt.Sprintf(format, args...)})
}

// read notes the step of a path, and reports whether the scope has the path.
func (c *reader) read(at int, path []string) bool {
	_, problem := c.scope.resolve(path)
	if problem != "" {
		c.refuse(at, "%s", problem)
	}
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
	fields := shapeOf(data).(map[string]any)
	fields["ok"] = false
	return shapes{zero, fields}
}

func shapeOf(zero any) any {
	v := viewer{left: maxViewBytes, shape: true}
	return v.view(zero)
}
