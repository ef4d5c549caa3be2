package playbook

import (
	"cmp"
	_ "embed"
	"io/fs"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr/conf"
	"go.yaml.in/yaml/v4"

	"boomerang/shared/enrich"
)

// DefaultFile is the name of the embedded playbooks.
const DefaultFile = "default.yaml"

//go:embed default.yaml
var defaultFile []byte

// OwnFolder is the folder of the playbooks of those who deploy, which Own has.
const OwnFolder = "own"

// DefaultSource returns the file of the embedded playbooks.
func DefaultSource() []byte { return slices.Clone(defaultFile) }

// Default returns the embedded playbooks.
func Default(kinds []enrich.Kind) (*Book, error) {
	book, source, _ := load(DefaultFile, defaultFile, kinds, nil)
	if err := source.Err(); err != nil {
		return nil, err
	}
	book.fallback = book.playbooks[len(book.playbooks)-1]
	return book, nil
}

// Deployed returns the playbook files in a folder, in the order of their names, and then
// the embedded playbooks.
func Deployed(folder fs.FS, kinds []enrich.Kind) (*Book, error) {
	book, err := Default(kinds)
	if err != nil {
		return nil, err
	}
	files, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, err
	}
	var own []*playbook
	for _, file := range files {
		if !isFile(file.Name()) || file.IsDir() {
			continue
		}
		source, err := fs.ReadFile(folder, file.Name())
		if err != nil {
			return nil, err
		}
		more, checked, _ := load(path.Join(OwnFolder, file.Name()), source, kinds, nil)
		if err := checked.Err(); err != nil {
			return nil, err
		}
		own = append(own, more.playbooks...)
		book.kept = appendNew(book.kept, more.kept...)
	}
	book.playbooks = append(own, book.playbooks...)
	return book, nil
}

// isFile reports whether a name in OwnFolder is that of a playbook file. Tests have their
// own ending, and tables are CSV files or in a folder below.
func isFile(name string) bool {
	return !strings.HasSuffix(name, ".test.yaml") && (path.Ext(name) == ".yaml" || path.Ext(name) == ".yml")
}

// Load reads a playbook file with steps of these kinds. The last embedded playbook is
// its fallback. The error is Problems: everything that keeps the file from use.
func Load(name string, source []byte, kinds []enrich.Kind) (*Book, error) {
	book, read, _ := load(name, source, kinds, nil)
	if err := read.Err(); err != nil {
		return nil, err
	}
	embedded, err := Default(kinds)
	if err != nil {
		return nil, err
	}
	book.fallback = embedded.fallback
	return book, nil
}

func load(name string, content []byte, kinds []enrich.Kind, checks *Checks) (*Book, *Source, Document) {
	var file Document
	l := &loader{Source: Read(name, content, &file, checks), kinds: kinds, compiled: map[string]any{}}
	return l.book(file), l.Source, file
}

// loader checks a decoded file and compiles it.
type loader struct {
	*Source
	kinds    []enrich.Kind
	cycle    map[string]any    // the shape of the alert's cycle
	absent   map[string]string // why the steps of a playbook cannot be read yet, by name
	compiled map[string]any    // by scope and source, because playbooks repeat them
}

func (l *loader) book(file Document) *Book {
	book := &Book{kinds: l.kinds, kept: keptNames(file)}
	l.cycle = cycleShape(book.kept)
	if len(file.Playbooks) == 0 && len(l.problems) == 0 {
		l.Report("playbooks", "there is no playbook: list them under playbooks")
	}
	taken := map[string]bool{}
	for i, d := range file.Playbooks {
		path := element("playbooks", i)
		if taken[d.Name] && d.Name != "" {
			l.Report(path+".name", "there is another playbook %q", d.Name)
		}
		taken[d.Name] = true
		book.playbooks = append(book.playbooks, l.playbook(d, path))
	}
	return book
}

func (l *loader) playbook(d Definition, path string) *playbook {
	if d.Limit < 0 && l.checks == nil { // A check holds the bounds.
		l.Report(path+".limit", "limit must be a number of events above zero, or be left out")
	}
	p := &playbook{Definition: d}
	p.match = l.expression(d.Match, path+".match", matchScope())
	l.checkAfter(p, path+".after")
	l.absent = map[string]string{}
	for _, s := range d.Then {
		l.absent[cmp.Or(s.Name, s.Uses)] = "runs after the event is posted: move it into steps"
	}
	p.steps = l.steps(d.Name, d.Steps, path+".steps", nil, map[string]any{"cycle": l.cycle})
	p.event, _ = l.settings(d.Event, path+".event", newScope(p.steps, l.absent, map[string]any{"cycle": l.cycle}))
	p.then = l.steps(d.Name, d.Then, path+".then", p.steps, map[string]any{"cycle": l.cycle, "event": eventShape})
	for i := range d.Steps {
		l.refuseActionKeys(element(path+".steps", i))
	}
	l.actions(p.then, path+".then")
	return p
}

