package playbook

import (
	_ "embed"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"boomerang/shared/enrich"
)

//go:embed default.yaml
var defaultFile []byte

// Default returns the embedded playbooks.
func Default(kinds []enrich.Kind) (*Book, error) {
	book, err := load("default.yaml", defaultFile, kinds)
	if err != nil {
		return nil, err
	}
	book.fallback = book.playbooks[len(book.playbooks)-1]
	return book, nil
}

// Load reads a playbook file with steps of these kinds. The last embedded playbook is
// its fallback. The error is Problems: everything that is wrong with the file.
func Load(name string, source []byte, kinds []enrich.Kind) (*Book, error) {
	book, err := load(name, source, kinds)
	if err != nil {
		return nil, err
	}
	embedded, err := Default(kinds)
	if err != nil {
		return nil, err
	}
	book.fallback = embedded.fallback
	return book, nil
}

func load(name string, content []byte, kinds []enrich.Kind) (*Book, error) {
	var file document
	l := &loader{Source: Read(name, content, &file), kinds: kinds, shapes: map[string]shapes{}, compiled: map[compiledKey]any{}}
	book := l.book(file)
	if err := l.Err(); err != nil {
		return nil, err
	}
	return book, nil
}

// loader checks a decoded file and compiles it.
type loader struct {
	*Source
	kinds     []enrich.Kind
	language  *language
	templates *templateCompiler
	shapes    map[string]shapes   // by kind
	compiled  map[compiledKey]any // expressions and templates, which playbooks repeat
}

type compiledKey struct{ kind, source, scope string }

func (l *loader) book(file document) *Book {
	book := &Book{}
	if len(file.Playbooks) == 0 && len(l.problems) == 0 {
		l.Report("playbooks", "there is no playbook: list them under playbooks")
	}
	taken := map[string]bool{}
	for i, d := range file.Playbooks {
		path := element("playbooks", i)
		p := l.playbook(d, path)
		if taken[p.name] && p.name != "" {
			l.Report(path+".name", "there is another playbook %q", p.name)
		}
		taken[p.name] = true
		book.playbooks = append(book.playbooks, p)
	}
	return book
}

func (l *loader) playbook(d definition, path string) *playbook {
	l.checkName(d.Name, path, "a playbook's name")
	if d.Limit < 0 {
		l.Report(path+".limit", "limit must be a number of events above zero, or be left out")
	}
	p := &playbook{name: d.Name, continueMatching: d.Continue, limit: d.Limit}
	p.match = l.expression(d.Match, path+".match", &scope{matching: true})
	p.steps = l.steps(d.Steps, path+".steps", nil, nil)
	p.then = l.steps(d.Then, path+".then", p.steps, thenShape)
	p.event = l.texts(d.Event, path+".event", &scope{steps: p.steps, extra: eventShape})
	return p
}

func (l *loader) checkName(name, path, what string) {
	const first = "abcdefghijklmnopqrstuvwxyz0123456789"
	isName := name != "" && len(name) <= 64 && strings.Contains(first, name[:1]) && strings.Trim(name, first+"_-") == ""
	if path += ".name"; !isName && l.has(path) {
		l.Report(path, "%s has lower-case letters, digits, - and _, at most 64", what)
	}
}

// steps returns the steps of a list. They can read the steps before them and extra names.
func (l *loader) steps(definitions []stepDefinition, path string, before []*step, extra map[string]any) []*step {
	steps := slices.Grow(slices.Clip(before), len(definitions))
	for i, d := range definitions {
		steps = append(steps, l.step(d, element(path, i), &scope{steps: steps, later: definitions[i+1:], extra: extra}))
	}
	return steps[len(before):]
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
	l.checkName(d.Name, path, "a step's name")
	if s.name != "" && slices.Contains(stepNames(known.steps), s.name) {
		l.Report(path+".name", "there is another step %q: give this one its own name", s.name)
	}
	if s.when = l.expression(d.When, path+".when", known); s.when != nil {
		s.after = slices.Clone(s.when.steps) // Other steps may share the expression.
	}
	i := slices.IndexFunc(l.kinds, func(k enrich.Kind) bool { return k.Name == d.Uses })
	if i < 0 {
		if l.has(path + ".uses") {
			l.Report(path+".uses", "unknown step %q%s", d.Uses, suggest(d.Uses, kindNames(l.kinds)))
		}
		return s
	}
	s.kind = l.kinds[i]
	if _, ok := l.shapes[s.kind.Name]; !ok {
		l.shapes[s.kind.Name] = newShapes(s.kind.Data)
	}
	s.shapes = l.shapes[s.kind.Name]
	l.with(s, d.With, path+".with", known)
	return s
}

