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
)

// formats read a table by the file's extension. JSON is YAML.
var formats = map[string]func([]byte) (*table, error){
	".csv":  fromCSV,
	".yaml": fromYAML,
	".yml":  fromYAML,
	".json": fromYAML,
}

// byteOrderMark is what spreadsheets put before the first column's name.
var byteOrderMark = []byte("\ufeff")

// fromCSV reads a table whose first line names the columns.
func fromCSV(content []byte) (*table, error) {
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, byteOrderMark)))
	reader.TrimLeadingSpace = true
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty; its first line names the columns")
	}
	if err != nil {
		return nil, err
	}
	t := &table{}
	for i, column := range header {
		column = strings.TrimSpace(column)
		if column == "" || slices.Contains(t.columns, column) {
			return nil, fmt.Errorf("column %d of the first line has no name of its own: %q", i+1, column)
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
		lineNumber, _ := reader.FieldPos(0)
		r := row{values: make(map[string]any, len(record)), place: fmt.Sprintf("line %d", lineNumber)}
		for i, value := range record {
			r.values[t.columns[i]] = strings.TrimSpace(value)
		}
		t.rows = append(t.rows, r)
	}
}

// keyColumn is what the names of the rows of a YAML mapping are called.
const keyColumn = "key"

// fromYAML reads a list of rows, or a mapping of rows by name. A row is a mapping
// of columns; a mapping's rows may also be plain values, in a column "value".
func fromYAML(content []byte) (*table, error) {
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
			t.add(columns, fmt.Sprintf("row %d", i+1))
		}
	case yaml.MapSlice:
		for i, one := range document {
			columns, ok := one.Value.(yaml.MapSlice)
			if !ok {
				columns = yaml.MapSlice{{Key: "value", Value: one.Value}}
			}
			if slices.ContainsFunc(columns, func(c yaml.MapItem) bool { return c.Key == keyColumn }) {
				return nil, fmt.Errorf("row %d has a column %q, which is what the rows' own names are called", i+1, keyColumn)
			}
			named := append(yaml.MapSlice{{Key: keyColumn, Value: one.Key}}, columns...)
			t.add(named, fmt.Sprintf("row %d", i+1))
		}
	case nil:
	default:
		return nil, errors.New("it is neither a list of rows nor a mapping of rows by name")
	}
	return t, nil
}

func (t *table) add(columns yaml.MapSlice, place string) {
	r := row{values: make(map[string]any, len(columns)), place: place}
	for _, one := range columns {
		name := text(plain(one.Key))
		if !slices.Contains(t.columns, name) {
			t.columns = append(t.columns, name)
		}
		r.values[name] = plain(one.Value)
	}
	t.rows = append(t.rows, r)
}

// plain makes a YAML value one that JSON and expressions know.
func plain(v any) any {
	switch v := v.(type) {
	case uint64:
		if n := int64(v); n >= 0 {
			return n
		}
		return float64(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	case yaml.MapSlice:
		object := make(map[string]any, len(v))
		for _, one := range v {
			object[text(plain(one.Key))] = plain(one.Value)
		}
		return object
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return fmt.Sprint(v)
		}
		return v
	case nil, string, bool, int64:
		return v
	}
	return fmt.Sprint(v)
}
