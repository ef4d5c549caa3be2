// Package lookup is the step "lookup": the alert's row in a CSV or YAML table beside
// the playbook, such as who owns a service.
package lookup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// Kind describes the step. Without tables, a playbook's tables are not checked.
func Kind(tables *Tables) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "lookup", Doc: "The alert's row in a CSV or YAML table beside the playbook.", Data: Data{},
		Check: func(config any) error {
			if tables == nil {
				return nil
			}
			return tables.Check(config.(Config))
		},
	}, func(c Config, _ time.Duration) enrich.Step { return newStep(tables, c) })
}

type Config struct {
	Title string   `yaml:"title" doc:"Title of the finding in the event; the file's name by default."`
	File  string   `yaml:"file" required:"true" doc:"The table, a .csv, .yaml, .yml or .json file, relative to the folder of the playbook file."`
	Key   string   `yaml:"key" doc:"The column to find the row by; the first one by default."`
	Value string   `yaml:"value" doc:"The row's value in that column, in upper or lower case; by default the alert's tag with the column's name."`
	Show  []string `yaml:"show" doc:"The columns to show in the event; all by default."`
}

// Data is what playbooks see: the row's columns, steps.x.team. A CSV file has only
// texts; other files have types.
type Data map[string]any

// Validate checks the configuration as it is in the playbook. Tables.Check checks the
// file.
func (c Config) Validate() error {
	switch {
	case c.File == "":
		return errors.New("file: set the table, such as owners.csv")
	case strings.Contains(c.File+c.Key, "{{"):
		return errors.New("file, key: templates are not allowed, because an alert must not choose them")
	case !fs.ValidPath(c.File):
		return fmt.Errorf("file: %q must be in the playbook file's folder or below, without .. and with slashes", c.File)
	case formats[path.Ext(c.File)] == nil:
		return fmt.Errorf("file: %q is not a .csv, .yaml, .yml or .json file", c.File)
	}
	return nil
}

// newStep takes a configuration with filled templates.
func newStep(tables *Tables, c Config) enrich.Step {
	return enrich.StepFunc(func(_ context.Context, a alert.Alert) (enrich.Finding, error) {
		t, err := tables.table(c.File)
		if err != nil {
			return enrich.Finding{}, unusable(c, err)
		}
		key := cmp.Or(c.Key, t.columns[0])
		value := cmp.Or(c.Value, enrich.Tags(a).Get(key))
		if value == "" {
			return enrich.Finding{}, enrich.Skip(fmt.Sprintf("the alert has no tag %s to look up in %s", key, c.File))
		}
		rows, err := t.rowsBy(key)
		if err != nil {
			return enrich.Finding{}, unusable(c, err)
		}
		r, found := rows[normalize(value)]
		if !found {
			return enrich.Finding{}, enrich.SkipRedacted(c.File+" has no row whose "+key+" is ", enrich.Line(value, maxValueRunes), "")
		}
		return newFinding(c, t, key, r), nil
	})
}

func unusable(c Config, err error) error {
	return fault.New(fault.Permanent, "cannot use the table "+c.File+": "+err.Error(), err)
}

// normalize makes values comparable: Datadog writes tags in lower case.
func normalize(value string) string { return strings.ToLower(strings.TrimSpace(value)) }

const (
	maxShown      = 15
	maxValueRunes = 300
)

func newFinding(c Config, t *table, key string, r row) enrich.Finding {
	show := c.Show
	if len(show) == 0 {
		show = slices.DeleteFunc(slices.Clone(t.columns), func(column string) bool { return column == key })
	}
	data := maps.Clone(r.data) // Playbooks may change it.
	var facts enrich.Facts
	var links enrich.Links
	var leads []enrich.Lead
	for _, column := range show[:min(len(show), maxShown)] {
		value := enrich.Text(data[column])
		if enrich.IsWebURL(value) {
			links = append(links, enrich.Link{Kind: linkKind(column), Title: column, URL: value})
		} else {
			facts = append(facts, enrich.Fact{Name: column, Value: value})
		}
		if lead, ok := newLead(column, value); ok {
			leads = append(leads, lead)
			if lead.URL == "" {
				facts[len(facts)-1].Lead = lead.Answer
			}
		}
	}
	facts = facts.Known(maxValueRunes)
	if len(facts) == 0 && len(links) == 0 {
		facts = enrich.Facts{{Name: key, Value: enrich.Line(enrich.Text(data[key]), maxValueRunes)}}
	}
	title := cmp.Or(c.Title, strings.TrimSuffix(path.Base(c.File), path.Ext(c.File)))
	return enrich.Finding{Title: title, Weight: enrich.Useful, Data: data, Blocks: enrich.Blocks(facts, links), Lead: leads}
}

// answers are those of columns by their names.
var answers = map[string]enrich.Answer{"team": enrich.Owner, "owner": enrich.Owner, "oncall": enrich.OnCall, "runbook": enrich.Runbook}

// newLead returns what a column says for the first screen. A page is one for a runbook only.
func newLead(column, value string) (enrich.Lead, bool) {
	answer := answers[strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(column))]
	lead := enrich.Lead{Answer: answer, Text: strings.TrimSpace(column + " " + value)}
	switch {
	case answer == enrich.Runbook && enrich.IsWebURL(value):
		lead.Text, lead.URL = column, value
	case answer == enrich.OnCall:
		lead.Text = value
	case answer == enrich.Runbook, enrich.IsWebURL(value), value == "":
		return lead, false
	}
	lead, repeated := enrich.NewLead(lead)
	return lead, repeated != ""
}

// linkKind returns Datadog's kind of link for a column's name.
func linkKind(column string) string {
	name := strings.ToLower(column)
	switch {
	case strings.Contains(name, "runbook"), strings.Contains(name, "playbook"):
		return "runbook"
	case strings.Contains(name, "dashboard"):
		return "dashboard"
	case strings.Contains(name, "doc"), strings.Contains(name, "wiki"):
		return "documentation"
	}
	return ""
}
