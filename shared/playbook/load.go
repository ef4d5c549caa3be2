package playbook

import (
	_ "embed"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"boomerang/shared/enrich"
)

//go:embed default.yaml
var defaultFile []byte

// Default returns the embedded playbooks: what happens to every alert that no
// playbook of the user's matches.
func Default(kinds []enrich.Kind) (*Book, error) {
	book, err := load("default.yaml", defaultFile, kinds, whole)
	if err != nil {
		return nil, err
	}
	book.fallback = book.playbooks[len(book.playbooks)-1]
	return book, nil
}

// Load reads a playbook file. The error is Problems: everything that is wrong
// with it, each with its place. kinds are the steps that there are.
//
// Of the embedded playbooks it takes the last, for alerts that no other matches.
// Those before it are the user's own, and have no part in this file.
func Load(name string, source []byte, kinds []enrich.Kind) (*Book, error) {
	book, err := load(name, source, kinds, whole)
	if err != nil {
		return nil, err
	}
	embedded, err := load("default.yaml", defaultFile, kinds, closing)
	if err != nil {
		return nil, err
	}
	book.fallback = embedded.playbooks[0]
	return book, nil
}

// These are how much of a file is loaded.
func whole(file document) document { return file }

func closing(file document) document {
	file.Playbooks = file.Playbooks[max(0, len(file.Playbooks)-1):]
	return file
}

func load(name string, source []byte, kinds []enrich.Kind, part func(document) document) (*Book, error) {
	l := &loader{
		decoder: &decoder{file: name}, kinds: kinds,
		language: sync.OnceValue(newLanguage), templates: sync.OnceValue(newTemplates),
		shapes: map[string]shapes{}, compiled: map[compiled]any{},
	}
	var file document
	if root := l.open(source); root != nil {
		l.decode(root, reflect.ValueOf(&file).Elem(), "")
	}
	book := l.book(part(file))
	if len(l.problems) > 0 {
		return nil, l.problems.sorted()
	}
	return book, nil
}

type loader struct {
	*decoder
	kinds []enrich.Kind
	// language and templates take longer to set up than a file that needs neither.
	language  func() *language
	templates func() *templateCompiler
	shapes    map[string]shapes // by the names of kinds
	// compiled are the expressions and templates of this file: playbooks repeat them.
	compiled map[compiled]any
}

type compiled struct {
	kind   string
	source string
	scope  string
}

func (l *loader) book(file document) *Book {
	book := &Book{}
	if len(file.Playbooks) == 0 && len(l.problems) == 0 {
		l.reportAt("playbooks", "it holds no playbook: list them under playbooks")
	}
	taken := map[string]bool{}
	for i, d := range file.Playbooks {
		path := element("playbooks", i)
		p := l.playbook(d, path)
		if taken[p.name] && p.name != "" {
			l.reportAt(path+".name", "there is another playbook %q", p.name)
		}
		taken[p.name] = true
		book.playbooks = append(book.playbooks, p)
	}
	return book
}

// isName reports whether a text can be the name of a playbook or of a step.
func isName(text string) bool {
	const first = "abcdefghijklmnopqrstuvwxyz0123456789"
	return text != "" && len(text) <= 64 && strings.Contains(first, text[:1]) && strings.Trim(text, first+"_-") == ""
}

func (l *loader) playbook(d definition, path string) *playbook {
	if !isName(d.Name) && l.has(path+".name") {
		l.reportAt(path+".name", "a playbook's name is of lower-case letters, digits, - and _, at most 64")
	}
	if d.Limit < 0 {
		l.reportAt(path+".limit", "limit must be a number of events above zero, or be left out")
	}
	p := &playbook{name: d.Name, goOn: d.Continue, limit: d.Limit, match: l.expression(d.Match, path+".match", matching())}
	p.steps = l.steps(d.Steps, path+".steps", nil, nil)
	p.then = l.steps(d.Then, path+".then", p.steps, ofThen)
	p.event = l.words(d.Event, path+".event", after(p.steps, nil, ofWords))
	return p
}

// steps returns the steps of a playbook. They may read those further up, those in
// before, and more.
func (l *loader) steps(definitions []stepDefinition, path string, before []*step, more map[string]any) []*step {
	known := slices.Grow(slices.Clip(before), len(definitions))
	for i, d := range definitions {
		known = append(known, l.step(d, element(path, i), after(known, definitions[i+1:], more)))
	}
	return known[len(before):]
}

func (d stepDefinition) name() string {
	if d.Name == "" {
		return d.Uses
	}
	return d.Name
}

