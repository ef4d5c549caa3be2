package playbook

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"
)

// with is the configuration of one step: a step package's Config whose texts may
// be templates.
type with struct {
	config    reflect.Value
	templates map[string]*textTemplate // by templateKey
}

// validator is a Config that can tell mistakes before it is used. Its texts may
// still be templates then.
type validator interface{ Validate() error }

// filler is a text that knows where its templates stand, and what that asks of
// the values in them. Fill replaces each template by what value makes of it,
// escaped; templates are the same each time.
type filler interface {
	Fill(value func(template string) (string, error)) error
}

var fillerType = reflect.TypeFor[filler]()

// add keeps the template that a text in the Config is.
func (w *with) add(source string, escape escaping, t *textTemplate) {
	if w.templates == nil {
		w.templates = map[string]*textTemplate{}
	}
	w.templates[templateKey(source, escape)] = t
}

func templateKey(source string, escape escaping) string { return string(escape) + ":" + source }

// visitTemplates calls visit with every template in a Config, and returns why one
// cannot be where it is.
func visitTemplates(config reflect.Value, visit func(path, source string, escape escaping)) error {
	c := copier{write: func(path, source string, escape escaping) (string, error) {
		visit(path, source, escape)
		return "0", nil
	}}
	c.copied(config, "", escapeNothing)
	return c.err
}

// render returns a copy of the configuration with every template written out.
func (w *with) render(env map[string]any) (any, error) {
	c := copier{write: func(path, source string, escape escaping) (string, error) {
		t, ok := w.templates[templateKey(source, escape)]
		if !ok {
			return "", fmt.Errorf("with.%s holds a template that was not there when it was loaded", path)
		}
		text, err := t.render(env)
		if err != nil {
			return "", fmt.Errorf("with.%s: %w", path, err)
		}
		return text, nil
	}}
	out := c.copied(w.config, "", escapeNothing)
	return out.Interface(), c.err
}

// copier copies values in depth, so that what one alert fills in no other sees,
// with each template replaced by what write makes of it.
type copier struct {
	write func(path, source string, escape escaping) (string, error)
	err   error // the first
}

func (c *copier) copied(v reflect.Value, path string, escape escaping) reflect.Value {
	if isFixed(v) {
		return v
	}
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		c.err = cmp.Or(c.err, c.fill(out, path, escape))
	case reflect.Struct:
		for _, f := range fieldsOf(v.Type(), "yaml") {
			if field := v.FieldByIndex(f.index); !isFixed(field) {
				out.FieldByIndex(f.index).Set(c.copied(field, under(path, f.name), f.escape))
			}
		}
	case reflect.Interface, reflect.Pointer, reflect.Slice, reflect.Map:
		if !v.IsNil() {
			c.elements(out, v, path, escape)
		}
	}
	return out
}

// isFixed reports whether nothing in a value can change: a number, a truth, or a
// text without templates.
func isFixed(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return !strings.Contains(v.String(), "{{")
	case reflect.Struct, reflect.Interface, reflect.Pointer, reflect.Slice, reflect.Map:
		return false
	}
	return true
}

// elements copies what v, which is not nil, refers to.
func (c *copier) elements(out, v reflect.Value, path string, escape escaping) {
	switch v.Kind() {
	case reflect.Interface:
		out.Set(c.copied(v.Elem(), path, escape))
	case reflect.Pointer:
		out.Set(reflect.New(v.Type().Elem()))
		out.Elem().Set(c.copied(v.Elem(), path, escape))
	case reflect.Slice:
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(c.copied(v.Index(i), element(path, i), escape))
		}
	case reflect.Map:
		out.Set(reflect.MakeMap(v.Type()))
		for _, key := range v.MapKeys() {
			out.SetMapIndex(key, c.copied(v.MapIndex(key), under(path, key.String()), escape))
		}
	}
}

// fill writes out the templates in a text.
func (c *copier) fill(text reflect.Value, path string, escape escaping) error {
	if reflect.PointerTo(text.Type()).Implements(fillerType) {
		return text.Addr().Interface().(filler).Fill(func(template string) (string, error) {
			return c.write(path, template, escapeNothing)
		})
	}
	written, err := c.write(path, text.String(), escape)
	text.SetString(written)
	return err
}
