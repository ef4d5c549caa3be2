// Package lookup is the step "lookup": it finds a row for the alert in a CSV or
// YAML table that lies beside the playbook, such as who owns a service. It needs
// no permission, and no network.
package lookup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// Name is the step's name in playbooks, answers and events.
const Name = "lookup"

// Config says which row of which table to find.
type Config struct {
	Title string   `yaml:"title" doc:"What the finding is called in the event; the file's name when it is empty."`
	File  string   `yaml:"file" required:"true" doc:"The table, a .csv, .yaml, .yml or .json file, relative to the folder of the playbook file."`
	Key   string   `yaml:"key" doc:"The column to find the row by; the first one when it is empty."`
	Value string   `yaml:"value" doc:"What the row has in that column, in any case of letters; when it is empty, the alert's tag that is called like the column."`
	Show  []string `yaml:"show" doc:"The columns to show in the event; all of them when there are none."`
}

// Data is what playbooks and machines see: the row's columns, steps.x.team. A
// column of a CSV file is text; those of other files have the type they have there.
type Data map[string]any

// Validate returns what is wrong with the configuration as it stands in a
// playbook. Whether the table is there, and has the columns, is for Tables.Check.
func (c Config) Validate() error {
	switch {
	case c.File == "":
		return errors.New("file: name the table, such as owners.csv")
	case strings.Contains(c.File+c.Key, "{{"):
		return errors.New("file, key: an alert must not choose where to look; write them without templates")
	case !fs.ValidPath(c.File):
		return fmt.Errorf("file: %q must lie in the playbook file's folder or below it, without .. and with slashes", c.File)
	case formats[path.Ext(c.File)] == nil:
		return fmt.Errorf("file: %q is not a .csv, .yaml, .yml or .json file", c.File)
	}
	return nil
}

// New returns the step, with a configuration whose templates are filled in. The
// tables are read at their first use at the latest, and once.
func New(tables *Tables, c Config) enrich.Step {
	return enrich.StepFunc(func(_ context.Context, a alert.Alert) (enrich.Finding, error) {
		t, err := tables.table(c.File)
		if err != nil {
			return enrich.Finding{}, fault.New(fault.Permanent, "the table "+c.File+" cannot be used: "+err.Error(), err)
		}
		key := cmp.Or(c.Key, t.columns[0])
		value := cmp.Or(c.Value, enrich.Tags(a).Get(key))
		if value == "" {
			return enrich.Finding{}, enrich.Skip(fmt.Sprintf("the alert has no tag %s to look up in %s", key, c.File))
		}
		rows, err := t.by(key)
		if err != nil {
			return enrich.Finding{}, fault.New(fault.Permanent, "the table "+c.File+" cannot be used: "+err.Error(), err)
		}
		row, there := rows[canonical(value)]
		if !there {
			return enrich.Finding{}, enrich.SkipRedacted(c.File+" has no row whose "+key+" is ", enrich.Line(value, maxValueRunes), "")
		}
		return found(c, t, key, row), nil
	})
}

// canonical is a value as rows are found by: Datadog writes tags in lower case,
// people write names as they like.
func canonical(value string) string { return strings.ToLower(strings.TrimSpace(value)) }
