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

	TemplateForms       []function `yaml:"template_forms"`
	TemplateFunctions   []function `yaml:"template_functions"`
	Operators           []function
	ExpressionFunctions []function `yaml:"expression_functions"`

	Alert any
}

// function is how a function or an operator is written, what it does, and an example.
type function struct{ Form, Text, Example string }

var readTexts = sync.OnceValue(func() (t texts) {
	if err := yaml.Load(source, &t); err != nil {
		panic(err) // The file is embedded.
	}
	return t
})

// Fields returns the reference of what expressions and templates can name, in markdown. It
// fails for a field or a function without a text, and for an example that does not hold.
func Fields(kinds []enrich.Kind) ([]byte, error) {
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
	w.functions("Templates", "Templates are Go's [text/template](https://pkg.go.dev/text/template). A value can also come from the left: `.alert.title | truncate 20` is `truncate 20 .alert.title`.", t.TemplateForms, w.rendered)
	w.functions("Functions of templates", "An alert's values are data and never run.", t.TemplateFunctions, w.rendered)
	w.complete(t.TemplateFunctions, playbook.TemplateFunctions())
	w.functions("Operators of expressions", "`match` and `when` are [expressions](https://expr-lang.org/docs/language-definition). Each example holds for the alert.", t.Operators, w.held)
	w.functions("Functions of expressions", "Inside of a loop's condition, `#` is the element and `.kind` a field of it.", t.ExpressionFunctions, w.held)
	w.complete(t.ExpressionFunctions, playbook.ExpressionFunctions())
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

// rows writes the fields of a value.
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
	fmt.Fprintf(&w.out, "| `%s` | %s |%s %s | %s |\n", path, typeName(shape), variable, cell(text), example)
}

func typeName(shape any) string {
	switch shape.(type) {
	case string:
		return "text"
	case bool:
		return "true or false"
	case int64, float64:
		return "number"
	case []string:
		return "list of texts"
	case map[string]string:
		return "map of texts"
	case []any:
		return "list"
	case map[string]any:
		return "map"
	}
	return "any"
}

// functions writes a table with the result of each example.
func (w *reference) functions(title, text string, all []function, result func(function) string) {
	fmt.Fprintf(&w.out, "\n## %s\n\n%s\n\n| | | example | |\n|---|---|---|---|\n", title, text)
	for _, f := range all {
		fmt.Fprintf(&w.out, "| `%s` | %s | `%s` | %s |\n", cell(f.Form), cell(f.Text), cell(f.Example), result(f))
	}
}

func (w *reference) rendered(f function) string {
	text, err := render(f.Example, w.kinds)
	if err != nil || text == "" {
		w.fail("%s gives %q, %w", f.Example, text, err)
	}
	return "`" + cell(text) + "`"
}

func (w *reference) held(f function) string {
	ok, err := holds(f.Example, w.kinds)
	if err != nil || !ok {
		w.fail("%s does not hold: %w", f.Example, err)
	}
	return "holds"
}

// complete fails unless the table has exactly the functions.
func (w *reference) complete(table []function, names []string) {
	var have []string
	for _, f := range table {
		have = append(have, strings.FieldsFunc(f.Form, func(r rune) bool { return r == ' ' || r == '(' })[0])
	}
	slices.Sort(have)
	names = slices.Sorted(slices.Values(names))
	if !slices.Equal(have, names) {
		w.fail("the table has %v, and the functions are %v", have, names)
	}
}
