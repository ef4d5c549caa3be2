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
	"boomerang/functions/local/playbooktest"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/playbook"
)

//go:embed screens.tmpl
var screens string

// show writes a screen of the template.
func (p *Printer) show(name string, data any) {
	painted := func(s style) func(string) string { return func(text string) string { return p.paint(s, text) } }
	functions := template.FuncMap{
		"bold": painted(bold), "dim": painted(dim), "red": painted(red), "green": painted(green), "mark": p.mark,
		"field": p.field, "text": p.text, "lines": p.lines, "stepName": stepName, "config": ConfigText, "data": encoded, "public": fault.Public, "rounded": Rounded,
		"trim": strings.TrimSpace, "minus": func(a, b int) int { return a - b },
		"join": strings.Join, "contains": strings.Contains, "count": enrich.Count, "line": func(text string) string { return enrich.Line(text, maxText) },
		"indent": func(text string) string { return strings.ReplaceAll(text, "\n", "\n       ") },
		"json":   func(v any) (string, error) { raw, err := json.Marshal(v); return string(raw), err },
		"unix":   func(seconds int64) string { return utc(time.Unix(seconds, 0)) },
		"minute": func(at time.Time) string { return at.UTC().Format("2006-01-02 15:04") },
		"width": func(all []playbook.Verdict) (n int) {
			for _, v := range all {
				n = max(n, len(v.Playbook))
			}
			return n
		},
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
	p.Line("%s", strings.TrimSuffix(out.String(), "\n"))
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

// Event writes the fields of an event and its text.
func (p *Printer) Event(request event.Request) {
	switch e := request.(type) {
	case event.Event:
		p.show("v1", e)
	case event.AlertEvent:
		p.show("v2", e.Data.Attributes)
	}
}

// Verdicts writes which playbooks are used, and why the others are not.
func (p *Printer) Verdicts(r dryrun.Report) { p.show("verdicts", r) }

// Steps writes what each step was given, what it found or why not, and how long it took.
func (p *Printer) Steps(steps []dryrun.StepRun) { p.show("steps", steps) }

// Suite writes the results of a test file, and what no case reaches.
func (p *Printer) Suite(path string, r playbooktest.Result) {
	p.Line("%s", p.paint(bold, path))
	p.show("suite", r)
}

// Backtest writes what a change of playbooks makes of alerts.
func (p *Printer) Backtest(r backtest.Report) { p.show("backtest", r) }

func stepName(s dryrun.StepRun) string {
	name := s.Name
	if s.Uses != "" && s.Uses != s.Name {
		name += " (" + s.Uses + ")"
	}
	if s.Then {
		name += ", after the post"
	}
	return name
}

// mark is that of a step or of an entry.
func (p *Printer) mark(status enrich.Status) string {
	switch status {
	case enrich.OK:
		return p.paint(green, "✓")
	case enrich.Skipped:
		return p.paint(dim, "·")
	}
	return p.paint(red, "✗")
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