func (l *loader) step(d stepDefinition, path string, known *scope) *step {
	s := &step{name: d.name(), timeout: d.Timeout, cache: DefaultCache}
	if d.Cache > 0 || l.has(path+".cache") {
		s.cache = d.Cache
	}
	if !isName(d.Name) && l.has(path+".name") {
		l.reportAt(path+".name", "a step's name is of lower-case letters, digits, - and _, at most 64")
	}
	if s.name != "" && slices.Contains(stepNames(known.steps), s.name) {
		l.reportAt(path+".name", "there is another step %q: give this one a name of its own", s.name)
	}
	if s.when = l.expression(d.When, path+".when", known); s.when != nil {
		s.after = slices.Clone(s.when.steps) // Others may have the same condition.
	}
	i := slices.IndexFunc(l.kinds, func(k enrich.Kind) bool { return k.Name == d.Uses })
	if i < 0 {
		if l.has(path + ".uses") {
			l.reportAt(path+".uses", "there is no step %q to use%s", d.Uses, suggest(d.Uses, kindNames(l.kinds)))
		}
		return s
	}
	s.kind = l.kinds[i]
	s.shapes = l.shapesOf(s.kind)
	l.with(s, d.With, path+".with", known)
	return s
}

func (l *loader) shapesOf(k enrich.Kind) shapes {
	known, ok := l.shapes[k.Name]
	if !ok {
		known = newShapes(k.Data)
		l.shapes[k.Name] = known
	}
	return known
}

// with decodes a step's own settings into its Config.
func (l *loader) with(s *step, node ast.Node, path string, known *scope) {
	before := len(l.problems)
	s.with = with{config: reflect.New(reflect.TypeOf(s.kind.Config)).Elem()}
	if node != nil {
		l.decode(node, s.with.config, path)
	}
	unfilled := visitTemplates(s.with.config, func(inner, source string, escape escaping) {
		inner = under(path, inner)
		t := l.template(source, inner, known, escape)
		if t == nil {
			return
		}
		s.with.add(source, escape, t)
		for _, name := range t.steps {
			s.after = reads(s.after, []string{"steps", name})
		}
	})
	if len(l.problems) > before {
		return // What is decoded in part would be found wanting once more.
	}
	if v, ok := s.with.config.Interface().(validator); ok {
		unfilled = v.Validate()
	}
	if unfilled == nil && s.kind.Check != nil {
		unfilled = s.kind.Check(s.with.config.Interface())
	}
	l.invalid(unfilled, path)
}

// invalid reports what a Config says of itself: one mistake, or several that are
// joined, each with the field before a colon.
func (l *loader) invalid(err error, path string) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			l.invalid(one, path)
		}
		return
	}
	if err != nil {
		field, _, _ := strings.Cut(err.Error(), ": ")
		l.reportAt(under(path, field), "%s", err)
	}
}

// expression compiles the expression at a path. Without any it returns nil, which
// always holds.
func (l *loader) expression(source, path string, s *scope) *expression {
	if strings.TrimSpace(source) == "" {
		return nil
	}
	key := compiled{"expression", source, s.key()}
	if known, ok := l.compiled[key].(*expression); ok {
		return known
	}
	e, mistakes := l.language().compile(source, s)
	for _, m := range mistakes {
		m.text += l.commented(path)
		l.reportInside(path, m)
	}
	if e != nil {
		l.compiled[key] = e
	}
	return e
}

// commented returns what YAML has to do with a mistake in the text at a path.
func (l *loader) commented(path string) string {
	node, ok := l.find(path).(*ast.StringNode)
	if !ok || node.Token.Type != token.StringType {
		return ""
	}
	written := cursor{lines: l.lines, place: l.begin(node)}
	if strings.Contains(string(written.rest()), " #") {
		return "; what stands behind a # is a comment to YAML: put the expression between single quotes"
	}
	return ""
}

// template compiles the template at a path, or one that is a part of the text
// there. It returns nil for one that is wrong.
func (l *loader) template(source, path string, s *scope, escape escaping) *textTemplate {
	key := compiled{"template " + string(escape), source, s.key()}
	if known, ok := l.compiled[key].(*textTemplate); ok {
		return known
	}
	t, mistakes := l.templates().compile(source, s, escape)
	for _, m := range mistakes {
		if node := l.find(path); node != nil {
			before, _, _ := strings.Cut(scalarText(node), source)
			m.at += utf8.RuneCountInString(before)
		}
		l.reportInside(path, m)
	}
	if t != nil {
		l.compiled[key] = t
	}
	return t
}

func (l *loader) words(d eventDefinition, path string, s *scope) words {
	w := words{api: APIv1}
	if d.API != "" || l.has(path+".api") {
		w.api = d.API
	}
	if w.api != APIv1 && w.api != APIv2 {
		l.reportAt(path+".api", "api must be %s or %s", APIv1, APIv2)
	}
	template := func(source, name string) *textTemplate {
		if source == "" {
			return nil
		}
		return l.template(source, under(path, name), s, escapeNothing)
	}
	w.title = template(d.Title, "title")
	w.text = template(d.Text, "text")
	w.priority = template(d.Priority, "priority")
	w.alertType = template(d.AlertType, "alert_type")
	for i, tag := range d.Tags {
		w.tags = append(w.tags, template(tag, element("tags", i)))
	}
	return w
}

func kindNames(kinds []enrich.Kind) []string {
	all := make([]string, len(kinds))
	for i, k := range kinds {
		all[i] = k.Name
	}
	return all
}
