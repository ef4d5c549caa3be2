package playbook

import (
	_ "embed"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"boomerang/shared/enrich"
)

//go:embed default.yaml
var defaultFile []byte

// fallbackFile names the embedded playbooks in messages.
const fallbackFile = "default.yaml"

// Default returns the embedded playbooks: what happens to every alert that no
// playbook of the user's matches.
func Default(kinds []enrich.Kind) (*Book, error) {
	return Load(fallbackFile, defaultFile, kinds)
}

// Load reads a playbook file. The error is Problems: everything that is wrong
// with it, each with its place. kinds are the steps that there are.
func Load(name string, source []byte, kinds []enrich.Kind) (*Book, error) {
	l := &loader{decoder: newDecoder(name), kinds: kinds}
	book := l.book(source)
	if name != fallbackFile {
		fallback, err := Default(kinds)
		if err != nil {
			return nil, err
		}
		book.fallback = fallback.fallback
	}
	if len(l.problems) > 0 {
		return nil, l.problems.sorted()
	}
	return book, nil
}

type loader struct {
	*decoder
	kinds []enrich.Kind
}

func (l *loader) book(source []byte) *Book {
	book := &Book{}
	parsed, err := parser.ParseBytes(source, 0)
	if err != nil {
		l.syntax(err)
		return book
	}
	if len(parsed.Docs) != 1 || parsed.Docs[0].Body == nil {
		l.report(nil, "it must hold one document with the key playbooks")
		return book
	}
	var file document
	l.decode(parsed.Docs[0].Body, reflect.ValueOf(&file).Elem(), "")
	if len(file.Playbooks) == 0 && len(l.problems) == 0 {
		l.report(nil, "it holds no playbook: list them under playbooks")
	}
	taken := map[string]bool{}
	for i, d := range file.Playbooks {
		p := l.playbook(d, fmt.Sprintf("playbooks[%d]", i))
		if taken[p.name] && p.name != "" {
			l.reportAt(fmt.Sprintf("playbooks[%d].name", i), "there is another playbook %q", p.name)
		}
		taken[p.name] = true
		book.playbooks = append(book.playbooks, p)
		book.fallback = p
	}
	return book
}

// syntax reports what is no YAML at all.
func (l *loader) syntax(err error) {
	if at, ok := errors.AsType[yaml.Error](err); ok {
		l.report(at.GetToken(), "not YAML: %s", at.GetMessage())
		return
	}
	l.report(nil, "not YAML: %s", err)
}

var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

func (l *loader) playbook(d definition, path string) *playbook {
	if !validName.MatchString(d.Name) {
		l.reportAt(path+".name", "a playbook needs a name of lower-case letters, digits, - and _")
	}
	p := &playbook{name: d.Name, goOn: d.Continue, match: l.expression(d.Match, path+".match")}
	if p.match != nil && len(p.match.steps) > 0 {
		l.reportAt(path+".match", "no step has run yet when playbooks are matched: use when in a step")
	}
	p.steps = l.steps(d.Steps, path+".steps", nil)
	p.then = l.steps(d.Then, path+".then", p.steps)
	p.event = l.words(d.Event, path+".event", p.steps)
	return p
}

// steps returns the steps of a playbook. They may read those further up and
// those in before.
func (l *loader) steps(definitions []stepDefinition, path string, before []*step) []*step {
	var steps []*step
	for i, d := range definitions {
		s := l.step(d, fmt.Sprintf("%s[%d]", path, i), slices.Concat(before, steps))
		if s != nil {
			steps = append(steps, s)
		}
	}
	return steps
}

