package playbook

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// with is the configuration of one step: a step package's Config whose texts may
// be templates.
type with struct {
	config    reflect.Value
	templates map[string]*textTemplate // by path inside the config
	steps     []string                 // the steps that the templates read
}

// validator is a Config that can tell mistakes before it is used. Its texts may
// still be templates then.
type validator interface{ Validate() error }

// compileTemplates finds every text that is a template.
func (w *with) compileTemplates(report func(path string, err error)) {
	w.templates = map[string]*textTemplate{}
	walkText(w.config, "", escapeNothing, func(path, source string, escape escaping) {
		if !strings.Contains(source, "{{") {
			return
		}
		t, err := compileTemplate(source, escape)
		if err != nil {
			report(path, err)
			return
		}
		w.templates[path] = t
		for _, step := range t.steps {
			if !slices.Contains(w.steps, step) {
				w.steps = append(w.steps, step)
			}
		}
	})
}

// walkText calls visit with every text in a value.
func walkText(v reflect.Value, path string, escape escaping, visit func(path, text string, escape escaping)) {
	switch v.Kind() {
	case reflect.String:
		visit(path, v.String(), escape)
	case reflect.Interface:
		if !v.IsNil() {
			walkText(v.Elem(), path, escape, visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if name := yamlName(f); name != "" {
				walkText(v.Field(i), inside(path, name), escaping(f.Tag.Get("escape")), visit)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			walkText(v.Index(i), fmt.Sprintf("%s[%d]", path, i), escape, visit)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			walkText(v.MapIndex(key), inside(path, key.String()), escape, visit)
		}
	}
}

func inside(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// render returns the configuration with every template written out.
func (w *with) render(env map[string]any) (any, error) {
	if len(w.templates) == 0 {
		return w.config.Interface(), nil
	}
	var failed []error
	out := w.copied(w.config, "", env, &failed)
	return out.Interface(), errors.Join(failed...)
}

// copied returns a deep copy, so that what one alert renders no other sees.
func (w *with) copied(v reflect.Value, path string, env map[string]any, failed *[]error) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		if t, ok := w.templates[path]; ok {
			text, err := t.render(env)
			if err != nil {
				*failed = append(*failed, fmt.Errorf("%s: %w", path, err))
			}
			out.SetString(text)
		}
	case reflect.Interface:
		if !v.IsNil() {
			out.Set(w.copied(v.Elem(), path, env, failed))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if name := yamlName(v.Type().Field(i)); name != "" {
				out.Field(i).Set(w.copied(v.Field(i), inside(path, name), env, failed))
			}
		}
	case reflect.Slice:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(w.copied(v.Index(i), fmt.Sprintf("%s[%d]", path, i), env, failed))
		}
	case reflect.Map:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeMap(v.Type()))
		for _, key := range v.MapKeys() {
			out.SetMapIndex(key, w.copied(v.MapIndex(key), inside(path, key.String()), env, failed))
		}
	}
	return out
}
