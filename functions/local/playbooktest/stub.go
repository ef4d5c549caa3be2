package playbooktest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"boomerang/functions/local/dryrun"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// step returns the stub in place of a step.
func (s stub) step(real dryrun.Step) enrich.Step {
	return enrich.StepFunc(func(context.Context, alert.Alert) (enrich.Finding, error) {
		switch {
		case s.Data != nil:
			return s.finding(real)
		case s.Error != "":
			return enrich.Finding{}, fault.New(fault.Permanent, s.Error, nil)
		case s.Timeout > 0:
			return enrich.Finding{}, fault.New(fault.Temporary, "no answer within "+s.Timeout.String(), nil)
		}
		return enrich.Finding{}, enrich.Skip(cmp.Or(s.Skip, "the case has no stub for this step"))
	})
}

// finding returns the stub's data. The event shows its scalar values as facts.
func (s stub) finding(real dryrun.Step) (enrich.Finding, error) {
	data, err := dataOf(s.value, real.Kind.Data)
	if err != nil {
		return enrich.Finding{}, stubError{s.path + ".data", real.Kind.Name, err}
	}
	lead, err := leads(s.Lead)
	if err != nil {
		return enrich.Finding{}, stubError{s.path + ".lead", real.Kind.Name, err}
	}
	title := strings.ToUpper(real.Name[:1]) + strings.ReplaceAll(real.Name[1:], "_", " ")
	return enrich.Finding{Title: title, Weight: enrich.Useful, Lead: lead, Blocks: []enrich.Block{facts(s.Data)}, Data: data}, nil
}

// leads returns what a finding says on the first screen.
func leads(texts map[string]string) (all []enrich.Lead, err error) {
	for _, answer := range slices.Sorted(maps.Keys(texts)) {
		lead := enrich.Lead{Answer: enrich.Answer(answer)}
		switch text := texts[answer]; lead.Answer {
		case enrich.What, enrich.Suspect, enrich.Owner, enrich.OnCall:
			lead.Text = text
		case enrich.Runbook, enrich.Monitor:
			lead.URL = text
		case enrich.Since:
			if lead.Time, err = time.Parse(time.RFC3339, text); err != nil {
				return nil, errors.New("since is not a time such as 2026-11-20T09:02:00Z")
			}
		default:
			return nil, fmt.Errorf("the first screen has no answer %q", answer)
		}
		all = append(all, lead)
	}
	return all, nil
}

// stubError is data that the step cannot find.
type stubError struct {
	path, kind string
	cause      error
}

func (e stubError) Error() string { return e.cause.Error() }

// dataOf returns a value as one of zero's type.
func dataOf(value, zero any) (any, error) {
	if zero == nil {
		return value, nil
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, errors.New("not a JSON value")
	}
	into := reflect.New(reflect.TypeOf(zero))
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into.Interface()); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return nil, fmt.Errorf("%s cannot have a value of the type %s", cmp.Or(wrong.Field, "data"), wrong.Value)
		}
		return nil, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return into.Elem().Interface(), nil
}

// facts returns the scalar values of a mapping, in the order of the file.
func facts(node *yaml.Node) enrich.Facts {
	if node.Kind != yaml.MappingNode {
		return nil
	}
	var all enrich.Facts
	for pair := range slices.Chunk(node.Content, 2) {
		if name, value := pair[0], pair[1]; value.Kind == yaml.ScalarNode && value.Tag != "!!null" {
			all = append(all, enrich.Fact{Name: name.Value, Value: value.Value})
		}
	}
	return all
}
