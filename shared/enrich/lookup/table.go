package lookup

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// maxFileBytes bounds what a table takes of a function's memory and cold start.
const maxFileBytes = 4 << 20

// Tables are the tables of a playbook file's folder. Each is read once. It is
// safe for concurrent use.
type Tables struct {
	files fs.FS

	mu   sync.Mutex
	read map[string]outcome
}

type outcome struct {
	table *table
	err   error
}

// NewTables returns the tables in a folder, os.DirFS of the playbook file's for one.
func NewTables(files fs.FS) *Tables {
	return &Tables{files: files, read: make(map[string]outcome)}
}

// Check reads the table of a configuration and returns what is wrong with it: a
// file that is not there, is no table, lacks a column that is named, or has a key twice.
func (t *Tables) Check(c Config) error {
	table, err := t.table(c.File)
	if err != nil {
		return fmt.Errorf("file: %s: %w", c.File, err)
	}
	var problems []error
	if _, err := table.by(cmp.Or(c.Key, table.columns[0])); err != nil {
		problems = append(problems, fmt.Errorf("key: %s: %w", c.File, err))
	}
	for _, column := range c.Show {
		if err := table.check(column); err != nil {
			problems = append(problems, fmt.Errorf("show: %s: %w", c.File, err))
		}
	}
	return errors.Join(problems...)
}

func (t *Tables) table(file string) (*table, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	known, ok := t.read[file]
	if !ok {
		known.table, known.err = open(t.files, file)
		t.read[file] = known
	}
	return known.table, known.err
}

// table is a table in memory. Its columns are in the file's order.
type table struct {
	columns []string
	rows    []row

	mu   sync.Mutex
	keys map[string]index
}

type row struct {
	values map[string]any
	place  string // "line 7" or "row 7": where people find it.
}

type index map[string]row

func open(files fs.FS, name string) (*table, error) {
	content, err := readFile(files, name)
	if err != nil {
		return nil, err
	}
	format := formats[path.Ext(name)]
	if format == nil {
		return nil, errors.New("it is not a .csv, .yaml, .yml or .json file")
	}
	t, err := format(content)
	switch {
	case err != nil:
		return nil, err
	case len(t.rows) == 0 || len(t.columns) == 0:
		return nil, errors.New("it has no rows")
	}
	t.keys = make(map[string]index)
	return t, nil
}

func readFile(files fs.FS, name string) ([]byte, error) {
	f, err := files.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no such file beside the playbook file")
	case err != nil:
		return nil, fmt.Errorf("it cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("it cannot be read: %w", err)
	case len(content) > maxFileBytes:
		return nil, fmt.Errorf("it is larger than %d MiB", maxFileBytes>>20)
	}
	return content, nil
}

func (t *table) check(column string) error {
	if slices.Contains(t.columns, column) {
		return nil
	}
	return fmt.Errorf("there is no column %q; there are %s", column, strings.Join(t.columns, ", "))
}

// by returns the rows by their value in a column. A row without one is never found.
func (t *table) by(column string) (index, error) {
	if err := t.check(column); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if known, ok := t.keys[column]; ok {
		return known, nil
	}
	rows := make(index, len(t.rows))
	for _, r := range t.rows {
		key := canonical(text(r.values[column]))
		if first, twice := rows[key]; twice && key != "" {
			return nil, fmt.Errorf("%s and %s both have %s %s", first.place, r.place, column, key)
		}
		if key != "" {
			rows[key] = r
		}
	}
	t.keys[column] = rows
	return rows, nil
}
