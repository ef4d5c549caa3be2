package lookup

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"boomerang/shared/enrich"
)

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
	t := &table{}
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
		r := row{values: make(map[string]any, len(record)), place: fmt.Sprintf("line %d", line)}
		for i, value := range record {
			r.values[t.columns[i]] = strings.TrimSpace(value)
		}
		t.rows = append(t.rows, r)
	}
}

// keyColumn has the names of the rows of a YAML mapping.
const keyColumn = "key"

// parseYAML parses a list of rows, or a mapping of rows by name. A row is a mapping of
// columns. A mapping's row may also be one value, in the column "value".
func parseYAML(content []byte) (*table, error) {
	var document any
	if err := yaml.UnmarshalWithOptions(content, &document, yaml.UseOrderedMap()); err != nil {
		return nil, err
	}
	t := &table{}
	switch document := document.(type) {
	case []any:
		for i, one := range document {
			columns, ok := one.(yaml.MapSlice)
			if !ok {
				return nil, fmt.Errorf("row %d is not a mapping of columns", i+1)
			}
			t.add(columns)
		}
	case yaml.MapSlice:
		for i, one := range document {
			columns, ok := one.Value.(yaml.MapSlice)
			if !ok {
				columns = yaml.MapSlice{{Key: "value", Value: one.Value}}
			}
			if slices.ContainsFunc(columns, func(c yaml.MapItem) bool { return c.Key == keyColumn }) {
				return nil, fmt.Errorf("row %d has a column %q, which is reserved for the row's name", i+1, keyColumn)
			}
			t.add(append(yaml.MapSlice{{Key: keyColumn, Value: one.Key}}, columns...))
		}
	case nil:
	default:
		return nil, errors.New("it is neither a list of rows nor a mapping of rows by name")
	}
	return t, nil
}

func (t *table) add(columns yaml.MapSlice) {
	r := row{values: make(map[string]any, len(columns)), place: fmt.Sprintf("row %d", len(t.rows)+1)}
	for _, column := range columns {
		name := enrich.Text(plain(column.Key))
		if !slices.Contains(t.columns, name) {
			t.columns = append(t.columns, name)
		}
		r.values[name] = plain(column.Value)
	}
	t.rows = append(t.rows, r)
}

// plain converts a YAML value to one of JSON's types, which expressions know.
func plain(v any) any {
	switch v := v.(type) {
	case uint64:
		if v <= math.MaxInt64 {
			return int64(v)
		}
		return float64(v)
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return fmt.Sprint(v)
		}
		return v
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	case yaml.MapSlice:
		object := make(map[string]any, len(v))
		for _, one := range v {
			object[enrich.Text(plain(one.Key))] = plain(one.Value)
		}
		return object
	case nil, string, bool, int64:
		return v
	}
	return fmt.Sprint(v)
}
