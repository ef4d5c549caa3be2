package playbook

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// with is the settings of a step, whose texts may be templates.
type with struct {
	config    reflect.Type
	node      ast.Node                 // nil without settings
	templates map[string]*textTemplate // by source
}

// filler is a text that finds its templates by itself and escapes their values.
type filler interface {
	Fill(value func(template string) (string, error)) error
}

// render returns the Config with all templates rendered.
func (w with) render(env map[string]any) (any, error) {
	return w.fill("with", func(path, source string) (string, error) {
		t, ok := w.templates[source]
		if !ok {
			return "", fmt.Errorf("%s: the template was not compiled", path)
		}
		text, err := t.render(env)
		if err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
		return text, nil
	})
}

// fill decodes the settings once more, so that each alert's step has its own Config.
func (w with) fill(path string, value func(path, template string) (string, error)) (any, error) {
	s := &Source{fill: value}
	config := reflect.New(w.config).Elem()
	if w.node != nil {
		s.decode(w.node, config, path)
	}
	return config.Interface(), s.fillErr
}

// fillText replaces the templates in a text of a Config.
func (s *Source) fillText(text reflect.Value, path string) {
	if s.fill == nil || s.fillErr != nil || !strings.Contains(text.String(), "{{") {
		return
	}
	if f, ok := text.Addr().Interface().(filler); ok {
		s.fillErr = f.Fill(func(template string) (string, error) { return s.fill(path, template) })
		return
	}
	filled, err := s.fill(path, text.String())
	text.SetString(filled)
	s.fillErr = err
}
