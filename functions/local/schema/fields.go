package schema

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v4"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/playbook"
)

//go:embed reference.yaml
var source []byte

// texts are what the reference says besides what the code says.
type texts struct {
	Introduction string
	Sections     []struct{ Name, Text string }
	Fields       map[string]string // by path

	Tables []table
	Alert  any
}

// table has functions or operators: how each is written, what it does, and an example.
type table struct {
	Title, Text string
	Rows        []struct{ Form, Text, Example string }
}

var readTexts = sync.OnceValue(func() (t texts) {
	if err := yaml.Load(source, &t); err != nil {
		panic(err) // The file is embedded.
	}
	return t
})

// fieldsReference returns the reference of what expressions and templates can name, in markdown. It
// fails for a field or a function without a text, and for an example that does not hold.
func fieldsReference(kinds []enrich.Kind) ([]byte, error) {
	t := readTexts()
	w := &reference{kinds: kinds, texts: maps.Clone(t.Fields), variables: map[string]string{}}
	w.readVariables(reflect.TypeFor[alert.Alert](), "alert.")
	w.out.WriteString(t.Introduction)
	for _, s := range t.Sections {
		w.section(s.Name, s.Text)
	}
	if len(w.texts) > 0 {
		w.fail("no value has the fields %s", strings.Join(slices.Sorted(maps.Keys(w.texts)), ", "))
	}
	for _, one := range t.Tables {
		w.table(one)
	}
	return []byte(w.out.String()), w.err
}

type reference struct {
	out       strings.Builder
	kinds     []enrich.Kind
	texts     map[string]string // that no field has had yet
	variables map[string]string // of Datadog, by path
	err       error
}

func (w *reference) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

// readVariables reads which variable each field comes from.
func (w *reference) readVariables(t reflect.Type, path string) {
	for name, f := range fields(t, "json") {
		variable, _, _ := strings.Cut(f.Tag.Get("variable"), ",")
		if variable != "" {
			w.variables[strings.Replace(path+name, "alert.hostname", "alert.host", 1)] = "`$" + variable + "`"
		} else if f.Type.Kind() == reflect.Struct {
			w.readVariables(f.Type, path+name+".")
		}
	}
	w.variables["alert.tag_list"] = w.variables["alert.tags"]
}

func (w *reference) section(name, text string) {
	var sample any
	raw, err := render("{{ json ."+name+" }}", w.kinds)
	if err == nil {
		err = json.Unmarshal([]byte(raw), &sample)
	}
	if err != nil {
		w.fail("the sample of %s: %w", name, err)
		return
	}
	variable, line := "", "|---|---|---|---|\n"
	if name == "alert" {
		variable, line = " variable |", "|---|---|---|---|---|\n"
	}
	fmt.Fprintf(&w.out, "\n## %s\n\n%s\n\n| field | type |%s | example |\n%s", name, text, variable, line)
	w.rows(name, playbook.Shapes()[name], sample)
}

func (w *reference) rows(path string, shape, sample any) {
	if text, ok := w.texts[path]; ok {
		delete(w.texts, path)
		w.row(path, text, shape, sample)
	} else if fields, isMap := shape.(map[string]any); !isMap || len(fields) == 0 {
		w.fail("%s has no text", path)
	}
	switch shape := shape.(type) {
	case map[string]any:
		values, _ := sample.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(shape)) {
			w.rows(path+"."+name, shape[name], values[name])
		}
	case []any:
		fields, _ := shape[0].(map[string]any)
		values, _ := sample.([]any)
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			w.rows(path+"[]."+name, fields[name], values[0].(map[string]any)[name])
		}
	}
}

func (w *reference) row(path, text string, shape, sample any) {
	if values := alert.Values(strings.TrimPrefix(path, "alert.")); strings.HasSuffix(text, ":") {
		text += " `" + strings.Join(values, "`, `") + "`"
	}
	raw, _ := json.Marshal(sample)
	example := "`" + cell(strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(raw))) + "`"
	variable := ""
	if strings.HasPrefix(path, "alert.") {
		variable = " " + w.variables[path] + " |"
	}
	fmt.Fprintf(&w.out, "| `%s` | %s |%s %s | %s |\n", path, typeName(reflect.TypeOf(shape)), variable, cell(text), example)
}

// typeName is the type of a value as templates see it.
func typeName(t reflect.Type) string {
	switch {
	case t == nil || t.Kind() == reflect.Interface:
		return "any"
	case t == reflect.TypeFor[time.Time]():
		return "time"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.ConvertibleTo(reflect.TypeFor[float64]()):
		return "number"
	case t == reflect.TypeFor[[]string]():
		return "list of texts"
	case t.Kind() == reflect.Slice:
		return "list"
	case t == reflect.TypeFor[map[string]string]():
		return "map of texts"
	case t.Kind() == reflect.Map:
		return "map"
	}
	return "text"
}

// table writes a table with the result of each example. A table of functions has all that there are.
func (w *reference) table(t table) {
	fmt.Fprintf(&w.out, "\n## %s\n\n%s\n\n| | | example | |\n|---|---|---|---|\n", t.Title, t.Text)
	var names []string
	for _, f := range t.Rows {
		fmt.Fprintf(&w.out, "| `%s` | %s | `%s` | %s |\n", cell(f.Form), cell(f.Text), cell(f.Example), w.result(f.Example))
		names = append(names, strings.FieldsFunc(f.Form, func(r rune) bool { return r == ' ' || r == '(' })[0])
	}
	all := map[string][]string{"Functions of templates": playbook.TemplateFunctions(), "Functions of expressions": playbook.ExpressionFunctions()}[t.Title]
	all = slices.Sorted(slices.Values(all))
	if slices.Sort(names); all != nil && !slices.Equal(names, all) {
		w.fail("%s has %v, and the functions are %v", t.Title, names, all)
	}
}

// result is what a template gives, or that an expression holds.
func (w *reference) result(example string) string {
	if !strings.Contains(example, "{{") {
		if ok, err := holds(example, w.kinds); err != nil || !ok {
			w.fail("%s does not hold: %w", example, err)
		}
		return "holds"
	}
	text, err := render(example, w.kinds)
	if err != nil || text == "" {
		w.fail("%s gives %q, %w", example, text, err)
	}
	return "`" + cell(text) + "`"
}
