package playbook

import (
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"
)

// settings are the keys of a step or an event, whose texts may be templates.
type settings struct {
	of        reflect.Type
	node      *yaml.Node               // nil without keys
	templates map[string]*textTemplate // by source
	reads                              // of all templates
}

// filler is a text that finds its templates by itself and escapes their values.
type filler interface {
	Fill(value func(template string) (string, error)) error
}

// render returns the settings with all templates rendered.
func (c settings) render(env map[string]any) (any, error) {
	return c.fill("with", func(path, source string) (string, error) {
		text, err := c.templates[source].render(env)
		if err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
		return strings.ToValidUTF8(text, "\uFFFD"), nil // YAML has no other texts.
	})
}

// fill decodes the settings once more, so that each alert's step has its own Config.
func (c settings) fill(path string, value func(path, template string) (string, error)) (any, error) {
	s := &Source{fill: value}
	filled := reflect.New(c.of).Elem()
	if c.node != nil {
		s.decode(c.node, filled, path)
	}
	return filled.Interface(), s.fillErr
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
