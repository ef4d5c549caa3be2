package lookup

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"boomerang/shared/enrich"
)

// maxFileBytes limits a table's memory and cold start time.
const maxFileBytes = 4 << 20

// Tables reads each table of a folder once. It is safe for concurrent use.
type Tables struct {
	files fs.FS

	mu   sync.Mutex
	read map[string]func() (*table, error)
}

// NewTables returns the tables in a folder, such as the playbook file's.
func NewTables(files fs.FS) *Tables {
	return &Tables{files: files, read: make(map[string]func() (*table, error))}
}

// Check reads the table of a configuration and returns its problems: no such file, not
// a table, no such column, or a duplicate key.
func (t *Tables) Check(c Config) error {
	table, err := t.table(c.File)
	if err != nil {
		return fmt.Errorf("file: %s: %w", c.File, err)
	}
	var problems []error
	if _, err := table.rowsBy(cmp.Or(c.Key, table.columns[0])); err != nil {
		problems = append(problems, fmt.Errorf("key: %s: %w", c.File, err))
	}
	for _, column := range c.Show {
		if err := table.requireColumn(column); err != nil {
			problems = append(problems, fmt.Errorf("show: %s: %w", c.File, err))
		}
	}
	return errors.Join(problems...)
}

func (t *Tables) table(file string) (*table, error) {
	t.mu.Lock()
	read, ok := t.read[file]
	if !ok {
		read = sync.OnceValues(func() (*table, error) { return readTable(t.files, file) })
		t.read[file] = read
	}
	t.mu.Unlock()
	return read()
}

// table is a table in memory, with its columns in the file's order.
type table struct {
	columns []string
	rows    []row
	unit    string // That the rows are counted in, "line" or "row".

	mu      sync.Mutex
	indexes map[string]map[string]row // By column and normalized value.
}

type row struct {
	data   Data
	number int // Of its line in a CSV file, or among the rows.
}

func readTable(files fs.FS, name string) (*table, error) {
	parse := formats[path.Ext(name)]
	if parse == nil {
		return nil, errors.New("it is not a .csv, .yaml, .yml or .json file")
	}
	f, err := files.Open(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, errors.New("there is no such file beside the playbook file")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read it: %w", err)
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read it: %w", err)
	}
	if len(content) > maxFileBytes {
		return nil, fmt.Errorf("it is larger than %d MiB", maxFileBytes>>20)
	}
	t, err := parse(content)
	if err != nil {
		return nil, err
	}
	if len(t.rows) == 0 || len(t.columns) == 0 {
		return nil, errors.New("it has no rows")
	}
	t.indexes = make(map[string]map[string]row)
	return t, nil
}

func (t *table) requireColumn(column string) error {
	if slices.Contains(t.columns, column) {
		return nil
	}
	return fmt.Errorf("there is no column %q; the columns are %s", column, strings.Join(t.columns, ", "))
}

// rowsBy returns the rows by their value in a column, without rows that have none.
func (t *table) rowsBy(column string) (map[string]row, error) {
	if err := t.requireColumn(column); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if rows, ok := t.indexes[column]; ok {
		return rows, nil
	}
	rows := make(map[string]row, len(t.rows))
	for _, r := range t.rows {
		key := normalize(enrich.Text(r.data[column]))
		if key == "" {
			continue
		}
		if first, duplicate := rows[key]; duplicate {
			return nil, fmt.Errorf("%s %d and %s %d both have %s %s", t.unit, first.number, t.unit, r.number, column, key)
		}
		rows[key] = r
	}
	t.indexes[column] = rows
	return rows, nil
}

// formats parse a table by its file's extension. JSON is YAML.
var formats = map[string]func([]byte) (*table, error){".csv": parseCSV, ".yaml": parseYAML, ".yml": parseYAML, ".json": parseYAML}

// byteOrderMark is what spreadsheets write first.
var byteOrderMark = []byte("\ufeff")

// parseCSV parses a table whose first line names the columns.
func parseCSV(content []byte) (*table, error) {
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, byteOrderMark)))
	reader.TrimLeadingSpace = true
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty; its first line must name the columns")
	}
	if err != nil {
		return nil, err
	}
	t := &table{unit: "line"}
	for i, column := range header {
		column = strings.TrimSpace(column)
		if column == "" || slices.Contains(t.columns, column) {
			return nil, fmt.Errorf("column %d of the first line has an empty or duplicate name: %q", i+1, column)
		}
		t.columns = append(t.columns, column)
	}
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := reader.FieldPos(0)
		data := make(Data, len(record))
		for i, value := range record {
			data[t.columns[i]] = strings.TrimSpace(value)
		}
		t.rows = append(t.rows, row{data, line})
	}
}