func (l *loader) step(d stepDefinition, path string, known []*step) *step {
	i := slices.IndexFunc(l.kinds, func(k enrich.Kind) bool { return k.Name == d.Uses })
	if i < 0 {
		l.reportAt(path+".uses", "there is no step %q%s", d.Uses, suggest(d.Uses, kindNames(l.kinds)))
		return nil
	}
	s := &step{name: d.Name, kind: l.kinds[i], timeout: d.Timeout, cache: d.Cache}
	if s.name == "" {
		s.name = d.Uses
	}
	if _, set := l.places[path+".cache"]; !set {
		s.cache = DefaultCache
	}
	if !validName.MatchString(s.name) {
		l.reportAt(path+".name", "a step's name is of lower-case letters, digits, - and _")
	}
	if slices.Contains(stepNames(known), s.name) {
		l.reportAt(path+".name", "there is another step %q: give this one a name of its own", s.name)
	}
	s.when = l.expression(d.When, path+".when")
	if s.when != nil {
		l.reads(s, s.when.steps, path+".when", known)
	}
	l.with(s, d.With, path+".with", known)
	return s
}

// with decodes a step's own settings into its Config.
func (l *loader) with(s *step, node ast.Node, path string, known []*step) {
	s.with.config = reflect.New(reflect.TypeOf(s.kind.Config)).Elem()
	if node != nil {
		l.decode(node, s.with.config, path)
	}
	s.with.compileTemplates(func(inner string, err error) {
		l.reportAt(path+"."+inner, "%s", err)
	})
	l.reads(s, s.with.steps, path, known)
	if v, ok := s.with.config.Interface().(validator); ok {
		if err := v.Validate(); err != nil {
			l.reportAt(path, "%s", err)
		}
	}
}

// reads notes which steps s comes after, and reports those that it cannot read.
func (l *loader) reads(s *step, names []string, path string, known []*step) {
	for _, name := range names {
		if !slices.Contains(stepNames(known), name) {
			l.reportAt(path, "there is no step %q before this one%s", name, suggest(name, stepNames(known)))
		} else if !slices.Contains(s.after, name) {
			s.after = append(s.after, name)
		}
	}
}

func (l *loader) expression(source, path string) *expression {
	if strings.TrimSpace(source) == "" {
		return nil
	}
	e, wrong := compile(source)
	if wrong != nil {
		l.inside(path, source, wrong.column, wrong.text)
		return nil
	}
	return e
}

// inside reports a mistake at a column of a text, as far as the file still shows
// it: a text over several lines is reported where it begins.
func (l *loader) inside(path, source string, column int, what string) {
	l.reportAt(path, "%s", what)
	at := l.place(path)
	if at == nil || strings.Contains(source, "\n") {
		return
	}
	last := &l.problems[len(l.problems)-1]
	last.Column += column
	if quoted := strings.HasPrefix(strings.TrimSpace(at.Origin), `"`) || strings.HasPrefix(strings.TrimSpace(at.Origin), "'"); quoted {
		last.Column++
	}
}

func (l *loader) words(d eventDefinition, path string, steps []*step) words {
	w := words{api: d.API}
	switch d.API {
	case "":
		w.api = APIv1
	case APIv1, APIv2:
	default:
		l.reportAt(path+".api", "must be v1 or v2")
	}
	template := func(source, path string) *textTemplate {
		if source == "" {
			return nil
		}
		t, err := compileTemplate(source, escapeNothing)
		if err != nil {
			l.reportAt(path, "%s", err)
			return nil
		}
		l.reads(&step{}, t.steps, path, steps)
		return t
	}
	w.title = template(d.Title, path+".title")
	w.text = template(d.Text, path+".text")
	w.priority = template(d.Priority, path+".priority")
	w.alertType = template(d.AlertType, path+".alert_type")
	for i, tag := range d.Tags {
		if t := template(tag, fmt.Sprintf("%s.tags[%d]", path, i)); t != nil {
			w.tags = append(w.tags, t)
		}
	}
	return w
}

func stepNames(steps []*step) []string {
	all := make([]string, len(steps))
	for i, s := range steps {
		all[i] = s.name
	}
	return all
}

func kindNames(kinds []enrich.Kind) []string {
	all := make([]string, len(kinds))
	for i, k := range kinds {
		all[i] = k.Name
	}
	return all
}
