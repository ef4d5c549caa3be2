package cases

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"boomerang/functions/local/trial"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/playbook"
)

// placed is a stub that knows where it stands.
type placed struct {
	stub
	source *playbook.Source
	path   string
}

// step returns what runs in the place of the real step.
func (p placed) step(real trial.Step) enrich.Step {
	return enrich.StepFunc(func(context.Context, alert.Alert) (enrich.Finding, error) {
		switch {
		case p.Data != nil:
			return p.finding(real)
		case p.Error != "":
			return enrich.Finding{}, fault.New(fault.Permanent, p.Error, nil)
		case p.Timeout > 0:
			return enrich.Finding{}, fault.New(fault.Temporary, "no answer within "+p.Timeout.String(), nil)
		case p.Skip != "":
			return enrich.Finding{}, enrich.Skip(p.Skip)
		}
		return enrich.Finding{}, enrich.Skip("the case does not say what it answers")
	})
}

// finding is what the step found, and shows it in the event as plain facts: how
// the step itself would show it is the step's own affair.
func (p placed) finding(real trial.Step) (enrich.Finding, error) {
	data, err := typed(p.Data, real.Kind.Data)
	if err != nil {
		return enrich.Finding{}, mistake{p, real.Kind.Name, err}
	}
	title := strings.ToUpper(real.Name[:1]) + strings.ReplaceAll(real.Name[1:], "_", " ")
	return enrich.Finding{Title: title, Weight: enrich.Useful, Blocks: []enrich.Block{facts(p.Data)}, Data: data}, nil
}

// mistake is a stub that no step could have answered with.
type mistake struct {
	placed
	kind string
	why  error
}

func (m mistake) Error() string { return m.why.Error() }

// report puts the mistake where it stands in the file.
func (m mistake) report() {
	m.source.Report(m.path+".data", "the step %s finds nothing like this: %s", m.kind, m.why)
}

// typed returns what a node holds as a value of zero's type, as a playbook finds
// it in the step's own finding.
func typed(node ast.Node, zero any) (any, error) {
	var value any
	if err := yaml.NodeToValue(node, &value); err != nil {
		return nil, errors.New("it cannot be read")
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, errors.New("it is no JSON")
	}
	if zero == nil {
		return value, nil
	}
	into := reflect.New(reflect.TypeOf(zero))
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into.Interface()); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return into.Elem().Interface(), nil
}

// facts are the single values at the top of a mapping, in the file's order.
func facts(node ast.Node) enrich.Facts {
	var all enrich.Facts
	for _, pair := range pairs(node) {
		var value any
		if err := yaml.NodeToValue(pair.Value, &value); err != nil {
			continue
		}
		switch value.(type) {
		case nil, []any, map[string]any:
		default:
			all = append(all, enrich.Fact{Name: pair.Key.GetToken().Value, Value: fmt.Sprint(value)})
		}
	}
	return all
}

func pairs(node ast.Node) []*ast.MappingValueNode {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	return nil
}
