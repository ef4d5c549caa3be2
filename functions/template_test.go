package functions_test

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// The tests of template.yaml read it as CloudFormation does: with parameters, rules
// and conditions. What SAM makes of it is checked by .ci/transformed.py.

const (
	keysARN   = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:datadog-AbCdEf"
	ourKeys   = "DatadogSecret"
	fakeKey   = "0123456789abcdef0123456789abcdef"
	stackName = "boomerang"
)

// withSecret and withKeys are the two ways to give the Datadog keys.
var (
	withSecret = map[string]string{"DatadogSecretArn": keysARN}
	withKeys   = map[string]string{"DatadogApiKey": fakeKey, "DatadogAppKey": fakeKey}
)

// everything switches everything on.
func everything(keys map[string]string) map[string]string {
	return with(keys, "RotateTokenDays", "30", "DrillSchedule", "rate(1 hour)", "DatadogExtensionVersion", "99", "Version", "1.2.3",
		"AlarmTopicArn", "arn:aws:sns:eu-west-1:123456789012:alarms")
}

func with(parameters map[string]string, pairs ...string) map[string]string {
	all := maps.Clone(parameters)
	for pair := range slices.Chunk(pairs, 2) {
		all[pair[0]] = pair[1]
	}
	return all
}

// pseudo are CloudFormation's own parameters.
var pseudo = map[string]string{
	"AWS::AccountId": "123456789012", "AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::StackName": stackName,
}

// noValue takes the property away that it is the value of.
type noValue struct{}

// template is template.yaml, or a part of it, with intrinsic functions in their
// long form: {"Ref": "Site"}.
type template map[string]any