// steps returns the steps of a playbook's list. They can read the steps before them and
// extra names.
func (l *loader) steps(playbook string, definitions []stepDefinition, path string, before []*step, extra map[string]any) []*step {
	for i, d := range definitions {
		definitions[i].Name = cmp.Or(d.Name, d.Uses)
		if definitions[i].Cache == 0 && !l.has(element(path, i)+".cache") {
			definitions[i].Cache = DefaultCache
		}
		l.absent[definitions[i].Name] = "comes later: move it before this one"
	}
	steps := slices.Grow(slices.Clip(before), len(definitions))
	for i, d := range definitions {
		l.absent[d.Name] = "cannot read itself"
		steps = append(steps, l.step(playbook, d, element(path, i), newScope(steps, l.absent, extra)))
	}
	return steps[len(before):]
}

func (l *loader) step(playbook string, d stepDefinition, path string, known *scope) *step {
	s := &step{stepDefinition: d, playbook: playbook}
	if s.Name != "" && slices.Contains(stepNames(known.steps), s.Name) {
		l.Report(path+".name", "there is another step %q: give this one its own name", s.Name)
	}
	if s.when = l.expression(d.When, path+".when", known); s.when != nil {
		s.reads.add(s.when.reads)
	}
	var names []string
	for _, kind := range l.kinds {
		if kind.Name == d.Uses {
			s.kind = kind
			l.with(s, path+".with", known)
			return s
		}
		names = append(names, kind.Name)
	}
	if node := l.nodes[path+".uses"]; node != nil && node.Kind == yaml.ScalarNode {
		l.Report(path+".uses", "unknown step %q%s", d.Uses, Suggest(d.Uses, names))
	}
	return s
}

// with checks the settings of a step and compiles their templates.
func (l *loader) with(s *step, path string, known *scope) {
	s.shapes = newShapes(s.kind.Data)
	config := reflect.New(reflect.TypeOf(s.kind.Config)).Elem()
	before := len(l.problems)
	if s.With != nil {
		l.decode(s.With, config, path)
	}
	compiled, err := l.settings(s.kind.Config, path, known)
	s.with = compiled
	s.reads.add(compiled.reads)
	if len(l.problems) > before || l.unknown[strings.TrimSuffix(path, ".with")] {
		return // A Config in part fails its own checks, too.
	}
	if v, ok := config.Interface().(interface{ Validate() error }); ok {
		err = cmp.Or(v.Validate(), err)
	}
	if err == nil {
		s.raw = config.Interface()
	}
	if err == nil && s.kind.Check != nil {
		err = s.kind.Check(s.raw)
	}
	l.invalid(err, path, known)
}

// invalid reports the errors of a Config, which start with the field and a colon. A template
// that a Config cannot read has the mistakes that any template has.
func (l *loader) invalid(err error, path string, known *scope) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			l.invalid(one, path, known)
		}
	} else if err != nil {
		field, problem, _ := strings.Cut(err.Error(), ": ")
		node, isText := l.nodes[under(path, field)]
		if isText && strings.HasPrefix(problem, "invalid template: ") && l.template(node.Value, under(path, field), known) == nil {
			return
		}
		l.Report(under(path, field), "%s", err)
	}
}

// settings compiles the templates of the settings at a path.
func (l *loader) settings(zero any, path string, known *scope) (compiled settings, err error) {
	compiled = settings{of: reflect.TypeOf(zero), node: l.nodes[path]}
	if compiled.node == nil {
		return compiled, nil
	}
	compiled.templates = map[string]*textTemplate{}
	_, err = compiled.fill(path, func(path, source string) (string, error) {
		if t := l.template(source, path, known); t != nil {
			compiled.templates[source] = t
			compiled.add(t.reads)
		}
		return "0", nil
	})
	return compiled, err
}

// expression compiles the expression at a path.
func (l *loader) expression(source, path string, s *scope) *expression {
	if strings.TrimSpace(source) == "" {
		return nil
	}
	return once(l, s, source, func() *expression {
		s.names = once(l, s, "", func() *conf.Config { return s.config(l.checks != nil) })
		compiled, mistakes := compileExpression(source, s, l.checks)
		l.reportIn(path, Expression, source, mistakes)
		return compiled
	})
}

// template compiles a template in the text at a path.
func (l *loader) template(source, path string, s *scope) *textTemplate {
	return once(l, s, source, func() *textTemplate {
		compiled, mistakes := compileTemplate(source, s, l.checks)
		l.reportIn(path, Template, source, mistakes)
		return compiled
	})
}

// once returns what was made of a source in a scope before. A check makes it at each place, to
// report it there.
func once[T any](l *loader, s *scope, source string, compile func() T) T {
	key := s.key + "\n" + source
	known, ok := l.compiled[key].(T)
	if !ok || l.checks != nil {
		known = compile()
		l.compiled[key] = known
	}
	return known
}