func kindNames(kinds []enrich.Kind) []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.Name
	}
	return names
}

// with checks the settings of a step and compiles their templates.
func (l *loader) with(s *step, node ast.Node, path string, known *scope) {
	s.with = with{reflect.TypeOf(s.kind.Config), node, map[string]*textTemplate{}}
	config := reflect.New(s.with.config).Elem()
	before := len(l.problems)
	if node != nil {
		l.decode(node, config, path)
	}
	_, err := s.with.fill(path, func(path, source string) (string, error) {
		if t := l.template(source, path, known); t != nil {
			s.with.templates[source] = t
			for _, name := range t.steps {
				s.after = addStep(s.after, []string{"steps", name})
			}
		}
		return "0", nil
	})
	if len(l.problems) > before {
		return // A Config in part fails its own checks, too.
	}
	if v, ok := config.Interface().(interface{ Validate() error }); ok {
		err = v.Validate()
	}
	if err == nil && s.kind.Check != nil {
		err = s.kind.Check(config.Interface())
	}
	l.invalid(err, path)
}

// invalid reports the errors of a Config, which start with the field and a colon.
func (l *loader) invalid(err error, path string) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			l.invalid(one, path)
		}
	} else if err != nil {
		field, _, _ := strings.Cut(err.Error(), ": ")
		l.Report(under(path, field), "%s", err)
	}
}

// expression compiles the expression at a path.
func (l *loader) expression(source, path string, s *scope) *expression {
	if strings.TrimSpace(source) == "" {
		return nil
	}
	key := compiledKey{"expression", source, s.key()}
	if known, ok := l.compiled[key].(*expression); ok {
		return known
	}
	if l.language == nil {
		l.language = newLanguage()
	}
	e, mistakes := l.language.compile(source, s)
	for _, m := range mistakes {
		m.text += l.commentHint(path)
		l.reportIn(path, m)
	}
	if e != nil {
		l.compiled[key] = e
	}
	return e
}

// commentHint explains a comment that ends an expression without quotes.
func (l *loader) commentHint(path string) string {
	node, ok := l.nodes[path].(*ast.StringNode)
	if !ok || node.Token.Type != token.StringType {
		return ""
	}
	if i := l.position(node).line - 1; i < 0 || i >= len(l.lines) || !strings.Contains(l.lines[i], " #") {
		return ""
	}
	return "; # starts a YAML comment: quote the expression"
}

// template compiles the template at a path, or one inside the text there.
func (l *loader) template(source, path string, s *scope) *textTemplate {
	key := compiledKey{"template", source, s.key()}
	if known, ok := l.compiled[key].(*textTemplate); ok {
		return known
	}
	if l.templates == nil {
		l.templates = newTemplateCompiler()
	}
	t, mistakes := l.templates.compile(source, s)
	for _, m := range mistakes {
		if node := l.nodes[path]; node != nil {
			before, _, _ := strings.Cut(scalarText(node), source)
			m.at += utf8.RuneCountInString(before)
		}
		l.reportIn(path, m)
	}
	if t != nil {
		l.compiled[key] = t
	}
	return t
}

func (l *loader) texts(d eventDefinition, path string, s *scope) texts {
	template := func(source, name string) *textTemplate {
		if source == "" {
			return nil
		}
		return l.template(source, under(path, name), s)
	}
	t := texts{
		api:       APIv1,
		title:     template(d.Title, "title"),
		text:      template(d.Text, "text"),
		priority:  template(d.Priority, "priority"),
		alertType: template(d.AlertType, "alert_type"),
	}
	if l.has(path + ".api") {
		t.api = d.API
	}
	if t.api != APIv1 && t.api != APIv2 {
		l.Report(path+".api", "api must be %s or %s", APIv1, APIv2)
	}
	for i, tag := range d.Tags {
		t.tags = append(t.tags, template(tag, element("tags", i)))
	}
	return t
}
