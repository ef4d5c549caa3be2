package output

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/goccy/go-yaml"

	"boomerang/functions/local/backtest"
	"boomerang/functions/local/dryrun"
	"boomerang/shared/enrich"
)

//go:embed screens.tmpl
var screens string

// Show writes data by one of the templates in screens.tmpl.
func (p *Printer) Show(name string, data any) {
	painted := func(s style) func(string) string { return func(text string) string { return p.paint(s, text) } }
	functions := template.FuncMap{
		"bold": painted(bold), "dim": painted(dim), "red": painted(red), "green": painted(green), "mark": p.mark,
		"field": p.field, "text": p.text, "lines": p.lines, "data": encoded, "content": dryrun.ContentOf,
		"trim": strings.TrimSpace, "minus": func(a, b int) int { return a - b }, "join": strings.Join, "contains": strings.Contains,
		"count": enrich.Count, "line": func(text string) string { return enrich.Line(text, maxText) },
		"indent":  func(text string) string { return strings.ReplaceAll(text, "\n", "\n       ") },
		"json":    func(v any) (string, error) { raw, err := json.Marshal(v); return string(raw), err },
		"unix":    func(seconds int64) string { return utc(time.Unix(seconds, 0)) },
		"minute":  func(at time.Time) string { return at.UTC().Format("2006-01-02 15:04") },
		"percent": func(n, all int) string { return fmt.Sprintf("%.1f%%", 100*float64(n)/float64(all)) },
		"pair": func(name string, n backtest.Pair) string {
			if n == (backtest.Pair{}) {
				return ""
			}
			return fmt.Sprintf("  %-30s %8d %8d\n", name, n.Base, n.Now)
		},
		"groups": groupsOf,
	}
	t := template.Must(template.New("").Funcs(functions).Parse(screens))
	var out strings.Builder
	if err := t.ExecuteTemplate(&out, name, data); err != nil {
		panic(err) // The screens fit their data.
	}
	_, _ = p.Write([]byte(out.String()))
}

// maxText and maxGroups bound the texts of a backtest, and its groups of one kind.
const (
	maxText   = 100 // characters
	maxGroups = 3
)

// shownGroups are the first groups of each kind, and how many others and their alerts are hidden.
type shownGroups struct {
	Name           string
	Shown          []shownGroup
	Hidden, Alerts int
}

type shownGroup struct {
	backtest.Group
	First bool // of its kind
}

func groupsOf(name string, groups []backtest.Group) shownGroups {
	all, kinds := shownGroups{Name: name}, map[string]int{}
	for _, g := range groups {
		if kinds[g.Kind]++; kinds[g.Kind] > maxGroups {
			all.Hidden, all.Alerts = all.Hidden+1, all.Alerts+g.Count
			continue
		}
		all.Shown = append(all.Shown, shownGroup{g, kinds[g.Kind] == 1})
	}
	return all
}

// ConfigText returns a step's configuration as a playbook has it, without empty values.
func ConfigText(config any) string {
	if config == nil {
		return ""
	}
	raw, err := yaml.MarshalWithOptions(config, yaml.OmitEmpty(), yaml.OmitZero())
	if err != nil || string(raw) == "{}\n" {
		return ""
	}
	return string(raw)
}