func read(t *testing.T) template {
	t.Helper()
	whole, err := parse()
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// parse reads the file once for all tests, none of which changes what it is given.
var parse = sync.OnceValues(func() (template, error) {
	file, err := parser.ParseFile("../template.yaml", 0)
	if err != nil {
		return nil, err
	}
	whole, ok := value(file.Docs[0].Body).(map[string]any)
	if !ok {
		return nil, errors.New("template.yaml is no mapping")
	}
	return whole, nil
})

func value(node ast.Node) any {
	switch node := node.(type) {
	case *ast.MappingNode:
		all := map[string]any{}
		for _, v := range node.Values {
			all[v.Key.GetToken().Value] = value(v.Value)
		}
		return all
	case *ast.SequenceNode:
		all := []any{}
		for _, v := range node.Values {
			all = append(all, value(v))
		}
		return all
	case *ast.TagNode:
		name := strings.TrimPrefix(node.Start.Value, "!")
		if name != "Ref" && name != "Condition" {
			name = "Fn::" + name
		}
		return map[string]any{name: value(node.Value)}
	case *ast.LiteralNode:
		return node.Value.Value
	case ast.ScalarNode:
		return node.GetValue()
	}
	panic(fmt.Sprintf("%T in template.yaml", node))
}

// part is what is at the end of keys, which may be nothing.
func (t template) part(keys ...string) template {
	part, _ := get(map[string]any(t), keys...).(map[string]any)
	return part
}

// deployed is a stack as CloudFormation would make it.
type deployed struct {
	// refused are the sentences of the rules and parameters that do not let it.
	refused    []string
	resources  map[string]resource
	outputs    template
	parameters map[string]string
	conditions template
}

type resource struct {
	kind       string
	properties map[string]any
	whole      template
}

const serverlessFunction = "AWS::Serverless::Function"

// deploy makes a stack of the template. Resources refer to each other by name, as
// "Queue" and "Queue.Arn", and to a queue by its address.
func deploy(t *testing.T, parameters map[string]string) deployed {
	t.Helper()
	whole := read(t)
	d := deployed{resources: map[string]resource{}, parameters: map[string]string{}, conditions: whole.part("Conditions")}
	for name := range parameters {
		if whole.part("Parameters", name) == nil {
			t.Fatalf("there is no parameter %s", name)
		}
	}
	for name := range whole.part("Parameters") {
		d.take(whole.part("Parameters", name), name, parameters)
	}
	for name := range whole.part("Rules") {
		for _, assertion := range items(whole.part("Rules", name)["Assertions"]) {
			if d.resolve(get(assertion, "Assert")) != true {
				d.refused = append(d.refused, fmt.Sprint(get(assertion, "AssertDescription")))
			}
		}
	}
	shared := whole.part("Globals", "Function")
	for name := range whole.part("Resources") {
		r := whole.part("Resources", name)
		if condition, ok := r["Condition"].(string); ok && !d.holds(condition) {
			continue
		}
		kind, properties := fmt.Sprint(r["Type"]), any(r.part("Properties"))
		if kind == serverlessFunction {
			properties = merge(map[string]any(shared), map[string]any(r.part("Properties")))
		}
		resolved, _ := d.resolve(properties).(map[string]any)
		d.resources[name] = resource{kind: kind, properties: resolved, whole: r}
	}
	d.outputs, _ = d.resolve(map[string]any(whole.part("Outputs"))).(map[string]any)
	return d
}

// take takes one parameter, unless its constraints refuse it.
func (d *deployed) take(constraints template, name string, given map[string]string) {
	v, isGiven := given[name]
	if !isGiven {
		var usual any
		if usual, isGiven = constraints["Default"]; isGiven {
			v = fmt.Sprint(usual)
		}
	}
	number, notNumber := strconv.ParseFloat(v, 64)
	pattern, _ := constraints["AllowedPattern"].(string)
	allowed := texts(constraints["AllowedValues"])
	switch {
	case !isGiven,
		!regexp.MustCompile(pattern).MatchString(v),
		allowed != nil && !slices.Contains(allowed, v),
		constraints["Type"] == "Number" && (notNumber != nil || beyond(number, constraints["MinValue"], constraints["MaxValue"])):
		d.refused = append(d.refused, fmt.Sprintf("%s %v", name, constraints["ConstraintDescription"]))
	}
	d.parameters[name] = v
}

func beyond(number float64, least, most any) bool {
	low, hasLow := least.(uint64)
	high, hasHigh := most.(uint64)
	return hasLow && number < float64(low) || hasHigh && number > float64(high)
}

func (d *deployed) holds(condition string) bool { return d.resolve(d.conditions[condition]) == true }

var substitution = regexp.MustCompile(`\$\{[^}]+\}`)

// resolve replaces the intrinsic functions in a tree by what they stand for.
func (d *deployed) resolve(tree any) any {
	switch tree := tree.(type) {
	case template:
		return d.resolve(map[string]any(tree))
	case map[string]any:
		if len(tree) == 1 {
			for name, arguments := range tree {
				if resolved, ok := d.call(name, arguments); ok {
					return resolved
				}
			}
		}
		all := map[string]any{}
		for key, v := range tree {
			if v := d.resolve(v); v != (noValue{}) {
				all[key] = v
			}
		}
		return all
	case []any:
		all := []any{}
		for _, v := range tree {
			if v := d.resolve(v); v != (noValue{}) {
				all = append(all, v)
			}
		}
		return all
	}
	return tree
}

func (d *deployed) call(name string, arguments any) (any, bool) {
	list, _ := arguments.([]any)
	is := func(v any) bool { return d.resolve(v) == true }
	switch name {
	case "Ref":
		return d.ref(arguments.(string)), true
	case "Condition":
		text, ok := arguments.(string)
		return ok && d.holds(text), ok
	case "Fn::GetAtt":
		return arguments, true
	case "Fn::If":
		if d.holds(list[0].(string)) {
			return d.resolve(list[1]), true
		}
		return d.resolve(list[2]), true
	case "Fn::Equals":
		return d.resolve(list[0]) == d.resolve(list[1]), true
	case "Fn::Not":
		return !is(list[0]), true
	case "Fn::And":
		return !slices.ContainsFunc(list, func(v any) bool { return !is(v) }), true
	case "Fn::Or":
		return slices.ContainsFunc(list, is), true
	case "Fn::Sub":
		return d.substitute(arguments), true
	}
	return nil, false
}

func (d *deployed) ref(name string) any {
	if name == "AWS::NoValue" {
		return noValue{}
	}
	if v, ok := pseudo[name]; ok {
		return v
	}
	if v, ok := d.parameters[name]; ok {
		return v
	}
	if strings.HasSuffix(name, "Queue") {
		return urlOf(name)
	}
	return name
}

func (d *deployed) substitute(arguments any) string {
	variables := map[string]any{}
	text, ok := arguments.(string)
	if !ok {
		text = arguments.([]any)[0].(string)
		variables, _ = d.resolve(arguments.([]any)[1]).(map[string]any)
	}
	return substitution.ReplaceAllStringFunc(text, func(reference string) string {
		name := reference[2 : len(reference)-1]
		if v, ok := variables[name]; ok {
			return fmt.Sprint(v)
		}
		return fmt.Sprint(d.ref(name))
	})
}

// urlOf is what a reference to a queue stands for.
func urlOf(queue string) string {
	return "https://sqs.eu-west-1.amazonaws.com/123456789012/" + queue
}
