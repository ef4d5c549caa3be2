package lookup

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"

	"go.yaml.in/yaml/v4"

	"boomerang/shared/enrich"
)

// keyColumn has the names of the rows of a YAML mapping.
const keyColumn = "key"

// parseYAML parses a list of rows, or a mapping of rows by name. A row is a mapping of
// columns. A mapping's row may also be one value, in the column "value".
func parseYAML(content []byte) (*table, error) {
	t := &table{unit: "row"}
	if len(bytes.TrimSpace(content)) == 0 {
		return t, nil
	}
	var document yaml.Node
	var valid any // Without duplicate keys, and without an alias of itself.
	err := yaml.Load(content, &document)
	if err == nil {
		err = document.Decode(&valid)
	}
	if wrong, ok := errors.AsType[*yaml.LoadError](err); ok {
		err = fmt.Errorf("invalid YAML at line %d, column %d: %s", wrong.Mark.Line, wrong.Mark.Column, wrong.Message)
	}
	if err != nil || valid == nil {
		return t, err
	}
	switch root := resolve(document.Content[0]); root.Kind {
	case yaml.SequenceNode:
		for i, one := range root.Content {
			columns := resolve(one)
			if columns.Kind != yaml.MappingNode {
				return nil, fmt.Errorf("row %d is not a mapping of columns", i+1)
			}
			t.add(columnsOf(columns))
		}
	case yaml.MappingNode:
		for i, one := range columnsOf(root) {
			columns := []column{{"value", one.value}}
			if row := resolve(one.value); row.Kind == yaml.MappingNode {
				columns = columnsOf(row)
			}
			if slices.ContainsFunc(columns, func(c column) bool { return c.name == keyColumn }) {
				return nil, fmt.Errorf("row %d has a column %q, which is reserved for the row's name", i+1, keyColumn)
			}
			name := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: one.name}
			t.add(append([]column{{keyColumn, name}}, columns...))
		}
	default:
		return nil, errors.New("it is neither a list of rows nor a mapping of rows by name")
	}
	return t, nil
}

// column is one column of a row.
type column struct {
	name  string
	value *yaml.Node
}

// columnsOf returns the columns of a mapping in their order, those that it merges last.
func columnsOf(mapping *yaml.Node) (columns []column) {
	var merged []column
	for i := 0; i < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		if other := resolve(value); key.ShortTag() == "!!merge" && other.Kind == yaml.MappingNode {
			merged = append(merged, columnsOf(other)...)
			continue
		}
		columns = append(columns, column{enrich.Text(plain(key)), value})
	}
	for _, one := range merged {
		if !slices.ContainsFunc(columns, func(c column) bool { return c.name == one.name }) {
			columns = append(columns, one)
		}
	}
	return columns
}

func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return resolve(n.Alias)
	}
	return n
}

func (t *table) add(columns []column) {
	data := Data{}
	for _, one := range columns {
		if !slices.Contains(t.columns, one.name) {
			t.columns = append(t.columns, one.name)
		}
		data[one.name] = plain(one.value)
	}
	t.rows = append(t.rows, row{data, len(t.rows) + 1})
}

// plain returns a value in one of JSON's types, which expressions know. A date stays the
// text that it is.
func plain(n *yaml.Node) any {
	n = resolve(n)
	switch n.Kind {
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, one := range n.Content {
			list[i] = plain(one)
		}
		return list
	case yaml.MappingNode:
		object := make(map[string]any, len(n.Content)/2)
		for _, one := range columnsOf(n) {
			object[one.name] = plain(one.value)
		}
		return object
	}
	var v any
	switch n.ShortTag() {
	case "!!null", "!!bool", "!!int", "!!float":
		if err := n.Decode(&v); err != nil {
			return n.Value
		}
	default:
		return n.Value
	}
	switch v := v.(type) {
	case int:
		return int64(v)
	case uint64:
		return float64(v)
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return n.Value
		}
	}
	return v
}
